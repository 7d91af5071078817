"""Files that are damaged, incomplete or not what their records say (R6 to R14)."""

import hashlib
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from rasterio.windows import Window

from lsbatch.cube import build_cube, find_broken
from lsbatch.cube.header import check_header
from lsbatch.domain import Asset, Preparation, Status, blocks_of
from lsbatch.errors import ReadError
from lsbatch.pipeline.map_block import _scored
from lsbatch.pipeline.plan import BlockTask
from lsbatch.search.normalise import image_of
from tests.cogs import (
    HERE,
    LEFT,
    TOP,
    build_geobox,
    granule_of,
    scene_of,
    scenes_of,
    write_cog,
    write_noise,
)
from tests.cube.test_reader import build_reader
from tests.cubes import features_of
from tests.inference.fake_detectors import PlainDetector
from tests.tiffs import TILE_LENGTHS, TILE_PLACES

GRID = build_geobox(320, 330)
WHOLE = Window(0, 0, 330, 320)


def write(path, values, **changes):
    options = {
        "driver": "GTiff",
        "count": 1,
        "height": values.shape[0],
        "width": values.shape[1],
        "dtype": values.dtype,
        "crs": "EPSG:32654",
        "transform": from_origin(LEFT, TOP, 10, 10),
        "tiled": True,
        "blockxsize": 64,
        "blockysize": 64,
        **changes,
    }
    with rasterio.open(path, "w", **options) as dataset:
        dataset.write(values, 1)
    return str(path)


def read(href, band="red", *, geobox=GRID, resampling=Resampling.bilinear, **record):
    reader = build_reader(Asset(band, href, **record), geobox=geobox, resampling=resampling)
    return reader.read(Window(0, 0, geobox.shape.x, geobox.shape.y))


# ---- R6: flipped bits


TRIALS = 40
DETECTED = {
    # codec: the least and the most of 40 single flipped bits that decoding notices
    "deflate": (34, 40),
    "lzw": (0, 12),
    "zstd": (0, 8),
    "none": (0, 0),
    "jpeg": (0, 12),
}


def flips(path, codec):
    """Outcomes of reading a file with one bit of one tile flipped."""
    dice = np.random.default_rng(5)
    values = dice.integers(200, 250 if codec == "jpeg" else 9000, GRID.shape)
    write(path, values.astype("uint8" if codec == "jpeg" else "uint16"), compress=codec)
    content = path.read_bytes()
    (main, *_) = check_header(lambda at, size: content[at : at + size], len(content))
    read_at = lambda at, size: content[at : at + size]  # noqa: E731
    places, lengths = (main.numbers(read_at, name) for name in (TILE_PLACES, TILE_LENGTHS))
    whole = read(str(path))
    found = Counter()
    for _ in range(TRIALS):
        tile = dice.integers(len(places))
        damaged = bytearray(content)
        damaged[places[tile] + dice.integers(lengths[tile])] ^= 1 << int(dice.integers(8))
        path.write_bytes(damaged)
        try:
            same = np.array_equal(read(str(path)), whole, equal_nan=True)
            found["no difference" if same else "silently wrong"] += 1
        except ReadError:
            found["raised"] += 1
    return found


@pytest.mark.parametrize("codec", DETECTED)
def test_what_each_codec_notices_of_a_flipped_bit_is_as_declared(tmp_path, codec, record_property):
    """Only a checksum tells of them all; what a codec does not notice is declared undetectable."""
    found = flips(tmp_path / "a.tif", codec)
    record_property(codec, dict(found))
    least, most = DETECTED[codec]
    assert least <= found["raised"] <= most, found
    assert found.total() == TRIALS


@pytest.fixture
def summed(tmp_path):
    path = tmp_path / "a.tif"
    href = write(path, np.full(GRID.shape, 700, "uint16"), compress="zstd")
    content = path.read_bytes()
    sums = {
        "1220": hashlib.sha256(content).hexdigest(),
        "1114": hashlib.sha1(content).hexdigest(),
        "1340": hashlib.sha512(content).hexdigest(),
        "d50110": hashlib.md5(content).hexdigest(),
    }
    return path, href, {code: code + digest for code, digest in sums.items()}


