"""Windows: places of an area that are looked at before any block is cut."""

import logging
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from lsbatch.cube import build_cube
from lsbatch.domain import CHUNK_PX, Preparation, Scenes, Status, blocks_of, project_area
from lsbatch.errors import ReadError
from lsbatch.features import reasons_of

logger = logging.getLogger(__name__)

MOST_WINDOWS = 25
"""Windows of 256 x 256 pixels that are read of each look: with two bands in 16 bits and a quality
band some 8 MB, before compression. Areas up to about 12 x 12 km are seen whole, larger ones by a
sample."""
_LEAST_INSIDE = 0.25
"""Share of a window that must lie in the area, and within the reference."""
_READERS = 4


def windows_of(seen: BaseGeometry, grid: GeoBox) -> tuple[list[GeoBox], bool]:
    """Windows on the lattice of chunks inside an area, and whether they are all there are."""
    if seen.is_empty:
        return [], False
    area = project_area(seen, grid.crs)
    shapely.prepare(area)
    inside = [
        block.core
        for block in blocks_of(grid, side_px=CHUNK_PX, halo=0)
        if _share_inside(block.core, area) >= _LEAST_INSIDE
    ]
    if len(inside) <= MOST_WINDOWS:
        return inside, True
    # spread over the rows: every so many-th of them, in order
    taken = np.linspace(0, len(inside) - 1, MOST_WINDOWS).round().astype(int)
    return [inside[place] for place in taken], False


def _share_inside(window: GeoBox, area: BaseGeometry) -> float:
    box = window.extent.geom
    return float(box.intersection(area).area / box.area)


def see_window(
    window: GeoBox,
    scenes: Scenes,
    bands: tuple[str, ...],
    preparation: Preparation,
    *,
    beside: tuple[str, ...],
) -> tuple[xr.Dataset, npt.NDArray[np.bool_]] | None:
    """The looks of a window, loaded.

    Parameters
    ----------
    window : GeoBox
    scenes : Scenes
        That touch it.
    bands : tuple of str
        What a usable pixel has.
    preparation : Preparation
        What is set aside; terrain shadow is not looked for.
    beside : tuple of str
        Further bands to read.

    Returns
    -------
    (Dataset, ndarray of bool (time, y, x)) or None
        The cube, and where each look is usable. None where the window cannot be read: a file that
        fails here fails again in its block, which says so there.
    """
    needed = tuple(dict.fromkeys((*bands, *beside)))
    try:
        cube = build_cube(scenes, window, bands=needed).load(
            scheduler="threads", num_workers=_READERS
        )
    except ReadError as error:
        logger.warning("stage=plan a window is left out: %s", error)
        return None
    plain = replace(preparation, shadow_reach_m=0.0)
    usable = reasons_of(cube, bands, plain).compute(scheduler="threads") == Status.SCORED
    return cube, usable
