import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.kernels import plan_curvature, profile_curvature, total_curvature
from tests.dems import neighbours, rough_dem

KINDS = {"total": total_curvature, "profile": profile_curvature, "plan": plan_curvature}


def zevenbergen_thorne(dem, width, height):
    """The formulas of the paper's nine letters, in the units and signs of ArcGIS and richdem."""
    n = neighbours(dem)
    d = ((n[0, -1] + n[0, 1]) / 2 - n[0, 0]) / width**2
    e = ((n[-1, 0] + n[1, 0]) / 2 - n[0, 0]) / height**2
    f = (-n[-1, -1] + n[-1, 1] + n[1, -1] - n[1, 1]) / (4 * width * height)
    g, h = (n[0, 1] - n[0, -1]) / (2 * width), (n[-1, 0] - n[1, 0]) / (2 * height)
    hole, steep = 0 * sum(n.values()), np.where(g**2 + h**2 == 0, 1, g**2 + h**2)
    return {
        "total": -200 * (d + e) + hole,
        "profile": 200 * (d * g**2 + e * h**2 + f * g * h) / steep + hole,
        "plan": -200 * (d * h**2 + e * g**2 - f * g * h) / steep + hole,
    }


def surface(z, width=1.0, height=1.0, side=7):
    """float32 elevation of z(x, y), y to the north."""
    y, x = np.mgrid[:side, :side]
    return z((x - side // 2) * width, (side // 2 - y) * height).astype(np.float32)


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 99), width=st.floats(5, 30), height=st.floats(5, 30))
def test_curvature_equals_numpy(kind, seed, width, height):
    dem = rough_dem((14, 21), seed=seed, holes=0.03)
    found = KINDS[kind](dem, width, pixel_height_m=height)
    assert found.dtype == np.float32
    wanted = zevenbergen_thorne(dem, width, height)[kind]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_a_bowl_has_minus_400_hundredths():
    bowl = surface(lambda x, y: x**2 + y**2)
    np.testing.assert_array_equal(total_curvature(bowl, 1.0)[1:-1, 1:-1], -400)
    assert profile_curvature(bowl, 1.0)[3, 3] == plan_curvature(bowl, 1.0)[3, 3] == 0


@pytest.mark.parametrize("width, height", [(1.0, 1.0), (2.0, 1.0), (1.0, 3.0)])
def test_a_quadratic_surface_has_its_exact_derivatives_whatever_the_sides(width, height):
    def z(x, y):
        return 3 * x - 4 * y + 0.5 * x**2 - 0.25 * y**2 + 0.125 * x * y

    dem, sides = surface(z, width, height), {"pixel_height_m": height}
    # at the middle: gradient (3, -4), z_xx = 1, z_yy = -0.5, z_xy = 0.125
    along = (1 * 9 + -0.5 * 16 + 2 * 0.125 * 3 * -4) / 25
    across = (1 * 16 + -0.5 * 9 - 2 * 0.125 * 3 * -4) / 25
    assert total_curvature(dem, width, **sides)[3, 3] == pytest.approx(-100 * 0.5)
    assert profile_curvature(dem, width, **sides)[3, 3] == pytest.approx(100 * along, rel=1e-6)
    assert plan_curvature(dem, width, **sides)[3, 3] == pytest.approx(-100 * across, rel=1e-6)


def test_a_ridge_is_convex_a_valley_concave():
    ridge = surface(lambda x, y: -(x**2) - y / 2)
    assert total_curvature(ridge, 1.0)[3, 3] == 200
    assert plan_curvature(ridge, 1.0)[3, 3] == 200, "water spreads"
    assert profile_curvature(ridge, 1.0)[3, 3] == 0, "it falls evenly to the north"
    assert plan_curvature(-ridge, 1.0)[3, 3] == -200
    foot = surface(lambda x, y: np.exp(y / 4))
    assert profile_curvature(foot, 1.0)[3, 3] > 0, "it flattens downhill"


def test_total_is_plan_less_profile_where_the_ground_is_not_level():
    dem = rough_dem((60, 70), seed=8)
    total, plan, profile = (KINDS[kind](dem, 12.0) for kind in ("total", "plan", "profile"))
    np.testing.assert_allclose(total, plan.astype(float) - profile, rtol=1e-4, atol=1e-4)


def test_real_ground_has_curvature_about_nought(elevation):
    _, dem = elevation
    wanted = zevenbergen_thorne(dem, 30.0, 30.0)
    for kind, kernel in KINDS.items():
        np.testing.assert_allclose(kernel(dem, 30.0), wanted[kind], rtol=1e-5, atol=1e-7)
    assert abs(np.nanmean(total_curvature(dem, 30.0))) < 1
    assert not math.isclose(np.nanstd(total_curvature(dem, 30.0)), 0)