@pytest.mark.parametrize("code", ["1220", "1114", "1340", "d50110"])
def test_every_flipped_bit_is_found_where_the_record_has_a_checksum(summed, code):
    path, href, sums = summed
    scene = scene_of(granule_of("it", Asset("red", href, checksum=sums[code].upper())))
    assert find_broken([scene], HERE) == ()
    content = path.read_bytes()
    dice = np.random.default_rng(6)
    for _ in range(20):
        damaged = bytearray(content)
        damaged[-1 - dice.integers(400)] ^= 1 << int(dice.integers(8))
        path.write_bytes(damaged)
        (broken,) = find_broken([scene], HERE)
        assert "is damaged: its " in broken.reason or "cannot be" in broken.reason


def test_a_checksum_of_an_unknown_kind_is_no_fault(summed):
    _, href, _ = summed
    scene = scene_of(granule_of("it", Asset("red", href, checksum="1e20" + "00" * 32)))
    assert find_broken([scene], HERE) == ()


# ---- R7: missing tiles, holes, no tag


def sparse(path, *, nodata, dtype="uint16"):
    """Half of the tiles were never written."""
    values = np.full((320, 330), 500, dtype)
    options = {"SPARSE_OK": True, "nodata": nodata}
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=320, width=330, dtype=dtype, tiled=True,
        blockxsize=64, blockysize=64, crs="EPSG:32654", transform=from_origin(LEFT, TOP, 10, 10),
        **options,
    ) as dataset:  # fmt: skip
        dataset.write(values[:, :192], 1, window=Window(0, 0, 192, 320))
    return str(path)


@pytest.mark.parametrize(
    ("tag", "record"), [(0, None), (0, 0.0), (None, 0.0), (-1, -1.0), (-1, None)]
)
def test_missing_tiles_are_masked_where_it_is_known_what_they_stand_for(tmp_path, tag, record):
    dtype = "int16" if tag == -1 else "uint16"
    got = read(sparse(tmp_path / "a.tif", nodata=tag, dtype=dtype), nodata=record)
    assert (got[:, :190] == 500).all() and np.isnan(got[:, 194:]).all()
    assert np.isin(got[~np.isnan(got)], 500).all(), "a pixel at the rim is a mixture"


@pytest.mark.parametrize(("tag", "record"), [(None, None), (9, 0.0), (None, 65535.0), (9, 65535.0)])
def test_missing_tiles_without_a_meaning_are_refused(tmp_path, tag, record):
    with pytest.raises(ReadError, match="has missing tiles, and neither its record nor the file"):
        read(sparse(tmp_path / "a.tif", nodata=tag), nodata=record)


def test_missing_strips_are_missed_too(tmp_path):
    path = tmp_path / "a.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=320, width=330, dtype="uint16", SPARSE_OK=True,
        crs="EPSG:32654", transform=from_origin(LEFT, TOP, 10, 10),
    ) as dataset:  # fmt: skip
        dataset.write(np.full((160, 330), 500, "uint16"), 1, window=Window(0, 0, 330, 160))
    with pytest.raises(ReadError, match="has missing tiles"):
        read(str(path))
    assert np.isnan(read(str(path), nodata=0.0)[200:]).all()


def test_a_file_with_a_mask_of_its_own_may_have_missing_tiles(tmp_path):
    href = sparse(tmp_path / "a.tif", nodata=None)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(href, "r+") as dataset:
        mask = np.zeros((320, 330), bool)
        mask[:, :192] = True
        dataset.write_mask(mask)
    got = read(href)
    assert (got[:, :190] == 500).all() and np.isnan(got[:, 194:]).all()


@pytest.mark.parametrize("resampling", [Resampling.bilinear, Resampling.cubic_spline])
def test_no_pixel_beside_a_hole_is_mixed_with_it(tmp_path, resampling):
    values = np.full(GRID.shape, 500, "uint16")
    values[100:140, 100:150] = 0
    href = write(tmp_path / "a.tif", values)
    for shift in (0, 0.25, 0.5, 0.75):
        grid = GRID.translate_pix(shift, shift)
        got = read(href, nodata=0.0, geobox=grid, resampling=resampling)[:300, :300]
        np.testing.assert_allclose(got[np.isfinite(got)], 500, rtol=1e-6)
        assert np.isnan(got[102:137, 102:147]).all()


