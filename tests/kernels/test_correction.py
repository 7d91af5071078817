import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.errors import ContractError
from lsbatch.kernels import c_coefficient, illumination, light_sums, scs_c, slope
from tests.dems import plane, rough_dem

SUN = {"azimuth_deg": 150.0, "altitude_deg": 40.0}


def mountains(side=60, seed=2):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 3, (side, side)).cumsum(0).cumsum(1).astype(np.float32) / 5


def image_on(dem, *, dark=0.05, gain=0.3, noise=0.0):
    """A band that is a line of its light, and that light."""
    light = illumination(dem, 20.0, **SUN)
    speckle = np.random.default_rng(0).normal(0, noise, dem.shape)
    return (dark + gain * light + speckle).astype(np.float32), light


@given(
    seed=st.integers(0, 99),
    azimuth=st.floats(0, 360),
    altitude=st.floats(5, 90),
    c=st.floats(0, 3),
    height=st.floats(10, 40),
)
def test_correction_equals_the_formula_in_angles(seed, azimuth, altitude, c, height):
    dem = rough_dem((12, 15), seed=seed, holes=0.03) / 4
    band = np.random.default_rng(seed).uniform(0, 1, dem.shape).astype(np.float32)
    band[5, 5] = np.nan
    sun = {"azimuth_deg": azimuth, "altitude_deg": altitude, "pixel_height_m": height}
    steep = np.radians(slope(dem, 20.0, pixel_height_m=height).astype(float))
    cos_i = illumination(dem, 20.0, **sun).astype(float)
    wanted = band * (np.cos(steep) * math.sin(math.radians(altitude)) + c) / (cos_i + c)
    found = scs_c(band, dem, 20.0, c=c, **sun)
    sure = ~(np.abs(cos_i) < 1e-3)  # at the very edge of the light a quotient has no digits
    wanted[cos_i <= 0] = np.nan
    np.testing.assert_allclose(found[sure], wanted[sure], rtol=1e-3)
    assert found.dtype == np.float32


def test_level_ground_is_left_alone():
    band = np.full((5, 5), 0.23, np.float32)
    found = scs_c(band, plane(0, 0, side=5), 10.0, **SUN, c=0.4)
    np.testing.assert_allclose(found[1:-1, 1:-1], 0.23, rtol=1e-6)


def test_ground_that_turns_its_back_on_the_sun_is_not_made_up():
    north_facing = plane(0, -2, side=5)
    found = scs_c(np.full((5, 5), 0.1, np.float32), north_facing, 10.0, c=0.4, **SUN)
    assert np.isnan(found).all()


def test_regression_finds_the_line_and_equals_polyfit():
    dem = mountains()
    band, light = image_on(dem, noise=0.01)
    usable = np.random.default_rng(1).random(dem.shape) < 0.7
    known = usable & (light > 0)
    gradient, intercept = np.polyfit(light[known].astype(float), band[known].astype(float), 1)
    sums = light_sums(band, light, usable)
    assert sums[0] == known.sum()
    assert c_coefficient(sums) == pytest.approx(intercept / gradient, rel=1e-6)
    assert c_coefficient(sums) == pytest.approx(0.05 / 0.3, rel=0.05)


def test_sums_of_blocks_add_up_to_those_of_the_whole():
    dem = mountains()
    band, light = image_on(dem, noise=0.01)
    usable = np.ones(dem.shape, bool)
    parts = [light_sums(band[rows], light[rows], usable[rows]) for rows in np.s_[:17, 17:]]
    np.testing.assert_allclose(sum(parts), light_sums(band, light, usable), rtol=1e-12)


def test_corrected_image_keeps_little_of_its_light():
    dem = mountains()
    band, light = image_on(dem)
    c = c_coefficient(light_sums(band, light, np.isfinite(light)))
    level = scs_c(band, dem, 20.0, **SUN, c=c)
    known = np.isfinite(level)
    before = np.corrcoef(band[known], light[known])[0, 1]
    after = np.corrcoef(level[known], light[known])[0, 1]
    assert before > 0.999 and abs(after) < 0.35
    assert level[known].std() < band[known].std() / 3


def test_pixels_that_do_not_count_change_nothing():
    dem = mountains()
    band, light = image_on(dem)
    usable = np.isfinite(light)
    wanted = c_coefficient(light_sums(band, light, usable))
    usable[5:20] = False
    band[5:20], light[5:20] = 9.0, 0.5
    band[30:33] = np.nan
    light[40:44] = -0.5
    assert c_coefficient(light_sums(band, light, usable)) == pytest.approx(wanted, rel=1e-3)


def test_c_is_not_made_up_where_the_pixels_do_not_tell():
    light = np.linspace(0.1, 0.9, 12, dtype=np.float32).reshape(3, 4)
    usable = np.ones((3, 4), bool)
    assert math.isnan(c_coefficient(np.zeros(5)))
    assert math.isnan(c_coefficient(light_sums(light, light, usable & (light < 0.15))))
    assert math.isnan(c_coefficient(light_sums(light, np.full_like(light, 0.7), usable)))
    assert math.isnan(c_coefficient(light_sums(1 - light, light, usable))), "darker in more light"
    assert c_coefficient(light_sums(light - np.float32(0.05), light, usable)) == 0


@pytest.mark.parametrize("c", [-0.1, math.nan, math.inf])
def test_a_c_that_is_none_is_refused(c):
    dem = plane(0, 0)
    with pytest.raises(ContractError, match="must be 0 or more; received"):
        scs_c(dem, dem, 10.0, **SUN, c=c)


def test_arrays_of_another_shape_or_dtype_are_refused():
    dem, few = plane(0, 0), np.zeros((2, 2), np.float32)
    with pytest.raises(ContractError, match="'band' must be float32"):
        scs_c(few, dem, 10.0, **SUN, c=0.1)
    with pytest.raises(ContractError, match="'cos_i' must be float32"):
        light_sums(dem, few, np.ones(dem.shape, bool))
    with pytest.raises(ContractError, match="'usable' must be bool"):
        light_sums(dem, dem, np.ones(dem.shape))
    with pytest.raises(ContractError, match="'sums' must be float64"):
        c_coefficient(np.zeros(4))
