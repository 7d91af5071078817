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
_CELL_M = 30.0
"""About the side of a cell; away from the equator its columns are narrower."""
_CANOPY_M = (9.0, 20.0)
"""Height of the forest of one event; its stands differ by a fifth."""
_PENETRATION = (0.5, 0.9)
"""Part of the canopy's height that the sensor sees: X band sinks into it, stereo does less."""
_BLUR_M = (10.0, 17.5)
"""Standard deviation of the smoothing: 20 to 35 m are seen as one."""
_DRIFT_M = (0.8, 2.2)
"""Standard deviation of the noise that neighbours share."""
_GRAIN_M = (0.4, 1.3)
"""Of the noise that they do not; both are larger on steep ground."""
_SHIFT_PX = 2.0
_STRIPED, _HOLED = 0.25, 0.3
"""Chances of stripes along the orbit, and of voids that were filled smoothly."""
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
    """Surface model of one arc second, as Copernicus GLO-30 and AW3D30 are, before the event.

    The true ground plus part of the canopy, smoothed, moved by up to two of its cells, sampled
    between the terrain's pixels by bilinear interpolation, with noise of 1 to 3 m. Some models
    are striped, in some voids were filled smoothly.

    Notes
    -----
    Errors of this size: Guth and Geoffroy (2021), Transactions in GIS 25; offsets between models
    of one or two cells: Nuth and Kaab (2011), The Cryosphere 5.
    """
    stands = 1 + 0.2 * fractal(forest.shape, rng, slope=2.5, longest_px=40)
    canopy = rng.uniform(*_CANOPY_M) * rng.uniform(*_PENETRATION) * stands * forest
    surface = terrain.elevation + canopy.astype(np.float32)
    surface = ndimage.gaussian_filter(surface, rng.uniform(*_BLUR_M) / PIXEL_M)
    grid = _lay_grid(terrain.grid)
    row, col = _find_pixels(grid, terrain.grid)
    reach, angle = _SHIFT_PX * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
    place = [
        row - 0.5 + reach * np.sin(angle) * _CELL_M / PIXEL_M,
        col - 0.5 + reach * np.cos(angle) * _CELL_M / PIXEL_M,
    ]
    heights = ndimage.map_coordinates(surface, place, order=1, mode="nearest")
    steep = ndimage.map_coordinates(terrain.slope_deg, place, order=1, mode="nearest")
    heights += _draw_noise(heights.shape, rng) * (0.7 + steep / 60.0)
    return ElevationModel(grid, _fill_voids(heights, steep, rng).astype(np.float32))


def _draw_noise(shape: tuple[int, int], rng: np.random.Generator) -> Field:
    noise = rng.uniform(*_DRIFT_M) * fractal(shape, rng, slope=1.8, longest_px=20)
    noise += rng.uniform(*_GRAIN_M) * rng.standard_normal(shape, np.float32)
    if rng.random() < _STRIPED:
        tilt, period = rng.uniform(-0.25, 0.25), rng.uniform(4.0, 12.0)
        across = np.arange(shape[0])[:, None] * tilt + np.arange(shape[1])[None, :]
        stripes = rng.uniform(0.5, 1.5) * np.sin(2 * np.pi / period * across)
        noise += stripes * (1 + 0.4 * fractal(shape, rng, slope=3.0, longest_px=80))
    return noise.astype(np.float32)


def _fill_voids(
    heights: npt.NDArray[np.float32], steep: Field, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """In some models: the steepest ground was in shadow or out of sight, and is interpolated."""
    if rng.random() >= _HOLED:
        return heights
    unseen = fractal(heights.shape, rng, slope=2.5, longest_px=15) + steep / 15.0
    void = unseen > np.quantile(unseen, rng.uniform(0.97, 0.995))
    known = ndimage.gaussian_filter((~void).astype(np.float32), 3.0)
    spread = ndimage.gaussian_filter(np.where(void, 0, heights), 3.0)
    return np.where(void, spread / np.maximum(known, 1e-3), heights)


def _find_pixels(grid: GeoBox, ground: GeoBox) -> tuple[Field, Field]:
    """Row and column of the ground, pixel edges whole, at each cell's centre."""
    lon, lat = grid.coords["longitude"].values, grid.coords["latitude"].values
    to_utm = Transformer.from_crs("EPSG:4326", str(ground.crs), always_xy=True)
    col, row = ground.wld2pix(*to_utm.transform(*np.meshgrid(lon, lat)))
    return row, col


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
