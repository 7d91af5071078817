import functools
import struct
import zlib
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
import rasterio
from rasterio.enums import Resampling
from rasterio.windows import Window
from stackstac.raster_spec import RasterSpec

from lsbatch.cube import ExactReader
from lsbatch.cube.opening import open_asset
from lsbatch.cube.patience import Deadline
from lsbatch.cube.reader import Source
from lsbatch.domain import Asset
from lsbatch.errors import ReadError
from tests.cogs import HERE, LEFT, TOP, build_geobox, write_cog, write_noise
from tests.contracts import ReaderContract

GRID = build_geobox(320, 330)
WHOLE = Window(0, 0, 64, 64)
WHOLE_GRID = Window(0, 0, 330, 320)


def build_reader(
    asset,
    *,
    geobox=GRID,
    resampling=Resampling.bilinear,
    fill=np.float32(np.nan),
    access=HERE,
    deadline=None,
):
    spec = RasterSpec(
        epsg=geobox.crs.epsg,
        bounds=tuple(geobox.boundingbox),
        resolutions_xy=(geobox.resolution.x, geobox.resolution.x),
    )
    return ExactReader(
        url=asset.href,
        spec=spec,
        resampling=resampling,
        dtype=fill.dtype,
        fill_value=fill,
        sources={asset.href: Source("", asset)},
        access=access,
        deadline=deadline or Deadline(60),
        scale_offset=(1, 0),
        gdal_env=None,
        errors_as_nodata=(),
    )


@pytest.fixture
def noise(tmp_path):
    return write_noise(tmp_path / "noise.tif", GRID, crs="EPSG:32655", pixel=10.0)


class TestExactReader(ReaderContract):
    @pytest.fixture
    def make_reader(self, noise):
        return functools.partial(build_reader, Asset("red", noise))


class TestExactReaderOfFlags(ReaderContract):
    @pytest.fixture
    def make_reader(self, noise):
        asset = Asset("quality", noise)
        return functools.partial(
            build_reader, asset, resampling=Resampling.nearest, fill=np.uint16(65535)
        )


def write_plain(path, values, **changes):
    profile = {"crs": "EPSG:32654", "corner": (LEFT, TOP), "pixel": 10.0, **changes}
    return write_cog(path, values, **profile)


@pytest.fixture
def plain(tmp_path):
    """A file on the grid itself, pixel for pixel."""
    values = np.random.default_rng(1).integers(1, 9000, GRID.shape).astype("uint16")
    return values, write_plain(tmp_path / "plain.tif", values)


@pytest.mark.parametrize("resampling", [Resampling.nearest, Resampling.bilinear])
def test_a_file_on_the_grid_comes_back_pixel_for_pixel(plain, resampling):
    values, href = plain
    reader = build_reader(Asset("red", href, nodata=0), resampling=resampling)
    np.testing.assert_array_equal(reader.read(Window(0, 0, 330, 320)), values)


def test_a_plane_is_read_at_pixel_centres(tmp_path):
    """Half a pixel of shift would be 5 units here."""
    x = LEFT - 100 + (np.arange(420) + 0.5) * 10
    values = np.tile((x - LEFT).astype("float32"), (400, 1))
    href = write_plain(tmp_path / "plane.tif", values, corner=(LEFT - 100, TOP + 100))
    shifted = build_geobox(320, 330).translate_pix(0.25, 0.25)
    read = build_reader(Asset("red", href), geobox=shifted).read(Window(0, 0, 300, 300))
    wanted = 2.5 + (np.arange(300) + 0.5) * 10
    np.testing.assert_allclose(read, np.tile(wanted, (300, 1)), atol=1e-3)


def test_the_overview_as_fine_as_the_grid_is_used(tmp_path):
    fine = np.random.default_rng(2).integers(1, 9000, (1280, 1280)).astype("uint16")
    fine[:512, :512] = 0
    options = {"pixel": 2.5, "nodata": 0}
    with_them = write_plain(tmp_path / "with.tif", fine, overviews="AUTO", **options)
    coarse = GRID[:320, :320]
    with rasterio.open(with_them) as dataset:
        assert 4 in dataset.overviews(1)
    with rasterio.open(with_them, overview_level=1) as level:
        averaged = level.read(1).astype("float32")
    read = build_reader(Asset("red", with_them), geobox=coarse).read(Window(0, 0, 320, 320))
    wanted = np.where(averaged == 0, np.nan, averaged)
    np.testing.assert_array_equal(read, wanted)


def test_no_overview_coarser_than_the_grid_is_used(tmp_path):
    fine = np.random.default_rng(3).integers(1, 9000, (640, 640)).astype("uint16")
    href = write_plain(tmp_path / "with.tif", fine, overviews="AUTO")
    read = build_reader(Asset("red", href)).read(Window(0, 0, 330, 320))
    np.testing.assert_array_equal(read, fine[:320, :330])


@pytest.mark.parametrize("given", ["record", "file"])
def test_nodata_of_the_record_or_of_the_file_becomes_fill(tmp_path, given):
    values = np.full(GRID.shape, 500, "uint16")
    values[:, 100:] = 0
    href = write_plain(tmp_path / "holes.tif", values, nodata=0 if given == "file" else None)
    asset = Asset("red", href, nodata=0.0 if given == "record" else None)
    read = build_reader(asset).read(Window(0, 0, 330, 320))
    assert (read[:, :100] == 500).all()
    assert np.isnan(read[:, 100:]).all()


def test_without_nodata_zero_is_a_number_and_outside_is_fill(tmp_path):
    values = np.zeros((100, 120), "uint16")
    href = write_plain(tmp_path / "untagged.tif", values)
    read = build_reader(Asset("red", href)).read(Window(0, 0, 330, 320))
    assert (read[:100, :120] == 0).all()
    assert np.isnan(read[100:]).all() and np.isnan(read[:, 120:]).all()


