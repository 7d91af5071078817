"""A screen for sensors without a quality band: bright and white is cloud or snow."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.kernels.arrays import norm_array

_HAZE_OFFSET = 0.08
_WHITENESS = 0.7
_BRIGHTNESS = 0.15


def is_bright_white(
    red: NDArray[np.float32], green: NDArray[np.float32], blue: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Whether a pixel is bright, white and blue enough to be cloud or snow.

    Parameters
    ----------
    red, green, blue : ndarray, float32, any one shape
        Top-of-atmosphere or surface reflectance; NaN = no data.

    Returns
    -------
    ndarray, bool, same shape
        True where the mean of the three is at least 0.15, the sum of their distances from that
        mean is below 0.7 of it, and ``blue - red / 2 > 0.08``; False on NaN.

    Raises
    ------
    ContractError
        For another dtype, or shapes that differ.

    Notes
    -----
    Whiteness and haze tests of Fmask: Zhu and Woodcock (2012), Remote Sensing of Environment 118.
    Dry soil fails the third test: it is brighter in red than in blue. The floor on brightness is
    ours; without it thin haze over dark forest would pass.
    """
    red = norm_array("red", red, dtype=np.float32, shape=red.shape)
    green = norm_array("green", green, dtype=np.float32, shape=red.shape)
    blue = norm_array("blue", blue, dtype=np.float32, shape=red.shape)
    out = np.empty(red.shape, np.bool_)
    _is_bright_white(red.ravel(), green.ravel(), blue.ravel(), out.ravel())
    return out


@njit(cache=True, nogil=True)
def _is_bright_white(
    red: NDArray[np.float32],
    green: NDArray[np.float32],
    blue: NDArray[np.float32],
    out: NDArray[np.bool_],
) -> None:
    for i in range(red.size):
        r, g, b = np.float64(red[i]), np.float64(green[i]), np.float64(blue[i])
        mean = (r + g + b) / 3.0
        spread = abs(r - mean) + abs(g - mean) + abs(b - mean)
        out[i] = mean >= _BRIGHTNESS and spread < _WHITENESS * mean and b - 0.5 * r > _HAZE_OFFSET
