"""Shadows that hills cast: one sweep away from the sun."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.errors import ContractError
from lsbatch.kernels.arrays import norm_array

_FAR_BELOW = np.float32(-1e9)
"""Height of a ray that nothing has met."""


def shadow_depth(
    dem: NDArray[np.float32], pixel_m: float, *, azimuth_deg: float, altitude_deg: float
) -> NDArray[np.float32]:
    """How far below the sunlight the ground of each pixel lies.

    Parameters
    ----------
    dem : ndarray, float32, (H, W)
        Elevation in metres, row 0 north; NaN = no data, which casts no shadow.
    pixel_m : float
        Pixel side in metres.
    azimuth_deg, altitude_deg : float
        Where the sun stands: degrees clockwise from north, degrees above the horizon in (0, 90].

    Returns
    -------
    ndarray, float32, (H, W)
        Metres by which the ground would have to rise to meet the sun, at most 0 where it does:
        then minus the height of the ground above the lowest ray that passes the hills before it.
        About -1e9 on the side of the sun, where nothing stands before; NaN at NaN.

    Raises
    ------
    ContractError
        For another dtype or shape, a pixel side that is not above 0, a sun below the horizon.

    Notes
    -----
    The lowest free ray is handed from row to row (or from column to column, whichever the sun's
    azimuth crosses at the larger angle) and interpolated linearly between two pixels. Hills beyond
    the array cast no shadow into it, and rays that come in by its flanks are those of the outermost
    pixels: the halo is relief / tan(altitude).
    """
    dem = norm_array("dem", dem, dtype=np.float32, shape=(None, None))
    if not (math.isfinite(pixel_m) and pixel_m > 0 and 0 < altitude_deg <= 90):
        raise ContractError(
            "Shadows need a pixel side above 0 m and a sun at 0 to 90 degrees above the horizon; "
            f"received {pixel_m} m and {altitude_deg} degrees."
        )
    north, east = math.cos(math.radians(azimuth_deg)), math.sin(math.radians(azimuth_deg))
    # turned so that the sun stands beyond row 0, at most 45 degrees to a side
    by_row = abs(north) >= abs(east)
    ahead, aside = (north, east) if by_row else (-east, -north)
    turned = dem if by_row else dem.T
    turned = np.ascontiguousarray(turned if ahead > 0 else turned[::-1])
    slant = aside / abs(ahead)
    fall = pixel_m * math.hypot(1.0, slant) * math.tan(math.radians(min(altitude_deg, 89.9)))
    out = np.empty(turned.shape, np.float32)
    _sweep(turned, np.float32(slant), np.float32(fall), out)
    out = out if ahead > 0 else out[::-1]
    return np.ascontiguousarray(out if by_row else out.T)


@njit(cache=True, nogil=True, error_model="numpy")
def _sweep(
    dem: NDArray[np.float32], slant: np.float32, fall: np.float32, out: NDArray[np.float32]
) -> None:
    width = dem.shape[1]
    step = math.floor(slant)
    part = np.float32(slant - step)
    # two more on each flank, which repeat the outermost
    before = np.full(width + 4, _FAR_BELOW, np.float32)
    for y in range(dem.shape[0]):
        left, right = before[2 + step :], before[3 + step :]
        row, line = dem[y], out[y]
        for x in range(width):
            line[x] = left[x] + part * (right[x] - left[x]) - fall
        for x in range(width):
            ray, ground = line[x], row[x]
            # not `max`: it would let a hole in the ground through
            before[x + 2] = ground if ground > ray else ray
            line[x] = ray - ground
        before[0] = before[1] = before[2]
        before[width + 2] = before[width + 3] = before[width + 1]
