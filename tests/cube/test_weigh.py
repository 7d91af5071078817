"""What a plan says of reads, against a server that counts what it is asked for."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.cube import Load, build_cube, weigh_reads
from lsbatch.cube.shelf import SHELF
from lsbatch.cube.weigh import _sums, _union
from lsbatch.domain import Access, Asset, LocalShift, Scenes, Shift, blocks_of
from lsbatch.errors import ReadError
from tests.cogs import build_geobox, granule_of, scene_of, scenes_of, write_noise
from tests.servers import serve_folder

GRID = build_geobox(400, 500)
SIDE, HALO, AROUND = 256, 24, 60
IMAGES = {
    "same zone": {"crs": "EPSG:32654", "pixel": 10.0},
    "next zone": {"crs": "EPSG:32655", "pixel": 10.0},
    "finer, with overviews": {"crs": "EPSG:32655", "pixel": 2.5, "overviews": "AUTO"},
    "degrees": {"crs": "EPSG:4326", "pixel": 8.98e-5},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weighed")
    for name, image in IMAGES.items():
        write_noise(folder / f"{name}.tif", GRID, reach_m=900.0, **image)
    write_noise(folder / "dem.tif", GRID, crs="EPSG:4326", pixel=2.7e-4, reach_m=3000.0)
    with serve_folder(folder) as served:
        yield served


def scenes_at(server, name) -> Scenes:
    red = Asset("red", server.url("ok", f"{name}.tif".replace(" ", "%20")), scale=1e-4)
    model = Asset("elevation", server.url("ok", "dem.tif"))
    scenes = scenes_of(
        scene_of(granule_of("image", red)),
        terrain=[scene_of(granule_of("model", model), sensor="dem")],
    )
    return Scenes(scenes.looks, scenes.terrain, Access(loopback=True))


def asked_of(server) -> tuple[int, int]:
    """Requests so far, and bytes sent."""
    spans = [entry[1].removeprefix("bytes=").split("-") for entry in server.log()]
    return len(spans), sum(int(stop) - int(start) + 1 for start, stop in spans)


def read_blocks(server, scenes, blocks, *, forgetting) -> tuple[int, int]:
    SHELF.forget()
    server.ask("/forget")
    for block in blocks:
        if forgetting:
            SHELF.forget()
        cube = build_cube(
            scenes.touching(block.padded, around_px=AROUND),
            block.padded,
            bands=("red",),
            around_px=AROUND,
        )
        cube.load(scheduler="synchronous")
    return asked_of(server)


@pytest.mark.server
@pytest.mark.parametrize("name", IMAGES)
def test_what_is_read_lies_between_each_part_once_and_each_block_alone(server, name):
    scenes = scenes_at(server, name)
    blocks = list(blocks_of(GRID, side_px=SIDE, halo=HALO))
    weighed = weigh_reads(
        scenes, [block.padded for block in blocks], bands=("red",), around_px=AROUND
    )
    alone = sum(weighed.windows, Load())
    requests, sent = read_blocks(server, scenes, blocks, forgetting=True)
    assert 0.9 * alone.stored_bytes <= sent <= 1.01 * alone.stored_bytes
    assert 0.9 * alone.requests <= requests <= alone.requests
    requests, sent = read_blocks(server, scenes, blocks, forgetting=False)
    assert 0.9 * weighed.once.stored_bytes <= sent <= 1.01 * alone.stored_bytes
    assert 0.9 * weighed.once.requests <= requests <= alone.requests
    assert weighed.once.stored_bytes < alone.stored_bytes


@pytest.mark.server
@pytest.mark.parametrize("kind", ["scene", "local"])
def test_windows_are_weighed_where_a_shift_moves_them(server, kind):
    """Beyond the image's end in the east, where there is less to read."""
    far = 3000.0
    local = LocalShift(*GRID.boundingbox.bbox[::3], 1000.0, ((0.0,),), ((0.0,),))
    scenes = scenes_at(server, "next zone")
    (look,) = scenes.looks
    shift = Shift(far, 0.0) if kind == "scene" else Shift(far, 0.0, local)
    moved = replace(scenes, looks=(replace(look, scene=replace(look.scene, shift=shift)),))
    here, there = (weigh_reads(one, [GRID], bands=("red",)).once for one in (scenes, moved))
    SHELF.forget()
    server.ask("/forget")
    build_cube(moved, GRID, bands=("red",)).load(scheduler="synchronous")
    requests, sent = asked_of(server)
    assert requests == there.requests and sent <= there.stored_bytes <= 1.05 * sent
    assert there.requests < here.requests if kind == "scene" else there.requests > here.requests


