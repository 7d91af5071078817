"""What the kernels of an elevation model share: sides of a pixel, and Horn's differences."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.errors import ContractError
from lsbatch.kernels.arrays import norm_array


def norm_dem(dem: NDArray[np.float32]) -> NDArray[np.float32]:
    """The elevation model itself, or a C-contiguous copy, once it is float32 of shape (H, W)."""
    return norm_array("dem", dem, dtype=np.float32, shape=(None, None))


def norm_sides(pixel_m: float, pixel_height_m: float | None) -> tuple[float, float]:
    """Width and height of a pixel in metres; a height left out is the width.

    Raises
    ------
    ContractError
        For a side that is not above 0.
    """
    width, height = pixel_m, pixel_m if pixel_height_m is None else pixel_height_m
    for side in (width, height):
        if not (math.isfinite(side) and side > 0):
            raise ContractError(
                f"A pixel's side must be above 0 m; received {side}. Take it from the geobox, "
                "of a projected CRS: elevation on degrees is reprojected first."
            )
    return width, height


@njit(cache=True, nogil=True, error_model="numpy")
def horn_rise(
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
def lamp_cosine(east: float, down: float, lamp: tuple[float, float, float]) -> float:
    """Cosine between a lamp and the normal of ground that rises so much to the east and south."""
    lit = lamp[2] - lamp[0] * east - lamp[1] * down
    return lit / math.sqrt(1.0 + east * east + down * down)


def lamp_at(azimuth_deg: float, altitude_deg: float) -> tuple[float, float, float]:
    """Unit vector towards a light: east, south, up."""
    azimuth, altitude = math.radians(azimuth_deg), math.radians(altitude_deg)
    return (
        math.cos(altitude) * math.sin(azimuth),
        -math.cos(altitude) * math.cos(azimuth),
        math.sin(altitude),
    )
