import io
import json
from dataclasses import replace

import pytest
import shapely
from PIL import Image

from lsbatch.catalog import catalogs_folder
from lsbatch.report.locator import degrees, draw_locator, unwrap


def test_an_area_over_the_date_line_is_one_area():
    west, east = shapely.box(178, -19, 180, -16), shapely.box(-180, -19, -179, -16)
    fiji = shapely.MultiPolygon([west, east])
    joined = unwrap(fiji)
    assert joined.bounds == (178, -19, 181, -16)
    assert joined.area == pytest.approx(fiji.area)
    assert unwrap(shapely.box(10, 40, 12, 42)).bounds == (10, 40, 12, 42)


@pytest.mark.parametrize(
    ("value", "signs", "text"),
    [
        (142, "EW", "142°E"),
        (-70.5, "EW", "70.5°W"),
        (181, "EW", "179°W"),
        (-181, "EW", "179°E"),
        (180, "EW", "180°"),
        (0, "NS", "0°"),
        (-33, "NS", "33°S"),
    ],
)
def test_degrees_are_written_within_half_a_turn(value, signs, text):
    assert degrees(value, signs) == text


@pytest.mark.parametrize("lon_lat", [(-179.9, -17.0), (179.9, 52.0), (-72, -36), (15, 81)])
def test_locator_is_drawn_anywhere_with_and_without_land(case, tmp_path, lon_lat):
    event = replace(case.event, aoi=shapely.Point(lon_lat).buffer(0.05), epicentre=lon_lat)
    without = draw_locator(event, tmp_path / "land.geojson")
    with_land = draw_locator(event, catalogs_folder() / "land.geojson")
    assert Image.open(io.BytesIO(without)).size == Image.open(io.BytesIO(with_land)).size
    assert without != with_land


def test_land_beyond_the_date_line_is_drawn_too(case, tmp_path):
    event = replace(case.event, aoi=shapely.box(178.9, -18, 179, -17), epicentre=None)
    land = tmp_path / "land.geojson"
    pictures = []
    for west in (-179, 181 - 360 + 90):
        geometry = shapely.geometry.mapping(shapely.box(west, -19, west + 2, -16))
        feature = {"type": "Feature", "geometry": geometry, "properties": {}}
        land.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
        pictures.append(Image.open(io.BytesIO(draw_locator(event, land))).convert("RGB"))
    # 180 E is just right of the middle; the region's sea is there in one picture, land in the other
    colours = [picture.getpixel((470, 265)) for picture in pictures]
    assert colours[0] != colours[1]
