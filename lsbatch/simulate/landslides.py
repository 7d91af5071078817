"""Landslides: how many and how large, where they start, how far they run, what is mapped."""

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from odc.geo.geobox import GeoBox
from scipy import ndimage
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from lsbatch.simulate.noise import Field, fractal
from lsbatch.simulate.slide_shape import shape_slide
from lsbatch.simulate.terrain import PIXEL_M, Terrain

SMALLEST_MAPPED_M2 = 400.0
"""Truth holds landslides of this area and more, 4 pixels; smaller ones are in the images only."""
_PER_KM2 = 10.0
"""Landslides per square kilometre of susceptible ground."""
_INVERSE_GAMMA = (1.40, 1280.0, -132.0)
"""Exponent, scale and shift (m2) of landslide areas: Malamud et al. (2004), ESPL 29, 687-711."""
_AREA_RANGE_M2 = (100.0, 60_000.0)
_STEP_PX = 0.5
_LONGEST_PX = 90
_TRIES = 40
_STOP_SLOPE = 0.12
"""Slope (rise over run) on which debris comes to rest."""
_LEAST_LEFT = 0.7
"""Share of its area that a slide keeps beside its neighbours, or it goes elsewhere."""


@dataclass(frozen=True, slots=True)
class Landslide:
    """One slope failure; polygons in the grid's CRS."""

    outline: Polygon
    """Source and runout."""
    source: Polygon
    """The upper third, where the ground broke away."""


def draw_areas(count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Areas in m2 from the three-parameter inverse gamma, between 100 m2 and 6 ha.

    Notes
    -----
    If X is gamma of shape rho, a / X + s follows the law of Malamud et al. (2004).
    """
    shape, scale, shift = _INVERSE_GAMMA
    areas = np.empty(0)
    while areas.size < count:
        drawn = scale / rng.gamma(shape, size=2 * count) + shift
        low, high = _AREA_RANGE_M2
        areas = np.concatenate([areas, drawn[(drawn >= low) & (drawn <= high)]])
    return areas[:count]


def draw_landslides(
    terrain: Terrain, susceptible: npt.NDArray[np.bool_], *, rng: np.random.Generator
) -> tuple[Landslide, ...]:
    """Landslides of one event; they may touch and never overlap.

    Parameters
    ----------
    terrain : Terrain
    susceptible : ndarray, bool, (H, W)
        Where one may start.
    rng : numpy.random.Generator
    """
    count = round(_PER_KM2 * np.count_nonzero(susceptible) * (PIXEL_M / 1000) ** 2)
    areas = np.sort(draw_areas(count, rng))[::-1]
    weight = _propensity(terrain, rng) * susceptible
    sites = rng.choice(
        weight.size, size=min(10 * count, np.count_nonzero(weight)), replace=False,
        p=weight.ravel() / weight.sum(),
    )  # fmt: skip
    paths = _trace_down(terrain, sites)
    free = deque(zip(sites.tolist(), paths, strict=True))
    slides: list[Landslide] = []
    for area in areas:
        for _ in range(min(_TRIES, len(free))):
            site, path = free.popleft()
            slide = _fit(path, float(area), terrain.grid, slides, rng)
            if slide is not None:
                slides.append(slide)
                break
            # too short for this one, long enough perhaps for a smaller one
            free.append((site, path))
    return tuple(slides)


def map_landslides(slides: tuple[Landslide, ...], extent: Polygon) -> list[Polygon]:
    """The inventory: outlines clipped to the mapped extent, from 400 m2 up, the largest first."""
    inside = [_largest(slide.outline.intersection(extent)) for slide in slides]
    mapped = [polygon for polygon in inside if polygon.area >= SMALLEST_MAPPED_M2]
    return sorted(mapped, key=lambda polygon: polygon.area, reverse=True)


def _propensity(terrain: Terrain, rng: np.random.Generator) -> Field:
    """Relative chance that a slide starts: steep, convex ground that shook hard."""
    smooth = ndimage.gaussian_filter(terrain.elevation, 3)
    convex = np.clip(-ndimage.laplace(smooth), -0.3, 0.3)
    shaking = fractal(smooth.shape, rng, slope=3.5, longest_px=250)
    chance = np.exp((terrain.slope_deg - 30.0) / 4.0 + 5.0 * convex + 0.8 * shaking)
    return np.where(terrain.slope_deg > 18.0, np.minimum(chance, 20.0), 0.0)


def _trace_down(terrain: Terrain, sites: npt.NDArray[np.int64]) -> list[npt.NDArray[np.float64]]:
    """Paths (N, 2) of row and column down the steepest descent, until the ground flattens."""
    smooth = ndimage.gaussian_filter(terrain.elevation.astype(np.float64), 1.5)
    fall = [-part / PIXEL_M for part in np.gradient(smooth)]
    place = np.array(np.unravel_index(sites, smooth.shape), np.float64)
    heading = np.zeros_like(place)
    track, steep = [place], []
    for _ in range(int(_LONGEST_PX / _STEP_PX)):
        down = np.array([ndimage.map_coordinates(f, place, order=1, mode="nearest") for f in fall])
        steep.append(np.hypot(*down))
        # momentum: debris does not follow every bend of the ground
        heading = 0.6 * heading + 0.4 * down / np.maximum(steep[-1], 1e-9)
        place = place + _STEP_PX * heading / np.maximum(np.hypot(*heading), 1e-9)
        track.append(place)
    running = np.logical_and.accumulate(np.array(steep) > _STOP_SLOPE, axis=0)
    paths = np.stack(track).transpose(2, 0, 1)
    return [path[: 1 + n] for path, n in zip(paths, running.sum(axis=0), strict=True)]


def _fit(
    path: npt.NDArray[np.float64],
    area: float,
    grid: GeoBox,
    slides: list[Landslide],
    rng: np.random.Generator,
) -> Landslide | None:
    """A slide along a path beside those that are there, or None where it does not fit."""
    shaped = shape_slide(path * PIXEL_M, area, rng=rng)
    if shaped is None:
        return None
    placed = [_to_grid(part, grid) for part in shaped]
    outline, source = placed
    others = [slide.outline for slide in slides]
    taken = [others[n] for n in np.flatnonzero(shapely.intersects(others, outline))]
    if taken:
        outline = _largest(outline.difference(shapely.union_all(taken)))
        source = _largest(source.intersection(outline))
        if outline.area < _LEAST_LEFT * area or source.is_empty:
            return None
    return Landslide(outline, source) if _extent(grid).contains(outline) else None


def _to_grid(shape: Polygon, grid: GeoBox) -> Polygon:
    """From metres (down, right of the first pixel's centre) to the grid's CRS."""
    left, top = grid.pix2wld(0.5, 0.5)
    return shapely.transform(shape, lambda xy: np.column_stack([left + xy[:, 1], top - xy[:, 0]]))


def _extent(grid: GeoBox) -> Polygon:
    return shapely.box(*grid.boundingbox.bbox)


def _largest(geometry: BaseGeometry) -> Polygon:
    polygons = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    return max(polygons, key=lambda part: part.area, default=Polygon())
