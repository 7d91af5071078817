"""error_by_halo: what a map cut into blocks loses where the halo is smaller than the reach."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lsbatch.domain import Detector
from lsbatch.errors import ContractError
from lsbatch.inference.patches import cut, score_area, score_whole

_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class HaloError:
    """Differences of a blocked map to the whole-image map."""

    halo: int
    largest: float
    """Of the scores."""
    mean: float
    flipped: float
    """Share of the pixels that are landslide in one of the two maps only."""


def error_by_halo(
    channels: npt.NDArray[np.float32], detector: Detector, halos: Sequence[int], *, core_px: int
) -> list[HaloError]:
    """Error of blocks with each halo.

    Parameters
    ----------
    channels : ndarray, float32, (H, W, C)
        NaN = not usable.
    detector : Detector
        One that takes a block whole (`patch_px` None).
    halos : sequence of int
        Pixels on each side.
    core_px : int
        Side of a block without its halo.

    Raises
    ------
    ContractError
        For a detector with a patch lattice.
    """
    if detector.patch_px is not None:
        raise ContractError(
            f"Detector {detector.name!r} scores patches of {detector.patch_px} pixels on a lattice "
            "of its own: its map does not depend on blocks."
        )
    whole = score_area(channels, detector)
    return [_compare(whole, _in_blocks(channels, detector, halo, core_px), halo) for halo in halos]


def _in_blocks(
    channels: npt.NDArray[np.float32], detector: Detector, halo: int, core_px: int
) -> npt.NDArray[np.float32]:
    height, width = channels.shape[:2]
    score = np.empty((height, width), np.float32)
    for top in range(0, height, core_px):
        for left in range(0, width, core_px):
            corner = top - halo, left - halo
            window = cut(channels, corner, core_px + 2 * halo)
            core = score_whole(window, detector, corner)[halo:, halo:]
            place = score[top : top + core_px, left : left + core_px]
            place[:] = core[: place.shape[0], : place.shape[1]]
    return score


def _compare(
    whole: npt.NDArray[np.float32], blocked: npt.NDArray[np.float32], halo: int
) -> HaloError:
    both = np.isfinite(whole) & np.isfinite(blocked)
    apart = np.abs(whole[both] - blocked[both])
    flipped = (whole[both] >= _THRESHOLD) != (blocked[both] >= _THRESHOLD)
    if not both.any():
        return HaloError(halo, 0.0, 0.0, 0.0)
    return HaloError(halo, float(apart.max()), float(apart.mean()), float(flipped.mean()))
