"""Shadows of ridges: equal to numpy's sweep, and to geometry where that is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.errors import ContractError
from lsbatch.kernels import shadow_depth


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
