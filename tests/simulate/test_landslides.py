"""Landslides: their sizes follow the law, they start on steep ground, run downhill, are mapped."""

import numpy as np
import pytest
import shapely
from odc.geo.geobox import GeoBox
from rasterio import features
from scipy import special, stats

from lsbatch.simulate.landslides import (
    MERGED_FROM_M,
    SMALLEST_MAPPED_M2,
    Landslide,
    draw_landslides,
    map_landslides,
)
from lsbatch.simulate.scar_ground import reshape_ground
from lsbatch.simulate.slide_path import Paths
from lsbatch.simulate.slide_shape import POINTS, shape_slides
from lsbatch.simulate.style import STYLES
from lsbatch.simulate.terrain import build_terrain
from lsbatch.simulate.triggers import draw_areas

EVERYWHERE = shapely.box(0, 0, 1e7, 1e7)


@pytest.fixture(scope="module")
def terrain():
    box = (500_000, 4_700_000, 504_000, 4_704_000)
    grid = GeoBox.from_bbox(box, crs="EPSG:32654", resolution=10, tight=True)
    return build_terrain(grid, np.random.default_rng(5))


def draw(terrain, *, factor):
    """Slides of an event whose sizes are those of the published law times a factor."""
    susceptible = np.zeros(terrain.elevation.shape, bool)
    susceptible[40:-40, 40:-40] = True
    sizes = (factor, factor)
    return draw_landslides(terrain, susceptible, sizes=sizes, rng=np.random.default_rng(5))


@pytest.fixture(scope="module")
def slides(terrain):
    return draw(terrain, factor=1.0)


def touched(polygons, grid):
    shape = (grid.shape.y, grid.shape.x)
    return features.rasterize(polygons, shape, transform=grid.affine).astype(bool)


def slide_of(*bounds):
    return Landslide(shapely.box(*bounds), shapely.box(*bounds))


def straight(length, slope_deg=30.0):
    place = np.column_stack([np.linspace(0, length, POINTS), np.zeros(POINTS)])
    slope = np.full((1, POINTS), slope_deg, np.float32)
    return Paths(place[None].astype(np.float32), slope, np.array([float(length)]))


def shape_of(spine, area, *, seed=2, branching=0.0):
    outline, source = shape_slides(
        spine, np.array([area]), source_share=(0.3, 0.5), branching=branching,
        rng=np.random.default_rng(seed),
    )  # fmt: skip
    return outline[0], source[0]


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


@pytest.mark.parametrize("factor", [1.0, STYLES[0].sizes[1]])
def test_placed_slides_keep_the_sizes_of_the_law(terrain, factor):
    slides = draw(terrain, factor=factor)
    placed = np.array([slide.outline.area for slide in slides])
    drawn = draw_areas(20_000, np.random.default_rng(0), factor=factor)
    assert np.median(placed) == pytest.approx(np.median(drawn), rel=0.35)
    assert placed.max() > 1e4


def test_sources_are_steeper_than_the_landscape(slides, terrain):
    source = touched([slide.source for slide in slides], terrain.grid)
    slope = terrain.slope_deg
    assert slope[source].mean() > slope.mean() + 4


def test_slides_run_downhill(slides, terrain):
    height, grid, drops = terrain.elevation, terrain.grid, []
    for slide in slides:
        toe = slide.outline.difference(slide.source)
        if toe.area > SMALLEST_MAPPED_M2:
            crown = height[touched([slide.source], grid)]
            drops.append(crown.mean() - height[touched([toe], grid)].mean())
    assert len(drops) > 10 and np.mean(np.array(drops) > 0) > 0.95


def test_slides_are_longer_than_wide(slides):
    boxes = shapely.minimum_rotated_rectangle([slide.outline for slide in slides])
    sides = [np.hypot(*np.diff(np.array(box.exterior.coords)[:3], axis=0).T) for box in boxes]
    assert np.median([side.max() / side.min() for side in sides]) > 1.8


def test_some_slides_touch(slides):
    outlines = [slide.outline for slide in slides]
    first, second = shapely.STRtree(outlines).query(outlines, predicate="dwithin", distance=1.0)
    assert (first < second).sum() >= 2


def test_truth_leaves_out_the_smallest(slides):
    drawn = [slide.outline.area for slide in slides]
    truth = map_landslides(slides, EVERYWHERE)
    assert min(drawn) < SMALLEST_MAPPED_M2 <= min(polygon.area for polygon in truth)
    assert len(truth) < len(drawn)
    areas = [polygon.area for polygon in truth]
    assert areas == sorted(areas, reverse=True)