# ---- R8: nothing to see


class Counting(PlainDetector):
    calls = 0

    def score(self, batch):
        type(self).calls += 1
        return super().score(batch)


@pytest.mark.parametrize("status", [Status.CLOUD, Status.WATER, Status.SNOW])
def test_a_block_without_a_usable_pixel_calls_no_detector(monkeypatch, status):
    monkeypatch.setattr(Counting, "calls", 0)
    (block,) = blocks_of(build_geobox(256, 256), side_px=256, halo=4)
    shape = tuple(block.padded.shape)
    channels = np.full((*shape, 2), np.nan, "float32")
    everywhere = np.full(shape, status, "uint8")
    # what is usable lies in the halo only
    everywhere[0], channels[0] = Status.SCORED, 0.5
    task = BlockTask(
        "e", block, scenes_of(), Counting(), ("red",), Preparation(), 0, 0.5, 5.0,
        shapely.box(0, 0, 1, 1), None,
    )  # fmt: skip
    scored = _scored(features_of(channels, block.padded, status=everywhere), task)
    assert Counting.calls == 0
    assert np.isnan(scored["score"]).all() and scored["score"].shape == (256, 256)
    assert scored["score"].dtype == "float32" and not scored["detectable"].any()
    everywhere[100, 100], channels[100, 100] = Status.SCORED, 0.5
    scored = _scored(features_of(channels, block.padded, status=everywhere), task)
    assert Counting.calls == 1 and np.isfinite(scored["score"]).sum() == 1


# ---- R9: bands


def test_an_item_without_the_asset_is_nodata_only_where_another_image_has_none(tmp_path):
    href = write(tmp_path / "a.tif", np.full(GRID.shape, 300, "uint16"))
    poor = granule_of("poor", Asset("blue", href))
    rich = granule_of("rich", Asset("red", href, nodata=0.0))
    cube = build_cube(scenes_of(scene_of(poor, rich), scene_of(poor)), GRID, bands=("red",)).load()
    assert (cube["red"][0] == 300).all() and np.isnan(cube["red"][1]).all()


@pytest.mark.parametrize("bands", [2, 3, 12])
def test_a_file_of_several_bands_is_refused(tmp_path, bands):
    values = np.ones((bands, 64, 64), "uint16")
    href = write_cog(tmp_path / "a.tif", values, crs="EPSG:32654", corner=(LEFT, TOP), pixel=10.0)
    with pytest.raises(ReadError, match=f"has {bands} bands; each band must be a file of its own"):
        read(href)


@pytest.mark.parametrize("dtype", ["complex64", "complex128", "complex_int16"])
def test_a_file_of_complex_numbers_is_refused(tmp_path, dtype):
    href = write(tmp_path / "a.tif", np.ones((64, 64), "complex64"), dtype=dtype)
    with pytest.raises(ReadError, match=r"holds complex.*, which is no measurement of a band"):
        read(href)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int32", "uint32", "float32"])
def test_every_usual_type_of_numbers_is_read(tmp_path, dtype):
    values = np.arange(320 * 330).reshape(320, 330) % 120
    href = write(tmp_path / "a.tif", values.astype(dtype))
    np.testing.assert_array_equal(read(href, nodata=None), values)


# ---- R10: records that lie


