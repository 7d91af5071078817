import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.kernels import hillshade, illumination
from tests.dems import gdaldem, horn, plane, rough_dem, write_dem


@given(seed=st.integers(0, 99), azimuth=st.floats(0, 360), altitude=st.floats(0, 90))
def test_hillshade_equals_the_formula_in_angles(seed, azimuth, altitude):
    dem = rough_dem((12, 17), seed=seed, holes=0.03)
    east, south = horn(dem, 5.0)
    steep, looks = np.arctan(np.hypot(east, south)), np.arctan2(-east, south)
    zenith, lamp = math.radians(90 - altitude), math.radians(azimuth)
    lit = np.cos(zenith) * np.cos(steep) + np.sin(zenith) * np.sin(steep) * np.cos(lamp - looks)
    found = hillshade(dem, 5.0, azimuth_deg=azimuth, altitude_deg=altitude)
    known = ~np.isnan(lit)
    assert np.all(found[~known] == 0)
    np.testing.assert_allclose(found[known], 1 + 254 * np.maximum(lit[known], 0), atol=0.5001)
    assert found.dtype == np.float32 and np.array_equal(found, np.round(found))


@given(seed=st.integers(0, 99), azimuth=st.floats(0, 360), altitude=st.floats(0, 90))
def test_illumination_equals_the_formula_in_angles(seed, azimuth, altitude):
    dem = rough_dem((12, 17), seed=seed, holes=0.03)
    east, south = horn(dem, 5.0)
    steep, looks = np.arctan(np.hypot(east, south)), np.arctan2(-east, south)
    zenith, sun = math.radians(90 - altitude), math.radians(azimuth)
    wanted = np.cos(zenith) * np.cos(steep) + np.sin(zenith) * np.sin(steep) * np.cos(sun - looks)
    found = illumination(dem, 5.0, azimuth_deg=azimuth, altitude_deg=altitude)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_ground_that_faces_the_sun_has_all_of_its_light_and_its_back_none():
    south_facing = plane(0, 1)
    assert illumination(south_facing, 10.0, azimuth_deg=180, altitude_deg=45)[3, 3] == 1
    assert illumination(south_facing, 10.0, azimuth_deg=0, altitude_deg=30)[3, 3] < 0
    unknown = illumination(south_facing, 10.0, azimuth_deg=math.nan, altitude_deg=math.nan)
    assert np.isnan(unknown).all()


def test_hillshade_equals_gdaldem_but_for_rounding(elevation):
    path, dem = elevation
    wanted = gdaldem("hillshade", path).filled(0).astype(float)
    found = hillshade(dem, 30.0)
    np.testing.assert_array_equal(found == 0, wanted == 0)
    assert np.abs(found - wanted).max() <= 1
    assert np.mean(found != wanted) < 1e-4


def test_hillshade_equals_gdaldem_on_pixels_that_are_not_square(tmp_path):
    path, dem = tmp_path / "dem.tif", rough_dem((40, 60), seed=4)
    write_dem(path, dem, -9999, pixel=(21, 30))
    wanted = gdaldem("hillshade", path).filled(0).astype(float)
    found = hillshade(dem, 21.0, pixel_height_m=30.0)
    assert np.abs(found - wanted).max() <= 1
    assert np.mean(found != wanted) < 1e-3


@given(seed=st.integers(0, 99), azimuth=st.floats(0, 360), height=st.floats(3, 90))
def test_illumination_knows_the_sides_of_a_pixel(seed, azimuth, height):
    dem = rough_dem((9, 12), seed=seed, holes=0.03)
    east, south = horn(dem, 15.0, height)
    up = math.sin(math.radians(40)) * np.ones_like(east)
    flat = math.cos(math.radians(40))
    sun = math.radians(azimuth)
    wanted = up - flat * (math.sin(sun) * east - math.cos(sun) * south)
    wanted /= np.sqrt(1 + east**2 + south**2)
    found = illumination(dem, 15.0, azimuth_deg=azimuth, altitude_deg=40, pixel_height_m=height)
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_flat_ground_has_the_light_of_the_lamp():
    flat = np.full((5, 5), 12.5, np.float32)
    assert np.all(hillshade(flat, 10.0)[1:-1, 1:-1] == round(1 + 254 * math.sqrt(0.5)))
