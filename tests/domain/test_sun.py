import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.domain import Sun, mean_sun
from lsbatch.errors import CatalogError

SUNS = st.builds(Sun, st.floats(0, 360, exclude_max=True), st.floats(0.01, 90))


@pytest.mark.parametrize("azimuth", [-0.1, 360.0, math.nan, math.inf])
def test_an_azimuth_beyond_the_circle_is_refused(azimuth):
    with pytest.raises(CatalogError, match="azimuth must be from 0 to below 360"):
        Sun(azimuth, 45.0)


@pytest.mark.parametrize("elevation", [-5.0, 0.0, 90.1, math.nan])
def test_a_sun_that_gives_no_light_is_refused(elevation):
    with pytest.raises(CatalogError, match="elevation must be above 0 and at most 90"):
        Sun(170.0, elevation)


def test_directions_are_east_north_up():
    assert Sun(90.0, 30.0).direction == pytest.approx((math.sqrt(0.75), 0, 0.5))
    assert Sun(180.0, 60.0).direction == pytest.approx((0, -0.5, math.sqrt(0.75)))


def test_the_mean_goes_around_the_circle():
    mean = mean_sun([Sun(358.0, 40.0), Sun(4.0, 40.0)])
    assert mean.azimuth_deg == pytest.approx(1.0)
    assert mean.elevation_deg == pytest.approx(40.0, abs=0.1)


@given(SUNS, st.integers(1, 4))
def test_the_mean_of_one_sun_is_that_sun_to_the_bit(sun, times):
    assert mean_sun([sun] * times) == sun


def test_without_suns_or_with_suns_of_two_passes_nothing_is_known():
    assert mean_sun([]) is None
    assert mean_sun([Sun(120.0, 40.0), Sun(240.0, 40.0)]) is None


@given(st.lists(SUNS, min_size=2, max_size=4))
def test_a_mean_is_near_each_of_its_suns_or_not_there(suns):
    mean = mean_sun(suns)
    if mean is not None:
        for sun in suns:
            near = sum(a * b for a, b in zip(mean.direction, sun.direction, strict=True))
            assert near >= math.cos(math.radians(10.001))
