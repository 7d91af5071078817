"""Open sea left out."""

import json

import pytest
import shapely
from pyproj import Geod

from lsbatch.catalog import catalogs_folder
from lsbatch.catalog.choice import circle_about
from lsbatch.catalog.land import MARGIN_KM, cut_to_land
from lsbatch.errors import CatalogError


def test_land_is_kept_whole():
    for area in (shapely.box(10, 45, 11, 46), shapely.box(-121.9, 36.9, -121.0, 37.5)):
        assert cut_to_land(area).equals(area)


def test_open_sea_goes_and_a_margin_stays():
    area = shapely.box(-128, 36, -121, 37)
    kept = cut_to_land(area)
    assert kept.bounds[2] == -121 and -123.4 < kept.bounds[0] < -122.2
    coast = shapely.Point(-121.9, 36.6)
    assert kept.contains(coast.buffer(0.3).intersection(area))


def test_margin_is_as_wide_in_the_north():
    """A degree of longitude has 45 km there."""
    west = shapely.box(-30, 65.3, -20, 65.9)
    outline = json.loads((catalogs_folder() / "land.geojson").read_text(encoding="utf-8"))
    land = shapely.geometry.shape(outline["features"][0]["geometry"]).intersection(west)
    kept = cut_to_land(west)
    assert kept.bounds[2] == -20
    coast = land.bounds[0]
    _, _, margin = Geod(ellps="WGS84").inv(coast, 65.6, kept.bounds[0], 65.6)
    assert margin == pytest.approx(1e3 * MARGIN_KM, rel=0.2)


def test_land_beyond_the_180th_meridian_counts():
    """Chukotka lies on both sides; sea just east of it, on the other side, is within the margin."""
    area = shapely.box(179.0, 67.0, 180.0, 68.5)
    assert not cut_to_land(area).is_empty


def test_area_on_both_sides_of_the_180th_meridian_keeps_its_land():
    both = circle_about((179.5, -17.5), 250.0)
    kept = cut_to_land(both)
    assert kept.contains(shapely.Point(178.0, -17.8)) and kept.area < both.area


def test_sea_without_land_is_refused_with_the_way_out():
    with pytest.raises(CatalogError, match=r"No land is known within 60 km.*--no-aoi-land"):
        cut_to_land(shapely.box(-40, 30, -39, 31))