def test_truth_holds_the_ground_that_slid_once(slides):
    truth = map_landslides(slides, EVERYWHERE)
    assert all(polygon.is_valid for polygon in truth)
    mapped = shapely.union_all(truth).area
    assert mapped == pytest.approx(sum(polygon.area for polygon in truth), rel=1e-3)
    assert mapped >= 0.99 * sum(
        slide.outline.area for slide in slides if slide.outline.area >= SMALLEST_MAPPED_M2
    )


@pytest.mark.parametrize(("shared", "count"), [(MERGED_FROM_M + 2, 1), (MERGED_FROM_M - 3, 2)])
def test_a_long_shared_border_makes_one_polygon(shared, count):
    first = slide_of(0, 0, 60, 60)
    second = slide_of(60, 60 - shared, 120, 120 - shared)
    truth = map_landslides((first, second), EVERYWHERE)
    assert len(truth) == count
    assert sum(polygon.area for polygon in truth) == pytest.approx(7200, rel=0.01)


def test_small_slides_are_mapped_where_they_have_grown_together():
    pair = (slide_of(0, 0, 10, 30), slide_of(10, 0, 20, 30))
    assert map_landslides(pair[:1], EVERYWHERE) == []
    assert len(map_landslides(pair, EVERYWHERE)) == 1


def test_no_slides_make_no_truth():
    assert map_landslides((), EVERYWHERE) == []


def test_truth_is_cut_at_the_extent():
    truth = map_landslides((slide_of(0, 0, 60, 60),), shapely.box(30, 0, 90, 90))
    assert truth[0].area == pytest.approx(1800)


def test_shape_has_about_the_area_asked_for():
    areas = [shape_of(straight(120), 3000.0, seed=seed)[0].area for seed in range(20)]
    assert np.mean(areas) == pytest.approx(3000.0, rel=0.1)
    assert np.std(areas) < 450


def test_source_is_the_upper_part():
    outline, source = shape_of(straight(120), 3000.0)
    assert 0.15 < source.intersection(outline).area / outline.area < 0.75
    assert source.centroid.x < outline.centroid.x


def test_shapes_differ():
    outlines = [shape_of(straight(120), 3000.0, seed=seed)[0] for seed in range(12)]
    box = [shapely.minimum_rotated_rectangle(outline) for outline in outlines]
    fullness = [a.area / b.area for a, b in zip(outlines, box, strict=True)]
    assert np.ptp(fullness) > 0.12


def test_branches_give_more_than_one_head():
    plain, branched = (
        [shape_of(straight(300), 9000.0, seed=seed, branching=chance)[0] for seed in range(12)]
        for chance in (0.0, 1.0)
    )
    hollow = [
        np.mean([1 - shape.area / shape.convex_hull.area for shape in shapes])
        for shapes in (plain, branched)
    ]
    assert hollow[1] > hollow[0] + 0.03


def test_runout_spreads_on_flat_ground():
    def toe_width(gentle):
        spine = straight(300)
        slope = spine.slope_deg.copy()
        slope[:, POINTS * 2 // 3 :] = gentle
        spine = Paths(spine.place, slope, spine.run_m)
        toe = shapely.box(210, -500, 290, 500)
        shapes = [shape_of(spine, 6000.0, seed=seed)[0] for seed in range(15)]
        return np.mean([toe.intersection(s).area / s.area for s in shapes])

    assert toe_width(2.0) > 1.2 * toe_width(25.0)


def test_reshaping_hollows_sources_and_piles_below(slides, terrain):
    after = reshape_ground(terrain, slides, rng=np.random.default_rng(0))
    change = after - terrain.elevation
    source = touched([slide.source for slide in slides], terrain.grid)
    body = touched([slide.outline for slide in slides], terrain.grid)
    assert after.dtype == np.float32 and np.isfinite(after).all()
    assert (change[~body] == 0).all()
    assert change[source].mean() < -0.5 and (change[source] <= 0).all()
    assert change[body & ~source].mean() > 0.1
    assert change[body & ~source].sum() <= -1.25 * change[source].sum()


def test_larger_sources_are_deeper(slides, terrain):
    change = reshape_ground(terrain, slides, rng=np.random.default_rng(0)) - terrain.elevation
    ordered = sorted(slides, key=lambda slide: slide.outline.area)
    small, large = (
        change[touched([slide.source for slide in part], terrain.grid)].mean()
        for part in (ordered[: len(ordered) // 2], ordered[-10:])
    )
    assert large < 2 * small < 0


def test_no_slides_leave_the_ground(terrain):
    after = reshape_ground(terrain, (), rng=np.random.default_rng(0))
    assert (after == terrain.elevation).all() and after is not terrain.elevation
