"""Clouds: as much as asked, shadows away from the sun and farther under a low one."""

import numpy as np
import pytest

from lsbatch.simulate.clouds import build_sky
from lsbatch.simulate.noise import fractal

GROUND = 500 + 80 * fractal((240, 260), np.random.default_rng(0), slope=3.6, longest_px=150)


def sky(seed, fraction=0.25, sun=(140.0, 50.0)):
    rng = np.random.default_rng(seed)
    return build_sky(GROUND, 10.0, cloud_fraction=fraction, sun=sun, rng=rng)


def test_no_cloud_no_shadow():
    nothing = sky(0, fraction=0.0)
    assert nothing.decks == ()
    assert nothing.shadow is None and nothing.opacity(high=False) is None


def test_cover_grows_with_the_fraction():
    def covered(fraction):
        skies = [sky(seed, fraction) for seed in range(12)]
        return np.mean([max((d.opacity > 0.15).mean() for d in one.decks) for one in skies])

    assert covered(0.05) < covered(0.2) < covered(0.45)
    assert 0.1 < covered(0.2) < 0.45


def test_all_kinds_come_and_only_heaps_cast_shadows():
    skies = [sky(seed, fraction=0.04) for seed in range(30)]
    single = [one for one in skies if len(one.decks) == 1]
    assert {one.decks[0].is_high for one in single} == {True, False}
    assert all(one.shadow is None for one in single if one.decks[0].is_high)
    assert any(one.shadow is not None for one in single)


@pytest.mark.parametrize(("azimuth", "down", "right"), [(180.0, -1, 0), (90.0, 0, -1)])
def test_shadow_falls_away_from_the_sun(azimuth, down, right):
    for seed in range(30):
        one = sky(seed, fraction=0.04, sun=(azimuth, 75.0))
        if one.shadow is None:
            continue
        cloud = one.decks[0].opacity - one.decks[0].opacity.mean()

        def match(sign, one=one, cloud=cloud):
            # a base at 800 to 2500 m under a sun at 75 degrees: 21 to 67 pixels away
            moves = [(sign * down * far, sign * right * far) for far in range(16, 80, 3)]
            cast = one.shadow - one.shadow.mean()
            return max(float((np.roll(cloud, move, (0, 1)) * cast).mean()) for move in moves)

        assert match(1) > 1.5 * match(-1)


def test_cloud_hides_the_ground():
    one = sky(1, fraction=0.3)
    seen = one.cover(np.full(GROUND.shape, 0.02, np.float32), 0)
    assert seen.max() > 0.2 and seen.min() == pytest.approx(0.02, abs=1e-3)


def test_same_seed_gives_the_same_sky():
    first, second = sky(5), sky(5)
    np.testing.assert_array_equal(first.decks[0].opacity, second.decks[0].opacity)


def test_later_bands_see_clouds_elsewhere():
    one = sky(1, fraction=0.3)
    dark = np.full(GROUND.shape, 0.02, np.float32)
    first, later = (one.cover(dark, 0, parallax=far) for far in (0.0, 0.001))
    assert np.abs(first - later).max() > 0.05
    assert first.mean() == pytest.approx(later.mean(), rel=0.1)
