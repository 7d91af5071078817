"""Landslides: their sizes follow the law, they start on steep ground and never overlap."""

import numpy as np
import pytest
import shapely
from rasterio import features
from scipy import special, stats

from lsbatch.simulate.landslides import SMALLEST_MAPPED_M2, draw_areas
from lsbatch.simulate.slide_shape import shape_slide
from lsbatch.simulate.world import build_world


@pytest.fixture(scope="module")
def world():
    return build_world(3, 3.0)


def touched(polygons, grid):
    shape = (grid.shape.y, grid.shape.x)
    return features.rasterize(polygons, shape, transform=grid.affine).astype(bool)


def test_areas_follow_the_inverse_gamma_law():
    areas = draw_areas(20_000, np.random.default_rng(0))

    def below(area):
        return special.gammaincc(1.40, 1280.0 / (np.asarray(area) + 132.0))

    low, high = below(100.0), below(60_000.0)
    assert stats.kstest(areas, lambda area: (below(area) - low) / (high - low)).pvalue > 0.01
    assert areas.min() >= 100 and areas.max() <= 60_000


def test_areas_have_a_heavy_tail():
    areas = draw_areas(50_000, np.random.default_rng(1))
    tail = areas[(areas > 8e3)]
    # Hill's estimate; p ~ A ** -2.40, a little steeper here since areas end at 6 ha
    assert 1.2 < 1 / np.mean(np.log(tail / 8e3)) < 1.9


def test_sources_are_steeper_than_the_landscape(world):
    source = touched([slide.source for slide in world.slides], world.terrain.grid)
    slope = world.terrain.slope_deg
    assert slope[source].mean() > slope.mean() + 5


def test_slides_run_downhill(world):
    height = world.terrain.elevation
    grid = world.terrain.grid
    drops = []
    for slide in world.slides:
        toe = slide.outline.difference(slide.source)
        if toe.area > SMALLEST_MAPPED_M2:
            crown = height[touched([slide.source], grid)]
            drops.append(crown.mean() - height[touched([toe], grid)].mean())
    assert len(drops) > 10 and np.mean(np.array(drops) > 0) > 0.95


def test_slides_are_longer_than_wide(world):
    boxes = [shapely.minimum_rotated_rectangle(slide.outline) for slide in world.slides]
    sides = [np.hypot(*np.diff(np.array(box.exterior.coords)[:3], axis=0).T) for box in boxes]
    assert np.median([side.max() / side.min() for side in sides]) > 1.8


def test_slides_never_overlap(world):
    outlines = [slide.outline for slide in world.slides]
    total = sum(outline.area for outline in outlines)
    assert shapely.union_all(outlines).area == pytest.approx(total, rel=1e-6)


def test_some_slides_touch():
    outlines = [slide.outline for slide in build_world(0, 4.0).slides]
    first, second = shapely.STRtree(outlines).query(outlines, predicate="dwithin", distance=1.0)
    assert (first < second).sum() >= 2


def test_truth_leaves_out_the_smallest(world):
    drawn = [slide.outline.area for slide in world.slides]
    assert min(drawn) < SMALLEST_MAPPED_M2 <= min(polygon.area for polygon in world.inventory)
    assert len(world.inventory) < len(drawn)


def test_shape_has_the_area_asked_for():
    path = np.column_stack([np.linspace(0, 400, 80), np.zeros(80)])
    outline, source = shape_slide(path, 3000.0, rng=np.random.default_rng(2))
    assert outline.area == pytest.approx(3000.0, rel=0.02)
    assert 0.25 < source.intersection(outline).area / outline.area < 0.7
    assert source.centroid.x < outline.centroid.x


def test_short_path_takes_no_large_slide():
    path = np.column_stack([np.linspace(0, 60, 12), np.zeros(12)])
    assert shape_slide(path, 20_000.0, rng=np.random.default_rng(2)) is None
