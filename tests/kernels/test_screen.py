import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lsbatch.kernels import is_bright_brown, is_bright_white, is_snow

# quarters of a per cent: exact in float32 sums, so that no limit is missed by rounding alone
reflectance = st.one_of(st.integers(-40, 400).map(lambda n: n / 256), st.just(np.nan))


@given(bands=hnp.arrays(np.float32, (3, 4, 5), elements=reflectance))
def test_screen_equals_numpy(bands):
    red, green, blue = bands.astype(np.float64)
    mean = (red + green + blue) / 3.0
    spread = abs(red - mean) + abs(green - mean) + abs(blue - mean)
    wanted = (mean >= 0.15) & (spread < 0.7 * mean) & (blue - 0.5 * red > 0.08)
    np.testing.assert_array_equal(is_bright_white(*bands), wanted)


@pytest.mark.parametrize(
    ("ground", "colour", "screened"),
    [
        ("cloud", (0.6, 0.6, 0.62), True),
        ("forest", (0.03, 0.05, 0.03), False),
        ("dry soil", (0.35, 0.25, 0.18), False),
        ("thin haze over forest", (0.12, 0.13, 0.15), False),
        ("no data", (0.6, np.nan, 0.6), False),
    ],
)
def test_only_bright_white_ground_is_screened(ground, colour, screened):
    assert is_bright_white(*np.array(colour, np.float32)[:, None])[0] == screened, ground


@given(bands=hnp.arrays(np.float32, (3, 4, 5), elements=reflectance))
def test_snow_equals_numpy(bands):
    green, nir, swir16 = bands.astype(np.float64)
    total, least = green + swir16, np.where(green > 0.15, 0.15, 0.4)
    wanted = (total > 0) & (green - swir16 > least * total) & (nir > 0.11)
    np.testing.assert_array_equal(is_snow(*bands), wanted)


@pytest.mark.parametrize(
    ("ground", "reflectances", "snow"),
    [
        ("fresh snow", (0.85, 0.80, 0.10), True),
        ("a third of snow over dark forest", (0.28, 0.32, 0.12), True),
        ("forest under haze, as from above the air", (0.09, 0.24, 0.09), False),
        ("fresh soil", (0.15, 0.30, 0.38), False),
        ("chalk", (0.42, 0.48, 0.50), False),
        ("clear water", (0.06, 0.02, 0.01), False),
        ("no data", (np.nan, 0.80, 0.10), False),
    ],
)
def test_only_snow_is_snow(ground, reflectances, snow):
    assert is_snow(*np.array(reflectances, np.float32)[:, None])[0] == snow, ground


@given(bands=hnp.arrays(np.float32, (3, 4, 5), elements=reflectance))
def test_brown_equals_numpy(bands):
    red, green, blue = bands.astype(np.float64)
    wanted = (red >= 0.12) & (red >= green) & (green >= blue) & (blue - 0.5 * red < 0.04)
    np.testing.assert_array_equal(is_bright_brown(*bands), wanted)


@pytest.mark.parametrize(
    ("ground", "colour", "brown"),
    [
        ("fresh soil", (0.24, 0.18, 0.11), True),
        ("cloud", (0.6, 0.6, 0.62), False),
        ("a fifth of cloud over soil", (0.31, 0.26, 0.21), False),
        ("a fifth of cloud over forest", (0.13, 0.15, 0.14), False),
        ("forest", (0.03, 0.05, 0.03), False),
        ("snow", (0.8, 0.8, 0.8), False),
        ("no data", (0.24, np.nan, 0.11), False),
    ],
)
def test_only_ground_is_brown(ground, colour, brown):
    assert is_bright_brown(*np.array(colour, np.float32)[:, None])[0] == brown, ground
