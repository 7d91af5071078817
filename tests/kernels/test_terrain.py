import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.kernels import FLAT, aspect, slope
from tests.dems import gdaldem, horn, plane, rough_dem, write_dem


@given(seed=st.integers(0, 99), height=st.integers(1, 20), width=st.integers(1, 40))
def test_slope_and_aspect_equal_numpy(seed, height, width):
    dem = rough_dem((height, width), seed=seed, holes=0.05)
    east, south = horn(dem, 30.0)
    wanted = np.degrees(np.arctan(np.hypot(east, south)))
    turned = np.degrees(np.arctan2(-east, south)) % 360
    np.testing.assert_allclose(slope(dem, 30.0), wanted, rtol=2e-7, atol=1e-6)
    np.testing.assert_allclose(aspect(dem, 30.0), turned, rtol=2e-7, atol=1e-4)


@pytest.mark.parametrize(
    ("east", "north", "direction"),
    [
        (0, -1, 0),
        (-1, -1, 45),
        (-1, 0, 90),
        (-1, 1, 135),
        (0, 1, 180),
        (1, 1, 225),
        (1, 0, 270),
        (1, -1, 315),
    ],
)
def test_aspect_is_the_compass_direction_of_descent(east, north, direction):
    assert aspect(plane(east, north), 10.0)[3, 3] == direction


@pytest.mark.parametrize("degrees", [0.001, 1, 22.4, 22.6, 44.9, 45, 45.1, 67.4, 67.6, 89, 89.99])
def test_slope_of_a_plane_is_its_angle(degrees):
    dem = (np.arange(3.0) * np.ones((3, 1)) * math.tan(math.radians(degrees))).astype(np.float32)
    exact = math.degrees(
        math.atan((float(dem[0, 2]) + 2 * float(dem[1, 2]) + float(dem[2, 2])) / 8)
    )
    assert slope(dem, 1.0)[1, 1] == np.float32(exact)


def test_flat_ground_has_no_aspect():
    flat = np.full((5, 5), 12.5, np.float32)
    assert np.all(slope(flat, 10.0)[1:-1, 1:-1] == 0)
    assert np.all(aspect(flat, 10.0)[1:-1, 1:-1] == FLAT)


def test_aspect_stays_below_360():
    dem = np.zeros((3, 3), np.float32)
    dem[2], dem[:, 2] = 1e6, dem[:, 2] + np.float32(1e-3)
    assert 0 <= aspect(dem, 1.0)[1, 1] < 360


def test_slope_equals_gdaldem(elevation):
    path, dem = elevation
    wanted = gdaldem("slope", path)
    found = slope(dem, 30.0)
    np.testing.assert_array_equal(np.isnan(found), np.ma.getmaskarray(wanted))
    np.testing.assert_allclose(found, wanted.filled(np.nan), rtol=3e-7, atol=2e-6)


def test_aspect_equals_gdaldem_which_calls_flat_ground_no_data(elevation):
    path, dem = elevation
    wanted = gdaldem("aspect", path)
    found = aspect(dem, 30.0)
    np.testing.assert_array_equal(np.isnan(found) | (found == FLAT), np.ma.getmaskarray(wanted))
    known = ~np.ma.getmaskarray(wanted)
    np.testing.assert_allclose(found[known], wanted.data[known], rtol=3e-7, atol=2e-5)


def test_slope_equals_gdaldem_on_pixels_that_are_not_square(tmp_path):
    path, dem = tmp_path / "dem.tif", np.round(rough_dem((40, 60), seed=4))
    write_dem(path, dem, -9999, pixel=(21, 30))
    found = slope(dem, 21.0, pixel_height_m=30.0)
    np.testing.assert_allclose(found, gdaldem("slope", path).filled(np.nan), rtol=3e-7, atol=2e-6)
    assert not np.allclose(found, slope(dem, 21.0), equal_nan=True)


@pytest.mark.parametrize(("width", "height"), [(7.0, 30.0), (30.0, 7.0)])
def test_pixels_that_are_not_square_see_the_same_plane(width, height):
    dem = plane(0.3, 0.4, width, height=height)
    found = slope(dem, width, pixel_height_m=height)[1:-1, 1:-1]
    np.testing.assert_allclose(found, math.degrees(math.atan(0.5)), rtol=1e-5)
    looks = aspect(dem, width, pixel_height_m=height)[1:-1, 1:-1]
    np.testing.assert_allclose(looks, 180 + math.degrees(math.atan2(3, 4)), rtol=1e-5)