TRUE = {
    "epsg": 32654,
    "transform": (10.0, 0.0, float(LEFT), 0.0, -10.0, float(TOP), 0, 0, 1),
    "shape": (64, 64),
}
LIES = {
    "zone": ({"epsg": 32655}, "is in EPSG:32654, but its record says EPSG:32655"),
    "hemisphere": ({"epsg": 32754}, "is in EPSG:32654, but its record says EPSG:32754"),
    "degrees": ({"epsg": 4326}, "but its record says EPSG:4326"),
    "5 km east": (
        {"transform": (10, 0, LEFT + 5000, 0, -10, TOP)},
        r"has its corner at 734720, 4730880, but its record says 739720, 4730880",
    ),
    "5 km north": ({"transform": (10, 0, LEFT, 0, -10, TOP + 5000)}, "has its corner at"),
    "three pixels": ({"transform": (10, 0, LEFT + 30, 0, -10, TOP)}, "has its corner at"),
    "x and y changed": ({"transform": (10, 0, TOP, 0, -10, LEFT)}, "has its corner at"),
    "NaN": ({"transform": (10, 0, float("nan"), 0, -10, TOP)}, "has its corner at"),
    "double pixels": ({"transform": (20, 0, LEFT, 0, -20, TOP)}, r"has pixels of \(10.*\(20"),
    "south up": ({"transform": (10, 0, LEFT, 0, 10, TOP)}, "has pixels of"),
    "other shape": ({"shape": (64, 63)}, "has 64 x 64 pixels, but its record says 64 x 63"),
    "turned shape": ({"shape": (10, 640)}, "has 64 x 64 pixels, but its record says 10 x 640"),
    "no shape": ({"shape": (0, 0)}, "has 64 x 64 pixels, but its record says 0 x 0"),
}


@pytest.fixture
def placed(tmp_path):
    return write(tmp_path / "a.tif", np.full((64, 64), 7, "uint16"))


@pytest.mark.parametrize("lie", LIES)
def test_a_record_that_disagrees_with_its_file_is_refused_with_the_reason(placed, lie):
    changes, message = LIES[lie]
    with pytest.raises(ReadError, match=message):
        read(placed, **{**TRUE, **changes})
    scene = scene_of(granule_of("liar", Asset("red", placed, **{**TRUE, **changes})))
    (broken,) = find_broken([scene], HERE)
    assert broken.item_id == "liar"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"transform": (10, 0, LEFT + 5, 0, -10, TOP - 5)},  # the corner pixel's centre
        {"transform": (10, 0, LEFT - 15, 0, -10, TOP)},
        {"transform": (10.00001, 0, LEFT, 0, -10.00001, TOP)},
        {"transform": TRUE["transform"][:6], "shape": None},
        {"transform": None, "epsg": None},
    ],
)
def test_a_record_that_is_true_or_nearly_so_passes(placed, changes):
    assert (read(placed, **{**TRUE, **changes})[:64, :64] == 7).all()


def test_a_file_without_a_place_is_refused(tmp_path):
    href = write(tmp_path / "a.tif", np.ones((64, 64), "uint8"), transform=Affine.identity())
    with pytest.raises(ReadError, match="has no place on the ground"):
        read(href)


# ---- R11: grids of all kinds


def plane_over(transform, shape):
    """Easting in metres from LEFT at each pixel's centre."""
    rows, cols = (np.arange(side) + 0.5 for side in shape)
    x, _ = transform * np.meshgrid(cols, rows)
    return (x - LEFT).astype("float32")


TURNED = (
    Affine.translation(LEFT + 1650, TOP - 1600)
    * Affine.rotation(-30)
    * Affine.scale(10, -10)
    * Affine.translation(-350, -350)
)
GRIDS = {
    "finer": (from_origin(LEFT - 200, TOP + 200, 5, 5), (800, 800)),
    "coarser": (from_origin(LEFT - 300, TOP + 300, 30, 30), (140, 140)),
    "not square": (from_origin(LEFT - 200, TOP + 200, 7, 12), (340, 560)),
    "south up": (Affine(10, 0, LEFT - 200, 0, 10, TOP - 3500), (390, 390)),
    "turned": (TURNED, (700, 700)),
}


@pytest.mark.parametrize("kind", GRIDS)
def test_every_grid_is_put_in_its_place(tmp_path, kind):
    transform, shape = GRIDS[kind]
    href = write(tmp_path / "a.tif", plane_over(transform, shape), transform=transform)
    got = read(href)
    wanted = np.tile((np.arange(330) + 0.5) * 10, (320, 1))
    seen = np.isfinite(got)
    assert seen[20:-20, 20:-20].mean() > 0.9
    error_px = np.abs(got - wanted)[20:-20, 20:-20] / 10
    assert np.nanmax(error_px) < 0.5
    assert np.nanmedian(error_px) < 0.01


