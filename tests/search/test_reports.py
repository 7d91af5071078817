import json

import pytest

from lsbatch.domain import SENSORS, Reported
from lsbatch.errors import CatalogError
from lsbatch.search.normalise import image_of
from lsbatch.search.reports import reported_of
from tests.records import build_item, build_model

S2 = next(sensor for sensor in SENSORS if sensor.name == "sentinel-2-l2a")
L8 = next(sensor for sensor in SENSORS if sensor.name == "landsat-c2-l2")
S2_NAME = "S2B_MSIL2A_20250731T132229_N0511_R038_T24MVV_20250731T150745.SAFE"
L8_NAME = "LC08_L2SP_005009_20150710_20200908_02_T2"


def test_shares_are_read_in_every_spelling():
    words = {
        "eo:cloud_cover": 30,
        "s2:cloud_shadow_percentage": 5,
        "s2:snow_ice_percentage": 10,
        "s2:nodata_pixel_percentage": 40,
        "sat:relative_orbit": 38,
        "s2:processing_baseline": "05.11",
    }
    reported = image_of(build_item(**words)).granule.reported
    assert reported == Reported(30, 5, 10, 40, "R038", 5.11)
    assert reported.open_share == pytest.approx(0.55)
    assert reported.snow_share == pytest.approx(10 / 65)
    other = {"fmask:cloud": 30, "fmask:cloud_shadow": 5, "eo:snow_cover": 10}
    assert reported_of(build_item(**other), S2, baseline=None) == Reported(30, 5, 10)


@pytest.mark.parametrize("bad", [-1, 100.1, float("nan"), "much", None, [], {}])
def test_a_share_that_cannot_be_is_not_known(bad):
    item = build_item(**{"s2:snow_ice_percentage": bad})
    assert image_of(item).granule.reported is None


def test_landsats_word_for_not_known_is_not_taken_for_a_share():
    item = build_item(collection="landsat-c2-l2", **{"eo:cloud_cover": -1})
    assert image_of(item).granule.reported is None


@pytest.mark.parametrize(
    ("sensor", "properties", "item_id", "track"),
    [
        (S2, {"sat:relative_orbit": 60}, "x", "R060"),
        (S2, {"s2:product_uri": S2_NAME}, "x", "R038"),
        (S2, {}, S2_NAME, "R038"),
        (L8, {"landsat:wrs_path": "005"}, "x", "P005"),
        (L8, {}, L8_NAME, "P005"),
        (S2, {"sat:relative_orbit": "many"}, "x", None),
        (S2, {}, "x", None),
    ],
)
def test_the_track_is_read_from_properties_or_the_products_name(sensor, properties, item_id, track):
    item = build_item(item_id, **properties)
    reported = reported_of(item, sensor, baseline=None)
    assert (reported.track if reported else None) == track


def test_an_elevation_model_has_no_track():
    assert image_of(build_model(**{"sat:relative_orbit": 60})).granule.reported is None


def test_a_baseline_that_is_no_number_is_not_known():
    item = build_item(asset={"raster:scale": 1e-4}, **{"s2:processing_baseline": "new"})
    assert image_of(item).granule.reported is None


@pytest.mark.parametrize(
    ("changes", "mission"),
    [
        ({"constellation": "sentinel-2"}, "sentinel-2"),
        ({"platform": "Sentinel-2A"}, "sentinel-2"),
        ({"constellation": "sentinel-2", "processing:level": "L1C"}, None),
        ({"constellation": "sentinel-2", "collection": "sentinel-2-l1c"}, None),
        ({"constellation": "sentinel-2", "item_id": S2_NAME.replace("2A_", "1C_")}, None),
        ({"platform": "landsat-8"}, None),
    ],
)
def test_images_of_sentinel2_are_known_unless_they_are_said_to_be_level_1c(changes, mission):
    reported = reported_of(build_item(**changes), S2, baseline=None)
    assert (reported.mission if reported else None) == mission


@pytest.mark.real
def test_real_records_report_what_they_hold(shared_data):
    folder = shared_data / "stac-responses"
    found: dict[str, set[str]] = {}
    for path in folder.rglob("*.json"):
        record = json.loads(path.read_text())
        for item in record.get("features", ()) if isinstance(record, dict) else ():
            try:
                reported = image_of(item).granule.reported
            except CatalogError:
                continue
            if reported is not None:
                told = {n for n in Reported.__slots__ if getattr(reported, n) is not None}
                found.setdefault(str(item.get("collection")), set()).update(told)
    assert found["sentinel-2-l2a"] == set(Reported.__slots__)
    assert found["sentinel-2-c1-l2a"] == set(Reported.__slots__)
    assert {"cloud_percent", "track"} <= found["landsat-c2-l2"]
