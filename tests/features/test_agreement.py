"""What is made of the measurements: a shift, a field beside it, or a reason for neither."""

import numpy as np
import pytest

from lsbatch.features import Measurement, Sighting, decide_shift
from lsbatch.features.agreement import FEWEST

PIXEL_M = 10.0
EXTENT = (0.0, 0.0, 7680.0, 7680.0)
_AT = np.arange(-6, 7)


def sighting(x, y, down, right, *, likeness=0.7, sharpness=0.25):
    """A measurement whose correlation falls off from its peak as real ones do."""
    fall = sharpness * ((_AT[:, None] - down) ** 2 + (_AT[None, :] - right) ** 2)
    measured = Measurement(0, 0, down, right, likeness, likeness * np.exp(-fall))
    return Sighting(x, y, measured)


def sightings(field, *, side=6, noise=0.04, seed=0, **looks):
    """Measurements at side x side places; `field` gives pixels (down, right) at x and y."""
    dice = np.random.default_rng(seed)
    return [
        sighting(x, y, *(np.array(field(x, y)) + dice.normal(0, noise, 2)), **looks)
        for y in (np.arange(side) + 0.5) * 1280
        for x in (np.arange(side) + 0.5) * 1280
    ]


def decide(found, *, is_whole=True):
    return decide_shift(found, pixel_m=PIXEL_M, extent=EXTENT, is_whole=is_whole)


def test_one_shift_for_the_scene():
    decision = decide(sightings(lambda x, y: (0.5, -0.7)))
    assert decision.shift is not None and decision.shift.local is None
    assert decision.shift.north_m == pytest.approx(-5, abs=0.3)
    assert decision.shift.east_m == pytest.approx(-7, abs=0.3)
    facts = decision.facts
    assert facts["measured"] == facts["agreeing"] == 36
    assert facts["distance_after_m"] < 0.2 * facts["distance_before_m"]
    assert facts["likeness_after"] > facts["likeness_before"] + 0.05


def test_a_smooth_ramp_of_one_pixel_becomes_a_field():
    decision = decide(sightings(lambda x, y: (0.0, x / 7680 - 0.5)))
    local = decision.shift.local
    assert local is not None
    east = np.array(local.east_m)
    wanted = (local.west + local.spacing_m * np.arange(east.shape[1])) / 7680 * 10 - 5
    inside = slice(1, -1)
    np.testing.assert_allclose(
        east[inside, inside] + decision.shift.east_m,
        np.broadcast_to(wanted, east.shape)[inside, inside],
        atol=1.0,
    )
    assert np.abs(np.array(local.north_m)).max() < 1.0
    assert decision.facts["distance_after_m"] < 0.3 * decision.facts["distance_before_m"]
    # of a sample no field is made, and one shift would be next to nothing
    sample = decide(sightings(lambda x, y: (0.0, x / 7680 - 0.5)), is_whole=False)
    assert sample.shift is None or sample.shift.local is None


@pytest.mark.parametrize("noise", [0.02, 0.1, 0.25])
def test_scatter_is_no_field(noise):
    for seed in range(5):
        decision = decide(sightings(lambda x, y: (0.5, 0.5), noise=noise, seed=seed))
        assert decision.shift is None or decision.shift.local is None


def test_a_field_that_leaps_is_no_smooth_one():
    decision = decide(sightings(lambda x, y: (0.0, 0.7 * (x > 3840) - 0.35), noise=0.01))
    if decision.shift is not None and decision.shift.local is not None:
        steps = np.abs(np.diff(np.array(decision.shift.local.east_m), axis=1))
        assert steps.max() <= 0.01 * decision.shift.local.spacing_m


def test_reasons_against():
    few = decide([sighting(n, 0, 0.5, 0.5) for n in range(FEWEST - 1)])
    assert few.shift is None and "too few places" in few.reason
    unlike = decide(sightings(lambda x, y: (0.5, 0.5), likeness=0.1))
    assert unlike.shift is None and unlike.facts == {"measured": 0}
    dice = np.random.default_rng(3)
    astray = decide(sightings(lambda x, y: dice.uniform(-4, 4, 2)))
    assert astray.shift is None and "disagree" in astray.reason
    vague = decide([sighting(n, 0, *dice.normal(0.5, 0.3, 2)) for n in range(5)])
    assert vague.shift is None
    small = decide(sightings(lambda x, y: (0.1, 0.1)))
    assert small.shift is not None and np.hypot(small.shift.east_m, small.shift.north_m) < 2
    far = decide(sightings(lambda x, y: (3.5, 0.0)))
    assert far.shift is None and "too far" in far.reason
    useless = decide(sightings(lambda x, y: (0.3, 0.0), sharpness=1e-3))
    assert useless.shift is None and "hardly more alike" in useless.reason


def test_measurements_astray_do_not_pull():
    found = sightings(lambda x, y: (0.5, -0.5))
    found[:10] = [sighting(one.x, one.y, -3.0, 3.0) for one in found[:10]]
    decision = decide(found)
    assert decision.facts["agreeing"] == 26
    assert decision.shift.north_m == pytest.approx(-5, abs=0.3)
