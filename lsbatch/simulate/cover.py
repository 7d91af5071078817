"""Land cover before the event: forest, pasture, fields, rock, rivers, a lake, a road, a village."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from lsbatch.simulate.noise import Field, fractal
from lsbatch.simulate.spectra import FIELDS, FOREST, Ground
from lsbatch.simulate.terrain import PIXEL_M, Terrain

Mask = npt.NDArray[np.bool_]
_FINE = 4
"""Points drawn for each pixel along a river or a road."""


@dataclass(frozen=True, slots=True)
class Cover:
    """What covers the ground; arrays (H, W) on the terrain's grid."""

    ground: npt.NDArray[np.uint8]
    """Values of `Ground`."""
    parcel: npt.NDArray[np.int32]
    """Number of the field, -1 outside fields."""
    canopy: Field
    """Brightness of the vegetation relative to its kind: tree crowns, stands, soils."""

    @property
    def forest(self) -> Mask:
        """Where trees stand."""
        return np.isin(self.ground, FOREST)


def build_cover(terrain: Terrain, rng: np.random.Generator) -> Cover:
    """Land cover that follows the terrain.

    Fields lie on the valley floors in parcels along the main river, forest on the slopes with
    pasture in its gaps, rock on the steepest ground; a road and one village stay beside the river.
    """
    shape = terrain.elevation.shape
    ground = _build_hills(terrain, rng)
    parcel = _draw_parcels(terrain, rng)
    crops = rng.choice(FIELDS, size=parcel.max() + 2, p=(0.55, 0.2, 0.25))
    ground = np.where(parcel >= 0, crops[parcel], ground)
    road = _near(_road_line(terrain), shape, 7.0)
    ground[road & ~terrain.lake] = Ground.ROAD
    ground[_draw_houses(terrain, road, rng)] = Ground.ROOF
    _draw_rivers(ground, terrain, fractal(shape, rng, slope=3.2, longest_px=16))
    ground[terrain.lake] = Ground.WATER
    stands = fractal(shape, rng, slope=1.6, longest_px=60)
    crowns = ndimage.gaussian_filter(rng.standard_normal(shape), 0.5)
    by_parcel = 0.12 * rng.standard_normal(parcel.max() + 2)
    canopy = 1 + 0.035 * stands + 0.09 * crowns + np.where(parcel >= 0, by_parcel[parcel], 0)
    return Cover(ground.astype(np.uint8), parcel, np.clip(canopy, 0.7, 1.3).astype(np.float32))


def change_bars(
    ground: npt.NDArray[np.uint8], terrain: Terrain, *, rng: np.random.Generator
) -> None:
    """Redraw the gravel of every river, in place: a flood has moved its bars."""
    ground[(ground == Ground.GRAVEL)] = Ground.GRASS
    _draw_rivers(ground, terrain, fractal(ground.shape, rng, slope=3.2, longest_px=16))


