import hashlib
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import odc.geo.xr  # noqa: F401
import pytest
import rasterio
import rioxarray  # noqa: F401
import xarray as xr

from lsbatch.domain import CHUNK_PX, PRODUCT_LAYERS, Status, blocks_of
from lsbatch.errors import StoreConflictError, StoreError
from lsbatch.store import create_product, digests_of, finish_product, open_product, write_block
from tests.cubes import grid_of

GRID = grid_of(300, 530)
LEFT_BLOCK, MIDDLE_BLOCK = 0, 1
TYPES = {
    "score": "float32",
    "landslide": "uint8",
    "status": "uint8",
    "detectable": "uint8",
    "pre_count": "uint16",
    "post_count": "uint16",
    "pre_delay": "int16",
    "post_delay": "int16",
}


def blocks():
    return list(blocks_of(GRID, side_px=CHUNK_PX, halo=0))


def layers_of(block, *, seed=0):
    """A core's arrays; every value that a layer's type can hold, the fill value too."""
    rng = np.random.default_rng([seed, *block.index])
    shape = tuple(block.core.shape)
    layers = {}
    for layer in PRODUCT_LAYERS:
        if layer.dtype == "float32":
            values = rng.random(shape, np.float32)
            values[rng.random(shape) < 0.3] = np.nan
        else:
            limits = np.iinfo(layer.dtype)
            values = rng.integers(limits.min, limits.max, shape, layer.dtype, endpoint=True)
        layers[layer.name] = values
    return layers


def make(path, *, which=None, finished=True):
    create_product(path, GRID, attrs={"threshold": 0.5, "event": {"id": "a"}})
    for block in blocks() if which is None else which:
        write_block(path, block, layers_of(block))
    if finished:
        finish_product(path, attrs={"complete": True})
    return path


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    return make(tmp_path_factory.mktemp("made") / "product.zarr")


@pytest.fixture
def damaged(tmp_path):
    """A product of one block, to be damaged."""
    return make(tmp_path / "product.zarr", which=blocks()[:1])


