"""Triggers: each sets off its own number, sizes, places and builds of landslides."""

import numpy as np
import pytest
import shapely
from odc.geo.geobox import GeoBox
from rasterio import features
from scipy import ndimage

from lsbatch.simulate.landslides import draw_landslides
from lsbatch.simulate.terrain import build_terrain

TRIGGERS = ("earthquake", "giants", "rain")
SIDE = 400


@pytest.fixture(scope="module")
def terrain():
    box = (500_000, 4_700_000, 500_000 + 10 * SIDE, 4_700_000 + 10 * SIDE)
    grid = GeoBox.from_bbox(box, crs="EPSG:32654", resolution=10, tight=True)
    return build_terrain(grid, np.random.default_rng(4), relief="alpine")


@pytest.fixture(scope="module")
def susceptible():
    inland = np.zeros((SIDE, SIDE), bool)
    inland[60:-60, 60:-60] = True
    return inland


@pytest.fixture(scope="module")
def events(terrain, susceptible):
    return {
        trigger: [
            draw_landslides(terrain, susceptible, trigger=trigger, rng=np.random.default_rng(n))
            for n in range(3)
        ]
        for trigger in TRIGGERS
    }


def slenderness(slides):
    boxes = shapely.minimum_rotated_rectangle([slide.outline for slide in slides])
    sides = np.array([np.hypot(*np.diff(shapely.get_coordinates(b)[:3], axis=0).T) for b in boxes])
    return sides.max(axis=1) / sides.min(axis=1)


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_slides_are_valid_hold_their_source_and_never_overlap(events, terrain, trigger):
    extent = shapely.box(*terrain.grid.boundingbox.bbox)
    for slides in events[trigger]:
        outlines = np.array([slide.outline for slide in slides])
        sources = np.array([slide.source for slide in slides])
        assert shapely.is_valid(outlines).all() and shapely.is_valid(sources).all()
        assert shapely.within(outlines, extent).all()
        held = shapely.area(shapely.intersection(outlines, sources)) / shapely.area(sources)
        assert (held > 0.98).all()
        total = shapely.area(outlines).sum()
        assert shapely.union_all(outlines).area == pytest.approx(total, rel=1e-4)


@pytest.mark.parametrize(
    ("trigger", "low", "high"), [("earthquake", 6, 41), ("giants", 0.5, 9), ("rain", 4, 26)]
)
def test_numbers_are_those_of_the_trigger(events, susceptible, trigger, low, high):
    ground_km2 = susceptible.sum() * 1e-4
    for slides in events[trigger]:
        assert low < len(slides) / ground_km2 < high


def test_only_giants_are_giant(events):
    largest = {
        trigger: max(slide.outline.area for slides in events[trigger] for slide in slides)
        for trigger in TRIGGERS
    }
    assert largest["giants"] > 8e4
    assert largest["earthquake"] <= 8e4 and largest["rain"] <= 4.5e4


def test_rain_sends_slender_slides(events):
    median = {
        trigger: np.median(np.concatenate([slenderness(slides) for slides in events[trigger]]))
        for trigger in TRIGGERS
    }
    # they are asked to be 1.85 times as slender; short slopes make the larger ones stouter
    assert median["rain"] > 1.2 * median["earthquake"]


def test_earthquakes_crowd_slides_on_some_hillsides(events, terrain):
    """Slides per 200 m square vary far more than those of a Poisson process, of ratio 1."""
    left, _, _, top = terrain.grid.boundingbox.bbox
    ratios = []
    for slides in events["earthquake"]:
        where = np.array([slide.source.centroid.coords[0] for slide in slides])
        cell = ((where - (left, top)) * (1, -1) // 200).astype(int)
        count = np.zeros((20, 20))
        np.add.at(count, tuple(cell[:, ::-1].T), 1)
        ratios.append(count[3:-3, 3:-3].var() / count[3:-3, 3:-3].mean())
    assert np.mean(ratios) > 2.2


def test_rain_starts_lower_on_the_slope_than_earthquakes(events, terrain):
    stand = terrain.elevation - ndimage.gaussian_filter(terrain.elevation, 10)

    def height(trigger):
        sources = [slide.source for slides in events[trigger] for slide in slides]
        burnt = features.rasterize(sources, (SIDE, SIDE), transform=terrain.grid.affine)
        return stand[burnt > 0].mean()

    assert height("earthquake") > height("rain") + 5


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_the_same_seed_gives_the_same_slides(events, terrain, susceptible, trigger):
    again = draw_landslides(terrain, susceptible, trigger=trigger, rng=np.random.default_rng(0))
    assert again == events[trigger][0]


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_little_ground_gives_few_slides_or_none(terrain, trigger):
    nowhere = np.zeros((SIDE, SIDE), bool)
    rng = np.random.default_rng(0)
    assert draw_landslides(terrain, nowhere, trigger=trigger, rng=rng) == ()
    nowhere[200:203, 200:203] = True
    assert len(draw_landslides(terrain, nowhere, trigger=trigger, rng=rng)) <= 1
