"""Areas of interest from files."""

from pathlib import Path

import numpy as np
import shapely
from geopandas.array import GeometryArray
from shapely.geometry.base import BaseGeometry

from lsbatch.catalog.polygons import read_polygons
from lsbatch.domain import cut_at_180
from lsbatch.errors import CatalogError

_EDGE_PARTS = 100
"""Straight edges of a projected area are cut in this many parts before they are reprojected: the
side of a 100 km box then strays by centimetres, not by 200 m."""


def read_area(path: Path) -> BaseGeometry:
    """Union of a file's polygons, EPSG:4326.

    Parameters
    ----------
    path : Path
        GeoJSON, GeoPackage, shapefile or GeoParquet in any CRS.

    Returns
    -------
    Polygon or MultiPolygon
        x = longitude, y = latitude, degrees; cut in two at the 180th meridian.

    Raises
    ------
    CatalogError
        For a file that cannot be read, has no CRS or no polygons, an invalid polygon, a ring
        around a pole, or coordinates beyond longitude -180..180 and latitude -90..90.
    """
    frame = read_polygons(path)
    frame = frame[~(frame.geometry.is_empty | frame.geometry.isna())]
    if frame.empty:
        raise CatalogError(f"An area needs at least one polygon; {path} holds none.")
    for row, polygon in zip(frame.index, frame.geometry, strict=True):
        if not shapely.is_valid(polygon):
            raise CatalogError(
                f"Row {row + 1} of {path} is not a valid polygon: "
                f"{shapely.is_valid_reason(polygon)} (x y). Draw its ring without crossing itself."
            )
    if not frame.crs.is_geographic:
        west, south, east, north = frame.total_bounds
        frame.geometry = frame.segmentize(max(east - west, north - south) / _EDGE_PARTS)
    polygons = frame.to_crs("EPSG:4326").geometry.values
    _check_extent(polygons, path)
    return shapely.union_all([cut_at_180(polygon) for polygon in polygons])


def _check_extent(polygons: GeometryArray, path: Path) -> None:
    if not np.isfinite(shapely.get_coordinates(polygons)).all():
        raise CatalogError(f"{path} reaches beyond the part of the Earth that its CRS is made for.")
