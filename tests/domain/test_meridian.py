"""Areas at the 180th meridian."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from lsbatch.domain import box_of, build_grid, cut_at_180, side_of, utm_of, window_of
from lsbatch.errors import CatalogError

GEOD = Geod(ellps="WGS84")


def ground(area):
    parts = shapely.get_parts(shapely.segmentize(area, 0.02))  # edges as drawn, not geodesics
    return sum(abs(GEOD.geometry_area_perimeter(part)[0]) for part in parts)


def moved(area, degrees):
    """The area further east, its longitudes brought back to -180..180."""
    return shapely.transform(
        area,
        lambda c: np.column_stack([(c[:, 0] + degrees + 180) % 360 - 180, c[:, 1]]),
    )


@given(
    west=st.floats(0.5, 20),
    east=st.floats(0.5, 20),
    south=st.floats(-80, 70),
    height=st.floats(0.1, 5),
    lean=st.floats(-0.4, 0.4),
)
def test_halves_are_the_whole_and_each_on_its_side(west, east, south, height, lean):
    drawn = shapely.Polygon(
        [
            (-west, south),
            (east, south),
            (east + lean, south + height),
            (-west + lean, south + height),
        ]
    )
    drawn = drawn.difference(shapely.box(-0.2, south + height / 4, 0.2, south + height / 2))
    cut = cut_at_180(moved(drawn, 180))
    halves = [side_of(cut, side) for side in ("east", "west")]
    assert halves[0].bounds[2] == 180 and halves[1].bounds[0] == -180
    assert all(half.is_valid for half in halves)
    assert sum(map(ground, halves)) == pytest.approx(ground(drawn), rel=1e-3)


def test_an_area_on_one_side_is_left_as_it_is():
    area = shapely.box(170, -10, 180, 10)
    assert cut_at_180(area) is area
    assert side_of(area, None) is area


def test_only_the_ring_that_crosses_is_cut():
    across = shapely.Polygon([(179, 0), (-179, 0), (-179, 1), (179, 1)])
    beside = shapely.box(170, 5, 171, 6)
    cut = cut_at_180(shapely.MultiPolygon([across, beside]))
    assert cut.equals(
        shapely.MultiPolygon([shapely.box(179, 0, 180, 1), shapely.box(-180, 0, -179, 1), beside])
    )


def test_a_ring_around_a_pole_is_refused():
    with pytest.raises(CatalogError, match="goes around a pole"):
        cut_at_180(shapely.Polygon([(-170, -60), (-60, -70), (60, -70), (170, -60)]))


def test_two_sides_ask_for_one_and_say_how():
    both = shapely.MultiPolygon([shapely.box(179, 0, 180, 1), shapely.box(-180, 0, -179, 1)])
    with pytest.raises(CatalogError, match=r"--aoi-side east.*--aoi-side west.*--out"):
        side_of(both, None)
    assert side_of(both, "east").bounds == (179, 0, 180, 1)
    assert side_of(both, "west").bounds == (-180, 0, -179, 1)


def test_one_side_has_no_side_to_name():
    with pytest.raises(CatalogError, match=r"between longitude 10 and 11.*leave --aoi-side out"):
        side_of(shapely.box(10, 0, 11, 1), "east")


def test_the_window_of_a_grid_that_reaches_beyond_the_meridian_holds_both_its_sides():
    area = shapely.box(179.9, -17, 180, -16.9)
    window = window_of(build_grid(area, crs=utm_of(area), resolution=10))
    assert window.is_valid and window.area < 0.1
    for inside in (shapely.box(179.93, -16.96, 179.95, -16.95), shapely.Point(-179.99, -16.95)):
        assert window.intersects(inside)
    assert not window.intersects(shapely.box(-170, -18, 170, -16))


def test_a_box_across_the_meridian_has_its_west_east_of_its_east():
    both = shapely.MultiPolygon([shapely.box(179, 0, 180, 1), shapely.box(-180, -1, -178, 1)])
    assert box_of(both) == (179, -1, -178, 1)
    assert box_of(shapely.box(10, 0, 11, 1)) == (10, 0, 11, 1)


def test_longitudes_beyond_180_are_counted_on_from_the_other_side():
    for box in (shapely.box(179, 0, 182, 1), shapely.box(-181, 0, -178, 1)):
        cut = cut_at_180(box)
        assert cut.equals(
            shapely.MultiPolygon([shapely.box(179, 0, 180, 1), shapely.box(-180, 0, -178, 1)])
        )
