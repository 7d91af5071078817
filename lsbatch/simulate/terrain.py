"""The ground: a landscape carved by streams, with alluvium along its rivers, and a lake."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from odc.geo.geobox import GeoBox
from scipy import ndimage

from lsbatch.simulate.drainage import Drainage, fill_pits
from lsbatch.simulate.noise import Field
from lsbatch.simulate.relief import PIXEL_M, carve, outlet_of
from lsbatch.simulate.rivers import River, find_lake, trace_rivers
from lsbatch.simulate.style import Relief

__all__ = ["PIXEL_M", "Terrain", "build_terrain", "slope_of"]


_FAN_SLOPE = (0.07, 0.16)
"""Rise over run of debris fans; alluvial ones are flatter (Bull 1977)."""
_FAN_M2 = (4e4, 2e6)
"""Ground drained by the side valleys that end in a fan."""
_FAN_REACH_M = 350.0
"""From the river to the apex: farther off the height above that river means nothing."""
_FANS = 400
"""At most, on one ground."""


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


def build_terrain(grid: GeoBox, rng: np.random.Generator, *, relief: Relief = "hills") -> Terrain:
    """Carve a landscape over a grid of 10 m pixels in a projected CRS.

    Rivers leave through one of the four sides, drawn from `rng`, and every cell drains to it;
    from a volcano they run to all sides. Relief grows with the extent; over 8 km it is about
    200 to 340 m in hills, 150 to 280 m in badlands, 800 to 1800 m in an alpine range.
    """
    ground, drainage, fill_m = carve((grid.shape.y, grid.shape.x), relief, rng=rng)
    rivers = trace_rivers(drainage)
    filled, height, river_m = _fill_valleys(ground, rivers, fill_m)
    if relief == "alpine" and rivers:
        fans = _spread_fans(filled, height, river_m, drainage, rng)
        height, filled = height + (fans - filled).astype(np.float32), fans
    # alluvium and texture left pits: water fills them with sediment in no time
    filled = fill_pits(filled, PIXEL_M, outlet=outlet_of(filled.shape, None))
    lake, level = find_lake(filled, drainage, rng=rng)
    elevation = np.where(lake, level, filled)
    elevation = (elevation - elevation.min() + rng.uniform(40, 120)).astype(np.float32)
    return Terrain(grid, elevation, slope_of(elevation), height, river_m, rivers, lake)


def slope_of(elevation: Field) -> Field:
    """Slope in degrees of a grid of 10 m pixels, central differences."""
    north, east = np.gradient(elevation, PIXEL_M)
    return np.degrees(np.arctan(np.hypot(north, east))).astype(np.float32)


def _fill_valleys(
    ground: npt.NDArray[np.float64], rivers: tuple[River, ...], fill_m: float
) -> tuple[npt.NDArray[np.float64], Field, Field]:
    """Raise the valleys to flat floors, which rise gently away from the river."""
    if not rivers:
        return ground, ground.astype(np.float32), np.full(ground.shape, 1e5, np.float32)
    level = np.full(ground.shape, np.nan)
    for river in rivers:
        rows, cols = np.clip(np.rint(river.path).astype(int), 0, np.array(ground.shape) - 1).T
        fill = fill_m * (np.sqrt(river.area_m2 / 1e7) - np.sqrt(river.area_m2[0] / 2e7))
        bed = np.minimum.accumulate(ndimage.gaussian_filter1d(ground[rows, cols] + fill, 15))
        level[rows, cols] = bed
    distance, nearest = ndimage.distance_transform_edt(np.isnan(level), return_indices=True)
    metres = distance * PIXEL_M
    # floors of two rivers meet in a slope, not in a cliff
    level = ndimage.gaussian_filter(level[tuple(nearest)], 12)
    floor = level + 0.008 * metres - 0.12 * np.maximum(metres - 350.0, 0.0)
    filled = floor + np.logaddexp(0.0, (ground - floor) / 1.2) * 1.2
    return filled, (filled - level).astype(np.float32), metres.astype(np.float32)


def _spread_fans(
    ground: npt.NDArray[np.float64],
    height: Field,
    river_m: Field,
    drainage: Drainage,
    rng: np.random.Generator,
) -> npt.NDArray[np.float64]:
    """Cones of debris where steep side valleys reach a floor; none dams its river."""
    area, low = drainage.area.ravel(), (height.ravel() < 4.0)
    mouth = ~low & low[drainage.receiver] & (area > _FAN_M2[0]) & (area < _FAN_M2[1])
    mouth &= river_m.ravel() < _FAN_REACH_M
    fans = ground.copy()
    for cell in rng.permutation(np.flatnonzero(mouth))[:_FANS]:
        row, col = divmod(int(cell), ground.shape[1])
        slope = rng.uniform(*_FAN_SLOPE)
        rise = 6.0 + 10.0 * np.sqrt(area[cell] / 1e6)
        reach = int(rise / slope / PIXEL_M) + 8
        box = tuple(
            slice(max(0, place - reach), min(extent, place + reach + 1))
            for place, extent in zip((row, col), ground.shape, strict=True)
        )
        y, x = np.ogrid[box]
        cone = ground[row, col] + rise - slope * PIXEL_M * np.hypot(y - row, x - col)
        bed = ground[box] - height[box]
        cone = np.minimum(cone, bed + 0.2 * np.maximum(river_m[box] - 15.0, 0.0))
        # the apex stays in the valley's mouth: ground well above it is hillside
        fans[box] = np.where(height[box] < rise + 4.0, np.maximum(fans[box], cone), fans[box])
    return fans