def _build_hills(terrain: Terrain, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    shape = terrain.elevation.shape
    stands = fractal(shape, rng, slope=3.2, longest_px=70)
    gaps = fractal(shape, rng, slope=2.2, longest_px=70) - 0.035 * (terrain.slope_deg - 12.0)
    crags = fractal(shape, rng, slope=2.0, longest_px=20) + 0.12 * (terrain.slope_deg - 40.0)
    ground = np.where(stands > 0.5, Ground.CONIFER, Ground.BROADLEAF)
    ground[(gaps > 1.75) | (terrain.floor & (gaps > -0.5))] = Ground.GRASS
    ground[crags > 1.6] = Ground.ROCK
    return ground.astype(np.uint8)


def _draw_parcels(terrain: Terrain, rng: np.random.Generator) -> npt.NDArray[np.int32]:
    """Number of the field at each pixel: cells of a jittered lattice along the main river."""
    rows, cols = terrain.elevation.shape
    along = terrain.rivers[0].path if terrain.rivers else np.array([[0.0, 0.0], [1.0, 2.0]])
    angle = np.arctan2(*(along[-1] - along[0]))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    reach = int(np.hypot(rows, cols) / 2) + 20
    lattice = np.stack(
        np.meshgrid(np.arange(-reach, reach, 16.0), np.arange(-reach, reach, 7.0)), axis=-1
    )
    lattice = lattice.reshape(-1, 2) + rng.uniform(-1, 1, (lattice.size // 2, 2)) * (4.5, 1.2)
    y, x = np.nonzero(terrain.floor & (terrain.river_m > 35.0) & ~terrain.lake)
    places = np.column_stack([x - cols / 2, y - rows / 2]) @ turn.T
    # squeezing one axis makes the cells long and narrow
    squeeze = np.array([7.0 / 16.0, 1.0])
    parcel = np.full((rows, cols), -1, np.int32)
    if len(places):
        gap, number = cKDTree(lattice * squeeze).query(places * squeeze, k=2)
        inside = gap[:, 1] - gap[:, 0] > 0.5
        parcel[y[inside], x[inside]] = np.unique(number[inside, 0], return_inverse=True)[1]
    return parcel


def _road_line(terrain: Terrain) -> npt.NDArray[np.float64]:
    """Points (row, column) of a road 110 m beside the longest river."""
    if not terrain.rivers:
        return np.empty((0, 2))
    path = ndimage.gaussian_filter1d(terrain.rivers[0].path, 12.0, axis=0)
    ahead = np.gradient(path, axis=0)
    ahead /= np.maximum(np.hypot(*ahead.T), 1e-6)[:, None]
    return path + 110.0 / PIXEL_M * np.column_stack([ahead[:, 1], -ahead[:, 0]])


def _draw_houses(terrain: Terrain, road: Mask, rng: np.random.Generator) -> Mask:
    """Single roofs about the place where most flat ground lies beside the road."""
    shape = terrain.elevation.shape
    fit = ndimage.uniform_filter((terrain.floor & ~terrain.lake).astype(np.float32), 41)
    edge = 120
    inland = np.zeros(shape, bool)
    inland[edge:-edge, edge:-edge] = True
    centre = np.unravel_index(np.argmax(np.where(road & inland, fit, -1.0)), shape)
    spots = np.rint(np.array(centre) + rng.normal(0, 11, (170, 2))).astype(int)
    houses = np.zeros(shape, bool)
    for row, col in np.clip(spots, 0, np.array(shape) - 2):
        houses[row : row + rng.integers(1, 3), col : col + rng.integers(1, 3)] = True
    return houses & terrain.floor & (terrain.river_m > 45.0) & ~terrain.lake


def _draw_rivers(ground: npt.NDArray[np.uint8], terrain: Terrain, bars: Field) -> None:
    """Set water and gravel, in place; `bars` (mean 0) says how far the gravel reaches."""
    if not terrain.rivers:
        return
    lines = [_meander(river.path, river.width_m / PIXEL_M) for river in terrain.rivers]
    widths = [np.repeat(river.width_m, _FINE) for river in terrain.rivers]
    y, x = np.nonzero(terrain.river_m < 120.0)
    gap, nearest = cKDTree(np.concatenate(lines)).query(np.column_stack([y, x]))
    gap, width = gap * PIXEL_M, np.concatenate(widths)[nearest]
    reach = (width - 4.0) * np.clip(0.25 + 0.9 * bars[y, x], 0.0, 2.2)
    gravel = gap < width / 2 + reach
    wet = gap < np.where(width > 6.0, np.maximum(width / 2, 5.0), 0.0)
    ground[y[gravel], x[gravel]] = Ground.GRAVEL
    ground[y[wet], x[wet]] = Ground.WATER


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
    return _refine(winding)


def _refine(line: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Four points for each one of a line, between its ends."""
    fine = np.linspace(0, len(line) - 1, _FINE * len(line))
    return np.column_stack([np.interp(fine, np.arange(len(line)), axis) for axis in line.T])


def _near(line: npt.NDArray[np.float64], shape: tuple[int, ...], metres: float) -> Mask:
    """Pixels whose centre lies within a distance of a line's points."""
    if not len(line):
        return np.zeros(shape, bool)
    marked = np.ones(shape, bool)
    cells = np.rint(_refine(line)).astype(int)
    within = ((cells >= 0) & (cells < np.array(shape))).all(axis=1)
    marked[tuple(cells[within].T)] = False
    return ndimage.distance_transform_edt(marked) * PIXEL_M < metres
