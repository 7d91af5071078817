"""Slope, aspect and light on an elevation model: Horn's differences, equal to gdaldem."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.errors import ContractError
from lsbatch.kernels.arrays import norm_array

FLAT = -1.0
"""Aspect where the ground has no gradient at all."""

_DEGREES = 180.0 / math.pi
_TAN_22_5 = math.sqrt(2.0) - 1.0


def slope(dem: NDArray[np.float32], pixel_m: float) -> NDArray[np.float32]:
    """Steepest descent at each pixel.

    Parameters
    ----------
    dem : ndarray, float32, (H, W)
        Elevation in metres, row 0 north; NaN = no data.
    pixel_m : float
        Pixel side in metres.

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
    Needs halo 1. Source: Horn (1981), Proc. IEEE 69(1), third-order differences.
    """
    dem = _norm_dem(dem, pixel_m)
    out = np.full(dem.shape, np.nan, np.float32)
    _slope(dem, 8.0 * pixel_m, out)
    return out


def aspect(dem: NDArray[np.float32], pixel_m: float) -> NDArray[np.float32]:
    """Compass direction that each pixel looks to, downslope.

    Parameters
    ----------
    dem : ndarray, float32, (H, W)
        Elevation in metres, row 0 north; NaN = no data.
    pixel_m : float
        Pixel side in metres. Pixels are square, so that it only has to be a length.

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
    Needs halo 1. Source: Horn (1981), Proc. IEEE 69(1). gdaldem calls flat ground no data.
    """
    dem = _norm_dem(dem, pixel_m)
    out = np.full(dem.shape, np.nan, np.float32)
    _aspect(dem, out)
    return out


def hillshade(
    dem: NDArray[np.float32],
    pixel_m: float,
    *,
    azimuth_deg: float = 315.0,
    altitude_deg: float = 45.0,
) -> NDArray[np.float32]:
    """Brightness of the ground under one lamp.

    Parameters
    ----------
    dem : ndarray, float32, (H, W)
        Elevation in metres, row 0 north; NaN = no data.
    pixel_m : float
        Pixel side in metres.
    azimuth_deg, altitude_deg : float
        Where the light comes from: degrees clockwise from north, degrees above the horizon.

    Returns
    -------
    ndarray, float32, (H, W)
        Whole numbers 1 (dark) to 255, as gdaldem writes them; 0 where `slope` is NaN.

    Raises
    ------
    ContractError
        Like `slope`.

    Notes
    -----
    Needs halo 1. ``1 + 254 c``, c = cos Z cos S + sin Z sin S cos(azimuth - aspect), not below 0;
    Z = 90 degrees - altitude, S = slope. Source: gdaldem hillshade, default algorithm (Horn).
    """
    dem = _norm_dem(dem, pixel_m)
    out = np.zeros(dem.shape, np.float32)
    _hillshade(dem, 8.0 * pixel_m, _lamp(azimuth_deg, altitude_deg), out)
    return out


def illumination(
    dem: NDArray[np.float32], pixel_m: float, *, azimuth_deg: float, altitude_deg: float
) -> NDArray[np.float32]:
    """Cosine of the angle between the ground's normal and the sun, often called cos i.

    Parameters
    ----------
    dem : ndarray, float32, (H, W)
        Elevation in metres, row 0 north; NaN = no data.
    pixel_m : float
        Pixel side in metres.
    azimuth_deg, altitude_deg : float
        Where the sun stands: degrees clockwise from north, degrees above the horizon.

    Returns
    -------
    ndarray, float32, (H, W)
        In [-1, 1]; below 0 the ground turns its back on the sun. Shadow that falls from other
        ground is not seen. NaN like `slope`, and everywhere if an angle is NaN.

    Raises
    ------
    ContractError
        Like `slope`.

    Notes
    -----
    Needs halo 1. The light of `hillshade` before it becomes grey levels:
    ``cos Z cos S + sin Z sin S cos(azimuth - aspect)``. Source: Teillet, Guindon and Goodenough
    (1982), Canadian Journal of Remote Sensing 8(2).
    """
    dem = _norm_dem(dem, pixel_m)
    out = np.full(dem.shape, np.nan, np.float32)
    _illumination(dem, 8.0 * pixel_m, _lamp(azimuth_deg, altitude_deg), out)
    return out


def _lamp(azimuth_deg: float, altitude_deg: float) -> tuple[float, float, float]:
    """Unit vector towards a light: east, south, up."""
    azimuth, altitude = math.radians(azimuth_deg), math.radians(altitude_deg)
    return (
        math.cos(altitude) * math.sin(azimuth),
        -math.cos(altitude) * math.cos(azimuth),
        math.sin(altitude),
    )


def _norm_dem(dem: NDArray[np.float32], pixel_m: float) -> NDArray[np.float32]:
    if not (math.isfinite(pixel_m) and pixel_m > 0):
        raise ContractError(
            f"A pixel's side must be above 0 m; received {pixel_m}. Take it from the geobox."
        )
    return norm_array("dem", dem, dtype=np.float32, shape=(None, None))


@njit(cache=True, nogil=True, error_model="numpy")
def _rise(
    north: NDArray[np.float32], row: NDArray[np.float32], south: NDArray[np.float32], x: int
) -> tuple[float, float]:
    """Eight pixel sides' worth of rise to the east and to the south; NaN where not known."""
    a, b, c = np.float64(north[x]), np.float64(north[x + 1]), np.float64(north[x + 2])
    d, e, f = np.float64(row[x]), np.float64(row[x + 1]), np.float64(row[x + 2])
    g, h, i = np.float64(south[x]), np.float64(south[x + 1]), np.float64(south[x + 2])
    # Horn leaves the centre out, and each difference two more: a hole there must be seen too
    hole = 0.0 * (b + d + e + f + h)
    return (c + 2 * f + i) - (a + 2 * d + g) + hole, (g + 2 * h + i) - (a + 2 * b + c) + hole


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
def _slope(dem: NDArray[np.float32], run: float, out: NDArray[np.float32]) -> None:
    for y in range(dem.shape[0] - 2):
        north, row, south, line = dem[y], dem[y + 1], dem[y + 2], out[y + 1, 1:]
        for x in range(dem.shape[1] - 2):
            east, down = _rise(north, row, south, x)
            line[x] = _angle(math.sqrt(east * east + down * down), run)