# ---- R12: offsets


def test_images_of_both_baselines_have_one_scale(tmp_path):
    """The newer baseline stores 1000 more."""
    grid = build_geobox(64, 64)
    values = np.random.default_rng(1).integers(1, 6000, grid.shape).astype("uint16")
    scenes = []
    for name, shift, properties in (
        ("old", 0, {"s2:processing_baseline": "02.12"}),
        ("new", 1000, {"s2:processing_baseline": "05.10"}),
        ("moved", 0, {"s2:processing_baseline": "05.10", "earthsearch:boa_offset_applied": True}),
    ):
        href = write(tmp_path / f"{name}.tif", values + np.uint16(shift))
        item = {
            "id": name,
            "collection": "sentinel-2-l2a",
            "geometry": shapely.geometry.mapping(shapely.box(140, 40, 148, 45)),
            "properties": {"datetime": "2022-08-01T01:00:00Z", **properties},
            "assets": {"red": {"href": href}},
        }
        scenes.append(scene_of(image_of(item).granule))
    red = build_cube(scenes_of(*scenes), grid, bands=("red",))["red"].values
    np.testing.assert_allclose(red[0], values / 1e4, rtol=1e-6)
    assert np.abs(red - red[:1]).max() < 1e-7


# ---- R13: numbers that are none


BAD = [np.nan, np.inf, -np.inf, 1e30, -1e30, 1e20, -3.4028235e38, 3.4028235e38]


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("resampling", [Resampling.bilinear, Resampling.cubic_spline])
@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_a_number_that_cannot_be_is_masked_and_changes_no_pixel_beyond_its_reach(
    tmp_path, value, resampling, shift
):
    values = np.random.default_rng(2).uniform(0, 1, GRID.shape).astype("float32")
    grid = GRID.translate_pix(shift, shift)
    whole = read(write(tmp_path / "a.tif", values), geobox=grid, resampling=resampling)
    values[150, 160] = value
    got = read(write(tmp_path / "b.tif", values), geobox=grid, resampling=resampling)
    changed = (got != whole) & ~(np.isnan(got) & np.isnan(whole))
    rows, cols = np.nonzero(changed)
    assert np.isnan(got[changed]).all(), "a pixel is a mixture with it"
    assert changed.any()
    assert np.abs(rows - 150).max() <= 3 and np.abs(cols - 160).max() <= 3


@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_the_usual_hole_of_an_elevation_model_is_one_without_a_tag(tmp_path, dtype):
    values = np.full(GRID.shape, 700, dtype)
    values[100:110, 100:110] = -32768
    href = write(tmp_path / "a.tif", values)
    options = {"resampling": Resampling.cubic_spline}
    got = read(href, "elevation", **options)
    assert np.isnan(got[102:108, 102:108]).all()
    np.testing.assert_allclose(got[np.isfinite(got)], 700, rtol=1e-6)
    assert read(href, "red", **options).min() < -30000, "of a band it is a number"


def test_fill_values_of_whole_numbers_are_masked_where_they_are_stated(tmp_path):
    values = np.full(GRID.shape, 500, "uint16")
    values[10:20, 10:20] = 65535
    got = read(write(tmp_path / "a.tif", values), nodata=65535.0)
    assert np.isnan(got[11:19, 11:19]).all()
    np.testing.assert_allclose(got[np.isfinite(got)], 500)


def test_flags_are_not_screened_as_measurements_are(tmp_path):
    href = write_noise(tmp_path / "a.tif", GRID, crs="EPSG:32654", pixel=10.0)
    reader = build_reader(
        Asset("quality", href), resampling=Resampling.nearest, fill=np.uint16(65535)
    )
    assert reader.read(WHOLE).dtype == "uint16"


def test_nothing_of_an_asset_is_lost_on_the_way_to_the_worker(placed):
    import cloudpickle

    scene = scene_of(granule_of("it", Asset("red", placed, checksum="1220aa", **TRUE)))
    scenes = replace(scenes_of(scene), access=replace(HERE, sign="planetary-computer"))
    assert cloudpickle.loads(cloudpickle.dumps(scenes)) == scenes
    assert scenes.touching(GRID).access == scenes.access
