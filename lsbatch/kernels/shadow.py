"""Shadows that hills cast: depth by one sweep away from the sun, or yes and no within a reach.

The sweep is fast and sees to the edge of its array; `cast_shadow` looks no further than it is told,
so that a block with that halo finds what the whole finds.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.errors import ContractError
from lsbatch.kernels.arrays import norm_array
from lsbatch.kernels.gradient import norm_dem, norm_sides

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


def cast_shadow(
    dem: NDArray[np.float32],
    pixel_m: float,
    *,
    azimuth_deg: float,
    altitude_deg: float,
    reach_m: float,
    pixel_height_m: float | None = None,
    margin_px: int = 0,
) -> NDArray[np.float32]:
    """Whether ground between a pixel and the sun, no further than a reach, hides the sun from it.

    Parameters
    ----------
    dem : ndarray, float32, (H, W)
        Elevation in metres, row 0 north; NaN = no data, which casts no shadow.
    pixel_m : float
        Pixel side in metres; of pixels that are not square, their width.
    azimuth_deg, altitude_deg : float
        Where the sun stands: degrees clockwise from north, degrees above the horizon in (0, 90].
    reach_m : float
        How far to look towards the sun. Nothing is missed from relief / tan(altitude) on: 1 000 m
        above the pixel at a sun of 20 degrees is 2 750 m away.
    pixel_height_m : float, optional
        Height of a pixel in metres; its width if left out.
    margin_px : int
        Pixels on each side that cast shadows but get no answer, which saves their time.

    Returns
    -------
    ndarray, float32, (H, W) less the margin on each side
        1 = in shadow, 0 = lit. NaN at NaN, and everywhere if an angle is NaN. Ground beyond the
        array casts no shadow into it.

    Raises
    ------
    ContractError
        For another dtype or shape, a pixel side or a reach that is not above 0, a sun below the
        horizon, a margin that leaves no pixel.

    Notes
    -----
    Needs halo `shadow_halo`. The ray is followed in steps of one row or one column, whichever it
    crosses more of, and the ground between two pixels is linear. Ground that turns its back on the
    sun is in its own shadow, which the first step sees.
    """
    dem, sides = norm_dem(dem), norm_sides(pixel_m, pixel_height_m)
    if not (math.isfinite(reach_m) and reach_m > 0) or altitude_deg <= 0 or altitude_deg > 90:
        raise ContractError(
            "Shadows need a reach above 0 m and a sun at 0 to 90 degrees above the horizon; "
            f"received {reach_m} m and {altitude_deg} degrees."
        )
    inner = _inner_shape(dem, margin_px)
    if not (math.isfinite(azimuth_deg) and math.isfinite(altitude_deg)):
        return np.full(inner, np.nan, np.float32)
    right = math.sin(math.radians(azimuth_deg)) / sides[0]
    down = -math.cos(math.radians(azimuth_deg)) / sides[1]
    by_row = abs(down) >= abs(right)
    ahead, aside = (down, right) if by_row else (right, down)
    turned = np.ascontiguousarray(dem if by_row else dem.T)
    # the unit vector towards the sun holds `ahead` steps to the metre
    falls = math.tan(math.radians(min(altitude_deg, 89.9))) / abs(ahead)
    steps = np.arange(1, int(reach_m * abs(ahead)) + 1)
    # a sun in the south stands a hair beside it in floating point, and would see a hole there
    across = np.round(steps * (aside / abs(ahead)), 6)
    whole = np.floor(across)
    out = np.empty(inner if by_row else inner[::-1], np.float32)
    _look_up(
        turned,
        steps * (1 if ahead > 0 else -1),
        whole.astype(np.int64),
        (across - whole).astype(np.float32),
        (steps * falls).astype(np.float32),
        margin_px,
        out,
    )
    return np.ascontiguousarray(out if by_row else out.T)


def _inner_shape(dem: NDArray[np.float32], margin_px: int) -> tuple[int, int]:
    height, width = (extent - 2 * margin_px for extent in dem.shape)
    if margin_px < 0 or height < 1 or width < 1:
        raise ContractError(
            f"A margin of {margin_px} pixels on each side leaves nothing of {dem.shape} pixels."
        )
    return height, width


def shadow_halo(pixel_m: float, reach_m: float, *, pixel_height_m: float | None = None) -> int:
    """Pixels on each side within which a reach ends, whatever the azimuth.

    Raises
    ------
    ContractError
        For a pixel side that is not above 0.
    """
    # multiplied, as `cast_shadow` does: a quotient may round to one pixel less
    return int(reach_m * (1.0 / min(norm_sides(pixel_m, pixel_height_m))))


@njit(cache=True, nogil=True, error_model="numpy")
def _look_up(
    dem: NDArray[np.float32],
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    parts: NDArray[np.float32],
    falls: NDArray[np.float32],
    margin: int,
    out: NDArray[np.float32],
) -> None:
    height, width = dem.shape
    top, ray = _highest(dem), np.empty(width, np.float32)
    for y in range(margin, height - margin):
        row, line = dem[y], out[y - margin]
        ray[:] = _FAR_BELOW
        lowest = _lowest(row[margin : width - margin])
        for step in range(len(rows)):
            far = y + rows[step]
            # no ground is high enough to be seen over this distance: the same answer, sooner;
            # a metre to spare, as sums in float32 may end a hair above the highest ground
            if far < 0 or far >= height or top - falls[step] < lowest - np.float32(1.0):
                break
            # an exact column needs no neighbour, which may lie beyond the array
            beside = 1 if parts[step] > 0 else 0
            first = max(margin, -cols[step])
            last = min(width - margin, width - cols[step] - beside)
            left = dem[far]
            part, fall, col = parts[step], falls[step], cols[step]
            for x in range(first, last):
                ground = left[x + col]
                seen = ground + part * (left[x + col + beside] - ground) - fall
                ray[x] = seen if seen > ray[x] else ray[x]
        for x in range(margin, width - margin):
            shaded = np.float32(1.0) if ray[x] > row[x] else np.float32(0.0)
            line[x - margin] = shaded if row[x] == row[x] else np.nan


@njit(cache=True, nogil=True, error_model="numpy")
def _highest(dem: NDArray[np.float32]) -> np.float32:
    top = _FAR_BELOW
    for row in dem:
        for height in row:
            top = height if height > top else top
    return top


@njit(cache=True, nogil=True, error_model="numpy")
def _lowest(row: NDArray[np.float32]) -> np.float32:
    low = np.float32(1e9)
    for height in row:
        low = height if height < low else low
    return low