@njit(cache=True, nogil=True, error_model="numpy")
def _aspect(dem: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    for y in range(dem.shape[0] - 2):
        north, row, south, line = dem[y], dem[y + 1], dem[y + 2], out[y + 1, 1:]
        for x in range(dem.shape[1] - 2):
            east, down = _rise(north, row, south, x)
            azimuth = _angle(abs(east), abs(down))
            azimuth = 180.0 - azimuth if down < 0.0 else azimuth
            # rounded first: a hair below 360 becomes 360 in float32
            turned = np.float32(360.0 - azimuth if east > 0.0 else azimuth)
            turned = np.float32(0.0) if turned == 360.0 else turned
            line[x] = FLAT if east == 0.0 and down == 0.0 else turned


@njit(cache=True, nogil=True, error_model="numpy")
def _cosine(east: float, down: float, lamp: tuple[float, float, float]) -> float:
    """Cosine between a lamp and the normal of ground that rises so much to the east and south."""
    lit = lamp[2] - lamp[0] * east - lamp[1] * down
    return lit / math.sqrt(1.0 + east * east + down * down)


@njit(cache=True, nogil=True, error_model="numpy")
def _illumination(
    dem: NDArray[np.float32],
    run: float,
    lamp: tuple[float, float, float],
    out: NDArray[np.float32],
) -> None:
    for y in range(dem.shape[0] - 2):
        north, row, south, line = dem[y], dem[y + 1], dem[y + 2], out[y + 1, 1:]
        for x in range(dem.shape[1] - 2):
            east, down = _rise(north, row, south, x)
            line[x] = _cosine(east / run, down / run, lamp)


@njit(cache=True, nogil=True, error_model="numpy")
def _hillshade(
    dem: NDArray[np.float32],
    run: float,
    lamp: tuple[float, float, float],
    out: NDArray[np.float32],
) -> None:
    for y in range(dem.shape[0] - 2):
        north, row, south, line = dem[y], dem[y + 1], dem[y + 2], out[y + 1, 1:]
        for x in range(dem.shape[1] - 2):
            east, down = _rise(north, row, south, x)
            shade = _cosine(east / run, down / run, lamp)
            level = np.floor(1.5 + 254.0 * (shade if shade > 0.0 else 0.0))
            line[x] = level if shade == shade else 0.0
