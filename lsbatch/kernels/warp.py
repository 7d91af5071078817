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
