"""One world: its parts fit each other, in every style."""

import re
from datetime import timedelta

import numpy as np
import pytest
from rasterio import features
from scipy import ndimage

from lsbatch.simulate.gentle import choose_gently
from lsbatch.simulate.noise import fractal, stream
from lsbatch.simulate.spectra import BANDS
from lsbatch.simulate.style import STYLES, style_of
from lsbatch.simulate.world import MARGIN_PX, build_world, photograph, survey


@pytest.fixture(scope="module")
def world():
    return build_world(11, 2.0, style=style_of("temperate-hills"), is_gentle=True)


def test_streams_of_two_parts_differ():
    assert stream(0, "terrain").random() != stream(0, "cover").random()
    assert stream(0, "terrain").random() == stream(0, "terrain").random()


def test_fractal_is_standard_and_smoother_with_more_slope():
    roughness = []
    for slope in (0.0, 1.0, 2.0, 3.5):
        field = fractal((90, 70), np.random.default_rng(0), slope=slope, longest_px=40)
        assert field.dtype == np.float32 and field.shape == (90, 70)
        assert field.mean() == pytest.approx(0, abs=1e-3)
        assert field.std() == pytest.approx(1, abs=1e-3)
        roughness.append(np.diff(field).std())
    assert roughness == sorted(roughness, reverse=True)


def test_fresh_soil_lies_where_the_slides_are(world):
    slid = features.rasterize(
        [slide.outline for slide in world.slides],
        tuple(world.terrain.grid.shape),
        transform=world.terrain.grid.affine,
        all_touched=True,
    ).astype(bool)
    assert not (world.scar.share[~ndimage.binary_dilation(slid)] > 0).any()
    inner = ndimage.binary_erosion(slid)
    assert world.scar.share[inner].mean() > 0.4


def test_ground_moves_at_the_slides_and_nowhere_else(world):
    moved = np.abs(world.reshaped - world.terrain.elevation) > 0.05
    near = ndimage.binary_dilation(world.scar.share > 0, iterations=4)
    assert moved.any() and not (moved & ~near).any()


def test_changes_that_are_no_landslides_keep_off_the_landslides(world):
    changed = (world.before.ground != world.after.ground) & (world.before.parcel < 0)
    slid = world.scar.share > 0
    assert changed[~slid].mean() > 0 and changed[slid].mean() < 0.05


def test_truth_lies_in_the_mapped_extent_from_the_stated_area_up(world):
    left, bottom, right, top = world.grid.boundingbox.bbox
    for polygon in world.inventory:
        west, south, east, north = polygon.bounds
        assert left + 149 <= west and east <= right - 149
        assert bottom + 149 <= south and north <= top - 149
        assert polygon.area >= world.event.facts["smallest_mapped_m2"]


def test_elevation_model_covers_the_images_whole(world):
    model = survey(world)
    stated = model.grid.extent.to_crs(world.grid.crs).geom
    assert stated.contains(world.grid.extent.geom)
    assert model.elevation.dtype == np.float32 and np.isfinite(model.elevation).all()


def test_images_of_a_world_are_on_its_grid(world):
    image = photograph(world, world.overpasses[2])
    assert image.layers["red"].grid == world.grid
    for layer in image.layers.values():
        assert layer.numbers.shape == tuple(layer.grid.shape)
        assert np.allclose(layer.grid.boundingbox.bbox, world.grid.boundingbox.bbox)
    left, _, right, top = world.grid.boundingbox.bbox
    assert left % 20 == top % 20 == 0 and right - left == 2000
    assert world.terrain.grid == world.grid.pad(MARGIN_PX)


def test_an_image_does_not_depend_on_those_taken_before_it(world):
    first, again = (photograph(world, world.overpasses[1]) for _ in range(2))
    for key, layer in first.layers.items():
        assert np.array_equal(layer.numbers, again.layers[key].numbers)


def test_gentle_looks_are_in_leaf_and_fair():
    for seed in range(6):
        setting = choose_gently(stream(seed, "setting"))
        looks = setting.overpasses
        assert [look.is_after for look in looks] == [False, False, True, True]
        assert [look.is_cut for look in looks] == [True, False, False, False]
        assert all(0.42 <= look.year_phase <= 0.72 for look in looks)
        assert all(look.cloud_fraction <= 0.25 for look in looks)
        assert setting.time - looks[0].time < timedelta(days=365)


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_every_style_makes_an_event_and_all_but_plains_have_landslides(style):
    world = build_world(3, 1.5, style=style, looks=(1, 1), event_id="mine")
    event = world.event
    assert event.id == "mine" and event.facts["style"] == style.name
    assert event.facts["inventory"] == "inventories/mine.parquet"
    assert set(event.facts["soil"]) == {"name", *BANDS}
    assert (event.magnitude is None) == (style.trigger == "rain")
    assert re.search("invented", event.place) and event.aoi.is_valid
    assert event.facts["mapped_landslides"] == len(world.inventory)
    assert len(world.inventory) > 0 or not style.has_landslides
    assert len(world.overpasses) == 2
