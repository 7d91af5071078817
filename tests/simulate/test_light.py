"""Light: flat ground keeps its reflectance, slopes to the sun are brighter, shadows are blue."""

import numpy as np
import pytest

from lsbatch.simulate.light import even_out, light_ground

SUN = (150.0, 35.0)


def light(elevation, **wishes):
    wishes = {"sun": SUN, "clouded": None, "rng": np.random.default_rng(0)} | wishes
    return light_ground(elevation.astype(np.float32), 10.0, **wishes)


@pytest.fixture
def ridge():
    rows = np.arange(160.0)[:, None] - 80
    return np.broadcast_to(300 - 7 * np.abs(rows), (160, 120)).astype(np.float32)


def test_flat_ground_keeps_its_reflectance():
    flat = np.full((60, 60), 100.0, np.float32)
    ground = np.full((60, 60), 0.2, np.float32)
    for band in range(6):
        np.testing.assert_allclose(light(flat).shine(ground, band, skylight=0.2), ground, rtol=1e-3)


def test_slope_to_the_sun_is_brighter_than_the_other(ridge):
    shone = light(ridge)
    assert shone.visible[100:130].mean() > 1.2 > 0.5 > shone.visible[30:60].mean()


def test_ridge_shades_the_valley_behind_it(ridge):
    # steeper than the sun is high: the slope behind gets none, nor does what lies beyond its foot
    shone = light(ridge * 1.6, sun=(180.0, 25.0))
    assert shone.visible[20:70, 60].max() == 0
    assert shone.visible[90:150, 60].min() > 0.5


def test_shadow_is_bluer_than_its_surroundings(ridge):
    shone = light(ridge * 1.6, sun=(180.0, 25.0))
    ground = np.full(ridge.shape, 0.2, np.float32)
    blue, red = (shone.shine(ground, 0, skylight=share) for share in (0.25, 0.12))
    assert 0 < red[40, 60] < blue[40, 60] < blue[120, 60]


def test_clouds_dim_the_sun_and_part_of_the_sky():
    flat, clouded = np.zeros((40, 40)), np.zeros((40, 40), np.float32)
    clouded[:, 20:] = 0.9
    shone = light(flat, clouded=clouded)
    assert shone.visible[5, 30] == pytest.approx(0.1, abs=0.01)
    assert 0.6 < shone.sky[5, 30] < shone.sky[5, 5]


def test_illumination_does_not_divide_out(ridge):
    first, second = (light(ridge, rng=np.random.default_rng(seed)) for seed in (1, 2))
    assert np.abs(first.visible / second.visible - 1)[90:150].max() > 0.02


def test_evening_out_brightens_slopes_away_from_the_sun(ridge):
    times = even_out(ridge, 10.0, sun=SUN, strength=1.0)
    assert times[30:60].mean() > 1.1 > 0.95 > times[100:130].mean()
