"""Laws of every kernel that looks at a pixel's eight neighbours."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.errors import ContractError
from lsbatch.kernels import (
    aspect,
    hillshade,
    illumination,
    mean_step,
    plan_curvature,
    profile_curvature,
    roughness,
    scs_c,
    slope,
    total_curvature,
    tpi,
    tri,
)
from tests.dems import rough_dem

SUN = {"azimuth_deg": 158.0, "altitude_deg": 37.0}


def lit(dem, pixel_m, **sides):
    return illumination(dem, pixel_m, **SUN, **sides)


def levelled(dem, pixel_m, **sides):
    return scs_c(np.full_like(dem, 0.2), dem, pixel_m, **SUN, c=0.4, **sides)


SIDED = (
    slope,
    aspect,
    hillshade,
    lit,
    levelled,
    total_curvature,
    profile_curvature,
    plan_curvature,
)
KERNELS = (
    *SIDED,
    *(
        lambda dem, pixel_m, kernel=kernel: kernel(dem)
        for kernel in (tpi, tri, mean_step, roughness)
    ),
)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("where", [(4, 5), (2, 2), (6, 8)])
def test_nothing_is_known_on_the_ring_at_a_hole_and_beside_it(kernel, where):
    dem = rough_dem((9, 11)) / 20
    dem[where] = np.nan
    unknown = np.ones(dem.shape, bool)
    unknown[1:-1, 1:-1] = False
    unknown[where[0] - 1 : where[0] + 2, where[1] - 1 : where[1] + 2] = True
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


@pytest.mark.parametrize("kernel", SIDED)
def test_a_height_left_out_is_the_width(kernel):
    dem = rough_dem((12, 15), holes=0.02)
    square = kernel(dem, 7.0)
    np.testing.assert_array_equal(kernel(dem, 7.0, pixel_height_m=7.0), square)
    assert not np.array_equal(kernel(dem, 7.0, pixel_height_m=9.0), square, equal_nan=True)


@pytest.mark.parametrize("kernel", KERNELS)
def test_another_dtype_or_shape_is_refused(kernel):
    for dem in (np.zeros((3, 3)), np.zeros(9, np.float32)):
        with pytest.raises(ContractError, match="'dem' must be float32"):
            kernel(dem, 30.0)


@pytest.mark.parametrize("kernel", SIDED)
@pytest.mark.parametrize("side", [0.0, -30.0, math.nan, math.inf])
def test_pixel_without_a_side_is_refused(kernel, side):
    dem = np.zeros((3, 3), np.float32)
    for sides in ((side, None), (30.0, side)):
        with pytest.raises(ContractError, match=r"above 0 m; received"):
            kernel(dem, sides[0], pixel_height_m=sides[1])
