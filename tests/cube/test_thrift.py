"""The thrift law over a wire: nothing is asked for that the block does not need."""

from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from lsbatch.cube import build_cube
from lsbatch.cube.shelf import SHELF
from lsbatch.domain import Access, Asset, Scenes
from tests.cogs import build_geobox, granule_of, scene_of, scenes_of, write_cog
from tests.servers import serve_folder

pytestmark = pytest.mark.server

GRID = build_geobox(1024, 1024)
HEADER = 1 << 15
"""Bytes of the first request for each file."""
TILES = 64 + 16 + 4 + 1
"""Of a file with its overviews."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Files on the grid, 128-pixel tiles and overviews, numbers that do not compress."""
    folder = tmp_path_factory.mktemp("served")
    values = np.random.default_rng(0).integers(1, 60_000, tuple(GRID.shape)).astype("uint16")
    corner = GRID.boundingbox.left, GRID.boundingbox.top
    for name, top in (("full", 0), ("holed", 512), ("red", 0), ("nir", 0), ("scl", 0)):
        stored = values.copy()
        stored[:top] = 0
        options = {"crs": "EPSG:32654", "corner": corner, "pixel": 10.0, "nodata": 0}
        write_cog(folder / f"{name}.tif", stored, overviews="AUTO", **options)
    with serve_folder(folder) as served:
        yield served


@pytest.fixture(autouse=True)
def _anew(server):
    SHELF.forget()
    server.ask("/forget")


def asset(server, name, band="red"):
    return Asset(band, server.url("ok", f"{name}.tif"), nodata=0.0)


def over_wire(*scenes):
    looks = scenes_of(*scenes).looks
    return Scenes(looks, (), Access(loopback=True))


def bytes_asked(server):
    """Bytes asked for of each file."""
    asked = {}
    for path, span, *_ in server.log():
        name = Path(urlsplit(path).path).stem
        size = (server.folder / f"{name}.tif").stat().st_size
        start, stop = map(int, span.removeprefix("bytes=").split("-"))
        asked[name] = asked.get(name, 0) + min(stop + 1, size) - start
    return asked


def cost(server, name, tiles):
    """The most that so many tiles of a file may cost, in bytes."""
    return HEADER + (server.folder / f"{name}.tif").stat().st_size / TILES * tiles * 1.1


def load(scenes, grid, loader="direct", **options):
    cube = build_cube(scenes, grid, bands=("red",), loader=loader, **options)
    return cube["red"].compute(scheduler="synchronous").values


@pytest.mark.parametrize("loader", ["direct", "stackstac"])
def test_only_the_bands_asked_for_are_read(server, loader):
    bands = [asset(server, name, band) for name, band in
             (("red", "red"), ("nir", "nir"), ("scl", "quality"))]  # fmt: skip
    load(over_wire(scene_of(granule_of("a", *bands))), GRID[:200, :200], loader)
    assert set(bytes_asked(server)) == {"red"}


@pytest.mark.parametrize("loader", ["direct", "stackstac"])
def test_each_chunk_reads_the_granules_whose_footprint_it_meets(server, loader):
    west, east = GRID[:, :400], GRID[:, 700:]
    granules = [
        granule_of(name, asset(server, name), footprint=part.extent.to_crs("EPSG:4326").geom)
        for name, part in (("red", west), ("nir", east))
    ]
    cube = build_cube(
        over_wire(scene_of(*granules)), GRID, bands=("red",), chunk_px=256, loader=loader
    )
    cube["red"][0, :256, :128].compute(scheduler="synchronous")
    assert set(bytes_asked(server)) == {"red"}
    server.ask("/forget")
    cube["red"][0, :128, 1000:].compute(scheduler="synchronous")
    assert set(bytes_asked(server)) == {"nir"}


def test_a_window_costs_its_tiles_and_the_header(server):
    load(over_wire(scene_of(granule_of("a", asset(server, "full")))), GRID[128:384, 256:512])
    assert bytes_asked(server)["full"] <= cost(server, "full", 4)


def test_a_coarser_grid_costs_its_overview(server):
    scenes = over_wire(scene_of(granule_of("a", asset(server, "full"))))
    for factor in (2, 4, 8):
        SHELF.forget()
        server.ask("/forget")
        load(scenes, GRID.zoom_out(factor))
        assert bytes_asked(server)["full"] <= cost(server, "full", 64 / factor**2)


def test_a_granule_beneath_a_full_one_is_not_read(server):
    granules = [granule_of(name, asset(server, name)) for name in ("full", "red")]
    load(over_wire(scene_of(*granules)), GRID[:256, :256])
    assert set(bytes_asked(server)) == {"full"}


def test_a_granule_beneath_is_read_where_the_upper_one_has_a_hole(server):
    granules = [granule_of(name, asset(server, name)) for name in ("holed", "red")]
    found = load(over_wire(scene_of(*granules)), GRID[384:640, :256])
    assert np.isfinite(found).all()
    # rows 384 to 512: one line of tiles of two
    assert bytes_asked(server)["red"] <= cost(server, "red", 2)
