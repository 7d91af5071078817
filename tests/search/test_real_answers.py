"""Every recorded item of both big catalogues, and further real ones: right scenes, or a reason."""

import json
from typing import NamedTuple

import pytest

from lsbatch.domain import FLAGS
from lsbatch.errors import CatalogError
from lsbatch.search.normalise import image_of
from lsbatch.search.twins import Record, drop_twins

pytestmark = pytest.mark.real

OPTICAL = {"blue", "green", "red", "nir", "swir16", "swir22"}
SENTINEL2 = OPTICAL | {"nir08"}


class Expected(NamedTuple):
    """What all records of one file and collection must become."""

    count: int
    sensor: str
    bands: set[str]
    scale: float = 1.0
    offset: float = 0.0
    nodata: float | None = None
    has_sun: bool = False


def sentinel2(count, *, offset, sensor="sentinel-2-l2a", has_sun=True):
    flags = {"quality"} if sensor == "sentinel-2-l2a" else set()
    return Expected(count, sensor, SENTINEL2 | flags, 1e-4, offset, 0.0, has_sun)


def landsat(count):
    return Expected(count, "landsat-c2-l2", OPTICAL | {"quality"}, 2.75e-5, -0.2, 0.0, True)


def dem(count):
    return Expected(count, "dem", {"elevation"})


PLANETARY = "items/planetary-computer/"
EXPECTED = {
    # numbers shifted back by the catalogue, and saying so
    ("earth-search-v0/search_sentinel-s2-l2a-cogs.json", "sentinel-s2-l2a-cogs"): sentinel2(
        1, offset=0.0, has_sun=False
    ),
    ("items/earth-search-v0/", "sentinel-s2-l2a-cogs"): sentinel2(1, offset=0.0, has_sun=False),
    ("earth-search-v1/search_cop-dem-glo-30.json", "cop-dem-glo-30"): dem(10),
    # one image three times: as delivered twice, shifted back once
    ("earth-search-v1/search_filter", "sentinel-2-c1-l2a"): sentinel2(6, offset=-0.1),
    ("earth-search-v1/search_filter", "sentinel-2-l2a"): sentinel2(6, offset=0.0),
    ("earth-search-v1/search_filter", "sentinel-2-l1c"): sentinel2(
        5, offset=-0.1, sensor="sentinel-2-l1c"
    ),
    ("items/landsat-c2-l2/", "landsat-c2-l2"): landsat(5),
    ("items/usgs-landsat/", "landsat-c2l2-sr"): landsat(3),
    ("items/other/lidar-dem_minimal.json", "lidar_collection"): dem(1),
    (PLANETARY + "cop-dem-glo-30_4-items.json", "cop-dem-glo-30"): dem(4),
    (PLANETARY + "landsat-c2-l2_4-items.json", "landsat-c2-l2"): landsat(4),
    ("planetary-computer/items_landsat-c2-l2.json", "landsat-c2-l2"): landsat(10),
    # Planetary Computer states no offset: baseline 04.00 and later need one
    (PLANETARY + "sentinel-2-l2a_4-items.json", "sentinel-2-l2a"): sentinel2(4, offset=-0.1),
    (PLANETARY + "sentinel-2-l2a_S2B_T24XWR", "sentinel-2-l2a"): sentinel2(1, offset=-0.1),
    (PLANETARY + "sentinel-2-l2a_S2B_T06VVN", "sentinel-2-l2a"): sentinel2(2, offset=0.0),
    (PLANETARY + "sentinel-2-l2a_one-day", "sentinel-2-l2a"): sentinel2(9, offset=0.0),
    (PLANETARY + "sentinel-2-l2a_T35MNM", "sentinel-2-l2a"): sentinel2(13, offset=0.0),
    # stactools: the offset as the product's own metadata have it, -0.7 in one that was altered
    ("items/sentinel-2/l1c_", None): sentinel2(2, offset=0.0, sensor="sentinel-2-l1c"),
    ("items/sentinel-2/l2a_N0212", None): sentinel2(1, offset=0.0),
    ("items/sentinel-2/l2a_N0214", None): sentinel2(1, offset=0.0),
    ("items/sentinel-2/l2a_old-format", None): sentinel2(1, offset=0.0),
    ("items/sentinel-2/l2a_N0400", None): sentinel2(1, offset=-0.1),
    ("items/sentinel-2/l2a_T34LBP", None): sentinel2(1, offset=-0.1),
    ("items/sentinel-2/l2a_T34LBQ", None): sentinel2(1, offset=-0.7),
    ("items/sentinel-2/l2a_T34VEL", None): sentinel2(1, offset=-0.1),
}
REASONS = {
    ("earth-search-v1/search_filter", "sentinel-1-grd"): (3, "none of its assets is a band"),
    ("earth-search-v1/search_cop-dem-glo-30_fields", "cop-dem-glo-30"): (10, "none of its assets"),
    ("earth-search-v1/search_sentinel-2-c1-l2a_fields", "sentinel-2-c1-l2a"): (10, "none of its"),
    ("planetary-computer/search_naip", "naip"): (20, "none of its assets is a band of generic"),
    ("items/other/ga_ls8c_ard", None): (1, "none of its assets is a band of generic"),
    ("items/other/only-crs", "fc_percentile_albers_annual"): (1, "none of its assets is a band"),
}


