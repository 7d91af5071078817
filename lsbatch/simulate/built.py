"""What people build: a valley road, villages, greenhouses, tracks along the slopes."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lsbatch.simulate.channels import refine
from lsbatch.simulate.noise import Field
from lsbatch.simulate.patches import Mask
from lsbatch.simulate.spectra import Ground
from lsbatch.simulate.terrain import PIXEL_M, Terrain

_EDGE_PX = 120
"""Villages keep this far from the rim of the ground, where it is large enough."""


def draw_road(terrain: Terrain) -> Mask:
    """A paved road 110 m beside the longest river, (H, W)."""
    if not terrain.rivers:
        return np.zeros(terrain.elevation.shape, bool)
    path = ndimage.gaussian_filter1d(terrain.rivers[0].path, 12.0, axis=0)
    ahead = np.gradient(path, axis=0)
    ahead /= np.maximum(np.hypot(*ahead.T), 1e-6)[:, None]
    line = path + 110.0 / PIXEL_M * np.column_stack([ahead[:, 1], -ahead[:, 0]])
    return _cells_of(line, terrain.elevation.shape) & ~terrain.lake


def draw_houses(
    ground: npt.NDArray[np.uint8], terrain: Terrain, road: Mask, rng: np.random.Generator
) -> Mask:
    """Roofs of one village beside the road and of hamlets among the fields; gardens are grass."""
    shape = terrain.elevation.shape
    fit = (terrain.floor & ~terrain.lake).astype(np.float32)
    fit = ndimage.uniform_filter(fit, 41) * (road + 0.05)
    fit[_rim(shape)] = -1.0
    places = [np.unravel_index(np.argmax(fit), shape)]
    gentle = np.flatnonzero((terrain.slope_deg < 14) & (terrain.river_m < 2500) & ~terrain.lake)
    hamlets = int(rng.poisson(0.25 * ground.size * (PIXEL_M / 1000) ** 2))
    if gentle.size:
        places += [np.unravel_index(cell, shape) for cell in rng.choice(gentle, hamlets)]
    houses = np.zeros(shape, bool)
    for number, place in enumerate(places):
        count, spread = (170, 11.0) if number == 0 else (int(rng.integers(5, 40)), 6.0)
        spots = np.rint(np.array(place) + rng.normal(0, spread, (count, 2))).astype(int)
        for row, col in np.clip(spots, 0, np.array(shape) - 2):
            houses[row : row + rng.integers(1, 3), col : col + rng.integers(1, 3)] = True
    houses &= (terrain.slope_deg < 15) & (terrain.river_m > 45.0) & ~terrain.lake
    gardens = ndimage.binary_dilation(houses, iterations=2) & (rng.random(shape) < 0.5)
    ground[gardens & (terrain.slope_deg < 15)] = Ground.GRASS
    ground[houses] = Ground.ROOF
    return houses


def draw_tracks(
    terrain: Terrain, count: int, length_px: tuple[int, int], rng: np.random.Generator
) -> tuple[Mask, Mask]:
    """Unpaved roads that follow the contours with a slight grade.

    Parameters
    ----------
    terrain : Terrain
    count : int
    length_px : (least, most)
    rng : numpy.random.Generator

    Returns
    -------
    track : ndarray, bool, (H, W)
    spoil : ndarray, bool, (H, W)
        Soil tipped below it on steep ground.
    """
    shape = terrain.elevation.shape
    track, spoil = np.zeros(shape, bool), np.zeros(shape, bool)
    smooth = ndimage.gaussian_filter(terrain.elevation, 3)
    sites = np.flatnonzero((terrain.slope_deg > 6) & (terrain.slope_deg < 38) & ~terrain.lake)
    if not sites.size:
        return track, spoil
    for cell in rng.choice(sites, size=count):
        path = _follow_contour(smooth, int(cell), int(rng.integers(*length_px)), rng)
        cells = _cells_of(path, shape)
        track |= cells
        if rng.random() < 0.6:
            below = np.rint(path + 1.1 * _fall(smooth, path)).astype(int)
            tipped = ndimage.gaussian_filter1d(rng.standard_normal(len(path)), 4.0) > 0.05
            below = np.clip(below[tipped], 0, np.array(shape) - 1)
            spoil[below[:, 0], below[:, 1]] = True
    steep = terrain.slope_deg > 18
    return track & ~terrain.lake, spoil & steep & ~track & ~terrain.lake


def _follow_contour(
    smooth: Field, cell: int, steps: int, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Path (N, 2) that keeps near a level rising or falling by up to 8 %."""
    place = np.array(np.unravel_index(cell, smooth.shape), float)
    start, side, grade = smooth[tuple(place.astype(int))], rng.choice((-1, 1)), rng.uniform(-1, 1)
    path, heading = [place], np.zeros(2)
    for step in range(steps):
        fall = _fall(smooth, place[None])[0]
        level = start + 0.08 * grade * PIXEL_M * step
        here = smooth[tuple(place.astype(int))]
        aim = side * np.array([-fall[1], fall[0]]) + np.clip((here - level) / 8.0, -1, 1) * fall
        heading = 0.6 * heading + 0.4 * aim
        place = place + heading / max(np.hypot(*heading), 1e-6)
        if not ((place >= 2) & (place < np.array(smooth.shape) - 3)).all():
            break
        path.append(place)
    return np.array(path)


def _fall(smooth: Field, places: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Unit vectors (N, 2) down the ground."""
    row, col = np.clip(places.astype(int).T, 1, np.array(smooth.shape)[:, None] - 2)
    down = np.column_stack(
        [smooth[row - 1, col] - smooth[row + 1, col], smooth[row, col - 1] - smooth[row, col + 1]]
    )
    return np.asarray(down / np.maximum(np.hypot(*down.T), 1e-6)[:, None], float)


def _cells_of(line: npt.NDArray[np.float64], shape: tuple[int, ...]) -> Mask:
    cells = np.rint(refine(line)).astype(int)
    cells = cells[((cells >= 0) & (cells < np.array(shape))).all(axis=1)]
    marked = np.zeros(shape, bool)
    marked[tuple(cells.T)] = True
    return marked


def _rim(shape: tuple[int, ...]) -> Mask:
    edge = min(_EDGE_PX, min(shape) // 4)
    rim = np.ones(shape, bool)
    rim[edge:-edge, edge:-edge] = False
    return rim
