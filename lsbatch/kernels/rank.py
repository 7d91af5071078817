"""Local quantiles among pixels of a like kind, from histograms that slide with the window."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.errors import ContractError
from lsbatch.kernels.arrays import norm_array

NO_GROUP = 255
"""Group of a pixel that is neither counted nor answered."""


def local_quantile(
    codes: NDArray[np.uint8],
    groups: NDArray[np.uint8],
    *,
    radius: int,
    quantile: float,
    n_groups: int,
    min_count: int,
) -> NDArray[np.uint8]:
    """The q-quantile of the neighbours that belong to a pixel's group or to the two beside it.

    Parameters
    ----------
    codes : ndarray, uint8, (H, W)
        Quantised values 1 to 255; 0 = not usable.
    groups : ndarray, uint8, (H, W)
        Circular class of each pixel, 0 to `n_groups` - 1 (sectors of aspect, say); 255 = none.
    radius : int
        Half side of the window, pixels: it is ``2 radius + 1`` wide, clipped at the array's edge.
    quantile : float
        In (0, 1]; the answer is the smallest code whose cumulative count reaches
        ``ceil(quantile * n)``.
    n_groups : int
        3 to 255, so that a group's two neighbours differ.
    min_count : int
        Fewest usable pixels that give an answer.

    Returns
    -------
    ndarray, uint8, (H, W)
        Codes; 0 where a pixel has no group or fewer than `min_count` such pixels around it.

    Raises
    ------
    ContractError
        For another dtype or shape, a group beyond `n_groups`, or a setting out of its range.

    Notes
    -----
    Needs halo `radius`. Each step adds one line of the window and takes one away: Huang, Yang and
    Tang (1979), IEEE Trans. ASSP 27(1); a coarse tier of 16 bins shortens the search.
    """
    codes = norm_array("codes", codes, dtype=np.uint8, shape=(None, None))
    groups = norm_array("groups", groups, dtype=np.uint8, shape=codes.shape)
    _check_settings(radius, quantile, n_groups, min_count)
    grouped = groups != NO_GROUP
    if np.any(grouped & (groups >= n_groups)):
        raise ContractError(
            f"Groups must be below n_groups = {n_groups}, or {NO_GROUP} for none; received "
            f"{int(groups[grouped].max())}. Raise n_groups or mend the classes."
        )
    # one key for group and code; what is not counted falls into a bin beyond the last group
    keys = np.where(grouped & (codes > 0), groups * np.uint16(256) + codes, n_groups * 256)
    out = np.zeros(codes.shape, np.uint8)
    _slide(keys.astype(np.uint16), groups, radius, quantile, n_groups, min_count, out)
    return out


def _check_settings(radius: int, quantile: float, n_groups: int, min_count: int) -> None:
    if radius < 0 or not 0 < quantile <= 1 or not 3 <= n_groups <= NO_GROUP or min_count < 1:
        raise ContractError(
            "local_quantile needs radius >= 0, quantile in (0, 1], n_groups in 3..255 and "
            f"min_count >= 1; received {radius}, {quantile}, {n_groups} and {min_count}."
        )


@njit(cache=True, nogil=True)
def _slide(
    keys: NDArray[np.uint16],
    groups: NDArray[np.uint8],
    radius: int,
    quantile: float,
    n_groups: int,
    min_count: int,
    out: NDArray[np.uint8],
) -> None:
    """Walk the window down each column, so that the lines it gains and loses lie together."""
    height, width = keys.shape
    fine = np.empty((n_groups + 1) * 256, np.int32)
    coarse = np.empty((n_groups + 1) * 16, np.int32)
    for x in range(width):
        left, right = max(x - radius, 0), min(x + radius + 1, width)
        fine[:] = 0
        coarse[:] = 0
        for y in range(min(radius, height)):
            _count(keys[y, left:right], 1, fine, coarse)
        for y in range(height):
            if y + radius < height:
                _count(keys[y + radius, left:right], 1, fine, coarse)
            if y - radius > 0:
                _count(keys[y - radius - 1, left:right], -1, fine, coarse)
            if groups[y, x] != NO_GROUP:
                group = int(groups[y, x])
                out[y, x] = _search(fine, coarse, group, n_groups, quantile, min_count)


@njit(cache=True, nogil=True)
def _count(
    line: NDArray[np.uint16], step: int, fine: NDArray[np.int32], coarse: NDArray[np.int32]
) -> None:
    for key in line:
        fine[key] += step
        coarse[key >> np.uint16(4)] += step


@njit(cache=True, nogil=True)
def _search(
    fine: NDArray[np.int32],
    coarse: NDArray[np.int32],
    group: int,
    n_groups: int,
    quantile: float,
    min_count: int,
) -> int:
    """The quantile's code over three groups, 0 where they hold too few."""
    before, after = (group - 1) % n_groups, (group + 1) % n_groups
    total = 0
    for b in range(16):
        total += coarse[before * 16 + b] + coarse[group * 16 + b] + coarse[after * 16 + b]
    if total < min_count:
        return 0
    missing = max(math.ceil(quantile * total), 1)
    tier = 0
    while True:
        held = coarse[before * 16 + tier] + coarse[group * 16 + tier] + coarse[after * 16 + tier]
        if held >= missing:
            break
        missing -= held
        tier += 1
    code = tier * 16 - 1
    while missing > 0:
        code += 1
        missing -= fine[before * 256 + code] + fine[group * 256 + code] + fine[after * 256 + code]
    return code
