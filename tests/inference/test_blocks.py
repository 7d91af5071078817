from dataclasses import dataclass

import numpy as np
import pytest

from lsbatch.domain import Block
from lsbatch.errors import ContractError, GridMismatchError
from lsbatch.inference import detect, score_block
from lsbatch.inference.patches import score_in_patches
from tests.cubes import features_of, grid_of
from tests.inference.fake_detectors import BareNow, BrokenDetector, PlainDetector, PoolingDetector

GRID = grid_of(20, 30)


def block_of(halo=0):
    return Block(GRID, 0, 0, 256, halo)


def features(halo=0, value=0.5):
    block = block_of(halo)
    return features_of(np.full((*block.padded.shape, 2), value, "float32"), block.padded)


def test_a_core_comes_out_of_its_halo():
    scored = score_block(features(halo=3), PlainDetector(halo=2), block_of(3))
    assert dict(scored.sizes) == {"y": 20, "x": 30}
    assert scored["score"].dtype == np.float32 and scored["detectable"].dtype == bool


def test_a_halo_below_the_detector_s_is_refused():
    with pytest.raises(GridMismatchError, match=r"Block \(0, 0\).* at\s+least 4.*halo of 3"):
        score_block(features(halo=3), PlainDetector(halo=4), block_of(3))


@pytest.mark.parametrize("given", [0, 2, 4])
def test_features_of_another_window_are_refused(given):
    with pytest.raises(GridMismatchError, match="received"):
        score_block(features(halo=given), PlainDetector(), block_of(3))


def test_what_is_not_features_is_refused():
    with pytest.raises(ContractError, match="slope_deg"):
        score_block(features().drop_vars("slope_deg"), PlainDetector(), block_of())
    with pytest.raises(ContractError, match="dims"):
        score_block(features().transpose("y", "x", "channel"), PlainDetector(), block_of())


def test_a_missing_optional_channel_is_no_reason_for_no_score():
    block = block_of()
    channels = np.full((20, 30, 6), 0.2, "float32")
    channels[..., 3] = channels[4:, :, 5] = np.nan
    seen = features_of(channels, block.padded)
    assert np.isfinite(score_block(seen, BareNow(), block)["score"]).all()
    channels[2, 3, 0] = np.nan
    lost = score_block(features_of(channels, block.padded), BareNow(), block)["score"].values
    assert np.isnan(lost[2, 3]) and np.isnan(lost).sum() == 1


@dataclass(frozen=True)
class Choosy(BareNow):
    """Breaks its word: gives nothing where near infrared is missing."""

    def score(self, batch):
        return np.where(np.isnan(batch[..., 3]), np.nan, super().score(batch))


def test_a_detector_that_needs_what_it_calls_optional_is_at_fault():
    channels = np.full((20, 30, 6), 0.2, "float32")
    channels[5, 7, 3] = np.nan
    with pytest.raises(ContractError, match="returned no number for 1 usable"):
        score_block(features_of(channels, GRID), Choosy(), block_of())


def spoilt(value):
    def answer(batch):
        score = batch[..., 0].copy()
        score[:, 5, 7] = value
        return score

    return answer


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_no_number_on_a_usable_pixel_is_a_fault(value):
    with pytest.raises(ContractError, match="'plain' returned no number for 1 usable"):
        score_block(features(), BrokenDetector(answer=spoilt(value)), block_of())


@pytest.mark.parametrize("value", [-1e-6, 1 + 1e-6, 255])
def test_a_score_outside_0_to_1_is_a_fault(value):
    with pytest.raises(ContractError, match=r"outside \[0, 1\]"):
        score_block(features(), BrokenDetector(answer=spoilt(value)), block_of())


def test_no_number_where_a_channel_is_missing_is_none():
    holed = features()
    holed["channels"][1, 5, 7] = np.nan
    scored = score_block(holed, BrokenDetector(answer=spoilt(np.nan)), block_of())
    assert np.isnan(scored["score"].values[5, 7]) and np.isnan(scored["score"]).sum() == 1


def test_a_fault_in_the_halo_alone_is_none():
    halo = score_block(features(halo=8), BrokenDetector(answer=spoilt(np.nan)), block_of(8))
    assert np.isfinite(halo["score"]).all()


@pytest.mark.parametrize(
    "answer",
    [
        lambda batch: batch,
        lambda batch: batch[:, 1:, :, 0],
        lambda batch: batch[0, :, :, 0],
        lambda batch: 0.5,
    ],
)
@pytest.mark.parametrize("patch_px", [None, 16])
def test_another_shape_is_a_fault(answer, patch_px):
    with pytest.raises(ContractError, match="must return shape"):
        score_block(features(), BrokenDetector(answer=answer, patch_px=patch_px), block_of())


@pytest.mark.parametrize(
    ("patch_px", "halo", "multiple"), [(16, 8, 1), (16, 9, 1), (18, 4, 4), (16, 7, 4)]
)
def test_a_patch_without_a_core_is_refused(patch_px, halo, multiple):
    detector = PoolingDetector(patch_px=patch_px, halo=halo, multiple=multiple)
    with pytest.raises(ContractError, match=f"patches of {patch_px} pixels"):
        score_in_patches(np.zeros((40, 40, 2), "float32"), detector, origin=(0, 0))


def test_a_lazy_score_keeps_no_lattice_and_says_so():
    with pytest.raises(ContractError, match="score_block"):
        detect(features(), PoolingDetector())
