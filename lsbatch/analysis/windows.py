"""Windows over a product: what lets memory not grow with the map."""

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox, GeoboxTiles
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

WINDOW_PX = 1024
"""Side of a window: whole chunks, about 10 MB for all layers of a product."""

Roi = tuple[slice, slice]


def windows_of(geobox: GeoBox, *, side_px: int = WINDOW_PX) -> Iterator[Roi]:
    """(y, x) slices of square windows, row by row; together they are the grid, once each."""
    tiles = GeoboxTiles(geobox, (side_px, side_px))
    rows, cols = tiles.shape
    for row in range(rows):
        for col in range(cols):
            yield tiles.roi[row, col]


def extent_of(geobox: GeoBox) -> BaseGeometry:
    """The rectangle that a grid covers, in its CRS."""
    return shapely.box(*geobox.boundingbox.bbox)


def pixel_km2(geobox: GeoBox) -> float:
    """Area of a pixel on the map, km2."""
    return abs(geobox.resolution.x * geobox.resolution.y) / 1e6


def inside(area: BaseGeometry, geobox: GeoBox) -> NDArray[np.bool_]:
    """Pixels whose centre lies in polygon(s) of the grid's CRS, bool (H, W)."""
    frame = extent_of(geobox)
    if area.is_empty or not area.intersects(frame):
        return np.zeros(geobox.shape, bool)
    if area.covers(frame):
        return np.ones(geobox.shape, bool)
    burnt = rasterize([area], out_shape=geobox.shape, transform=geobox.affine, dtype=np.uint8)
    return np.asarray(burnt, bool)
