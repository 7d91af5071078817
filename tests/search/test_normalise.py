import copy
import json
import math
from datetime import UTC, datetime

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.domain import Sun
from lsbatch.errors import CatalogError
from lsbatch.search.normalise import image_of
from tests.records import WIDE, build_item, build_model


def asset_of(band="red", *, item=None, **asset):
    return image_of(item or build_item(asset=asset)).granule.asset(band)


# ---- sensor


@pytest.mark.parametrize(
    ("changes", "sensor"),
    [
        ({"collection": "sentinel-2-l2a"}, "sentinel-2-l2a"),
        ({"collection": "sentinel-2-c1-l2a"}, "sentinel-2-l2a"),
        ({"collection": "sentinel-s2-l2a-cogs"}, "sentinel-2-l2a"),
        ({"collection": "sentinel-2-l1c"}, "sentinel-2-l1c"),
        ({"collection": "mine", "constellation": "sentinel-2"}, "sentinel-2-l1c"),
        ({"collection": "mine", "constellation": "Sentinel-2", "scl": True}, "sentinel-2-l2a"),
        ({"collection": None, "platform": "sentinel-2b", "scl": True}, "sentinel-2-l2a"),
        ({"collection": "landsat-c2-l2"}, "landsat-c2-l2"),
        ({"collection": "mine", "platform": "landsat-8", "qa_pixel": True}, "landsat-c2-l2"),
    ],
)
def test_a_sensor_is_known_by_collection_or_by_platform_and_flags(changes, sensor):
    flags = tuple(name for name in ("scl", "qa_pixel") if changes.pop(name, False))
    item = build_item(bands=("blue", "green", "red", *flags), **changes)
    image = image_of(item)
    assert image.sensor.name == sensor
    quality = image.granule.asset("quality")
    assert (quality is not None) == bool(flags)
    if quality is not None:
        assert quality.nodata == image.sensor.quality.nodata


def test_landsat_without_flags_is_not_taken_for_surface_reflectance():
    """Level 1 has the same platform and other units."""
    item = build_item(collection="landsat-c2-l1", platform="landsat-5")
    with pytest.raises(CatalogError, match="its asset 'blue' states no scale"):
        image_of(item)


def test_an_unknown_sensor_with_named_bands_and_scale_is_generic():
    item = build_item(collection="drone", asset={"raster:scale": 1e-3})
    image = image_of(item)
    assert image.sensor.name == "generic"
    assert {a.band for a in image.granule.assets} == {"blue", "green", "red", "nir"}
    assert {(a.scale, a.offset) for a in image.granule.assets} == {(1e-3, 0.0)}


def test_unknown_numbers_need_a_scale_unless_they_are_float():
    with pytest.raises(CatalogError, match=r"its asset 'blue' states no scale.* add raster:scale"):
        image_of(build_item(collection="drone"))
    item = build_item(collection="drone", asset={"bands": [{"data_type": "float32"}]})
    assert asset_of(item=item).scale == 1.0


@pytest.mark.parametrize(
    "item",
    [
        build_model(),
        build_model(collection="my-survey", bands=("elevation",)),
        build_model(collection="my-survey", bands=("dem",)),
    ],
)
def test_elevation_models_are_known_by_collection_or_asset(item):
    image = image_of(item)
    assert image.sensor.is_terrain
    assert [asset.band for asset in image.granule.assets] == ["elevation"]
    assert image.granule.assets[0].nodata is None


def test_an_image_without_a_known_band_is_refused():
    with pytest.raises(
        CatalogError, match=r"none of its assets is a band of sentinel-2-l2a \(blue"
    ):
        image_of(build_item(bands=("visual", "thumbnail")))


def test_bands_are_found_by_common_name_in_either_spelling():
    by_name = {
        "image_1": {"href": "https://x/1.tif", "bands": [{"name": "B04"}]},
        "image_2": {"href": "https://x/2.tif", "eo:bands": [{"common_name": "green"}]},
        "image_3": {"href": "https://x/3.tif", "bands": [{"eo:common_name": "blue"}]},
        "preview": {
            "href": "https://x/4.tif",
            "roles": ["overview"],
            "bands": [{"name": "B04"}],
        },
        "visual": {"href": "https://x/5.tif", "bands": [{"name": "B04"}, {"name": "B03"}]},
    }
    granule = image_of(build_item() | {"assets": by_name}).granule
    assert {asset.band: asset.href[-5] for asset in granule.assets} == {
        "red": "1",
        "green": "2",
        "blue": "3",
    }


