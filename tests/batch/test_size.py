"""How large a run would be, said before anything is read."""

import pytest
import shapely
from odc.geo.geobox import GeoBox

from lsbatch.batch.size import check_area_size, check_grid_size
from lsbatch.errors import GridMismatchError
from lsbatch.recipe import Recipe

CONTINENT = shapely.box(60, 0, 120, 60)


def recipe(**changes):
    return Recipe(event="e", source="s", detector={"name": "unet"}, **changes)


def test_huge_area_is_refused_with_blocks_bytes_and_hours():
    with pytest.raises(GridMismatchError) as caught:
        check_area_size(CONTINENT, recipe(resolution=10))
    said = str(caught.value)
    assert "6,679 x 6,634 km" in said
    assert "1,691,280 blocks of 512 pixels of 10 m" in said, "1305 x 1296"
    assert "GB to read" in said and "hours on one core" in said and "--yes" in said


def test_confirmed_area_goes_on():
    check_area_size(CONTINENT, recipe(resolution=10, yes=True))


def test_large_event_is_not_refused():
    wenchuan = shapely.box(102.5, 30.5, 105.5, 33.0)
    for changes in ({}, {"resolution": 10}, {"sensor": "sentinel-2-l2a"}):
        check_area_size(wenchuan, recipe(**changes))


def test_coarsest_resolution_is_taken_where_none_is_said():
    country = shapely.box(0, 40, 10, 48)
    check_area_size(country, recipe())
    with pytest.raises(GridMismatchError, match="blocks of 512 pixels of 10 m"):
        check_area_size(country, recipe(resolution=10))


def test_size_of_blocks_changes_their_number_not_the_verdict():
    counts = []
    for side in (256, 1024):
        with pytest.raises(GridMismatchError, match=rf"blocks of {side} pixels") as caught:
            check_area_size(CONTINENT, recipe(resolution=10, block_px=side))
        counts.append(int(str(caught.value).split("km: ")[1].split(" ")[0].replace(",", "")))
    assert counts[0] == pytest.approx(16 * counts[1], rel=0.01)


def test_high_latitudes_are_not_taken_for_as_wide_as_the_equator():
    check_area_size(shapely.box(0, 70, 20, 75), recipe(resolution=20))
    with pytest.raises(GridMismatchError):
        check_area_size(shapely.box(0, -2, 20, 3), recipe(resolution=20))


def test_grid_is_weighed_as_it_is():
    grid = GeoBox.from_bbox((0, 0, 600_000, 600_000), crs="EPSG:32654", resolution=10)
    with pytest.raises(GridMismatchError, match=r"600 x 600 km: 13,924 blocks .* 23 hours"):
        check_grid_size(grid, recipe())
    check_grid_size(grid, recipe(yes=True))
    check_grid_size(grid[:1000, :1000], recipe())
