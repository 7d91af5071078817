"""Pixels moved by a field of shifts."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.kernels.arrays import norm_array


def move_pixels(
    values: NDArray[np.float32], down: NDArray[np.float32], right: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The field read at shifted places, by cubic convolution.

    Parameters
    ----------
    values : ndarray, float32, (H, W)
        NaN spreads to the pixels read from it.
    down, right : ndarray, float32, (H, W)
        Where each pixel is read, in pixels below and to the right of its own place; finite.

    Returns
    -------
    ndarray, float32, (H, W)
        Beyond the edges the outermost pixels go on.

    Raises
    ------
    ContractError
        For another dtype or shape.

    Notes
    -----
    Needs halo 2 plus the largest shift. Source: Keys (1981), IEEE Trans. ASSP 29(6), a = -1/2.
    """
    values = norm_array("values", values, dtype=np.float32, shape=(None, None))
    down = norm_array("down", down, dtype=np.float32, shape=values.shape)
    right = norm_array("right", right, dtype=np.float32, shape=values.shape)
    out = np.empty(values.shape, np.float32)
    _move(values, down, right, out)
    return out


def move_image(
    values: NDArray[np.float32], down: NDArray[np.float32], right: NDArray[np.float32]
) -> NDArray[np.float32]:
    """An image with gaps read at shifted places: no gap grows or is filled.

    Parameters
    ----------
    values : ndarray, float32, (H, W)
        NaN = no data.
    down, right : ndarray, float32, (H, W)
        As `move_pixels` takes them.

    Returns
    -------
    ndarray, float32, (H, W)
        NaN where the pixel nearest to the place is. Beside gaps, where cubic convolution would
        reach into them, the mean of the up to four pixels around the place that have data, weighted
        as bilinear interpolation weights them. Beyond the edges the outermost pixels go on.

    Raises
    ------
    ContractError
        For another dtype or shape.

    Notes
    -----
    Needs halo 2 plus the largest shift.
    """
    out = move_pixels(values, down, right)
    _mend(np.ascontiguousarray(values), down, right, out)
    return out


def move_flags(
    flags: NDArray[np.uint16], down: NDArray[np.float32], right: NDArray[np.float32]
) -> NDArray[np.uint16]:
    """Flags of the pixels nearest to shifted places.

    Parameters
    ----------
    flags : ndarray, uint16, (H, W)
    down, right : ndarray, float32, (H, W)
        As `move_pixels` takes them.

    Returns
    -------
    ndarray, uint16, (H, W)
        Beyond the edges the outermost pixels go on.

    Raises
    ------
    ContractError
        For another dtype or shape.

    Notes
    -----
    Needs halo 1 plus the largest shift.
    """
    flags = norm_array("flags", flags, dtype=np.uint16, shape=(None, None))
    down = norm_array("down", down, dtype=np.float32, shape=flags.shape)
    right = norm_array("right", right, dtype=np.float32, shape=flags.shape)
    out = np.empty(flags.shape, np.uint16)
    _pick(flags, down, right, out)
    return out


@njit(cache=True, nogil=True)
def _nearest(at: int, shift: np.float32, extent: int) -> int:
    return min(max(at + int(np.floor(shift + np.float32(0.5))), 0), extent - 1)


@njit(cache=True, nogil=True)
def _pick(
    flags: NDArray[np.uint16],
    down: NDArray[np.float32],
    right: NDArray[np.float32],
    out: NDArray[np.uint16],
) -> None:
    height, width = flags.shape
    for y in range(height):
        for x in range(width):
            out[y, x] = flags[_nearest(y, down[y, x], height), _nearest(x, right[y, x], width)]


@njit(cache=True, nogil=True)
def _mend(
    values: NDArray[np.float32],
    down: NDArray[np.float32],
    right: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Bilinear means over what has data, where cubic convolution found a gap."""
    height, width = values.shape
    for y in range(height):
        for x in range(width):
            if not np.isnan(out[y, x]):
                continue
            here = values[_nearest(y, down[y, x], height), _nearest(x, right[y, x], width)]
            if np.isnan(here):
                continue
            above, before = np.floor(down[y, x]), np.floor(right[y, x])
            low, far = down[y, x] - above, right[y, x] - before
            total, weight = np.float32(0.0), np.float32(0.0)
            for i in range(2):
                row = min(max(y + int(above) + i, 0), height - 1)
                for j in range(2):
                    value = values[row, min(max(x + int(before) + j, 0), width - 1)]
                    share = (low if i else 1 - low) * (far if j else 1 - far)
                    if not np.isnan(value):
                        total += share * value
                        weight += share
            out[y, x] = total / weight


@njit(cache=True, nogil=True)
def _move(
    values: NDArray[np.float32],
    down: NDArray[np.float32],
    right: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    height, width = values.shape
    rows, cols = np.empty(4, np.float32), np.empty(4, np.float32)
    for y in range(height):
        for x in range(width):
            above, before = np.floor(down[y, x]), np.floor(right[y, x])
            _weigh(down[y, x] - above, rows)
            _weigh(right[y, x] - before, cols)
            top, left = y + int(above) - 1, x + int(before) - 1
            total = np.float32(0.0)
            for i in range(4):
                row = values[min(max(top + i, 0), height - 1)]
                line = np.float32(0.0)
                for j in range(4):
                    line += cols[j] * row[min(max(left + j, 0), width - 1)]
                total += rows[i] * line
            out[y, x] = total


@njit(cache=True, nogil=True)
def _weigh(part: np.float32, weights: NDArray[np.float32]) -> None:
    t = np.float32(part)
    half = np.float32(0.5)
    weights[0] = half * t * (t * (2 - t) - 1)
    weights[1] = half * (t * t * (3 * t - 5) + 2)
    weights[2] = half * t * (t * (4 - 3 * t) + 1)
    weights[3] = half * t * t * (t - 1)