def tree(path):
    return {
        str(file.relative_to(path)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in path.rglob("*")
        if file.is_file()
    }


def plainly(path, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return xr.open_zarr(str(path), **settings)


@pytest.mark.parametrize("decode", [{}, {"decode_coords": "all"}])
@pytest.mark.parametrize("mask", [{}, {"mask_and_scale": False}])
def test_xarray_opens_it_with_the_types_and_values_that_were_written(product, decode, mask):
    opened = plainly(product, **decode, **mask)
    assert {name: str(opened[name].dtype) for name in TYPES} == TYPES
    for block in blocks():
        for name, values in layers_of(block).items():
            np.testing.assert_array_equal(opened[name][block.slices].values, values, name)


def test_layers_are_those_of_the_contract(product):
    assert {layer.name: layer.dtype for layer in PRODUCT_LAYERS} == TYPES
    opened = open_product(product)
    assert set(opened.data_vars) == set(TYPES) and "spatial_ref" in opened.coords
    assert {variable.dims for variable in opened.data_vars.values()} == {("y", "x")}
    assert opened.attrs["threshold"] == 0.5 and opened.attrs["complete"] is True
    flags = opened["status"].attrs
    assert flags["flag_values"] == [int(status) for status in Status]
    assert len(flags["flag_meanings"].split()) == len(Status)
    assert flags["meanings"]["9"] == "terrain shadow"


def test_it_is_where_its_grid_is_for_every_reader(product):
    opened = plainly(product, decode_coords="all")
    assert plainly(product).odc.geobox == opened.odc.geobox == opened["score"].odc.geobox == GRID
    assert opened.rio.crs.to_epsg() == opened["score"].rio.crs.to_epsg() == GRID.crs.epsg
    assert opened["score"].rio.transform() == GRID.affine
    np.testing.assert_array_equal(opened["x"][:2], [600_005.0, 600_015.0])
    np.testing.assert_array_equal(opened["y"][:2], [4_700_155.0, 4_700_145.0])
    attrs = opened.attrs
    assert attrs["proj:code"] == "EPSG:32654" and attrs["spatial:dimensions"] == ["y", "x"]
    assert attrs["spatial:transform"] == list(GRID.affine)[:6]
    assert attrs["spatial:shape"] == [300, 530] and attrs["spatial:registration"] == "pixel"
    assert attrs["spatial:bbox"] == list(GRID.boundingbox)


def test_gdal_reads_it_back(product):
    version = tuple(int(part) for part in rasterio.__gdal_version__.split(".")[:2])
    if version < (3, 12):
        pytest.skip(f"GDAL {rasterio.__gdal_version__} cannot decode Zarr v3; needs 3.12")
    opened = open_product(product)
    for name in TYPES:
        with rasterio.open(f'ZARR:"{product}":/{name}') as file:
            assert file.crs.to_epsg() == GRID.crs.epsg and file.transform == GRID.affine
            np.testing.assert_array_equal(file.read(1), opened[name].values, name)


def test_geozarr_toolkit_finds_it_valid(product):
    toolkit = pytest.importorskip("geozarr_toolkit", reason="pip install geozarr-toolkit (3.12)")
    command = [str(Path(sys.executable).with_name("geozarr")), "validate", str(product)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert toolkit and done.returncode == 0, done.stdout + done.stderr


def test_two_writings_leave_the_same_bytes(tmp_path, product):
    other = tmp_path / "elsewhere" / "product.zarr"
    other.parent.mkdir()
    make(other, which=reversed(blocks()))
    assert tree(other) == tree(product)


def test_nothing_tells_the_machine(product):
    told = "".join(file.read_text() for file in product.rglob("zarr.json"))
    for secret in (os.uname().nodename, str(product.parent), str(Path.home())):
        assert secret not in told


def test_digests_are_those_of_the_files_and_name_every_chunk_once(tmp_path):
    path = make(tmp_path / "product.zarr", which=[])
    named = {}
    for block in blocks():
        digests = write_block(path, block, layers_of(block))
        assert digests == digests_of(path, block) and not set(digests) & set(named)
        named |= digests
    chunks = {name: digest for name, digest in tree(path).items() if "/c/" in name}
    assert named == {n: d for n, d in chunks.items() if n.split("/")[0] in TYPES}
    assert len(named) == len(TYPES) * 2 * 3


def test_writing_again_leaves_the_same_bytes(damaged):
    before = tree(damaged)
    write_block(damaged, blocks()[0], layers_of(blocks()[0]))
    assert tree(damaged) == before


def test_a_block_of_nothing_but_fill_values_is_on_disk_too(tmp_path):
    path = make(tmp_path / "product.zarr", which=[])
    block = blocks()[0]
    empty = {
        layer.name: np.full(tuple(block.core.shape), layer.fill, layer.dtype)
        for layer in PRODUCT_LAYERS
    }
    assert len(write_block(path, block, empty)) == len(TYPES)


def test_blocks_not_written_are_not_run(tmp_path):
    opened = open_product(make(tmp_path / "product.zarr", which=blocks()[1:2]))
    y, x = blocks()[1].slices
    written = np.zeros(tuple(GRID.shape), bool)
    written[y, x] = True
    for layer in PRODUCT_LAYERS:
        rest = opened[layer.name].values[~written]
        np.testing.assert_array_equal(rest, np.full(rest.shape, layer.fill, layer.dtype))
    assert (opened["status"].values[~written] == Status.NOT_RUN).all()


@pytest.mark.parametrize("name", ["score", "landslide", "post_delay"])
def test_no_flipped_bit_changes_a_value_unseen(damaged, name):
    block = blocks()[0]
    file = damaged / name / "c" / "0" / "0"
    whole, digests = file.read_bytes(), digests_of(damaged, block)
    wanted = open_product(damaged)[name][block.slices].values
    rng = np.random.default_rng(7)
    header, frame = range(12 * 8), rng.choice(np.arange(12 * 8, len(whole) * 8), 50, False)
    for bit in [*header, *(int(bit) for bit in frame)]:
        spoilt = bytearray(whole)
        spoilt[bit // 8] ^= 1 << bit % 8
        file.write_bytes(spoilt)
        if bit == 36:  # the frame header's one bit without a meaning (RFC 8878, 3.1.1.1.1)
            np.testing.assert_array_equal(open_product(damaged)[name][block.slices], wanted)
            assert digests_of(damaged, block) != digests
            continue
        with pytest.raises(RuntimeError, match="Zstd"):
            open_product(damaged)[name][block.slices].load()
        if bit in (0, int(frame[0])):
            assert digests_of(damaged, block) != digests


@pytest.mark.parametrize("kept", [0, 3, 0.5, -1])
def test_a_truncated_chunk_raises(damaged, kept):
    file = damaged / "score" / "c" / "0" / "0"
    whole = file.read_bytes()
    file.write_bytes(whole[: int(kept * len(whole))] if isinstance(kept, float) else whole[:kept])
    with pytest.raises((RuntimeError, ValueError)):
        open_product(damaged)["score"][:10, :10].load()


@pytest.mark.parametrize("name", TYPES)
def test_a_deleted_chunk_is_missed(damaged, name):
    (damaged / name / "c" / "0" / "0").unlink()
    with pytest.raises(StoreError, match=f"{name}/c/0/0"):
        digests_of(damaged, blocks()[0])


def test_a_block_never_written_has_no_digests(damaged):
    with pytest.raises(StoreError, match=r"c/0/1"):
        digests_of(damaged, blocks()[1])


def test_what_is_no_product_is_named(tmp_path, product):
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "nothing", tmp_path, tmp_path / "file", product / "score"):
        with pytest.raises(StoreError, match="is not a product"):
            open_product(place)


def test_a_place_that_is_taken_is_left_alone(damaged):
    before = tree(damaged)
    with pytest.raises(StoreConflictError, match="already there"):
        create_product(damaged, GRID, attrs={})
    assert tree(damaged) == before


def test_a_product_is_there_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "product.zarr"
    with monkeypatch.context() as patch:
        patch.setattr("lsbatch.store.product._coordinates", lambda grid: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            create_product(path, GRID, attrs={})
    assert not path.exists()
    create_product(path, GRID, attrs={})
    assert os.listdir(tmp_path) == ["product.zarr"]


@pytest.fixture
def mounted(tmp_path):
    """Mounts a small file system of its own; skips where that is not allowed."""
    place, used = tmp_path / "mounted", []
    place.mkdir()

    def mount(*options):
        command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(place)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            pytest.skip(f"no mount command: {error}")
        if done.returncode:
            pytest.skip(f"mounting needs root: {done.stderr.strip()}")
        used.append(place)
        return place

    yield mount
    if used:
        subprocess.run(["umount", str(place)], check=False)


def test_a_full_disk_is_said_and_leaves_no_receipt(mounted):
    path = make(mounted("size=700k") / "product.zarr", which=[], finished=False)
    with pytest.raises(StoreError, match="No space left"):
        write_block(path, blocks()[0], layers_of(blocks()[0]))
    with pytest.raises(StoreError, match="cannot be read"):
        digests_of(path, blocks()[0])


def test_a_disk_too_small_for_an_empty_product_is_said(mounted):
    place = mounted("size=16k")
    with pytest.raises(StoreError, match="No space left"):
        create_product(place / "product.zarr", GRID, attrs={})
    assert not (place / "product.zarr").exists()


def test_a_place_that_may_not_be_written_is_said(mounted):
    place = mounted("size=4m")
    path = make(place / "product.zarr", which=[], finished=False)
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    with pytest.raises(StoreError, match="Read-only"):
        write_block(path, blocks()[0], layers_of(blocks()[0]))
    with pytest.raises(StoreError, match="Read-only"):
        finish_product(path, attrs={"complete": True})
    with pytest.raises(StoreError, match="Read-only"):
        create_product(place / "other.zarr", GRID, attrs={})


def test_writing_where_no_product_is_is_said(tmp_path):
    with pytest.raises(StoreError, match="cannot be written"):
        write_block(tmp_path / "nothing", blocks()[0], layers_of(blocks()[0]))
    with pytest.raises(StoreError, match="cannot be written"):
        finish_product(tmp_path / "nothing", attrs={})
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be written"):
        create_product(tmp_path / "file" / "product.zarr", GRID, attrs={})
