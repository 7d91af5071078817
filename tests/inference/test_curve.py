"""Error against the halo: none at the detector's own, some below it."""

import json

import numpy as np
import pytest

from lsbatch.errors import ContractError
from lsbatch.inference import error_by_halo
from tests.detector_contract import batch_for
from tests.inference.fake_detectors import PlainDetector, PoolingDetector


def test_error_falls_with_the_halo_and_is_none_at_the_reach():
    detector = PoolingDetector(patch_px=None)
    channels = batch_for(detector, 1, 90, 70, seed=1)[0]
    channels[10:20, 30:34] = np.nan
    none, half, whole = error_by_halo(channels, detector, [0, 2, 7], core_px=20)
    assert none.largest > 0 and none.mean > half.mean > 0
    assert (whole.halo, whole.largest, whole.mean, whole.flipped) == (7, 0.0, 0.0, 0.0)


def test_what_sees_one_pixel_needs_no_halo():
    channels = batch_for(PlainDetector(), 1, 33, 41, seed=2)[0]
    (error,) = error_by_halo(channels, PlainDetector(), [0], core_px=16)
    assert error.largest == 0.0


def test_an_area_without_data_has_no_error():
    (error,) = error_by_halo(
        np.full((16, 16, 2), np.nan, "float32"), PlainDetector(), [0], core_px=8
    )
    assert (error.largest, error.flipped) == (0.0, 0.0)


def test_a_patch_lattice_has_no_curve():
    with pytest.raises(ContractError, match="lattice"):
        error_by_halo(np.zeros((40, 40, 2), "float32"), PoolingDetector(), [0], core_px=20)


@pytest.mark.slow
def test_the_command_measures_a_rule_on_an_invented_event(lsbatch):
    code, said, _ = lsbatch("detectors", "halo", "brightness-change", "--json")
    errors = json.loads(said)
    assert code == 0 and errors[0]["halo"] == 0 and errors[0]["largest"] > 0
    assert errors[-1] == {"halo": 97, "largest": 0.0, "mean": 0.0, "flipped": 0.0}
