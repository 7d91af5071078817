"""Hostile files: refused from their first bytes, with a sentence; canaries stay as they were.

Three canaries: a secret file whose numbers must not come out, a marker that must not be made, and a
server that must not be asked.
"""

import subprocess
import sys
import zipfile

import numpy as np
import pytest
import rasterio

from lsbatch.cube import find_broken, header
from lsbatch.cube.shelf import SHELF
from lsbatch.domain import Access, Asset
from lsbatch.errors import ReadError
from tests import tiffs
from tests.cogs import LEFT, TOP, build_geobox, granule_of, scene_of, write_cog
from tests.cube.test_reader import WHOLE, build_reader
from tests.servers import serve_folder
from tests.tiffs import PLACED, TILED, tiff, zstd_zeros

pytestmark = pytest.mark.server

SECRET = 4242
SIDE = 16384
GRID = build_geobox(64, 64)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    write(folder / "a.tif", SECRET)
    with serve_folder(folder) as served:
        yield served


def write(path, number):
    values = np.full((64, 64), number, "uint16")
    return write_cog(path, values, crs="EPSG:32654", corner=(LEFT, TOP), pixel=10.0)


@pytest.fixture
def place(tmp_path, server):
    """Folder of a catalogue; beside it a secret, and room for a marker."""
    write(tmp_path / "secret.tif", SECRET)
    (tmp_path / "catalogue").mkdir()
    server.ask("/forget")
    SHELF.forget()
    return tmp_path / "catalogue"


def vrt(place, server):
    source = place.parent / "secret.tif"
    return (
        '<VRTDataset rasterXSize="64" rasterYSize="64"><VRTRasterBand dataType="UInt16" band="1">'
        f"<SimpleSource><SourceFilename>{source}</SourceFilename></SimpleSource></VRTRasterBand>"
        "</VRTDataset>"
    )


def vrt_of_a_server(place, server):
    return vrt(place, server).replace(
        str(place.parent / "secret.tif"), f"/vsicurl/{server.url('ok', 'a.tif')}"
    )


def mrf(place, server):
    marker = place.parent / "marker"
    return (
        f"<MRF_META><CachedSource><Source>{place.parent}/secret.tif</Source></CachedSource><Raster>"
        '<Size x="64" y="64" c="1"/><PageSize x="64" y="64" c="1"/><Compression>NONE</Compression>'
        f"<DataType>UInt16</DataType><DataFile>{marker}.dat</DataFile>"
        f"<IndexFile>{marker}.idx</IndexFile></Raster></MRF_META>"
    )


def wms(place, server):
    return (
        f'<GDAL_WMS><Service name="TMS"><ServerUrl>{server.url("ok", "a.tif")}</ServerUrl>'
        "</Service><DataWindow><SizeX>64</SizeX><SizeY>64</SizeY></DataWindow></GDAL_WMS>"
    )


def zipped(place, server):
    with zipfile.ZipFile(place / "z", "w") as archive:
        archive.write(place.parent / "secret.tif", "a.tif")
    return (place / "z").read_bytes()


