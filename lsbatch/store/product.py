"""product.zarr: Zarr v3, georeferenced the CF way and the GeoZarr way."""

import hashlib
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from odc.geo.geobox import GeoBox
from odc.geo.xr import xr_coords
from zarr.codecs import ZstdCodec

from lsbatch.domain import CHUNK_PX, PRODUCT_LAYERS, Block, Layer, Status
from lsbatch.errors import StoreConflictError, StoreError

# zstd's own checksum finds flipped bits on reading, and GDAL knows it; the crc32c codec it does not
_CODECS = [ZstdCodec(level=5, checksum=True)]
_CONVENTIONS = [
    {
        "schema_url": "https://raw.githubusercontent.com/zarr-conventions/geo-proj/refs/tags/v1/schema.json",
        "spec_url": "https://github.com/zarr-conventions/geo-proj/blob/v1/README.md",
        "uuid": "f17cb550-5864-4468-aeb7-f3180cfb622f",
        "name": "proj:",
        "description": "Coordinate reference system information for geospatial data",
    },
    {
        "schema_url": "https://raw.githubusercontent.com/zarr-conventions/spatial/refs/tags/v1/schema.json",
        "spec_url": "https://github.com/zarr-conventions/spatial/blob/v1/README.md",
        "uuid": "689b58e2-cf7b-45e0-9fff-9cfc0883d6b4",
        "name": "spatial:",
        "description": "Spatial coordinate information",
    },
]


def create_product(path: Path, grid: GeoBox, *, attrs: Mapping[str, Any]) -> None:
    """Make an empty product: every pixel "not run".

    Parameters
    ----------
    path : Path
        Must not exist.
    grid : GeoBox
        Square pixels in a projected CRS with an EPSG code.
    attrs : mapping
        Plain values; nothing that depends on when, where or by whom the product is made.

    Raises
    ------
    StoreConflictError
        If there is something at that place.
    StoreError
        If the place cannot be written.
    """
    if path.exists():
        raise StoreConflictError(f"{path} is already there; a product is made once.")
    # renamed when whole: who is killed here leaves no product that lacks a layer
    partial = path.with_name(f"{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        _create_arrays(partial, grid, attrs)
        partial.rename(path)
    except OSError as error:
        raise _not_writable(path, error) from error


def _not_writable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{path} cannot be written: {error}. Is there space, and may you write there?"
    )


def _create_arrays(path: Path, grid: GeoBox, attrs: Mapping[str, Any]) -> None:
    group = zarr.create_group(path, zarr_format=3, attributes={**_geozarr(grid), **attrs})
    for layer in PRODUCT_LAYERS:
        group.create_array(
            layer.name,
            shape=tuple(grid.shape),
            chunks=(CHUNK_PX, CHUNK_PX),
            dtype=layer.dtype,
            fill_value=np.dtype(layer.dtype).type(layer.fill),
            compressors=_CODECS,
            dimension_names=("y", "x"),
            attributes=_attributes(layer),
        )
    for name, values, attributes in _coordinates(grid):
        array = group.create_array(
            name,
            shape=values.shape,
            chunks=tuple(max(extent, 1) for extent in values.shape),
            dtype=values.dtype,
            compressors=_CODECS if values.ndim else None,
            dimension_names=(name,) if values.ndim else None,
            attributes=attributes,
        )
        array[...] = values


def _geozarr(grid: GeoBox) -> dict[str, Any]:
    a = grid.affine
    return {
        "zarr_conventions": _CONVENTIONS,
        "proj:code": f"EPSG:{grid.crs.epsg}",
        "spatial:dimensions": ["y", "x"],
        "spatial:transform": [a.a, a.b, a.c, a.d, a.e, a.f],
        "spatial:shape": list(grid.shape),
        "spatial:bbox": list(grid.boundingbox),
        "spatial:registration": "pixel",
    }


def _attributes(layer: Layer) -> dict[str, Any]:
    attributes: dict[str, Any] = {"long_name": layer.meaning, "grid_mapping": "spatial_ref"}
    if layer.name == "status":
        attributes["flag_values"] = [int(status) for status in Status]
        attributes["flag_meanings"] = " ".join(status.name.lower() for status in Status)
        attributes["meanings"] = {str(int(status)): status.meaning for status in Status}
    return attributes


def _coordinates(grid: GeoBox) -> list[tuple[str, np.ndarray, dict[str, Any]]]:
    found = []
    for name, coord in xr_coords(grid).items():
        attributes = {k: v for k, v in coord.attrs.items() if k != "resolution"}
        if name in ("y", "x"):
            attributes = {**attributes, "standard_name": f"projection_{name}_coordinate"}
        found.append((str(name), np.asarray(coord.values), attributes))
    return found


def write_block(path: Path, block: Block, layers: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Write the whole chunks of one block and read their digests back.

    Parameters
    ----------
    path : Path
        An existing product.
    block : Block
    layers : mapping of str to ndarray, (H, W) of the block's core
        One for each of PRODUCT_LAYERS.

    Returns
    -------
    dict
        sha256 of each stored chunk, by its path inside the product.

    Raises
    ------
    StoreError
        If the place cannot be written.
    """
    try:
        # a chunk that equals its fill value is written too: "no file" must never mean "all empty"
        with zarr.config.set({"array.write_empty_chunks": True}):
            group = zarr.open_group(path, mode="r+")
            for layer in PRODUCT_LAYERS:
                values = layers[layer.name].astype(layer.dtype, copy=False)
                group[layer.name][block.slices] = values
    except OSError as error:
        raise _not_writable(path, error) from error
    return digests_of(path, block)


def digests_of(path: Path, block: Block) -> dict[str, str]:
    """sha256 of each stored chunk of a block, by its path inside the product.

    Raises
    ------
    StoreError
        If a chunk is not there.
    """
    digests = {}
    for layer in PRODUCT_LAYERS:
        for row, col in _chunks(block):
            name = f"{layer.name}/c/{row}/{col}"
            try:
                digests[name] = hashlib.sha256((path / name).read_bytes()).hexdigest()
            except OSError as error:
                raise StoreError(f"Chunk {name} of {path} cannot be read: {error}.") from error
    return digests


def _chunks(block: Block) -> list[tuple[int, int]]:
    ranges = [range(s.start // CHUNK_PX, -(-s.stop // CHUNK_PX)) for s in block.slices]
    return [(row, col) for row in ranges[0] for col in ranges[1]]


def finish_product(path: Path, *, attrs: Mapping[str, Any]) -> None:
    """Add the last attributes and consolidate the metadata, once all blocks are written.

    Raises
    ------
    StoreError
        If the place cannot be written.
    """
    try:
        group = zarr.open_group(path, mode="r+")
        group.attrs.update(dict(attrs))
        with warnings.catch_warnings():
            # not yet in the Zarr v3 specification, but viewers need it
            warnings.simplefilter("ignore", UserWarning)
            zarr.consolidate_metadata(path, zarr_format=3)
    except OSError as error:
        raise _not_writable(path, error) from error


def open_product(path: Path | str) -> xr.Dataset:
    """A product as a lazily indexed Dataset, with values as stored and its CRS in coordinates.

    Raises
    ------
    StoreError
        If there is no product at that place.
    """
    try:
        return xr.open_zarr(
            str(path), chunks=None, decode_coords="all", mask_and_scale=False, zarr_format=3
        )
    except Exception as error:
        raise StoreError(
            f"{path} is not a product of lsbatch ({type(error).__name__}). A product is the folder "
            "events/<event>/product.zarr of a run."
        ) from error
