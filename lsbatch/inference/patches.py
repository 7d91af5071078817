"""Patches on one fixed lattice inside a block, each scored with its context and stitched.

A patch's place in the event's grid, not in the block, decides its phase: the same pixel is scored
from the same patch whatever the block, so the map does not depend on how the area was cut.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lsbatch.domain import Detector
from lsbatch.errors import ContractError
from lsbatch.kernels import stitch_patches

Plane = npt.NDArray[np.float32]


def score_in_patches(
    channels: npt.NDArray[np.float32], detector: Detector, *, origin: tuple[int, int]
) -> Plane:
    """Score of a padded block.

    Parameters
    ----------
    channels : ndarray, float32, (H, W, C)
        NaN = not usable.
    detector : Detector
        Its `patch_px` says how much it takes at once; None = everything.
    origin : (y, x)
        Place of the array's first pixel in the event's grid; may be negative.

    Returns
    -------
    ndarray, float32, (H, W)
        Meaningful farther than the detector's halo from the border.

    Raises
    ------
    ContractError
        If the detector's patch, halo and multiple do not fit, or it returns another shape.
    """
    if detector.patch_px is None:
        return score_whole(channels, detector, origin)
    corners = list(_corners(channels.shape[:2], detector, origin))
    scores = [
        _score(detector, cut(channels, corner, detector.patch_px)[None])[0] for corner in corners
    ]
    halo, side = detector.halo, detector.patch_px
    cores = np.full((len(scores), side, side), np.nan, "float32")
    inner = slice(halo, side - halo)
    for core, score in zip(cores, scores, strict=True):
        core[inner, inner] = score[inner, inner]
    tops, lefts = (np.array(values, "int64") for values in zip(*corners, strict=True))
    weights = np.ones((side, side), "float32")
    return stitch_patches(cores, tops, lefts, weights, channels.shape[:2])


def score_area(channels: npt.NDArray[np.float32], detector: Detector) -> Plane:
    """Score of a whole area at once, (H, W); nothing is known beyond its edge.

    Equal to what a run makes of the same pixels where they lie farther than the halo from the edge.
    """
    halo = detector.halo
    beyond = np.pad(channels, ((halo, halo), (halo, halo), (0, 0)), constant_values=np.nan)
    inner = slice(halo, -halo or None)
    return score_in_patches(beyond, detector, origin=(-halo, -halo))[inner, inner]


def score_whole(
    channels: npt.NDArray[np.float32], detector: Detector, origin: tuple[int, int]
) -> Plane:
    """Score of all at once, on the detector's own lattice of `multiple` pixels in the grid."""
    step = detector.multiple
    shape = channels.shape[:2]
    before = [start % step for start in origin]
    after = [-(start + length) % step for start, length in zip(origin, shape, strict=True)]
    if any(before + after):
        margins = (*zip(before, after, strict=True), (0, 0))
        channels = np.pad(channels, margins, constant_values=np.nan)
    score = _score(detector, channels[None])[0]
    return score[before[0] : before[0] + shape[0], before[1] : before[1] + shape[1]]


def _corners(
    shape: tuple[int, int], detector: Detector, origin: tuple[int, int]
) -> Iterator[tuple[int, int]]:
    """Top left corners, in the array, of the patches whose cores cover it."""
    step = detector.patch_px - 2 * detector.halo  # type: ignore[operator]
    step -= step % detector.multiple
    if step <= 0 or detector.patch_px % detector.multiple:  # type: ignore[operator]
        raise ContractError(
            f"Detector {detector.name!r}: patches of {detector.patch_px} pixels leave no core "
            f"beside a halo of {detector.halo}, or do not divide by {detector.multiple}."
        )
    ranges = []
    for length, start in zip(shape, origin, strict=True):
        first = ((start + detector.halo) // step) * step - start
        # nothing is promised within the halo of the border: no patch is scored for it alone
        ranges.append(range(first - detector.halo, length - 2 * detector.halo, step))
    for top in ranges[0]:
        for left in ranges[1]:
            yield top, left


def cut(channels: np.ndarray, corner: tuple[int, int], side: int) -> np.ndarray:
    """A patch that may hang over the array's border, NaN there."""
    patch = np.full((side, side, channels.shape[2]), np.nan, "float32")
    height, width = channels.shape[:2]
    top, left = corner
    y, x = slice(max(top, 0), min(top + side, height)), slice(max(left, 0), min(left + side, width))
    patch[y.start - top : y.stop - top, x.start - left : x.stop - left] = channels[y, x]
    return patch


def _score(detector: Detector, batch: np.ndarray) -> Plane:
    score = np.asarray(detector.score(batch))
    if score.shape != batch.shape[:3]:
        raise ContractError(
            f"Detector {detector.name!r} must return shape {batch.shape[:3]}; it returned "
            f"{score.shape}."
        )
    return score.astype("float32", copy=False)