def test_not_a_number_is_never_read_as_a_number(tmp_path):
    values = np.full(GRID.shape, 0.5, "float32")
    values[50:60, 70:80] = np.nan
    for tag in (np.nan, None):
        href = write_plain(tmp_path / f"{tag}.tif", values, nodata=tag)
        read = build_reader(Asset("red", href)).read(Window(0, 0, 330, 320))
        np.testing.assert_array_equal(read, values)


def test_one_pixel_at_the_far_corner(plain):
    """Windows smaller than GDAL's own blocks are asked for in a larger one and cut."""
    values, href = plain
    read = build_reader(Asset("red", href, nodata=0)).read(Window(329, 319, 1, 1))
    np.testing.assert_array_equal(read, values[319:, 329:])


@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.6, 0.9])
def test_a_truncated_file_raises_and_is_never_read_as_nodata(tmp_path, noise, share):
    content = Path(noise).read_bytes()
    cut = tmp_path / "cut.tif"
    cut.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ReadError, match=r"band red: .*cut\.tif cannot be (read|opened)"):
        build_reader(Asset("red", str(cut))).read(Window(0, 0, 330, 320))


def test_damage_inside_a_tile_raises(tmp_path, noise):
    content = bytearray(Path(noise).read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = bytes(4000)
    damaged = tmp_path / "damaged.tif"
    damaged.write_bytes(content)
    with pytest.raises(ReadError, match=r"damaged\.tif cannot be read"):
        build_reader(Asset("red", str(damaged))).read(Window(0, 0, 330, 320))


def spoil_absent(folder, href):
    return Asset("red", str(folder / "absent.tif"))


def spoil_html(folder, href):
    (folder / "page.tif").write_text("<!doctype html><title>Sign in</title>")
    return Asset("red", str(folder / "page.tif"))


def spoil_png(folder, href):
    """The smallest sound PNG: one grey pixel."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    content = head + chunk(b"IDAT", zlib.compress(b"\0\1")) + chunk(b"IEND", b"")
    (folder / "picture.tif").write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    return Asset("red", str(folder / "picture.tif"))


def spoil_bands(folder, href):
    return Asset("red", write_plain(folder / "rgb.tif", np.ones((3, 64, 64), "uint8")))


def spoil_crs(folder, href):
    return Asset("red", write_plain(folder / "bare.tif", np.ones((64, 64), "uint8"), crs=None))


FAULTS = {
    "absent": (spoil_absent, "cannot be opened as a GeoTIFF"),
    "html": (spoil_html, "cannot be opened as a GeoTIFF"),
    "another format": (spoil_png, "cannot be opened as a GeoTIFF"),
    "many bands": (spoil_bands, "has 3 bands; each band must be a file of its own"),
    "no CRS": (spoil_crs, "has no coordinate system"),
    "wrong CRS": (
        lambda folder, href: Asset("red", href, epsg=32654),
        "is in EPSG:32655, but its record says EPSG:32654",
    ),
    "unknown CRS": (
        lambda folder, href: Asset("red", href, epsg=999_999),
        "its record says EPSG:999999",
    ),
    "impossible nodata": (
        lambda folder, href: Asset("red", href, nodata=-9999.0),
        "holds uint16, but its record says that -9999 means no data",
    ),
    "nodata NaN of integers": (
        lambda folder, href: Asset("red", href, nodata=float("nan")),
        "holds uint16, but its record says that nan means no data",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_is_not_what_its_record_says_raises(tmp_path, noise, fault):
    spoil, message = FAULTS[fault]
    asset = spoil(tmp_path, noise)
    with pytest.raises(ReadError, match=message) as caught:
        build_reader(asset).read(Window(0, 0, 10, 10))
    assert str(caught.value).startswith(f"band red: {asset.href} ")
    assert "\n" not in str(caught.value)


def test_a_crs_in_other_words_agrees(tmp_path):
    """Files often carry the WKT of an EPSG code without naming the code."""
    wkt = rasterio.CRS.from_epsg(32654).to_wkt(version="WKT1_ESRI")
    href = write_plain(tmp_path / "esri.tif", np.ones((64, 64), "uint8"), crs=wkt)
    with open_asset(Asset("red", href, epsg=32654), HERE, Deadline(60)) as opened:
        assert opened.dataset.count == 1


@pytest.mark.parametrize("nodata", [None, 7.0])
@pytest.mark.parametrize("shift", [0.0, 0.4])
def test_a_mask_of_the_file_s_own_hides_what_lies_under_it(tmp_path, nodata, shift):
    values = np.full(GRID.shape, 500, "uint16")
    values[:, 200:] = 7
    profile = {"driver": "GTiff", "count": 1, "dtype": "uint16", "crs": "EPSG:32654"}
    height, width = GRID.shape
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(
            tmp_path / "m.tif", "w", height=height, width=width, transform=GRID.affine, **profile
        ) as dataset,
    ):
        dataset.write(values, 1)
        mask = np.full(GRID.shape, 255, "uint8")
        mask[:100] = 0
        dataset.write_mask(mask)
    asset = Asset("red", str(tmp_path / "m.tif"), nodata=nodata)
    read = build_reader(asset, geobox=GRID.translate_pix(shift, shift)).read(WHOLE_GRID)
    inner = read[:-1, :-1]
    assert np.isnan(inner[:99]).all() and (inner[100:, :199] == 500).all()
    right = inner[100:, 201:]
    assert (np.isnan(right) if nodata else right == 7).all()
