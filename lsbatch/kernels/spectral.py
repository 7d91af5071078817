"""Band arithmetic and composites: one pass over memory where numpy takes several."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.kernels.arrays import norm_array


def normalised_difference(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(a - b) / (a + b)`` of two bands, such as NDVI of near infrared and red.

    Parameters
    ----------
    a, b : ndarray, float32, any one shape
        Reflectance; NaN = no data.

    Returns
    -------
    ndarray, float32, same shape
        NaN where either is NaN or where ``a + b`` is not above 0. In [-1, 1] for reflectance of
        0 or more.

    Raises
    ------
    ContractError
        For another dtype, or shapes that differ.

    Notes
    -----
    Source: Tucker (1979), Remote Sensing of Environment 8.
    """
    a = norm_array("a", a, dtype=np.float32, shape=a.shape)
    b = norm_array("b", b, dtype=np.float32, shape=a.shape)
    out = np.empty(a.shape, np.float32)
    _normalised_difference(a.ravel(), b.ravel(), out.ravel())
    return out


def median_of_looks(values: NDArray[np.float32], usable: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Median composite: at each pixel the median of its usable looks.

    Parameters
    ----------
    values : ndarray, float32, (T, H, W)
        One measurement at T looks; NaN = no data.
    usable : ndarray, bool, (T, H, W)
        Looks that count; those that are not finite never do.

    Returns
    -------
    ndarray, float32, (H, W)
        The mean of the middle two where their number is even; NaN where there is none.

    Raises
    ------
    ContractError
        For another dtype or shape.
    """
    values = norm_array("values", values, dtype=np.float32, shape=(None, None, None))
    usable = norm_array("usable", usable, dtype=np.bool_, shape=values.shape)
    out = np.empty(values.shape[1:], np.float32)
    _median_of_looks(values, usable, out)
    return out


@njit(cache=True, nogil=True)
def _normalised_difference(
    a: NDArray[np.float32], b: NDArray[np.float32], out: NDArray[np.float32]
) -> None:
    for i in range(a.size):
        total = np.float64(a[i]) + np.float64(b[i])
        out[i] = (np.float64(a[i]) - np.float64(b[i])) / total if total > 0.0 else np.nan


@njit(cache=True, nogil=True)
def _median_of_looks(
    values: NDArray[np.float32], usable: NDArray[np.bool_], out: NDArray[np.float32]
) -> None:
    """Row by row: sort the looks of all its pixels at once, those not usable last."""
    looks, height, width = values.shape
    ranked = np.empty((looks, width), np.float32)
    count = np.empty(width, np.int64)
    for y in range(height):
        count[:] = 0
        for t in range(looks):
            for x in range(width):
                counts = usable[t, y, x] and math.isfinite(values[t, y, x])
                ranked[t, x] = values[t, y, x] if counts else np.inf
                count[x] += counts
        _sort_looks(ranked)
        for x in range(width):
            n = count[x]
            if n == 0:
                out[y, x] = np.nan
            else:
                low, high = ranked[(n - 1) // 2, x], ranked[n // 2, x]
                out[y, x] = 0.5 * (np.float64(low) + np.float64(high))


@njit(cache=True, nogil=True)
def _sort_looks(ranked: NDArray[np.float32]) -> None:
    """Sort each column of (T, W) in place.

    The exchanges do not depend on the values, so that each is one vector operation along the row:
    merge exchange, Batcher (1968); Knuth, The Art of Computer Programming 3, algorithm 5.2.2M.
    """
    looks = ranked.shape[0]
    run = 1
    while run < looks:
        step = run
        while step >= 1:
            for first in range(step % run, looks - step, 2 * step):
                for low in range(first, min(first + step, looks - step)):
                    if low // (2 * run) == (low + step) // (2 * run):
                        _exchange(ranked[low], ranked[low + step])
            step //= 2
        run *= 2


@njit(cache=True, nogil=True)
def _exchange(low: NDArray[np.float32], high: NDArray[np.float32]) -> None:
    for x in range(low.size):
        a, b = low[x], high[x]
        low[x], high[x] = (a, b) if a < b else (b, a)
