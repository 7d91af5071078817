"""Fields: parcels on valley floors and gentle slopes, terraces where the monsoon falls."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lsbatch.simulate.patches import Mask, broad, lay_bricks, upper_share
from lsbatch.simulate.spectra import FIELDS
from lsbatch.simulate.style import Climate
from lsbatch.simulate.terrain import PIXEL_M, Terrain

_HILLS: dict[Climate, tuple[float, float]] = {
    "temperate": (0.06, 13.0),
    "boreal": (0.03, 9.0),
    "monsoon": (0.30, 29.0),
    "mediterranean": (0.22, 17.0),
    "tropical": (0.16, 24.0),
}
"""Share of the slopes that is tilled, and the steepest of them, degrees."""
_CROPS: dict[Climate, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "temperate": ((0.45, 0.28, 0.15, 0.02, 0.10), (0.50, 0.20, 0.0, 0.05, 0.25)),
    "boreal": ((0.55, 0.25, 0.0, 0.20, 0.0), (0.5, 0.2, 0.0, 0.3, 0.0)),
    "monsoon": ((0.15, 0.15, 0.60, 0.10, 0.0), (0.35, 0.10, 0.40, 0.10, 0.05)),
    "mediterranean": ((0.30, 0.40, 0.02, 0.08, 0.20), (0.05, 0.45, 0.0, 0.05, 0.45)),
    "tropical": ((0.05, 0.0, 0.45, 0.40, 0.10), (0.05, 0.0, 0.0, 0.65, 0.30)),
}
"""Chances of `FIELDS` on floors and on slopes."""


def draw_parcels(
    terrain: Terrain,
    tree_line_m: float,
    climate: Climate,
    rng: np.random.Generator,
    *,
    tilled: float | None = None,
) -> npt.NDArray[np.int32]:
    """Number of the field at each pixel, (H, W); -1 outside fields and on their borders."""
    shape = terrain.elevation.shape
    slope = ndimage.gaussian_filter(terrain.slope_deg, 2)
    floor = terrain.floor & (terrain.river_m > 35.0) & ~terrain.lake
    share, steepest = _HILLS[climate]
    wanted = broad(shape, rng, slope=2.4, longest_px=120) - 0.04 * slope
    share *= float(np.exp(rng.normal(0, 0.35)))
    share = min(share, 0.6) if tilled is None else tilled
    hills = upper_share(wanted, share) & (slope < steepest) & ~floor & ~terrain.lake
    hills &= (terrain.river_m > 40.0) & (terrain.elevation < tree_line_m - 150.0)
    hills = ndimage.binary_opening(hills, iterations=2)
    flat = lay_bricks(shape, rng, size_px=(17, 8), angle=_river_angle(terrain), warp_px=9)
    number = np.full(shape, -1, np.int32)
    number[floor & ~flat.edge] = flat.number[floor & ~flat.edge]
    if climate == "monsoon":
        steps = hills & (slope > 6.0)
        number[steps] = _lay_terraces(terrain, rng)[steps] + (1 << 22)
        hills &= ~steps
    size_px = (13.0, 8.0) if tilled is None else _field_size(rng)
    loose = lay_bricks(shape, rng, size_px=size_px, angle=rng.uniform(0, np.pi), warp_px=22)
    number[hills & ~loose.edge] = loose.number[hills & ~loose.edge] + (1 << 23)
    parcel = np.full(shape, -1, np.int32)
    here = number >= 0
    if here.any():
        parcel[here] = np.unique(number[here], return_inverse=True)[1]
    return parcel


def _field_size(rng: np.random.Generator) -> tuple[float, float]:
    """Length and width of a farmed plain's fields: strips of smallholders to blocks of estates."""
    length = float(np.exp(rng.uniform(*np.log((12, 70)))))
    return length, max(length * float(rng.uniform(0.25, 0.8)), 5.0)


def draw_crops(
    parcel: npt.NDArray[np.int32], floor: Mask, climate: Climate, rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """What each parcel bears: values of `FIELDS`, (parcels + 1,), the last for no parcel."""
    count = int(parcel.max()) + 1
    crops = np.full(count + 1, FIELDS[0], np.uint8)
    if count == 0:
        return crops
    here = parcel >= 0
    on_floor = np.bincount(parcel[here], weights=floor[here], minlength=count)
    on_floor = on_floor > 0.5 * np.bincount(parcel[here], minlength=count)
    for where, chances in zip((on_floor, ~on_floor), _CROPS[climate], strict=True):
        crops[:-1][where] = rng.choice(FIELDS, size=int(where.sum()), p=chances)
    return crops


def _lay_terraces(terrain: Terrain, rng: np.random.Generator) -> npt.NDArray[np.int32]:
    """Strips between contours 9 m apart, cut to about 100 m of length."""
    smooth = ndimage.gaussian_filter(terrain.elevation, 2)
    wave = broad(smooth.shape, rng, slope=3.0, longest_px=60)
    level = np.floor((smooth + 4.0 * wave) / 9.0).astype(np.int32)
    cells = lay_bricks(smooth.shape, rng, size_px=(12, 12), angle=0.6, warp_px=8)
    return np.asarray((level * 5167 + cells.number) & 0x1FFFFF, np.int32)


def _river_angle(terrain: Terrain) -> float:
    if not terrain.rivers:
        return 0.0
    path = terrain.rivers[0].path
    down, right = (path[-1] - path[0]) * PIXEL_M
    return float(np.arctan2(down, right))
