"""A pixel against its eight neighbours: position, ruggedness, roughness; equal to gdaldem.

All are in metres of height and ask nothing of the pixel's sides.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.kernels.gradient import norm_dem


def tpi(dem: NDArray[np.float32]) -> NDArray[np.float32]:
    """Topographic position index: height above the mean of the eight neighbours.

    Parameters
    ----------
    dem : ndarray, float32, (H, W)
        Elevation in metres; NaN = no data.

    Returns
    -------
    ndarray, float32, (H, W)
        Metres; above 0 on ridges, below 0 in valleys. NaN on the outer ring, at NaN and beside NaN.

    Raises
    ------
    ContractError
        For another dtype or shape.

    Notes
    -----
    Needs halo 1. Source: Wilson et al. (2007), Marine Geodesy 30(1-2); gdaldem TPI.
    """
    dem = norm_dem(dem)
    out = np.full(dem.shape, np.nan, np.float32)
    _tpi(dem, out)
    return out


def tri(dem: NDArray[np.float32]) -> NDArray[np.float32]:
    """Terrain ruggedness index: root of the summed squares of the eight steps to the neighbours.

    Parameters
    ----------
    dem : ndarray, float32, (H, W)
        Elevation in metres; NaN = no data.

    Returns
    -------
    ndarray, float32, (H, W)
        Metres, 0 or more. NaN like `tpi`.

    Raises
    ------
    ContractError
        For another dtype or shape.

    Notes
    -----
    Needs halo 1. Source: Riley, DeGloria and Elliot (1999), Intermountain Journal of Sciences 5;
    the default of gdaldem TRI since GDAL 3.3. `mean_step` is the other index of that name.
    """
    dem = norm_dem(dem)
    out = np.full(dem.shape, np.nan, np.float32)
    _tri(dem, out)
    return out


def mean_step(dem: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of the eight steps to the neighbours, up or down.

    Parameters
    ----------
    dem : ndarray, float32, (H, W)
        Elevation in metres; NaN = no data.

    Returns
    -------
    ndarray, float32, (H, W)
        Metres, 0 or more. NaN like `tpi`.

    Raises
    ------
    ContractError
        For another dtype or shape.

    Notes
    -----
    Needs halo 1. Source: Wilson et al. (2007), Marine Geodesy 30(1-2), who call it the terrain
    ruggedness index too; gdaldem TRI -alg Wilson.
    """
    dem = norm_dem(dem)
    out = np.full(dem.shape, np.nan, np.float32)
    _mean_step(dem, out)
    return out


def roughness(dem: NDArray[np.float32]) -> NDArray[np.float32]:
    """Highest less lowest of a pixel and its eight neighbours.

    Parameters
    ----------
    dem : ndarray, float32, (H, W)
        Elevation in metres; NaN = no data.

    Returns
    -------
    ndarray, float32, (H, W)
        Metres, 0 or more. NaN like `tpi`.

    Raises
    ------
    ContractError
        For another dtype or shape.

    Notes
    -----
    Needs halo 1. Source: Wilson et al. (2007), Marine Geodesy 30(1-2); gdaldem roughness.
    """
    dem = norm_dem(dem)
    out = np.full(dem.shape, np.nan, np.float32)
    _roughness(dem, out)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _tpi(dem: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    for y in range(dem.shape[0] - 2):
        line = out[y + 1, 1:]
        for x in range(dem.shape[1] - 2):
            total = 0.0
            for i in range(3):
                for j in range(3):
                    total += np.float64(dem[y + i, x + j])
            centre = np.float64(dem[y + 1, x + 1])
            line[x] = centre - (total - centre) / 8.0


@njit(cache=True, nogil=True, error_model="numpy")
def _tri(dem: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    for y in range(dem.shape[0] - 2):
        line = out[y + 1, 1:]
        for x in range(dem.shape[1] - 2):
            centre, total = np.float64(dem[y + 1, x + 1]), 0.0
            for i in range(3):
                for j in range(3):
                    step = np.float64(dem[y + i, x + j]) - centre
                    total += step * step
            line[x] = math.sqrt(total)


@njit(cache=True, nogil=True, error_model="numpy")
def _mean_step(dem: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    for y in range(dem.shape[0] - 2):
        line = out[y + 1, 1:]
        for x in range(dem.shape[1] - 2):
            centre, total = np.float64(dem[y + 1, x + 1]), 0.0
            for i in range(3):
                for j in range(3):
                    total += abs(np.float64(dem[y + i, x + j]) - centre)
            line[x] = total / 8.0


@njit(cache=True, nogil=True, error_model="numpy")
def _roughness(dem: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    for y in range(dem.shape[0] - 2):
        line = out[y + 1, 1:]
        for x in range(dem.shape[1] - 2):
            low = high = dem[y + 1, x + 1]
            hole = np.float32(0.0)
            for i in range(3):
                for j in range(3):
                    height = dem[y + i, x + j]
                    low = height if height < low else low
                    high = height if height > high else high
                    hole += np.float32(0.0) * height
            line[x] = high - low + hole
