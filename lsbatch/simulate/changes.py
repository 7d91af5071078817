"""Changes between the looks that are no landslides: harvest, clear-cuts, a quarry, river bars."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lsbatch.simulate.cover import Cover, Mask, change_bars
from lsbatch.simulate.noise import fractal
from lsbatch.simulate.spectra import Ground
from lsbatch.simulate.terrain import PIXEL_M, Terrain

_NEXT_CROP = {
    Ground.CROP: (0.50, 0.25, 0.25),
    Ground.RIPE: (0.05, 0.25, 0.70),
    Ground.SOIL: (0.40, 0.0, 0.60),
}
"""Chances that a field is green, ripe or bare at the later looks."""
_ORDER = (Ground.CROP, Ground.RIPE, Ground.SOIL)


def change_cover(cover: Cover, terrain: Terrain, *, kept: Mask, rng: np.random.Generator) -> Cover:
    """Land cover after the event, landslides apart.

    Parameters
    ----------
    cover : Cover
        Before the event.
    terrain : Terrain
    kept : ndarray, bool, (H, W)
        Ground that neither a clear-cut nor a quarry may take, such as landslides and the rim.
    rng : numpy.random.Generator
    """
    ground = cover.ground.copy()
    _rotate_crops(ground, cover.parcel, rng)
    change_bars(ground, terrain, rng=rng)
    ground[terrain.lake] = Ground.WATER
    slope = ndimage.gaussian_filter(terrain.slope_deg, 4)
    for kind, size_m, count in ((Ground.CLEARCUT, (240, 160), 2), (Ground.QUARRY, (170, 130), 1)):
        for _ in range(count):
            free = cover.forest & (slope > 10) & (slope < 26)
            free &= ~ndimage.binary_dilation(kept, iterations=2)
            site = _find_site(free, size_m, terrain, rng)
            kept = kept | site
            ground[site] = kind
    return Cover(ground, cover.parcel, cover.canopy)


def _rotate_crops(
    ground: npt.NDArray[np.uint8], parcel: npt.NDArray[np.int32], rng: np.random.Generator
) -> None:
    before = ground.copy()
    draws = rng.random(parcel.max() + 2)[parcel]
    for crop, chances in _NEXT_CROP.items():
        later = np.searchsorted(np.cumsum(chances)[:-1], draws, side="right")
        here = (before == crop) & (parcel >= 0)
        ground[here] = np.array(_ORDER, np.uint8)[later[here]]


def _find_site(
    free: Mask, size_m: tuple[float, float], terrain: Terrain, rng: np.random.Generator
) -> Mask:
    """A rough rectangle along the contour, wholly on free ground where one of 60 tries finds it."""
    rough = fractal(free.shape, rng, slope=2.0, longest_px=30)
    down, right = np.gradient(ndimage.gaussian_filter(terrain.elevation, 6))
    rows, cols = np.indices(free.shape)
    best, found = -1.0, np.zeros(free.shape, bool)
    cells = np.flatnonzero(free)
    for cell in rng.choice(cells, size=min(60, cells.size), replace=False):
        row, col = np.unravel_index(cell, free.shape)
        angle = np.arctan2(down[row, col], right[row, col])
        y, x = (rows - row) * PIXEL_M, (cols - col) * PIXEL_M
        fall = np.abs(np.cos(angle) * x + np.sin(angle) * y) / (size_m[1] / 2)
        along = np.abs(np.cos(angle) * y - np.sin(angle) * x) / (size_m[0] / 2)
        site = np.maximum(fall, along) + 0.12 * rough < 1.0
        share = float(free[site].mean())
        if share > best:
            best, found = share, site & free
        if best > 0.97:
            break
    return found