@pytest.mark.server
def test_a_file_is_opened_once_for_any_number_of_windows(server):
    scenes = scenes_at(server, "degrees")
    SHELF.forget()
    server.ask("/forget")
    few = [block.padded for block in blocks_of(GRID, side_px=512, halo=0)]
    many = [GRID[row : row + 8, :64] for row in range(0, 392, 2)]
    weigh_reads(scenes, few, bands=("red",))
    first = asked_of(server)
    SHELF.forget()
    server.ask("/forget")
    weighed = weigh_reads(scenes, many, bands=("red",))
    assert asked_of(server) == first and first[0] <= 4
    assert len(weighed.windows) == 196


@pytest.mark.server
def test_coarse_windows_are_weighed_by_the_overviews_that_they_would_read(server):
    scenes = scenes_at(server, "finer, with overviews")
    fine, coarse = (
        weigh_reads(scenes, [GRID.zoom_out(step)], bands=("red",)).once for step in (1, 4)
    )
    assert coarse.decoded_bytes < 0.6 * fine.decoded_bytes


def test_local_files_are_asked_for_no_more_than_they_hold(tmp_path):
    href = write_noise(tmp_path / "a.tif", GRID, crs="EPSG:32654", pixel=10.0)
    scenes = scenes_of(scene_of(granule_of("image", Asset("red", href))))
    size = (tmp_path / "a.tif").stat().st_size
    weighed = weigh_reads(scenes, [GRID], bands=("red",))
    assert 0.9 * size <= weighed.once.stored_bytes <= size
    assert weighed.windows == (weighed.once,)


def test_windows_without_a_scene_or_a_scene_without_windows_weigh_nothing():
    assert weigh_reads(Scenes(()), [GRID], bands=("red",)).windows == (Load(),)
    assert weigh_reads(Scenes(()), [], bands=("red",)).once == Load()


def test_a_scene_that_only_lies_elsewhere_is_not_opened_for_a_window(tmp_path):
    href = write_noise(tmp_path / "a.tif", GRID, crs="EPSG:32654", pixel=10.0)
    far = granule_of("far", Asset("red", href), footprint=shapely.box(0, 0, 1, 1))
    assert weigh_reads(scenes_of(scene_of(far)), [GRID], bands=("red",)).once == Load()


def test_a_file_that_is_not_there_is_named(tmp_path):
    gone = granule_of("image", Asset("red", str(tmp_path / "gone.tif")))
    with pytest.raises(ReadError, match=r"gone\.tif"):
        weigh_reads(scenes_of(scene_of(gone)), [GRID], bands=("red",))


@given(seed=st.integers(0, 999))
def test_sums_and_unions_of_windows_equal_those_counted_out(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 7, 2))
    plane = rng.integers(0, 9, shape)
    first = rng.integers(0, shape, (5, 2))
    last = np.maximum(first, rng.integers(0, np.array(shape) + 1, (5, 2)))
    met = np.zeros(shape, bool)
    sums = []
    for (top, left), (bottom, right) in zip(first, last, strict=True):
        sums.append(plane[top:bottom, left:right].sum())
        met[top:bottom, left:right] = True
    np.testing.assert_array_equal(_sums(plane, first, last), sums)
    np.testing.assert_array_equal(_union(first, last, shape), met)
