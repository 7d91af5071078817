"""Shadows of ridges: equal to numpy's sweep, and to geometry where that is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.errors import ContractError
from lsbatch.kernels import cast_shadow, shadow_depth, shadow_halo
from tests.dems import rough_dem


def slow_depth(dem, pixel_m, azimuth_deg, altitude_deg):
    """A sun in the north-eastern half: rows are met from the north, one shifted line at a time."""
    slant = np.tan(np.radians(azimuth_deg))
    fall = pixel_m * np.hypot(1, slant) * np.tan(np.radians(altitude_deg))
    cols, ray = np.arange(dem.shape[1]), np.full(dem.shape[1], -1e30)
    depth = np.empty(dem.shape)
    for y, row in enumerate(dem.astype(np.float64)):
        ray = np.interp(cols + slant, cols, ray, left=-1e30, right=-1e30) - fall
        depth[y], ray = ray - row, np.maximum(ray, row)
    return depth


def hills(shape, seed=0):
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.normal(0, 12, shape), axis=0).astype(np.float32)


@given(azimuth=st.floats(-44, 44), altitude=st.floats(8, 80), seed=st.integers(0, 50))
def test_depth_equals_numpy_where_no_edge_reaches(azimuth, altitude, seed):
    dem = hills((12, 60), seed)
    found = shadow_depth(dem, 10.0, azimuth_deg=azimuth % 360, altitude_deg=altitude)
    wanted = slow_depth(dem, 10.0, azimuth, altitude)
    inner = np.s_[1:, 14:-14]
    np.testing.assert_allclose(found[inner], wanted[inner], atol=0.05, rtol=1e-4)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turning_the_world_turns_the_shadow(turns):
    dem = hills((40, 40), 3)
    upright = shadow_depth(dem, 10.0, azimuth_deg=30.0, altitude_deg=25.0)
    # rot90 turns the ground against the clock, and the sun with it
    turned = shadow_depth(
        np.rot90(dem, turns), 10.0, azimuth_deg=(30.0 - 90 * turns) % 360, altitude_deg=25.0
    )
    np.testing.assert_allclose(np.rot90(turned, -turns), upright, atol=1e-3)


@pytest.mark.parametrize(("azimuth", "side"), [(0, "S"), (90, "W"), (180, "N"), (270, "E")])
def test_wall_casts_a_shadow_of_its_height_over_the_tangent(azimuth, side):
    dem = np.zeros((81, 81), np.float32)
    dem[40, :] = dem[:, 40] = 100.0
    shaded = shadow_depth(dem, 10.0, azimuth_deg=float(azimuth), altitude_deg=45.0) > 0
    away = {"S": shaded[41:, 5], "N": shaded[:40, 5][::-1], "E": shaded[5, 41:]}
    away["W"] = shaded[5, :40][::-1]
    for name, line in away.items():
        assert line.sum() == (9 if name == side else 0)


def test_flat_ground_has_no_shadow_and_holes_cast_none():
    dem = np.zeros((20, 20), np.float32)
    dem[5, 5] = np.nan
    depth = shadow_depth(dem, 10.0, azimuth_deg=135.0, altitude_deg=30.0)
    assert np.isnan(depth[5, 5]) and np.isnan(depth).sum() == 1
    assert not (depth > 0).any()


@pytest.mark.parametrize(("pixel_m", "altitude"), [(0.0, 30.0), (10.0, 0.0), (10.0, -5.0)])
def test_no_pixel_side_or_no_sun_is_refused(pixel_m, altitude):
    with pytest.raises(ContractError, match="above the horizon"):
        shadow_depth(hills((4, 4)), pixel_m, azimuth_deg=0.0, altitude_deg=altitude)


# ---- shadow within a reach


def seen_shadow(dem, width, height, azimuth, altitude, reach):
    """Each pixel looks towards the sun through every row or column, one at a time."""
    right, down = math.sin(math.radians(azimuth)) / width, -math.cos(math.radians(azimuth)) / height
    ahead = max(abs(right), abs(down))
    z, highest = dem.astype(np.float64), np.full(dem.shape, -np.inf)
    rows, cols = np.indices(dem.shape)
    for step in range(1, int(reach * ahead) + 1):
        y, x = rows + np.round(step * down / ahead, 6), cols + np.round(step * right / ahead, 6)
        inside = (y >= 0) & (y <= dem.shape[0] - 1) & (x >= 0) & (x <= dem.shape[1] - 1)
        top, left = (np.floor(np.where(inside, at, 0)).astype(int) for at in (y, x))
        below, beside = (np.ceil(np.where(inside, at, 0)).astype(int) for at in (y, x))
        part = np.where(inside, y + x - top - left, 0)
        ground = z[top, left] + part * (z[below, beside] - z[top, left])
        ray = ground - step * math.tan(math.radians(altitude)) / ahead
        highest = np.where(inside, np.fmax(highest, ray), highest)
    return highest - z


@given(
    azimuth=st.floats(0, 360),
    altitude=st.floats(3, 89),
    height=st.floats(5, 20),
    reach=st.floats(1, 400),
    seed=st.integers(0, 50),
)
def test_shadow_equals_numpy(azimuth, altitude, height, reach, seed):
    dem = rough_dem((25, 33), seed=seed, holes=0.02)
    found = cast_shadow(
        dem, 10.0, azimuth_deg=azimuth, altitude_deg=altitude, reach_m=reach, pixel_height_m=height
    )
    depth = seen_shadow(dem, 10.0, height, azimuth, altitude, reach)
    sure = np.abs(depth) > 1e-2  # rounding decides where a ray grazes
    assert found.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(found), np.isnan(dem))
    known = sure & ~np.isnan(dem)
    np.testing.assert_array_equal(found[known] == 1, depth[known] > 0)
    assert np.isin(found[~np.isnan(dem)], (0, 1)).all()


@given(
    azimuth=st.floats(0, 360) | st.sampled_from([0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0]),
    altitude=st.floats(3, 60),
    height=st.sampled_from([7.0, 10.0, 13.0]),
    reach=st.floats(5, 130),
    top=st.integers(0, 20),
    left=st.integers(0, 20),
    side=st.integers(1, 25),
)
def test_shadow_has_no_seam_with_its_halo(azimuth, altitude, height, reach, top, left, side):
    dem = rough_dem((90, 95), seed=6, holes=0.01)
    halo = shadow_halo(10.0, reach, pixel_height_m=height)
    sun = {"azimuth_deg": azimuth, "altitude_deg": altitude, "reach_m": reach}
    whole = cast_shadow(dem, 10.0, **sun, pixel_height_m=height)
    padded = dem[top : top + side + 2 * halo, left : left + side + 2 * halo]
    part = cast_shadow(padded, 10.0, **sun, pixel_height_m=height)
    core = (slice(halo, halo + side), slice(halo, halo + side))
    wanted = whole[top : top + side + 2 * halo, left : left + side + 2 * halo]
    np.testing.assert_array_equal(part[core], wanted[core])


@given(
    azimuth=st.floats(0, 360) | st.sampled_from([0.0, 90.0, 180.0, 270.0]),
    altitude=st.floats(3, 60),
    margin=st.integers(0, 12),
)
def test_a_margin_casts_shadows_and_is_cut_off(azimuth, altitude, margin):
    dem = rough_dem((25, 33), seed=2, holes=0.01)
    sun = {"azimuth_deg": azimuth, "altitude_deg": altitude, "reach_m": 130.0}
    whole = cast_shadow(dem, 10.0, **sun)
    inner = whole[margin : 25 - margin, margin : 33 - margin]
    np.testing.assert_array_equal(cast_shadow(dem, 10.0, **sun, margin_px=margin), inner)


@pytest.mark.parametrize("margin", [-1, 2, 3])
def test_a_margin_that_leaves_no_pixel_is_refused(margin):
    with pytest.raises(ContractError, match="leaves nothing"):
        cast_shadow(
            np.zeros((4, 9), np.float32), 10.0, azimuth_deg=0.0, altitude_deg=20.0, reach_m=50.0,
            margin_px=margin,
        )  # fmt: skip


def test_far_hills_cast_a_shadow_only_within_the_reach():
    dem = np.zeros((3, 60), np.float32)
    dem[:, 50] = 100.0
    sun = {"azimuth_deg": 90.0, "altitude_deg": 20.0}
    long = cast_shadow(dem, 10.0, **sun, reach_m=1000.0)[1]
    short = cast_shadow(dem, 10.0, **sun, reach_m=100.0)[1]
    assert long.sum() == 27 and long[23:50].all(), "100 m / tan(20 degrees) = 275 m"
    assert short.sum() == 10 and short[40:50].all()


def test_within_a_long_reach_it_is_where_the_sweep_finds_depth(shared_data):
    import rasterio

    with rasterio.open(shared_data / "dem-bigtujunga" / "bigtujunga.tif") as source:
        dem = source.read(1).astype(np.float32)
    sun = {"azimuth_deg": 150.0, "altitude_deg": 30.0}
    swept = shadow_depth(dem, 30.0, **sun)
    found = cast_shadow(dem, 30.0, **sun, reach_m=6000.0)
    assert 0.02 < found.mean() < 0.5
    # the sweep interpolates again at each row, which rounds crests off, and at the flanks goes on
    # with the outermost pixels, where this looks no further
    assert np.mean((found == 1) != (swept > 0)) < 0.02
    assert np.mean(found[swept > 5] == 1) > 0.998


@pytest.mark.parametrize("turns", range(4))
def test_a_hole_beside_the_ray_is_not_seen(turns):
    dem = np.zeros((21, 21), np.float32)
    dem[15] = 50.0
    dem[15, 8] = np.nan
    found = cast_shadow(
        np.rot90(dem, turns),
        10.0,
        azimuth_deg=(180.0 - 90 * turns) % 360,
        altitude_deg=45.0,
        reach_m=200.0,
    )
    shaded = np.rot90(found, -turns)[12] == 1
    assert not shaded[8] and shaded.sum() == 20


def test_shadow_of_an_unknown_sun_is_unknown():
    dem = rough_dem((5, 6))
    for azimuth, altitude in ((math.nan, 30.0), (100.0, math.nan)):
        found = cast_shadow(dem, 10.0, azimuth_deg=azimuth, altitude_deg=altitude, reach_m=50.0)
        assert np.isnan(found).all()


@pytest.mark.parametrize(
    ("altitude", "reach"), [(0.0, 50.0), (-3.0, 50.0), (91.0, 50.0), (30.0, 0.0), (30.0, math.nan)]
)
def test_no_sun_or_no_reach_is_refused(altitude, reach):
    with pytest.raises(ContractError, match="a reach above 0 m and a sun at 0 to 90 degrees"):
        cast_shadow(rough_dem((4, 4)), 10.0, azimuth_deg=0, altitude_deg=altitude, reach_m=reach)


def test_reach_of_shadow_asks_for_sides_too():
    for pixel, height in ((0.0, None), (10.0, -1.0)):
        with pytest.raises(ContractError, match="above 0 m"):
            shadow_halo(pixel, 100.0, pixel_height_m=height)
    assert shadow_halo(10.0, 95.0) == 9 and shadow_halo(10.0, 95.0, pixel_height_m=5.0) == 19
