"""Air: blue light suffers most, taking the same air out gives the ground back."""

import numpy as np
import pytest

from lsbatch.simulate.atmosphere import add_air, believe, build_air, remove_air, skylight
from lsbatch.simulate.noise import fractal


@pytest.fixture(scope="module")
def ground():
    return 800 + 300 * fractal((90, 110), np.random.default_rng(0), slope=3.5, longest_px=80)


def air_over(ground, *, haze=0.15, seed=1):
    rng = np.random.default_rng(seed)
    return build_air(ground, haze=haze, sun_elevation_deg=45.0, rng=rng)


def test_taking_the_same_air_out_gives_the_ground_back(ground):
    dark = np.random.default_rng(2).uniform(0.01, 0.5, ground.shape).astype(np.float32)
    for band in range(6):
        seen = add_air(dark, air_over(ground), band)
        np.testing.assert_allclose(remove_air(seen, air_over(ground), band), dark, atol=1e-5)


def test_path_and_skylight_fall_with_wavelength(ground):
    black, air = np.zeros_like(ground), air_over(ground)
    path = [float(add_air(black, air, band).mean()) for band in range(6)]
    assert path == sorted(path, reverse=True) and 0.04 < path[0] < 0.15 and path[5] < 0.01
    shares = [skylight(air, band) for band in range(6)]
    assert shares == sorted(shares, reverse=True) and 0.1 < shares[0] < 0.4


def test_haze_lies_in_the_valleys(ground):
    seen = add_air(np.full_like(ground, 0.03), air_over(ground, haze=0.4), 0)
    assert seen[ground < 600].mean() > seen[ground > 1000].mean() + 0.005


def test_nearby_bright_ground_brightens_dark_ground(ground):
    dark, bright = np.full_like(ground, 0.02), np.full_like(ground, 0.4)
    air = air_over(ground)
    assert (add_air(dark, air, 0, nearby=bright) > add_air(dark, air, 0) + 0.02).all()


def test_believed_air_leaves_errors_of_about_a_hundredth(ground):
    dark, errors = np.full_like(ground, 0.04), []
    for seed in range(30):
        air = air_over(ground, seed=seed)
        believed = believe(air, np.random.default_rng(seed))
        errors.append(float((remove_air(add_air(dark, air, 0), believed, 0) - dark).mean()))
    assert 0.002 < np.std(errors) < 0.02 and min(errors) < 0 < max(errors)
