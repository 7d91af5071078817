"""The elevation model that a detector sees: coarse, noisy, and with the treetops in it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from scipy import ndimage

from lsbatch.simulate.noise import Field, fractal
from lsbatch.simulate.terrain import PIXEL_M, Terrain

_ARC_SECONDS = 1.0
_CANOPY_M = 14.0
_PENETRATION = 0.7
"""Part of the canopy's height that the radar sees."""
_BLUR_M = 15.0
_NOISE_M = 0.9
_RIM_PX = 8
"""Terrain beyond which nothing is sampled, so that no value is extrapolated."""


@dataclass(frozen=True, slots=True)
class ElevationModel:
    """Surface heights on their own grid."""

    grid: GeoBox
    """EPSG:4326, one arc second."""
    elevation: Field
    """(H, W) metres."""


def observe_elevation(
    terrain: Terrain, forest: npt.NDArray[np.bool_], *, rng: np.random.Generator
) -> ElevationModel:
    """Surface model of one arc second, as Copernicus GLO-30 is.

    The true ground plus part of the canopy, smoothed over 15 m, sampled between the terrain's
    pixels by bilinear interpolation, with noise that is alike in neighbouring cells.
    """
    surface = terrain.elevation + _PENETRATION * _CANOPY_M * forest
    surface = ndimage.gaussian_filter(surface, _BLUR_M / PIXEL_M)
    grid = _lay_grid(terrain.grid)
    lon, lat = grid.coords["longitude"].values, grid.coords["latitude"].values
    to_utm = Transformer.from_crs("EPSG:4326", str(terrain.grid.crs), always_xy=True)
    x, y = to_utm.transform(*np.meshgrid(lon, lat))
    col, row = terrain.grid.wld2pix(x, y)
    heights = ndimage.map_coordinates(surface, [row - 0.5, col - 0.5], order=1, mode="nearest")
    shape = (grid.shape.y, grid.shape.x)
    noise = _NOISE_M * fractal(shape, rng, slope=1.5, longest_px=15)
    return ElevationModel(grid, (heights + noise).astype(np.float32))


def _lay_grid(ground: GeoBox) -> GeoBox:
    """Largest lattice of whole arc seconds inside the ground."""
    to_degrees = Transformer.from_crs(str(ground.crs), "EPSG:4326", always_xy=True)
    left, bottom, right, top = ground.pad(-_RIM_PX).boundingbox.bbox
    lon, lat = to_degrees.transform([left, right, right, left], [bottom, bottom, top, top])
    cell = _ARC_SECONDS / 3600
    west, east = np.ceil(max(lon[0], lon[3]) / cell), np.floor(min(lon[1], lon[2]) / cell)
    south, north = np.ceil(max(lat[0], lat[1]) / cell), np.floor(min(lat[2], lat[3]) / cell)
    return GeoBox.from_bbox(
        (west * cell, south * cell, east * cell, north * cell),
        crs="EPSG:4326", shape=(int(north - south), int(east - west)),
    )  # fmt: skip