def test_bands_may_be_numbers_of_those_that_the_item_lists():
    """STAC 1.0.0-beta.2 and before, as the USGS had it."""
    listed = [{"name": "SR_B1", "common_name": "coastal"}, {"common_name": "blue"}]
    assets = {
        "SR_B2.TIF": {"href": "https://x/2.tif", "eo:bands": [1]},
        "SR_B9.TIF": {"href": "https://x/9.tif", "eo:bands": [9]},
    }
    granule = image_of(build_item(**{"eo:bands": listed}) | {"assets": assets}).granule
    assert [(asset.band, asset.href) for asset in granule.assets] == [("blue", "https://x/2.tif")]


# ---- units

SPELLINGS = {
    "bands": {"bands": [{"name": "B04", "raster:scale": 2.0, "raster:offset": 3.0, "nodata": 9}]},
    "bands, bare": {"bands": [{"name": "B04", "scale": 2.0, "offset": 3.0, "nodata": 9}]},
    "raster:bands": {"raster:bands": [{"scale": 2.0, "offset": 3.0, "nodata": 9}]},
    "asset": {"raster:scale": 2.0, "raster:offset": 3.0, "nodata": 9},
    "asset over bands": {
        "raster:scale": 2.0,
        "raster:offset": 3.0,
        "nodata": 9,
        "bands": [{"raster:scale": 5.0, "raster:offset": 5.0, "nodata": 5}],
    },
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_scale_offset_and_nodata_are_read_in_every_spelling(spelling):
    asset = asset_of(**SPELLINGS[spelling])
    assert (asset.scale, asset.offset, asset.nodata) == (2.0, 3.0, 9.0)


def test_what_is_not_stated_comes_from_the_sensor_table():
    asset = asset_of()
    assert (asset.scale, asset.offset, asset.nodata) == (1e-4, 0.0, 0.0)
    landsat = asset_of(item=build_item(collection="landsat-c2-l2"))
    assert (landsat.scale, landsat.offset, landsat.nodata) == (2.75e-5, -0.2, 0.0)


def test_a_stated_scale_does_not_take_the_offset_of_the_table():
    stated = build_item(collection="landsat-c2-l2", asset={"raster:scale": 1e-4})
    assert asset_of(item=stated).offset == 0.0


@pytest.mark.parametrize("nodata", ["nan", float("nan")])
def test_nodata_may_be_not_a_number(nodata):
    asset = asset_of(nodata=nodata)
    assert asset.nodata != asset.nodata


@pytest.mark.parametrize(
    ("properties", "asset", "offset"),
    [
        # Planetary Computer: numbers as delivered, nothing stated
        ({"s2:processing_baseline": "02.12"}, {}, 0.0),
        ({"s2:processing_baseline": "04.00"}, {}, -0.1),
        ({"s2:processing_baseline": "05.10"}, {}, -0.1),
        # Earth Search: stated; in its first collection of COGs taken out, and stated all the same
        ({"s2:processing_baseline": "05.11"}, {"scale": 1e-4, "offset": -0.1}, -0.1),
        (
            {"s2:processing_baseline": "05.11", "earthsearch:boa_offset_applied": True},
            {"scale": 1e-4, "offset": -0.1},
            0.0,
        ),
        (
            {"s2:processing_baseline": "05.11", "earthsearch:boa_offset_applied": False},
            {"scale": 1e-4, "offset": -0.1},
            -0.1,
        ),
        ({"s2:processing_baseline": "05.11", "sentinel:boa_offset_applied": True}, {}, 0.0),
        (
            {"sentinel:processing_baseline": "05.11", "sentinel:boa_offset_applied": False},
            {},
            -0.1,
        ),
        ({"processing:version": "05.11"}, {}, -0.1),
        ({"processing:version": "5"}, {}, 0.0),
        ({"processing:version": "Sen2Cor 2.11"}, {}, 0.0),
        # stated without an offset: zero, as the raster extension says
        ({"s2:processing_baseline": "05.11"}, {"scale": 1e-4}, 0.0),
    ],
)
def test_the_shift_of_baseline_4_is_taken_out_once(properties, asset, offset):
    item = build_item(asset={"raster:bands": [asset]} if asset else {}, **properties)
    read = asset_of(item=item)
    assert read.scale == 1e-4
    assert read.offset == pytest.approx(offset)


# ---- coordinate system


@pytest.mark.parametrize(
    ("on_item", "on_asset", "epsg"),
    [
        ({"proj:code": "EPSG:32654"}, {}, 32654),
        ({"proj:epsg": 32654}, {}, 32654),
        ({"proj:epsg": 32654}, {"proj:code": "EPSG:32655"}, 32655),
        ({"proj:code": "EPSG:32654"}, {"proj:epsg": 32655}, 32655),
        ({}, {}, None),
        ({"proj:epsg": None, "proj:code": None}, {}, None),
        ({"proj:code": "IAU_2015:30100"}, {}, None),
    ],
)
def test_the_crs_is_read_in_every_spelling(on_item, on_asset, epsg):
    assert asset_of(item=build_item(asset=on_asset, **on_item)).epsg == epsg


# ---- time and place


def test_a_moment_and_an_interval():
    moment = image_of(build_item(when="2018-08-01T10:30:00+09:00"))
    assert moment.start == moment.end == datetime(2018, 8, 1, 1, 30, tzinfo=UTC)
    image = image_of(build_item(when=("2018-03-01T00:00:00Z", "2018-09-05T12:00:00Z")))
    assert (image.start.month, image.end.month) == (3, 9)


@pytest.mark.parametrize(
    ("when", "message"),
    [
        (None, "neither a datetime nor a start_datetime and end_datetime"),
        (("2018-03-01T00:00:00Z", None), "neither a datetime"),
        (("2018-09-01T00:00:00Z", "2018-03-01T00:00:00Z"), "start_datetime is after"),
        ("last summer", "its time 'last summer' is not ISO 8601"),
        ("0001-01-01T00:00:00+14:00", "breaks the STAC specification"),
    ],
)
def test_an_item_without_a_sound_time_is_refused(when, message):
    with pytest.raises(CatalogError, match=message):
        image_of(build_item(when=when))


ACROSS = shapely.MultiPolygon([shapely.box(179, -18, 180, -17), shapely.box(-180, -18, -178, -17)])
JUMPING = shapely.Polygon([(179, -18), (-178, -18), (-178, -17), (179, -17)])


@pytest.mark.parametrize(
    ("geometry", "bbox"),
    [
        (ACROSS, [179, -18, -178, -17]),
        (JUMPING, [-178, -18, 179, -17]),
        (shapely.box(179, -18, 182, -17), [179, -18, 182, -17]),
        (None, [179, -18, -178, -17]),
        (None, [179, -18, 0, 182, -17, 900]),
    ],
)
def test_a_footprint_across_the_180th_meridian_is_cut_there_however_it_is_written(geometry, bbox):
    item = build_item() | {
        "bbox": bbox,
        "geometry": geometry and shapely.geometry.mapping(geometry),
    }
    assert image_of(item).granule.footprint.equals(ACROSS)


def test_what_goes_around_the_earth_is_no_strip_of_nothing():
    earth = shapely.box(-180, -90, 180, 90)
    item = build_model() | {"geometry": shapely.geometry.mapping(earth), "bbox": list(earth.bounds)}
    assert image_of(item).granule.footprint.equals(earth)


def test_a_footprint_around_a_pole_is_a_reason():
    ring = shapely.Polygon([(-170, 84), (-60, 85), (60, 85), (170, 84)])
    with pytest.raises(CatalogError, match="around a pole"):
        image_of(build_item() | {"geometry": shapely.geometry.mapping(ring)})


@pytest.mark.parametrize("value", [None, "n/a", -1, "NaN", [3], 10**400])
def test_a_cloud_cover_that_cannot_be_is_none_and_no_reason_to_leave_an_image_out(value):
    assert image_of(build_item(**{"eo:cloud_cover": value})).cloud_percent is None
    assert image_of(build_item(**{"eo:cloud_cover": "12.5"})).cloud_percent == 12.5


@pytest.mark.parametrize("extra", [None, "thumbnail.png", 3, []])
def test_an_asset_that_is_no_object_takes_no_other_with_it(extra):
    for item in (build_item(), build_model(collection="mine", bands=("elevation",))):
        whole = image_of(item)
        item["assets"] = {"odd": extra, **item["assets"]}
        assert image_of(item) == whole


def test_without_a_geometry_the_bbox_serves_flat_or_with_heights():
    west, south, east, north = WIDE
    for bbox in ([*WIDE], [west, south, 0, east, north, 500]):
        image = image_of(build_item() | {"geometry": None, "bbox": bbox})
        assert image.granule.footprint.equals(shapely.box(*WIDE))


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ({"geometry": None, "bbox": None}, "neither a geometry nor a bbox"),
        ({"geometry": None, "bbox": [float("nan")] * 4}, "its footprint is empty"),
        ({"geometry": None, "bbox": [141, 42]}, "breaks the STAC specification"),
        ({"geometry": None, "bbox": ["a", "b", "c", "d"]}, "breaks the STAC specification"),
        ({"geometry": {"type": "Polygon", "coordinates": []}}, "its footprint is empty"),
        ({"geometry": {"type": "Blob"}}, "its geometry is not readable"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_an_item_without_a_sound_place_is_refused(place, message):
    with pytest.raises(CatalogError, match=message):
        image_of(build_item() | place)


def test_a_footprint_that_crosses_itself_is_mended():
    ring = [[142, 42], [143, 43], [143, 42], [142, 43], [142, 42]]
    image = image_of(build_item() | {"geometry": {"type": "Polygon", "coordinates": [ring]}})
    assert image.granule.footprint.is_valid
    assert image.granule.footprint.area == pytest.approx(0.5)


# ---- files


def test_a_file_of_this_machine_must_be_there(tmp_path):
    href = str(tmp_path / "{band}.tif")
    (tmp_path / "red.tif").touch()
    assert asset_of(item=build_item(bands=("red",), href=href)).href == str(tmp_path / "red.tif")
    with pytest.raises(CatalogError, match=r"its asset 'nir' is the file .* does not exist"):
        image_of(build_item(bands=("red", "nir"), href=href))


@pytest.mark.parametrize("href", ["x" * 5000, "a\0b", "//[::1", "\ud800"])
def test_an_address_that_cannot_be_one_is_refused_in_a_short_sentence(href):
    with pytest.raises(CatalogError, match="its asset 'blue' is the file") as caught:
        image_of(build_item(href=href))
    assert len(str(caught.value)) < 300


def test_an_asset_without_an_address_is_refused():
    with pytest.raises(CatalogError, match="its asset 'blue' has no href"):
        image_of(build_item(href=""))


# ---- nothing but CatalogError, whatever the record

PLACES = [
    ("assets",),
    ("assets", "red"),
    ("assets", "red", "href"),
    ("assets", "red", "bands"),
    ("assets", "red", "raster:bands"),
    ("assets", "red", "eo:bands"),
    ("assets", "red", "roles"),
    ("assets", "red", "nodata"),
    ("assets", "red", "raster:scale"),
    ("bbox",),
    ("collection",),
    ("geometry",),
    ("id",),
    ("properties",),
    ("properties", "datetime"),
    ("properties", "eo:cloud_cover"),
    ("properties", "platform"),
    ("properties", "proj:code"),
    ("properties", "proj:epsg"),
    ("properties", "s2:processing_baseline"),
]
NONSENSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "scale", "type", "href"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@pytest.mark.filterwarnings("ignore:invalid value")
@given(
    item=st.sampled_from([build_item(), build_model()]),
    place=st.sampled_from(PLACES),
    value=NONSENSE,
)
def test_a_broken_record_gives_an_image_or_a_reason_never_another_error(item, place, value):
    broken = copy.deepcopy(item)
    *path, last = place
    part = broken
    for key in path:
        part = part.setdefault(key, {})
    part[last] = value
    try:
        image_of(broken)
    except CatalogError as error:
        assert str(error)


# ---- real records


# ---- the sun


@pytest.mark.parametrize(
    ("properties", "wanted"),
    [
        ({"view:sun_azimuth": 151.5, "view:sun_elevation": 48}, Sun(151.5, 48.0)),
        ({"s2:mean_solar_azimuth": 151.5, "s2:mean_solar_zenith": 42.0}, Sun(151.5, 48.0)),
        ({"eo:sun_azimuth": 151.5, "eo:sun_elevation": 48.0}, Sun(151.5, 48.0)),
        ({"view:sun_azimuth": 360, "view:sun_elevation": 48.0}, Sun(0.0, 48.0)),
        ({"view:sun_azimuth": 151.5}, None),
        ({"view:sun_azimuth": 151.5, "s2:mean_solar_zenith": 42.0}, None),
        ({"view:off_nadir": 0}, None),
        ({"s2:mean_solar_azimuth": 151.5, "s2:mean_solar_zenith": 95.0}, None),
        (
            {
                "view:sun_azimuth": None,
                "view:sun_elevation": None,
                "s2:mean_solar_azimuth": 151.5,
                "s2:mean_solar_zenith": 42.0,
            },
            Sun(151.5, 48.0),
        ),
    ],
)
def test_the_sun_is_read_in_every_spelling(properties, wanted):
    assert image_of(build_item(**properties)).sun == wanted


@pytest.mark.parametrize("bad", ["north", "151.5", None, True, [151.5], {}, 1e400, -3, 400, "NaN"])
def test_a_sun_that_cannot_be_is_not_known_and_no_fault(bad):
    for name, other in (("azimuth", "elevation"), ("elevation", "azimuth")):
        sun = {f"view:sun_{name}": bad, f"view:sun_{other}": 45.0}
        assert image_of(build_item(**sun)).sun is None
    assert (
        image_of(build_item(**{"view:sun_azimuth": 9, "view:sun_elevation": math.nan})).sun is None
    )


def read_recorded(folder):
    """(file, item) of each recorded item."""
    for path in sorted(folder.glob("**/*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        found = document if isinstance(document, list) else [document]
        for record in found:
            items = record.get("features", [record]) if isinstance(record, dict) else []
            yield from ((path, item) for item in items if "assets" in item or "geometry" in item)


@pytest.mark.real
def test_real_records_give_an_image_or_a_reason(shared_data):
    images, reasons = {}, {}
    for path, item in read_recorded(shared_data / "stac-responses"):
        if item.get("type") != "Feature":
            continue
        local = {
            key: {**asset, "href": asset["href"] if "://" in asset["href"] else f"https://x/{key}"}
            for key, asset in item.get("assets", {}).items()
        }
        try:
            images[path.name, item["id"]] = image_of({**item, "assets": local})
        except CatalogError as error:
            reasons[path.name, item["id"]] = str(error)
    assert len(images) > 80
    assert all(reason.strip() for reason in reasons.values())
    sensors = {image.sensor.name for image in images.values()}
    assert {"sentinel-2-l2a", "sentinel-2-l1c", "landsat-c2-l2", "dem"} <= sensors
    for image in images.values():
        bands = {asset.band for asset in image.granule.assets}
        assert image.sensor.quality is None or "quality" in bands, image.granule.item_id
        assert all(asset.epsg for asset in image.granule.assets) or image.sensor.is_terrain
    optical = [image for image in images.values() if not image.sensor.is_terrain]
    # every catalogue tells where the sun stood but the first Earth Search, in its own collection
    sunless = {image.granule.item_id for image in optical if image.sun is None}
    assert sunless == {"S2B_20EPT_20250731_0_L2A", "S2A_28QCH_20200714_0_L2A"}
    assert sum(image.sun is not None for image in optical) > 70


@pytest.mark.real
def test_real_twins_of_two_collections_come_to_the_same_reflectance(shared_data):
    """Earth Search lists one image three times; only the first has had the shift taken out."""
    folder = shared_data / "stac-responses" / "earth-search-v1"
    recorded = json.loads((folder / "search_filter-cloud-lte-40_page-1.json").read_text())
    offsets = {
        item["collection"]: image_of(item).granule.asset("red").offset
        for item in recorded["features"]
        if item["collection"].startswith("sentinel-2") and "20EPT" in item["id"]
    }
    assert offsets == {
        "sentinel-2-l2a": 0.0,
        "sentinel-2-c1-l2a": -0.1,
        "sentinel-2-l1c": -0.1,
    }


def test_a_nodata_value_that_is_no_number_is_refused():
    with pytest.raises(CatalogError, match="its nodata value 'none' is not a number"):
        asset_of(nodata="none")


@pytest.mark.parametrize(
    ("stated", "wanted"),
    [
        ({}, (None, None, None)),
        (
            {
                "proj:transform": [10, 0, 500000, 0, -10, 4700000, 0, 0, 1],
                "proj:shape": [100, 120],
                "file:checksum": "1220ab",
            },
            ((10.0, 0.0, 500000.0, 0.0, -10.0, 4700000.0), (100, 120), "1220ab"),
        ),
        (
            {"proj:transform": [10, 0, None], "proj:shape": [1, 2, 3], "file:checksum": 7},
            (None, None, None),
        ),
    ],
)
def test_the_grid_is_taken_from_the_file_s_own_record_alone(stated, wanted):
    item = build_item(asset=stated, **{"proj:transform": [1, 0, 0, 0, -1, 0], "proj:shape": [7, 7]})
    asset = image_of(item).granule.assets[0]
    assert (asset.transform, asset.shape, asset.checksum) == wanted
