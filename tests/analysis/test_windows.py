"""Windows and areas on the grid."""

import numpy as np
import pytest
import shapely
from odc.geo.geobox import GeoBox

from lsbatch.analysis.windows import extent_of, inside, pixel_km2, windows_of
from lsbatch.domain import project_area

GRID = GeoBox.from_bbox((600_000, 4_699_700, 600_500, 4_700_000), "EPSG:32654", resolution=10)


@pytest.mark.parametrize("side_px", [1, 7, 16, 1000])
def test_windows_are_the_grid_once_each(side_px):
    seen = np.zeros(GRID.shape, int)
    for roi in windows_of(GRID, side_px=side_px):
        seen[roi] += 1
    assert (seen == 1).all()


def test_inside_goes_by_pixel_centres_and_is_the_same_in_every_window():
    area = shapely.Point(600_203, 4_699_871).buffer(111.3)
    whole = inside(area, GRID)
    x, y = np.meshgrid(600_005 + 10 * np.arange(50), 4_699_995 - 10 * np.arange(30))
    assert np.array_equal(whole, shapely.contains_xy(area, x, y))
    parts = np.zeros(GRID.shape, bool)
    for roi in windows_of(GRID, side_px=11):
        parts[roi] = inside(area, GRID[roi])
    assert np.array_equal(parts, whole)


def test_inside_of_nothing_and_of_everything():
    assert not inside(shapely.Polygon(), GRID).any()
    assert not inside(shapely.box(0, 0, 1, 1), GRID).any()
    assert inside(extent_of(GRID), GRID).all()


def test_projected_areas_keep_their_place():
    on_earth = GRID.extent.to_crs("EPSG:4326", resolution=50).geom
    back = project_area(on_earth, GRID.crs)
    assert back.symmetric_difference(extent_of(GRID)).area < 1e-4 * back.area
    assert pixel_km2(GRID) == pytest.approx(1e-4)
