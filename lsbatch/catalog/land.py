"""Open sea left out of an area."""

import json
import math

import shapely
from shapely.affinity import scale, translate
from shapely.geometry.base import BaseGeometry

from lsbatch.domain import catalogs_folder
from lsbatch.errors import CatalogError

MARGIN_KM = 60
"""The outline of land strays from the coast by up to 0.3 degrees, some 33 km, and a bay or a small
island may be missing: so much sea beside it is kept."""
_DEGREE_KM = 110.574


def cut_to_land(area: BaseGeometry) -> BaseGeometry:
    """The part of an area on land or within 60 km of it.

    Parameters
    ----------
    area : polygon(s), EPSG:4326

    Returns
    -------
    Polygon or MultiPolygon
        The area itself where no open sea is in it.

    Raises
    ------
    CatalogError
        Where nothing is left: at sea, or about an island that the coarse outline does not know.

    Notes
    -----
    The outline (catalogs/land.geojson, Natural Earth 1:110m, simplified by 0.3 degrees) is too
    coarse for a coast line: it saves reading open sea, and the water mask does the rest.
    """
    outline = json.loads((catalogs_folder() / "land.geojson").read_text(encoding="utf-8"))
    land = shapely.union_all(
        [shapely.geometry.shape(feature["geometry"]) for feature in outline["features"]]
    )
    kept = shapely.intersection(area, _widened(land, area))
    kept = shapely.union_all([part for part in shapely.get_parts(kept) if part.area > 0])
    if kept.is_empty:
        raise CatalogError(
            f"No land is known within {MARGIN_KM} km of the area; small islands are missing in the "
            "coarse outline. Keep the whole area with --no-aoi-land."
        )
    return kept


def _widened(land: BaseGeometry, area: BaseGeometry) -> BaseGeometry:
    """Land near the area, on both sides of the 180th meridian, with its margin of sea."""
    west, south, east, north = area.bounds
    squeeze = max(math.cos(math.radians(max(abs(south), abs(north)))), 0.02)
    margin = MARGIN_KM / _DEGREE_KM
    window = shapely.box(
        west - 2 * margin / squeeze,
        south - 2 * margin,
        east + 2 * margin / squeeze,
        north + 2 * margin,
    )
    near = [shapely.intersection(translate(land, turn), window) for turn in (-360, 0, 360)]
    # a degree of longitude is shorter than one of latitude
    even = scale(shapely.union_all(near), squeeze, 1, origin=(0, 0))
    return scale(shapely.buffer(even, margin, quad_segs=4), 1 / squeeze, 1, origin=(0, 0))
