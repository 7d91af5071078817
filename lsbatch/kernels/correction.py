"""Light taken out of an image: the SCS+C correction, and the regression behind its C."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.errors import ContractError
from lsbatch.kernels.arrays import norm_array
from lsbatch.kernels.gradient import horn_rise, lamp_at, norm_dem, norm_sides


def scs_c(
    band: NDArray[np.float32],
    dem: NDArray[np.float32],
    pixel_m: float,
    *,
    azimuth_deg: float,
    altitude_deg: float,
    c: float,
    pixel_height_m: float | None = None,
) -> NDArray[np.float32]:
    """A band as it would look on level ground: the SCS+C topographic correction.

    Parameters
    ----------
    band : ndarray, float32, (H, W)
        Reflectance; NaN = no data.
    dem : ndarray, float32, (H, W)
        Elevation in metres, row 0 north; NaN = no data.
    pixel_m : float
        Pixel side in metres; of pixels that are not square, their width.
    azimuth_deg, altitude_deg : float
        Where the sun stood: degrees clockwise from north, degrees above the horizon.
    c : float
        0 or more: the share of the light that does not depend on the slope, from
        `c_coefficient`. 0 gives the plain SCS correction.
    pixel_height_m : float, optional
        Height of a pixel in metres; its width if left out.

    Returns
    -------
    ndarray, float32, (H, W)
        Reflectance. NaN at NaN of the band, where `illumination` is NaN, and where it is 0 or less:
        ground that turns its back on the sun has no direct light to be made level.

    Raises
    ------
    ContractError
        For another dtype or shape, a pixel side that is not above 0, or a c that is not 0 or more.

    Notes
    -----
    Needs halo 1. ``band (cos S sin h + c) / (cos i + c)``, S = slope, h = altitude, cos i =
    `illumination`. On level ground nothing changes. Source: Soenen, Peddle and Coburn (2005), IEEE
    Trans. Geoscience and Remote Sensing 43(9).
    """
    dem, (width, height) = norm_dem(dem), norm_sides(pixel_m, pixel_height_m)
    band = norm_array("band", band, dtype=np.float32, shape=dem.shape)
    if not (math.isfinite(c) and c >= 0):
        raise ContractError(
            f"The C of a topographic correction must be 0 or more; received {c}. Where "
            "`c_coefficient` finds none, leave the image as it is."
        )
    out = np.full(dem.shape, np.nan, np.float32)
    _scs_c(band, dem, (8.0 * width, 8.0 * height), lamp_at(azimuth_deg, altitude_deg), c, out)
    return out


def light_sums(
    band: NDArray[np.float32], cos_i: NDArray[np.float32], usable: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """What a regression of a band on its light needs to know of the pixels; sums of blocks add up.

    Parameters
    ----------
    band : ndarray, float32, (H, W)
        Reflectance; NaN = no data.
    cos_i : ndarray, float32, (H, W)
        As `illumination` makes it.
    usable : ndarray, bool, (H, W)
        Pixels to count: of one kind of cover, on slopes. On level ground all have the same light.

    Returns
    -------
    ndarray, float64, (5,)
        Count, sum of cos i, of the band, of cos i squared, of cos i times the band; over usable
        pixels with a finite band and cos i above 0.

    Raises
    ------
    ContractError
        For another dtype or shape.
    """
    band = norm_array("band", band, dtype=np.float32, shape=(None, None))
    cos_i = norm_array("cos_i", cos_i, dtype=np.float32, shape=band.shape)
    usable = norm_array("usable", usable, dtype=np.bool_, shape=band.shape)
    out = np.zeros(5, np.float64)
    _light_sums(band, cos_i, usable, out)
    return out


def c_coefficient(sums: NDArray[np.float64]) -> float:
    """C of `scs_c`: intercept over gradient of the least-squares line band = a + b cos i.

    Parameters
    ----------
    sums : ndarray, float64, (5,)
        Of `light_sums`, added up over the blocks of one image.

    Returns
    -------
    float
        0 or more; an intercept below 0 gives 0, the plain SCS correction. NaN where
        the pixels do not tell: fewer than two, all lit alike, or no brighter in more light.

    Raises
    ------
    ContractError
        For another dtype or shape.

    Notes
    -----
    C = a / b. Source: Teillet, Guindon and Goodenough (1982), Canadian Journal of Remote Sensing
    8(2), whose C correction Soenen et al. (2005) join to SCS.
    """
    sums = norm_array("sums", sums, dtype=np.float64, shape=(5,))
    count, light, bright, light2, both = (float(value) for value in sums)
    spread, rise = count * light2 - light * light, count * both - light * bright
    if count < 2 or spread <= 1e-9 * count * light2 or rise <= 0:
        return math.nan
    gradient = rise / spread
    return max((bright - gradient * light) / count / gradient, 0.0)


@njit(cache=True, nogil=True, error_model="numpy")
def _scs_c(
    band: NDArray[np.float32],
    dem: NDArray[np.float32],
    run: tuple[float, float],
    lamp: tuple[float, float, float],
    c: float,
    out: NDArray[np.float32],
) -> None:
    for y in range(dem.shape[0] - 2):
        north, row, south = dem[y], dem[y + 1], dem[y + 2]
        seen, line = band[y + 1, 1:], out[y + 1, 1:]
        for x in range(dem.shape[1] - 2):
            east, down = horn_rise(north, row, south, x)
            east, down = east / run[0], down / run[1]
            level = 1.0 / math.sqrt(1.0 + east * east + down * down)
            cos_i = (lamp[2] - lamp[0] * east - lamp[1] * down) * level
            ratio = (level * lamp[2] + c) / (cos_i + c)
            line[x] = seen[x] * ratio if cos_i > 0.0 else np.nan


@njit(cache=True, nogil=True, error_model="numpy")
def _light_sums(
    band: NDArray[np.float32],
    cos_i: NDArray[np.float32],
    usable: NDArray[np.bool_],
    out: NDArray[np.float64],
) -> None:
    for y in range(band.shape[0]):
        count = light = bright = light2 = both = 0.0
        for x in range(band.shape[1]):
            value, lit = np.float64(band[y, x]), np.float64(cos_i[y, x])
            if usable[y, x] and lit > 0.0 and np.isfinite(value):
                count += 1.0
                light += lit
                bright += value
                light2 += lit * lit
                both += lit * value
        out += np.array([count, light, bright, light2, both])