def led(namespace, **tags):
    """A sound GeoTIFF whose metadata name another file."""

    def make(place, server):
        (place / "other.vrt").write_text(vrt(place, server))
        (place / "other.mrf").write_text(mrf(place, server))
        path = place / "led.tif"
        write(path, 7)
        named = {"place": place, "url": server.url("ok", "a.tif")}
        with rasterio.open(path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as dataset:
            dataset.update_tags(ns=namespace, **{k: v.format(**named) for k, v in tags.items()})
        content = path.read_bytes()
        path.unlink()
        return content

    return make


def sound(**changes):
    return {**TILED, **PLACED, **{getattr(tiffs, name): v for name, v in changes.items()}}


def bomb(**changes):
    data = zstd_zeros(SIDE * SIDE * 2)
    sides = dict.fromkeys(("WIDTH", "HEIGHT", "TILE_WIDTH", "TILE_HEIGHT"), SIDE)
    given = {"BITS": 16, "COMPRESSION": 50000, "TILE_LENGTHS": len(data), **sides, **changes}
    return sound(**given), data


def tile_bomb(place, server):
    tags, data = bomb()
    return tiff(tags, data=data)


def tile_bomb_in_bigtiff(place, server):
    tags, data = bomb()
    return tiff(tags, data=data, big=True)


def bomb_in_an_overview(place, server):
    tags, data = bomb()
    return tiff(sound(), {**tags, 254: 1}, data=data)


def bomb_in_a_mask(place, server):
    tags, data = bomb()
    return tiff(sound(), {**tags, 254: 4}, data=data)


def bomb_in_a_subdirectory(place, server):
    tags, data = bomb()
    content = bytearray(tiff(sound(SUB=1), {**tags, 254: 1}, data=data))
    first = int.from_bytes(content[4:8], "little")
    link = first + 2 + 12 * int.from_bytes(content[first : first + 2], "little")
    second = content[link : link + 4]
    # the second directory is reached by the tag alone
    value = content.index(b"\x4a\x01\x04\x00\x01\x00\x00\x00", first) + 8
    content[value : value + 4], content[link : link + 4] = second, bytes(4)
    return bytes(content)


def strip_bomb(place, server):
    tags, data = bomb()
    strips = {k: v for k, v in tags.items() if k not in (322, 323, 324, 325)}
    return tiff({**strips, 273: 8, 278: SIDE, 279: len(data)}, data=data)


def strip_bomb_without_rows(place, server):
    tags, data = bomb()
    strips = {k: v for k, v in tags.items() if k not in (322, 323, 324, 325)}
    return tiff({**strips, 273: 8, 279: len(data)}, data=data)


def loop(place, server):
    plain = tiff(sound())
    first = int.from_bytes(plain[4:8], "little")
    return tiff(sound(), following=first)


def long_chain(place, server):
    return tiff(*[sound()] * 80)


def many_entries(place, server):
    head = b"II" + (42).to_bytes(2, "little") + (8).to_bytes(4, "little")
    return head + (65535).to_bytes(2, "little") + bytes(12 * 65535 + 4)


def wide_tag(place, server):
    content = bytearray(tiff(sound(METADATA=b"x" * 100)))
    at = content.index(b"\x80\xa4\x02\x00") + 4
    content[at : at + 4] = (1 << 31).to_bytes(4, "little")
    return bytes(content)


HOSTILE = {
    "VRT": (vrt, "is not a TIFF"),
    "VRT of a server": (vrt_of_a_server, "is not a TIFF"),
    "MRF": (mrf, "is not a TIFF"),
    "WMS": (wms, "is not a TIFF"),
    "ZIP": (zipped, "is not a TIFF"),
    "PNG": (lambda *_: b"\x89PNG\r\n\x1a\n" + bytes(64), "is not a TIFF"),
    "HDF5": (lambda *_: b"\x89HDF\r\n\x1a\n" + bytes(64), "is not a TIFF"),
    "netCDF": (lambda *_: b"CDF\x01" + bytes(64), "is not a TIFF"),
    "SQLite": (lambda *_: b"SQLite format 3\0" + bytes(64), "is not a TIFF"),
    "JPEG 2000": (lambda *_: b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(64), "is not a TIFF"),
    "PDF": (lambda *_: b"%PDF-1.7" + bytes(64), "is not a TIFF"),
    "HTML": (lambda *_: b"<!doctype html>", "is not a TIFF"),
    "nothing": (lambda *_: b"", "is not a TIFF"),
    "a letter": (lambda *_: b"I", "is not a TIFF"),
    "magic alone": (lambda *_: b"II*\0", "is not a TIFF"),
    "BigTIFF's magic alone": (lambda *_: b"II+\0\x08\0\0\0", "is not a TIFF"),
    "no directory": (lambda *_: b"II*\0" + bytes(12), "is a TIFF without an image"),
    "directory beyond the end": (lambda *_: b"II*\0\xff\xff\0\0", "is cut off"),
    "cut within a directory": (lambda *_: tiff(sound())[:300], "is cut off"),
    "cut within a tag": (lambda *_: tiff(sound())[:-20], "is cut off within its header"),
    "overview is a VRT": (led("OVERVIEWS", OVERVIEW_FILE="{place}/other.vrt"), "names other files"),
    "overview is an MRF": (
        led("OVERVIEWS", OVERVIEW_FILE="{place}/other.mrf"),
        "names other files",
    ),
    "overview on a server": (
        led("OVERVIEWS", OVERVIEW_FILE="/vsicurl/{url}"),
        "names other files",
    ),
    "overview is a secret": (
        led("OVERVIEWS", OVERVIEW_FILE="{place}/../secret.tif"),
        "names other files",
    ),
    "places in a secret": (
        led("GEOLOCATION", X_DATASET="{place}/../secret.tif", X_BAND="1"),
        "names other files",
    ),
    "tile of 512 MB": (tile_bomb, "512 MiB each when decoded; the most is 64"),
    "tile of 512 MB in a BigTIFF": (tile_bomb_in_bigtiff, "512 MiB each"),
    "overview with a tile of 512 MB": (bomb_in_an_overview, "512 MiB each"),
    "mask with a tile of 512 MB": (bomb_in_a_mask, "512 MiB each"),
    "subdirectory with a tile of 512 MB": (bomb_in_a_subdirectory, "512 MiB each"),
    "strip of 512 MB": (strip_bomb, "512 MiB each"),
    "one strip of 512 MB": (strip_bomb_without_rows, "512 MiB each"),
    "2e6 x 2e6 pixels": (
        lambda *_: tiff(sound(WIDTH=2_000_000, HEIGHT=2_000_000)),
        "declares 2000000 x 2000000 pixels",
    ),
    "more tiles than sense": (
        lambda *_: tiff(sound(WIDTH=1_000_000, HEIGHT=1_000_000)),
        "tiles; the most is",
    ),
    "65 535 bands": (lambda *_: tiff(sound(BANDS=65535)), "declares 65535 bands"),
    "many bands in one tile": (
        lambda *_: tiff(sound(BANDS=4096, TILE_WIDTH=1024, TILE_HEIGHT=1024)),
        "MiB each when decoded",
    ),
    "tiles without pixels": (lambda *_: tiff(sound(TILE_WIDTH=0)), "tiles without pixels"),
    "no pixels": (lambda *_: tiff(sound(WIDTH=0)), "declares 0 x 16 pixels"),
    "negative width": (lambda *_: tiff(sound(WIDTH=0xFFFFFFFF)), "declares 4294967295 x 16"),
    "loop of directories": (loop, "has a loop of directories"),
    "80 directories": (long_chain, "has a loop of directories, or more than 64"),
    "65 535 entries": (many_entries, "has a directory of 65535 entries"),
    "tag of 2 GB": (wide_tag, "has a tag .42112. of 2147483648 bytes"),
    "no place": (lambda *_: tiff(TILED), "has no coordinate system|no place on the ground"),
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("way", ["file", "wire"])
def test_a_hostile_file_is_refused_and_the_canaries_live(place, server, what, way):
    make, message = HOSTILE[what]
    content = make(place, server)
    (place / "a.tif").write_bytes(content if isinstance(content, bytes) else content.encode())
    href, access = str(place / "a.tif"), Access(folder=str(place))
    if way == "wire":
        (server.folder / "hostile.tif").write_bytes((place / "a.tif").read_bytes())
        href, access = server.url("ok", "hostile.tif"), Access(loopback=True)
        message += "|is empty|begins with"
    before = sorted(path.name for path in place.parent.rglob("*"))
    with pytest.raises(ReadError, match=message) as caught:
        build_reader(Asset("red", href), access=access, geobox=GRID).read(WHOLE)
    assert str(SECRET) not in str(caught.value)
    assert sorted(path.name for path in place.parent.rglob("*")) == before, "a file was made"
    assert not [entry for entry in server.log() if "hostile" not in entry[0]], "a server was asked"
    (broken,) = find_broken([scene_of(granule_of("it", Asset("red", href)))], access)
    assert broken.reason == str(caught.value)


def test_the_canaries_sing_where_gdal_is_left_to_itself(place, server):
    """The attacks are real: without our checks each of them works."""
    (place / "a.tif").write_text(vrt(place, server))
    with RasterioAlone(place / "a.tif", "print(d.read(1).max())") as said:
        assert said == str(SECRET)
    (place / "b.tif").write_text(mrf(place, server))
    with RasterioAlone(place / "b.tif", "print(d.read(1).max())"):
        assert (place.parent / "marker.dat").exists()
    (place / "c.tif").write_bytes(HOSTILE["overview is a VRT"][0](place, server))
    with RasterioAlone(place / "c.tif", "print(d.read(1, out_shape=(32, 32)).max())") as said:
        assert said == str(SECRET), "an overview that the metadata name, with GTiff alone"


class RasterioAlone:
    """What a plain rasterio prints of a file, in a process of its own."""

    def __init__(self, path, code):
        self.code = (
            f"import rasterio\nwith rasterio.open({str(path)!r}, driver={driver_of(path)!r}) as d:"
            f"\n    d.overviews(1); {code}"
        )

    def __enter__(self):
        done = subprocess.run([sys.executable, "-c", self.code], capture_output=True, text=True)
        return done.stdout.strip()

    def __exit__(self, *_error):
        pass


def driver_of(path):
    return "GTiff" if path.read_bytes()[:2] == b"II" else None


@pytest.mark.parametrize("big", [False, True])
def test_the_plain_files_that_these_are_made_from_are_read(tmp_path, big):
    (tmp_path / "a.tif").write_bytes(tiff(sound(), data=bytes([9]) * 256, big=big))
    read = build_reader(Asset("red", str(tmp_path / "a.tif"))).read(WHOLE)
    assert (read[:16, :16] == 9).all()


def test_a_tile_at_the_limit_passes(tmp_path, monkeypatch):
    monkeypatch.setattr(header, "TILE_BYTES", 256)
    (tmp_path / "a.tif").write_bytes(tiff(sound()))
    assert (build_reader(Asset("red", str(tmp_path / "a.tif"))).read(WHOLE)[:16, :16] == 0).all()


MEASURE = """
import sys
from pathlib import Path
from rasterio.windows import Window
from lsbatch.domain import Asset
from lsbatch.errors import ReadError
from tests.cube.test_reader import build_reader

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024

import lsbatch.cube
before = peak()
try:
    build_reader(Asset("red", sys.argv[1])).read(Window(0, 0, 256, 256))
except ReadError as error:
    print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from Linux's /proc")
def test_a_bomb_costs_no_memory(tmp_path):
    """16.7 kB of file, 512 MiB of tile: plain rasterio takes 528 MB for 256 x 256 pixels."""
    content = tile_bomb(None, None)
    assert len(content) < 20_000
    (tmp_path / "bomb.tif").write_bytes(content)
    code = [sys.executable, "-c", MEASURE, str(tmp_path / "bomb.tif")]
    done = subprocess.run(code, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 30
