"""Rivers and lakes as covers: water, bars of gravel, muddy shores."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from lsbatch.simulate.noise import Field
from lsbatch.simulate.spectra import Ground
from lsbatch.simulate.terrain import PIXEL_M, Terrain

_FINE = 4
"""Points drawn for each pixel along a river or a road."""


def draw_rivers(
    ground: npt.NDArray[np.uint8], terrain: Terrain, bars: Field, *, flood: float = 1.0
) -> None:
    """Set water and gravel, in place.

    Parameters
    ----------
    ground : ndarray, uint8, (H, W)
    terrain : Terrain
    bars : ndarray, float32, (H, W)
        Mean 0: says how far the gravel reaches.
    flood : float
        Breadth of the gravel relative to that of a usual year.
    """
    if not terrain.rivers:
        return
    lines = [_meander(river.path, river.width_m / PIXEL_M) for river in terrain.rivers]
    widths = [np.repeat(river.width_m, _FINE) for river in terrain.rivers]
    y, x = np.nonzero(terrain.river_m < 120.0)
    gap, nearest = cKDTree(np.concatenate(lines)).query(np.column_stack([y, x]))
    gap, width = gap * PIXEL_M, np.concatenate(widths)[nearest]
    reach = flood * (width - 4.0) * np.clip(0.25 + 0.9 * bars[y, x], 0.0, 2.2)
    gravel = gap < width / 2 + reach
    wet = gap < np.where(width > 6.0, np.maximum(width / 2, 5.0), 0.0)
    ground[y[gravel], x[gravel]] = Ground.GRAVEL
    ground[y[wet], x[wet]] = Ground.WATER


def draw_lake(ground: npt.NDArray[np.uint8], terrain: Terrain, shore_px: int) -> None:
    """Set the lake's water, and bare mud where it has fallen back from its shore; in place."""
    water = terrain.lake
    ground[water] = Ground.WATER
    if shore_px > 0:
        dry = water & ~ndimage.binary_erosion(water, iterations=shore_px)
        ground[dry] = Ground.BARE


def refine(line: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Four points for each one of a line, between its ends."""
    fine = np.linspace(0, len(line) - 1, _FINE * len(line))
    return np.column_stack([np.interp(fine, np.arange(len(line)), axis) for axis in line.T])


def _meander(
    path: npt.NDArray[np.float64], width_px: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """A winding line about a path, four points a pixel; bends are 11 widths long (Leopold 1960)."""
    ahead = np.gradient(ndimage.gaussian_filter1d(path, 5.0, axis=0), axis=0)
    ahead /= np.maximum(np.hypot(*ahead.T), 1e-6)[:, None]
    width = np.maximum(width_px, 1.8)
    phase = np.cumsum(2 * np.pi / (11.0 * width))
    # bends come in trains: some reaches swing, others run straight
    swing = width * np.sin(phase + 1.5 * np.sin(phase / 2.7)) * (0.8 + 0.6 * np.sin(phase / 4.3))
    winding = path + swing[:, None] * np.column_stack([ahead[:, 1], -ahead[:, 0]])
    return refine(winding)
