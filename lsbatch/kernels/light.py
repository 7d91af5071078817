"""Light on the ground: shaded relief, and how squarely the sun meets each pixel."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.kernels.gradient import horn_rise, lamp_at, lamp_cosine, norm_dem, norm_sides


def hillshade(
    dem: NDArray[np.float32],
    pixel_m: float,
    *,
    azimuth_deg: float = 315.0,
    altitude_deg: float = 45.0,
    pixel_height_m: float | None = None,
) -> NDArray[np.float32]:
    """Brightness of the ground under one lamp.

    Parameters
    ----------
    dem : ndarray, float32, (H, W)
        Elevation in metres, row 0 north; NaN = no data.
    pixel_m : float
        Pixel side in metres; of pixels that are not square, their width.
    azimuth_deg, altitude_deg : float
        Where the light comes from: degrees clockwise from north, degrees above the horizon.
    pixel_height_m : float, optional
        Height of a pixel in metres; its width if left out.

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
    dem, (width, height) = norm_dem(dem), norm_sides(pixel_m, pixel_height_m)
    out = np.zeros(dem.shape, np.float32)
    _hillshade(dem, 8.0 * width, 8.0 * height, lamp_at(azimuth_deg, altitude_deg), out)
    return out


def illumination(
    dem: NDArray[np.float32],
    pixel_m: float,
    *,
    azimuth_deg: float,
    altitude_deg: float,
    pixel_height_m: float | None = None,
) -> NDArray[np.float32]:
    """Cosine of the angle between the ground's normal and the sun, often called cos i.

    Parameters
    ----------
    dem : ndarray, float32, (H, W)
        Elevation in metres, row 0 north; NaN = no data.
    pixel_m : float
        Pixel side in metres; of pixels that are not square, their width.
    azimuth_deg, altitude_deg : float
        Where the sun stands: degrees clockwise from north, degrees above the horizon.
    pixel_height_m : float, optional
        Height of a pixel in metres; its width if left out.

    Returns
    -------
    ndarray, float32, (H, W)
        In [-1, 1]; below 0 the ground turns its back on the sun. Shadow that falls from other
        ground is not seen: that is `cast_shadow`. NaN like `slope`, and everywhere if an angle is
        NaN.

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
    dem, (width, height) = norm_dem(dem), norm_sides(pixel_m, pixel_height_m)
    out = np.full(dem.shape, np.nan, np.float32)
    _illumination(dem, 8.0 * width, 8.0 * height, lamp_at(azimuth_deg, altitude_deg), out)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _illumination(
    dem: NDArray[np.float32],
    across: float,
    along: float,
    lamp: tuple[float, float, float],
    out: NDArray[np.float32],
) -> None:
    for y in range(dem.shape[0] - 2):
        north, row, south, line = dem[y], dem[y + 1], dem[y + 2], out[y + 1, 1:]
        for x in range(dem.shape[1] - 2):
            east, down = horn_rise(north, row, south, x)
            line[x] = lamp_cosine(east / across, down / along, lamp)


@njit(cache=True, nogil=True, error_model="numpy")
def _hillshade(
    dem: NDArray[np.float32],
    across: float,
    along: float,
    lamp: tuple[float, float, float],
    out: NDArray[np.float32],
) -> None:
    for y in range(dem.shape[0] - 2):
        north, row, south, line = dem[y], dem[y + 1], dem[y + 2], out[y + 1, 1:]
        for x in range(dem.shape[1] - 2):
            east, down = horn_rise(north, row, south, x)
            shade = lamp_cosine(east / across, down / along, lamp)
            level = np.floor(1.5 + 254.0 * (shade if shade > 0.0 else 0.0))
            line[x] = level if shade == shade else 0.0
