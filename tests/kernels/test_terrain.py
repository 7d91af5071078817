import math
import shutil
import subprocess

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from rasterio.transform import from_origin

from lsbatch.errors import ContractError
from lsbatch.kernels import FLAT, aspect, hillshade, illumination, slope


def lit(dem, pixel_m):
    return illumination(dem, pixel_m, azimuth_deg=158.0, altitude_deg=37.0)


KERNELS = (slope, aspect, hillshade, lit)


def rough_dem(shape, *, seed=0, holes=0.0):
    rng = np.random.default_rng(seed)
    dem = (rng.normal(0, 2, shape).cumsum(0).cumsum(1) + 500).astype(np.float32)
    dem[rng.random(shape) < holes] = np.nan
    return dem


def plane(east, north, pixel=10.0, side=7):
    y, x = np.mgrid[:side, :side] * pixel
    return (1000 + east * x - north * y).astype(np.float32)


def horn(dem, pixel):
    z = np.pad(dem.astype(np.float64), 1, constant_values=np.nan)
    n = {
        (i, j): z[1 + i : z.shape[0] - 1 + i, 1 + j : z.shape[1] - 1 + j]
        for i in (-1, 0, 1)
        for j in (-1, 0, 1)
    }
    hole = 0 * sum(n.values())
    east = sum((2 - abs(i)) * (n[i, 1] - n[i, -1]) for i in (-1, 0, 1)) / (8 * pixel) + hole
    south = sum((2 - abs(j)) * (n[1, j] - n[-1, j]) for j in (-1, 0, 1)) / (8 * pixel) + hole
    return east, south


@given(seed=st.integers(0, 99), height=st.integers(1, 20), width=st.integers(1, 40))
def test_slope_and_aspect_equal_numpy(seed, height, width):
    dem = rough_dem((height, width), seed=seed, holes=0.05)
    east, south = horn(dem, 30.0)
    wanted = np.degrees(np.arctan(np.hypot(east, south)))
    turned = np.degrees(np.arctan2(-east, south)) % 360
    np.testing.assert_allclose(slope(dem, 30.0), wanted, rtol=2e-7, atol=1e-6)
    np.testing.assert_allclose(aspect(dem, 30.0), turned, rtol=2e-7, atol=1e-4)


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


def test_flat_ground_has_no_aspect_and_the_light_of_the_lamp():
    flat = np.full((5, 5), 12.5, np.float32)
    assert np.all(slope(flat, 10.0)[1:-1, 1:-1] == 0)
    assert np.all(aspect(flat, 10.0)[1:-1, 1:-1] == FLAT)
    assert np.all(hillshade(flat, 10.0)[1:-1, 1:-1] == round(1 + 254 * math.sqrt(0.5)))


def test_aspect_stays_below_360():
    dem = np.zeros((3, 3), np.float32)
    dem[2], dem[:, 2] = 1e6, dem[:, 2] + np.float32(1e-3)
    assert 0 <= aspect(dem, 1.0)[1, 1] < 360


@pytest.mark.parametrize("kernel", KERNELS)
def test_nothing_is_known_on_the_ring_at_a_hole_and_beside_it(kernel):
    dem = rough_dem((9, 11))
    dem[4, 5] = np.nan
    unknown = np.ones(dem.shape, bool)
    unknown[1:-1, 1:-1] = False
    unknown[3:6, 4:7] = True
    found = kernel(dem, 30.0)
    np.testing.assert_array_equal(found == 0 if kernel is hillshade else np.isnan(found), unknown)


@given(
    kernel=st.sampled_from(KERNELS),
    top=st.integers(0, 20),
    left=st.integers(0, 30),
    height=st.integers(1, 20),
    width=st.integers(1, 30),
)
def test_seam_invisible_with_a_halo_of_one(kernel, top, left, height, width):
    dem = rough_dem((42, 62), seed=3, holes=0.02)
    core = (slice(top + 1, top + 1 + height), slice(left + 1, left + 1 + width))
    padded = dem[top : top + height + 2, left : left + width + 2]
    np.testing.assert_array_equal(kernel(padded, 7.0)[1:-1, 1:-1], kernel(dem, 7.0)[core])


@pytest.mark.parametrize("pixel_m", [0.0, -30.0, math.nan, math.inf])
def test_pixel_without_a_side_is_refused(pixel_m):
    with pytest.raises(ContractError, match=r"above 0 m; received"):
        slope(np.zeros((3, 3), np.float32), pixel_m)


def gdaldem(mode, path):
    if shutil.which("gdaldem") is None:
        pytest.skip("gdaldem is not on PATH: apt-get install gdal-bin")
    out = path.with_name(f"{path.stem}-{mode}.tif")
    subprocess.run(["gdaldem", mode, path, out, "-q"], check=True)
    with rasterio.open(out) as source:
        return source.read(1, masked=True)


def write_dem(path, dem, nodata):
    profile = {"width": dem.shape[1], "height": dem.shape[0], "count": 1, "dtype": dem.dtype}
    grid = {"crs": "EPSG:32654", "transform": from_origin(500000, 4700000, 30, 30)}
    with rasterio.open(path, "w", driver="GTiff", nodata=nodata, **profile, **grid) as target:
        target.write(dem, 1)


@pytest.fixture(params=["invented", "big-tujunga"])
def elevation(request, tmp_path):
    """A GeoTIFF in whole metres on a 30 m grid with holes, and the same as the kernels take it."""
    path = tmp_path / "dem.tif"
    if request.param == "invented":
        rng = np.random.default_rng(5)
        whole = (rng.normal(0, 3, (80, 120)).cumsum(0).cumsum(1) + 900).astype(np.int16)
        whole[rng.random(whole.shape) < 0.005] = 32767
    else:
        shared_data = request.getfixturevalue("shared_data")
        with rasterio.open(shared_data / "dem-bigtujunga" / "bigtujunga.tif") as source:
            assert (source.nodata, source.res) == (32767, (30.0, 30.0))
            whole = source.read(1)
    write_dem(path, whole, 32767)
    return path, np.where(whole == 32767, np.nan, whole).astype(np.float32)


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


def test_hillshade_equals_gdaldem_but_for_rounding(elevation):
    path, dem = elevation
    wanted = gdaldem("hillshade", path).filled(0).astype(float)
    found = hillshade(dem, 30.0)
    np.testing.assert_array_equal(found == 0, wanted == 0)
    assert np.abs(found - wanted).max() <= 1
    assert np.mean(found != wanted) < 1e-4
