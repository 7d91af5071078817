"""The ground: a landscape carved by streams, with alluvium along its rivers, and a lake."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from odc.geo.geobox import GeoBox
from scipy import ndimage

from lsbatch.simulate.drainage import Drainage, find_drainage, incise
from lsbatch.simulate.noise import Field, fractal
from lsbatch.simulate.rivers import River, find_lake, trace_rivers

PIXEL_M = 10.0
_STAGES = ((80.0, 90, 5.0), (40.0, 16, 3.0), (20.0, 6, 2.0), (10.0, 2, 1.5))
"""(cell side m, steps, uplift per step m): streams grow on a coarse grid and are refined."""
_STEEPNESS = 75.0
"""Uplift over erodibility, m ** (2 * _CONCAVITY): 25 degrees where 1 ha drains."""
_CONCAVITY = 0.55
"""Exponent of the drained area: slope ~ area ** -0.45 in steady state (Whipple 2004)."""
_CREEP_M = 45.0
"""Soil creep over uplift, metres: the radius of the hilltops."""
_FILL_M = 13.0
"""Depth of alluvium where 10 km2 drain; it grows with the square root of that area."""


@dataclass(frozen=True, slots=True)
class Terrain:
    """True ground at 10 m; arrays are (H, W), row 0 north."""

    grid: GeoBox
    elevation: Field
    """Metres, bare earth and water surface."""
    slope_deg: Field
    height: Field
    """Metres above the nearest river."""
    river_m: Field
    """Metres to the nearest river's line."""
    rivers: tuple[River, ...]
    lake: npt.NDArray[np.bool_]

    @property
    def floor(self) -> npt.NDArray[np.bool_]:
        """Flat ground of the valleys."""
        flat = ndimage.gaussian_filter(self.slope_deg, 2) < 6.0
        low = (self.height < 9.0) & (self.river_m < 500.0)
        return ndimage.binary_opening(flat & low, iterations=2)


def build_terrain(grid: GeoBox, rng: np.random.Generator) -> Terrain:
    """Carve a landscape over a grid of 10 m pixels in a projected CRS.

    Rivers leave through one of the four sides, drawn from `rng`, and every cell drains to it.
    Relief follows from the extent: about 250 m on 2 km, 370 m on 8 km.
    """
    side = int(rng.integers(4))
    carved, drainage = _carve((grid.shape.y, grid.shape.x), side, rng)
    rivers = trace_rivers(drainage)
    elevation, height, river_m = _fill_valleys(carved, rivers)
    lake, level = find_lake(elevation, drainage, rng=rng)
    elevation = np.where(lake, level, elevation)
    elevation = (elevation - elevation.min() + rng.uniform(40, 120)).astype(np.float32)
    return Terrain(grid, elevation, slope_of(elevation), height, river_m, rivers, lake)


def slope_of(elevation: Field) -> Field:
    """Slope in degrees of a grid of 10 m pixels, central differences."""
    north, east = np.gradient(elevation, PIXEL_M)
    return np.degrees(np.arctan(np.hypot(north, east))).astype(np.float32)


def _carve(
    shape: tuple[int, int], side: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float64], Drainage]:
    rock = _stretch(fractal((64, 64), rng, slope=2.0, longest_px=24), shape)
    uplift = _stretch(fractal((64, 64), rng, slope=4.0, longest_px=64), shape)
    ground = 40 * _stretch(fractal((256, 256), rng, slope=3.0, longest_px=64), shape)
    for cell_m, steps, rise in _STAGES:
        reduced = (round(shape[0] * PIXEL_M / cell_m), round(shape[1] * PIXEL_M / cell_m))
        ground = _stretch(ground, reduced)
        ground += 0.03 * cell_m * rng.standard_normal(reduced)
        outlet = _outlet_of(reduced, side)
        lift = rise * (1 + 0.12 * _stretch(uplift, reduced))
        erodibility = np.exp(0.2 * _stretch(rock, reduced)) / _STEEPNESS
        for _ in range(steps):
            flow = find_drainage(np.where(outlet, 0.0, ground + lift), cell_m, outlet=outlet)
            strength = rise * erodibility * flow.area**_CONCAVITY
            ground = incise(flow.filled, flow.order, flow.receiver, strength, cell_m)
            ground = ndimage.gaussian_filter(ground, np.sqrt(2 * _CREEP_M * rise) / cell_m)
    return ground, find_drainage(ground, PIXEL_M, outlet=_outlet_of(shape, side))


def _outlet_of(shape: tuple[int, int], side: int) -> npt.NDArray[np.bool_]:
    outlet = np.zeros(shape, bool)
    np.rot90(outlet, side)[-1] = True
    return outlet


def _stretch(field: npt.NDArray[np.floating], shape: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Resample over the same ground, spline through cell centres."""
    if field.shape == shape:
        return field.astype(np.float64)
    axes = [
        (np.arange(new) + 0.5) * old / new - 0.5
        for new, old in zip(shape, field.shape, strict=True)
    ]
    places = np.meshgrid(*axes, indexing="ij")
    return ndimage.map_coordinates(field.astype(np.float64), places, order=3, mode="nearest")


def _fill_valleys(
    ground: npt.NDArray[np.float64], rivers: tuple[River, ...]
) -> tuple[npt.NDArray[np.float64], Field, Field]:
    """Raise the valleys to flat floors, which rise gently away from the river."""
    if not rivers:
        return ground, ground.astype(np.float32), np.full(ground.shape, 1e5, np.float32)
    level = np.full(ground.shape, np.nan)
    for river in rivers:
        rows, cols = np.clip(np.rint(river.path).astype(int), 0, np.array(ground.shape) - 1).T
        fill = _FILL_M * np.sqrt(river.area_m2 / 1e7)
        bed = np.minimum.accumulate(ndimage.gaussian_filter1d(ground[rows, cols] + fill, 15))
        level[rows, cols] = bed
    distance, nearest = ndimage.distance_transform_edt(np.isnan(level), return_indices=True)
    metres = distance * PIXEL_M
    level = ndimage.gaussian_filter(level[tuple(nearest)], 6)
    floor = level + 0.008 * metres - 0.04 * np.maximum(metres - 350.0, 0.0)
    filled = floor + np.logaddexp(0.0, (ground - floor) / 1.2) * 1.2
    return filled, (filled - level).astype(np.float32), metres.astype(np.float32)
