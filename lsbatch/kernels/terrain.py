"""Slope and aspect of an elevation model: Horn's differences, equal to gdaldem."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.kernels.gradient import horn_rise, norm_dem, norm_sides

FLAT = -1.0
"""Aspect where the ground has no gradient at all."""

_DEGREES = 180.0 / math.pi
_TAN_22_5 = math.sqrt(2.0) - 1.0


def slope(
    dem: NDArray[np.float32], pixel_m: float, *, pixel_height_m: float | None = None
) -> NDArray[np.float32]:
    """Steepest descent at each pixel.

    Parameters
    ----------
    dem : ndarray, float32, (H, W)
        Elevation in metres, row 0 north; NaN = no data.
    pixel_m : float
        Pixel side in metres; of pixels that are not square, their width.
    pixel_height_m : float, optional
        Height of a pixel in metres; its width if left out.

    Returns
    -------
    ndarray, float32, (H, W)
        Degrees in [0, 90]. NaN on the outer ring, at NaN and beside NaN.

    Raises
    ------
    ContractError
        For another dtype or shape, or a pixel side that is not above 0.

    Notes
    -----
    Needs halo 1. Source: Horn (1981), Proc. IEEE 69(1), third-order differences. Rows and columns
    run along north and east, as in a UTM zone; elevation on degrees is reprojected first.
    """
    dem, (width, height) = norm_dem(dem), norm_sides(pixel_m, pixel_height_m)
    out = np.full(dem.shape, np.nan, np.float32)
    _slope(dem, 8.0 * width, width / height, out)
    return out


def aspect(
    dem: NDArray[np.float32], pixel_m: float, *, pixel_height_m: float | None = None
) -> NDArray[np.float32]:
    """Compass direction that each pixel looks to, downslope.

    Parameters
    ----------
    dem : ndarray, float32, (H, W)
        Elevation in metres, row 0 north; NaN = no data.
    pixel_m : float
        Pixel side in metres; of pixels that are not square, their width. Only the ratio of the
        sides counts.
    pixel_height_m : float, optional
        Height of a pixel in metres; its width if left out.

    Returns
    -------
    ndarray, float32, (H, W)
        Degrees clockwise from north in [0, 360), -1 where flat. NaN like `slope`.

    Raises
    ------
    ContractError
        Like `slope`.

    Notes
    -----
    Needs halo 1. Source: Horn (1981), Proc. IEEE 69(1). gdaldem calls flat ground no data, and
    takes every pixel for square.
    """
    dem, (width, height) = norm_dem(dem), norm_sides(pixel_m, pixel_height_m)
    out = np.full(dem.shape, np.nan, np.float32)
    _aspect(dem, width / height, out)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _angle(opposite: float, adjacent: float) -> float:
    """Degrees in [0, 90] of a right triangle whose two short sides are 0 or more.

    The series of the arc tangent, after two reflections that keep its argument within
    tan(22.5 degrees); good to 1e-9 degrees. Not `math.atan`: this runs in vector registers, and
    no maths library is asked, so that every machine finds the same bits.
    """
    steep = opposite > adjacent
    low, high = (adjacent, opposite) if steep else (opposite, adjacent)
    middle = low > _TAN_22_5 * high
    ratio = (low - high) / (low + high) if middle else low / high
    square = ratio * ratio
    series = 0.0
    for odd in range(25, 0, -2):
        series = 1.0 / odd - square * series
    degrees = ratio * series * _DEGREES + (45.0 if middle else 0.0)
    return 90.0 - degrees if steep else degrees


@njit(cache=True, nogil=True, error_model="numpy")
def _slope(dem: NDArray[np.float32], run: float, stretch: float, out: NDArray[np.float32]) -> None:
    for y in range(dem.shape[0] - 2):
        north, row, south, line = dem[y], dem[y + 1], dem[y + 2], out[y + 1, 1:]
        for x in range(dem.shape[1] - 2):
            east, down = horn_rise(north, row, south, x)
            down *= stretch
            line[x] = _angle(math.sqrt(east * east + down * down), run)


@njit(cache=True, nogil=True, error_model="numpy")
def _aspect(dem: NDArray[np.float32], stretch: float, out: NDArray[np.float32]) -> None:
    for y in range(dem.shape[0] - 2):
        north, row, south, line = dem[y], dem[y + 1], dem[y + 2], out[y + 1, 1:]
        for x in range(dem.shape[1] - 2):
            east, down = horn_rise(north, row, south, x)
            down *= stretch
            azimuth = _angle(abs(east), abs(down))
            azimuth = 180.0 - azimuth if down < 0.0 else azimuth
            # rounded first: a hair below 360 becomes 360 in float32
            turned = np.float32(360.0 - azimuth if east > 0.0 else azimuth)
            turned = np.float32(0.0) if turned == 360.0 else turned
            line[x] = FLAT if east == 0.0 and down == 0.0 else turned