@pytest.fixture(scope="module")
def recorded():
    """(file, item) of every recorded item, hrefs that were relative made absolute."""
    from tests.conftest import SHARED_DATA

    folder = SHARED_DATA / "stac-responses"
    if not folder.is_dir():
        pytest.skip(f"recorded answers are not at {folder}")
    found = []
    for path in sorted(folder.glob("**/*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        records = document if isinstance(document, list) else document.get("features", [document])
        for item in records:
            if item.get("type") == "Feature":
                found.append((path.relative_to(folder).as_posix(), absolute(item)))
    return found


def absolute(item):
    return item | {
        "assets": {
            key: asset | {"href": asset["href"] if "://" in asset["href"] else f"https://x/{key}"}
            for key, asset in item.get("assets", {}).items()
        }
    }


def pick(recorded, key):
    start, collection = key
    return [
        item
        for file, item in recorded
        if file.startswith(start)
        and item.get("collection") == collection
        # two files of this name hold items without their assets
        and ("fields" in file) == ("fields" in start)
    ]


def test_every_recorded_item_is_expected_here(recorded):
    keys = [*EXPECTED, *REASONS]
    counts = [len(pick(recorded, key)) for key in keys]
    wanted = [entry[0] for entry in (*EXPECTED.values(), *REASONS.values())]
    assert dict(zip(keys, counts, strict=True)) == dict(zip(keys, wanted, strict=True))
    assert sum(counts) == len(recorded) == 139


@pytest.mark.parametrize("key", EXPECTED, ids=str)
def test_a_real_record_becomes_the_right_image(recorded, key):
    wanted = EXPECTED[key]
    for item in pick(recorded, key):
        image, properties = image_of(item), item["properties"]
        assert image.sensor.name == wanted.sensor
        # a few records leave the flags of saturation out
        saturation = {"saturation"} if "qa_radsat" in item["assets"] else set()
        assert {asset.band for asset in image.granule.assets} == wanted.bands | saturation
        measured = [asset for asset in image.granule.assets if asset.band not in FLAGS]
        assert {(a.scale, round(a.offset, 9), a.nodata) for a in measured} == {
            (wanted.scale, wanted.offset, wanted.nodata)
        }
        code = properties.get("proj:code") or f"EPSG:{properties['proj:epsg']}"
        assert {f"EPSG:{asset.epsg}" for asset in image.granule.assets} == {code}
        assert (image.sun is not None) == wanted.has_sun
        if wanted.has_sun:
            check_sun(image.sun, properties)
        assert image.cloud_percent == properties.get("eo:cloud_cover")
        assert image.granule.footprint.is_valid


def check_sun(sun, properties):
    heights = {
        properties.get("view:sun_elevation"),
        properties.get("eo:sun_elevation"),
        90 - properties.get("s2:mean_solar_zenith", 999),
    }
    assert any(sun.elevation_deg == pytest.approx(h) for h in heights - {None})


@pytest.mark.parametrize("key", REASONS, ids=str)
def test_a_real_record_that_is_no_image_for_us_has_a_reason(recorded, key):
    for item in pick(recorded, key):
        with pytest.raises(CatalogError, match=REASONS[key][1]):
            image_of(item)


def test_of_real_twins_the_collection_1_record_is_used(recorded):
    """Earth Search lists each image in three collections; two of them are the same product."""
    items = [
        item
        for collection in ("sentinel-2-c1-l2a", "sentinel-2-l2a", "sentinel-2-l1c")
        for item in pick(recorded, ("earth-search-v1/search_filter", collection))
    ]
    images, left = drop_twins([Record(item, image_of(item)) for item in items])
    kept = sorted(image.granule.item_id for image in images if image.sensor.name[-3:] == "l2a")
    assert [name.split("_")[1] for name in kept] == [
        "T20EPT",
        "T24MUA",
        "T24MUV",
        "T24MVV",
        "T24MWV",
        "T24MXV",
    ]
    assert len(left) == 6 and all("sentinel-2-c1-l2a" in one.reason for one in left)


def test_a_day_of_real_neighbours_has_no_twins(recorded):
    items = pick(recorded, (PLANETARY + "sentinel-2-l2a_one-day", "sentinel-2-l2a"))
    images, left = drop_twins([Record(item, image_of(item)) for item in items])
    assert (len(images), left) == (9, [])
    again = pick(recorded, (PLANETARY + "sentinel-2-l2a_S2B_T06VVN", "sentinel-2-l2a"))
    images, left = drop_twins([Record(item, image_of(item)) for item in again])
    assert len(images) == 1
