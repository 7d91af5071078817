"""Small Cloud Optimized GeoTIFFs, and scenes over them, for tests that read real files."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
import shapely
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from rasterio.io import MemoryFile
from rasterio.transform import from_origin
from rasterio.warp import transform_bounds

from lsbatch.domain import CHUNK_PX, Access, Asset, Granule, Look, Scene, Scenes

LEFT, TOP = 734_720, 4_730_880
"""A corner of the lattice of 256 pixels of 10 m in EPSG:32654, near zone 55."""
HERE = Access(folder="/")
"""Access to every file of this machine: what a test wrote is its own."""
EVERYWHERE = shapely.box(-180, -90, 180, 90)
MOMENT = datetime(2018, 8, 1, 1, tzinfo=UTC)


def build_geobox(height: int, width: int, *, resolution: float = 10.0) -> GeoBox:
    """A grid in EPSG:32654 on the lattice of chunks at its own resolution."""
    lattice = CHUNK_PX * resolution
    left, top = LEFT // lattice * lattice, TOP // lattice * lattice
    box = (left, top - height * resolution, left + width * resolution, top)
    return GeoBox.from_bbox(box, crs="EPSG:32654", resolution=resolution, tight=True)


def write_cog(
    path: Path,
    values: np.ndarray,
    *,
    crs: str | None,
    corner: tuple[float, float],
    pixel: float,
    nodata: float | None = None,
    overviews: str = "NONE",
) -> str:
    """Write values (H, W), or (bands, H, W), as a COG whose upper left corner is at (x, y)."""
    bands = values[np.newaxis] if values.ndim == 2 else values
    profile = {
        "driver": "GTiff",
        "count": bands.shape[0],
        "height": bands.shape[1],
        "width": bands.shape[2],
        "dtype": bands.dtype,
        "crs": crs,
        "transform": from_origin(*corner, pixel, pixel),
        "nodata": nodata,
    }
    with MemoryFile() as memory:
        with memory.open(**profile) as dataset:
            dataset.write(bands)
        with memory.open() as dataset:
            rasterio.shutil.copy(
                dataset,
                path,
                driver="COG",
                blocksize=128,
                overviews=overviews,
                overview_resampling="average",
            )
    return str(path)


def write_noise(
    path: Path,
    around: GeoBox,
    *,
    crs: str,
    pixel: float,
    dtype: str = "uint16",
    nodata: float | None = 0,
    reach_m: float = 300.0,
    overviews: str = "NONE",
) -> str:
    """Write noise with holes, off the grid's lattice, from `reach_m` beyond a grid inward.

    A negative reach leaves the grid's rim without data.
    """
    box = around.boundingbox.buffered(reach_m)
    west, south, east, north = transform_bounds(str(around.crs), crs, *box)
    shape = int((north - south) / pixel), int((east - west) / pixel)
    dice = np.random.default_rng(sum(shape))
    values = dice.integers(200, 9000, shape).astype(dtype)
    if nodata is not None:
        for _ in range(12):
            row, col, size = dice.integers(0, min(shape)), dice.integers(0, min(shape)), 40
            values[row : row + dice.integers(1, size), col : col + dice.integers(1, size)] = nodata
    corner = (west + 0.37 * pixel, north - 0.21 * pixel)
    return write_cog(
        path, values, crs=crs, corner=corner, pixel=pixel, nodata=nodata, overviews=overviews
    )


def write_field(path: Path, around: GeoBox, *, crs: str, pixel: float, share=(0.0, 1.0)) -> str:
    """Write the smooth field `field_of` over a part of a grid's width (from, to)."""
    left, bottom, right, top = around.boundingbox.buffered(200)
    width = right - left
    left, right = left + share[0] * width, left + share[1] * width
    west, south, east, north = transform_bounds(str(around.crs), crs, left, bottom, right, top)
    rows, cols = int((north - south) / pixel), int((east - west) / pixel)
    across, down = (np.arange(cols) + 0.5) * pixel, (np.arange(rows) + 0.5) * pixel
    x, y = np.meshgrid(west + across, north - down)
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    values = field_of(lon, lat).astype("float32")
    return write_cog(path, values, crs=crs, corner=(west, north), pixel=pixel, nodata=np.nan)


def field_of(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """A plane in longitude and latitude: about one unit every 10 m, whatever the projection."""
    return 8e3 * (lon - 143.8) + 1.1e4 * (lat - 42.6)


def granule_of(item_id: str, *assets: Asset, footprint=EVERYWHERE) -> Granule:
    """One image with these files."""
    return Granule(item_id, footprint, assets)


def scene_of(*granules: Granule, sensor: str = "generic", moment: datetime = MOMENT) -> Scene:
    """One solar day with these granules."""
    return Scene(granules[0].item_id, sensor, moment, moment, granules)


def scenes_of(*scenes: Scene, terrain: Sequence[Scene] = ()) -> Scenes:
    """All scenes as looks before the event, one day apart."""
    looks = tuple(Look(scene, "pre", day) for day, scene in enumerate(scenes, 1))
    return Scenes(looks, tuple(terrain), HERE)


def scenes_over(href: str, *, nodata: float | None = None, scale: float = 1e-4) -> Scenes:
    """One file in all three roles: a band (bilinear), flags (nearest) and terrain (cubic)."""
    red = Asset("red", href, scale=scale, offset=-0.1 if scale != 1 else 0.0, nodata=nodata)
    flags = replace(red, band="quality", scale=1.0, offset=0.0)
    model = replace(flags, band="elevation")
    return scenes_of(
        scene_of(granule_of("image", red, flags)),
        terrain=[scene_of(granule_of("model", model), sensor="dem")],
    )
