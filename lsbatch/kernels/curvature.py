"""Curvature of the ground: Zevenbergen and Thorne's surface through nine pixels.

One convention for all three, that of ArcGIS and richdem: hundredths per metre (second derivatives
times 100), and a ridge has positive total curvature. Zevenbergen and Thorne (1987) themselves print
the opposite sign and no factor.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.kernels.gradient import norm_dem, norm_sides

_TOTAL, _PROFILE, _PLAN = 0, 1, 2


def total_curvature(
    dem: NDArray[np.float32], pixel_m: float, *, pixel_height_m: float | None = None
) -> NDArray[np.float32]:
    """Curvature of the surface in all directions together: minus its Laplacian.

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
        Hundredths per metre; above 0 on ridges and tops, below 0 in valleys and pits. NaN on the
        outer ring, at NaN and beside NaN.

    Raises
    ------
    ContractError
        For another dtype or shape, or a pixel side that is not above 0.

    Notes
    -----
    Needs halo 1. ``-200 (D + E)``, where 2 D and 2 E are the second derivatives to the east and
    the north. It is `plan_curvature` less `profile_curvature` wherever the ground is not level.
    Source: Zevenbergen and Thorne (1987), Earth Surface Processes and Landforms 12(1).
    """
    return _curvature(dem, norm_sides(pixel_m, pixel_height_m), _TOTAL)


def profile_curvature(
    dem: NDArray[np.float32], pixel_m: float, *, pixel_height_m: float | None = None
) -> NDArray[np.float32]:
    """Curvature along the fall line: whether the slope grows or lessens downhill.

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
        Hundredths per metre; below 0 where it steepens downhill (convex), above 0 where it flattens
        (concave), 0 on level ground. NaN like `total_curvature`.

    Raises
    ------
    ContractError
        Like `total_curvature`.

    Notes
    -----
    Needs halo 1. ``200 (D G^2 + E H^2 + F G H) / (G^2 + H^2)``, where G and H are the gradients to
    the east and the north and F is the mixed derivative. Source: as `total_curvature`.
    """
    return _curvature(dem, norm_sides(pixel_m, pixel_height_m), _PROFILE)


def plan_curvature(
    dem: NDArray[np.float32], pixel_m: float, *, pixel_height_m: float | None = None
) -> NDArray[np.float32]:
    """Curvature across the fall line: whether water spreads or gathers.

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
        Hundredths per metre; above 0 on spurs, where water spreads, below 0 in hollows, where it
        gathers, 0 on level ground. NaN like `total_curvature`.

    Raises
    ------
    ContractError
        Like `total_curvature`.

    Notes
    -----
    Needs halo 1. ``-200 (D H^2 + E G^2 - F G H) / (G^2 + H^2)``, letters as in
    `profile_curvature`. Source: as `total_curvature`.
    """
    return _curvature(dem, norm_sides(pixel_m, pixel_height_m), _PLAN)


def _curvature(
    dem: NDArray[np.float32], sides: tuple[float, float], kind: int
) -> NDArray[np.float32]:
    dem = norm_dem(dem)
    out = np.full(dem.shape, np.nan, np.float32)
    _curve(dem, *sides, kind, out)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _curve(
    dem: NDArray[np.float32], width: float, height: float, kind: int, out: NDArray[np.float32]
) -> None:
    for y in range(dem.shape[0] - 2):
        north, row, south, line = dem[y], dem[y + 1], dem[y + 2], out[y + 1, 1:]
        for x in range(dem.shape[1] - 2):
            a, b, c = np.float64(north[x]), np.float64(north[x + 1]), np.float64(north[x + 2])
            d, e, f = np.float64(row[x]), np.float64(row[x + 1]), np.float64(row[x + 2])
            g, h, i = np.float64(south[x]), np.float64(south[x + 1]), np.float64(south[x + 2])
            mixed = (c - a + g - i) / (4.0 * width * height)
            # no formula sees all nine: a hole in any of them is seen here
            east2 = ((d + f) / 2.0 - e) / (width * width) + 0.0 * mixed
            north2 = ((b + h) / 2.0 - e) / (height * height)
            east1, north1 = (f - d) / (2.0 * width), (b - h) / (2.0 * height)
            if kind == _TOTAL:
                line[x] = -200.0 * (east2 + north2)
                continue
            steep = east1 * east1 + north1 * north1
            if kind == _PROFILE:
                bend = east2 * east1 * east1 + north2 * north1 * north1 + mixed * east1 * north1
            else:
                bend = mixed * east1 * north1 - east2 * north1 * north1 - north2 * east1 * east1
            line[x] = 200.0 * bend / (steep if steep > 0.0 else 1.0)
