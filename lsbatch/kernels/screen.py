"""Screens by reflectance: bright and white is cloud or snow; bright but dark at 1.6 um is snow;
bright and brown is ground."""

from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.kernels.arrays import norm_array

_HAZE_OFFSET = 0.08
_WHITENESS = 0.7
_BRIGHTNESS = 0.15
_SNOW_INDEX, _SNOW_NIR = 0.4, 0.11
_PATCHY_INDEX, _PATCHY_GREEN = 0.15, 0.15
_BROWN_RED, _BROWN_HAZE = 0.12, 0.04


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
    return _screen(_is_bright_white, red=red, green=green, blue=blue)


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


def is_snow(
    green: NDArray[np.float32], nir: NDArray[np.float32], swir16: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Whether a pixel is snow or ice by its reflectance.

    Parameters
    ----------
    green, nir, swir16 : ndarray, float32, any one shape
        Top-of-atmosphere or surface reflectance; NaN = no data.

    Returns
    -------
    ndarray, bool, same shape
        True where ``nir > 0.11`` and the index ``(green - swir16) / (green + swir16)`` is above
        0.4, or above 0.15 with ``green > 0.15``; False on NaN and where the sum is not above 0.

    Raises
    ------
    ContractError
        For another dtype, or shapes that differ.

    Notes
    -----
    Index, 0.4 and the near infrared, which keeps water out: Hall, Riggs and Salomonson (1995),
    Remote Sensing of Environment 54. The lower limit finds pixels that snow covers in part; it is
    that of Gascoin et al. (2019), Earth System Science Data 11, who use it above a scene's snow
    line. A pixel's reason must not depend on far pixels, so here the limit on green, ours, stands
    for the snow line: a fifth of snow over dark ground reaches it, hazy forest does not.
    """
    return _screen(_is_snow, green=green, nir=nir, swir16=swir16)


@njit(cache=True, nogil=True)
def _is_snow(
    green: NDArray[np.float32],
    nir: NDArray[np.float32],
    swir16: NDArray[np.float32],
    out: NDArray[np.bool_],
) -> None:
    for i in range(green.size):
        g, s, n = np.float64(green[i]), np.float64(swir16[i]), np.float64(nir[i])
        # a product in place of the quotient: nothing to divide by where both are 0
        least = _PATCHY_INDEX if g > _PATCHY_GREEN else _SNOW_INDEX
        out[i] = g + s > 0 and g - s > least * (g + s) and n > _SNOW_NIR


def is_bright_brown(
    red: NDArray[np.float32], green: NDArray[np.float32], blue: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Whether a pixel is bright, yet of a colour that no cloud has.

    Parameters
    ----------
    red, green, blue : ndarray, float32, any one shape
        Surface reflectance; NaN = no data.

    Returns
    -------
    ndarray, bool, same shape
        True where ``red >= 0.12``, ``blue - red / 2 < 0.04`` and ``red >= green >= blue``; False
        on NaN.

    Raises
    ------
    ContractError
        For another dtype, or shapes that differ.

    Notes
    -----
    The haze test of Zhu and Woodcock (2012) turned round: cloud is as bright in blue as in red, and
    so above 0.5 of its brightness; of soil the difference is near 0. The limits are ours: cloud of
    an opacity of 0.15 over dark forest is brighter in blue, and thinner cloud is not so red.
    """
    return _screen(_is_bright_brown, red=red, green=green, blue=blue)


@njit(cache=True, nogil=True)
def _is_bright_brown(
    red: NDArray[np.float32],
    green: NDArray[np.float32],
    blue: NDArray[np.float32],
    out: NDArray[np.bool_],
) -> None:
    for i in range(red.size):
        r, g, b = np.float64(red[i]), np.float64(green[i]), np.float64(blue[i])
        out[i] = r >= _BROWN_RED and r >= g and g >= b and b - 0.5 * r < _BROWN_HAZE


def _screen(loop: Callable[..., None], **bands: NDArray[np.float32]) -> NDArray[np.bool_]:
    """What a loop over pixels says of bands of one shape."""
    shape = next(iter(bands.values())).shape
    flat = [norm_array(name, band, dtype=np.float32, shape=shape).ravel()
            for name, band in bands.items()]  # fmt: skip
    out = np.empty(shape, np.bool_)
    loop(*flat, out.ravel())
    return out
