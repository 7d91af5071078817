"""One raster out of overlapping patches, the same bits whatever order they come in."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.errors import ContractError
from lsbatch.kernels.arrays import norm_array

_FLOOR = 0.05
"""Least weight along one axis: a pixel that only a patch's border sees still has its score."""


def blend_weights(side: int) -> NDArray[np.float32]:
    """Weights of a patch's pixels, falling smoothly from its middle to its border.

    Parameters
    ----------
    side : int
        Patch side in pixels, at least 1.

    Returns
    -------
    ndarray, float32, (side, side)
        In (0, 1], the same under every flip and turn; never below 0.0025.

    Raises
    ------
    ContractError
        For a side below 1.

    Notes
    -----
    Product of two Hann windows taken at pixel centres and raised from 0.
    """
    if side < 1:
        raise ContractError(f"A patch has a side of at least 1 pixel; received {side}.")
    place = np.arange(side) + 0.5
    inward = np.minimum(place, side - place)  # one argument for both halves: the same bits
    line = _FLOOR + (1 - _FLOOR) * np.sin(np.pi * inward / side) ** 2
    return np.outer(line, line).astype(np.float32)


def stitch_patches(
    patches: NDArray[np.float32],
    tops: NDArray[np.int64],
    lefts: NDArray[np.int64],
    weights: NDArray[np.float32],
    out_shape: tuple[int, int],
) -> NDArray[np.float32]:
    """Weighted mean of the patches that cover each pixel.

    Parameters
    ----------
    patches : ndarray, float32, (N, P, P)
        Scores; a NaN contributes nothing.
    tops, lefts : ndarray, int64, (N,)
        Row and column of each patch's first pixel in the raster. May be negative, and patches may
        hang over any edge; no two patches share a place.
    weights : ndarray, float32, (P, P)
        Above 0 everywhere, see `blend_weights`.
    out_shape : (int, int)
        Rows and columns of the raster.

    Returns
    -------
    ndarray, float32, (H, W)
        NaN where no patch contributed.

    Raises
    ------
    ContractError
        For another dtype or shape, a weight that is not above 0, or two patches in one place.

    Notes
    -----
    Sums are float64 and run from top left to bottom right: neither the order of the patches nor
    the raster they are cut into changes a bit.
    """
    patches = norm_array("patches", patches, dtype=np.float32, shape=(None, None, None))
    count, side = patches.shape[:2]
    weights = norm_array("weights", weights, dtype=np.float32, shape=(side, patches.shape[2]))
    tops = norm_array("tops", tops, dtype=np.int64, shape=(count,))
    lefts = norm_array("lefts", lefts, dtype=np.int64, shape=(count,))
    if not np.all(weights > 0):
        raise ContractError("Every weight of a patch must be above 0; blend_weights makes such.")
    order = np.lexsort((lefts, tops))
    repeated = (np.diff(tops[order]) == 0) & (np.diff(lefts[order]) == 0)
    if repeated.any():
        at = order[int(np.argmax(repeated))]
        raise ContractError(
            f"Two patches start at row {tops[at]}, column {lefts[at]}; the order of their sum "
            "would be open. Average them first."
        )
    mean = np.empty(out_shape, np.float32)
    _stitch(patches, tops, lefts, weights.astype(np.float64), order, mean)
    return mean


@njit(cache=True, nogil=True, error_model="numpy")
def _stitch(
    patches: NDArray[np.float32],
    tops: NDArray[np.int64],
    lefts: NDArray[np.int64],
    weights: NDArray[np.float64],
    order: NDArray[np.int64],
    mean: NDArray[np.float32],
) -> None:
    height, width = mean.shape
    rows, cols = weights.shape
    total = np.zeros((height, width))
    weight = np.zeros((height, width))
    for n in order:
        top, left = tops[n], lefts[n]
        first, last = max(-left, 0), min(width - left, cols)
        if first >= last:
            continue
        for i in range(max(-top, 0), min(height - top, rows)):
            _add(
                patches[n, i, first:last],
                weights[i, first:last],
                total[top + i, left + first : left + last],
                weight[top + i, left + first : left + last],
            )
    for y in range(height):
        for x in range(width):  # 0 / 0 is the NaN of a pixel to which nothing was added
            mean[y, x] = total[y, x] / weight[y, x]


@njit(cache=True, nogil=True)
def _add(
    values: NDArray[np.float32],
    weights: NDArray[np.float64],
    total: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> None:
    for x in range(values.size):
        value = np.float64(values[x])
        known = value == value
        total[x] += weights[x] * value if known else 0.0
        weight[x] += weights[x] if known else 0.0
