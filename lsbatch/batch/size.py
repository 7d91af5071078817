"""How large a run would be, said before anything is searched or read."""

import math

from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from lsbatch.domain import SENSORS
from lsbatch.errors import GridMismatchError
from lsbatch.recipe import Recipe

_MOST_PIXELS = 10_000 * 512**2
"""Beyond 10 000 blocks of the default size (512 x 512 km at 10 m) a user is asked first."""
_BYTES_A_PIXEL = 160
_SECONDS_A_PIXEL = 6.0 / 512**2
"""Read and spent by `unet` on a simulated event of 16 x 16 km with three looks a side, one worker
on one core of an AMD EPYC: for the order of magnitude. Other detectors are cheaper."""
_COARSEST_M = 30.0


def check_area_size(area: BaseGeometry, recipe: Recipe) -> None:
    """Raise GridMismatchError where an area is too large for a run that nobody confirmed.

    From its box alone, before a catalogue is searched for it. Where neither the recipe nor its
    sensor says a resolution, the coarsest is taken, so that no area is refused that would do.
    """
    west, south, east, north = area.bounds
    lat = 0.0 if south <= 0 <= north else min(abs(south), abs(north))
    width = (east - west) * 111_320 * math.cos(math.radians(lat))
    named = {sensor.name: sensor.resolution_m for sensor in SENSORS}
    resolution = recipe.resolution or named.get(recipe.sensor or "", _COARSEST_M)
    _check(width, (north - south) * 110_574, resolution, recipe)


def check_grid_size(grid: GeoBox, recipe: Recipe) -> None:
    """Raise GridMismatchError where a grid is too large for a run that nobody confirmed."""
    resolution = abs(grid.resolution.x)
    _check(grid.shape.x * resolution, grid.shape.y * resolution, resolution, recipe)


def _check(width_m: float, height_m: float, resolution: float, recipe: Recipe) -> None:
    pixels = width_m * height_m / resolution**2
    if recipe.yes or pixels <= _MOST_PIXELS:
        return
    side = recipe.block_px * resolution
    blocks = math.ceil(width_m / side) * math.ceil(height_m / side)
    raise GridMismatchError(
        f"The area is {width_m / 1e3:,.0f} x {height_m / 1e3:,.0f} km: {blocks:,} blocks of "
        f"{recipe.block_px} pixels of {resolution:g} m. With a network that is some "
        f"{pixels * _BYTES_A_PIXEL / 1e9:,.0f} GB to read (not compressed) and "
        f"{pixels * _SECONDS_A_PIXEL / 3600:,.0f} hours on one core. Draw a smaller area, choose a "
        "coarser --resolution (in metres), or go ahead with --yes."
    )
