"""Cubes against odc-stac: time and bytes for the same scenes, grid, bands and threads.

Scenes as catalogues hold them: 10 m bands and 20 m flags, uint16 and uint8, deflated COGs with tiles
of 512 and overviews, and a swath's edge. odc-stac gives numbers as they are stored; `build_cube`
gives float32, scaled, NaN for no data.
"""

import functools
import json
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import odc.stac
import pystac
import rasterio
import rasterio.shutil
import shapely
from odc.geo.geobox import GeoBox
from rasterio.io import MemoryFile
from rasterio.transform import from_origin
from rasterio.warp import transform
from timing import interleaved_medians

from lsbatch.cube import build_cube
from lsbatch.domain import Access, Asset, Granule, Look, Scene, Scenes, blocks_of

THREADS = 2
HALO = 64
BANDS = ("nir", "red")
_LEFT, _TOP = 734_720, 4_730_880
"""A corner of the lattice of 256 pixels of 10 m in EPSG:32654, near zone 55."""
_START = datetime(2018, 8, 1, 1, tzinfo=UTC)
_PIXELS = {"nir": 10, "red": 10, "quality": 20}


@dataclass(frozen=True)
class World:
    """The same files as scenes and as items, and a grid over them."""

    scenes: Scenes
    items: list[pystac.Item]
    grid: GeoBox


def cases(*, side_px: int = 2048, served_px: int = 1024, repeats: int = 5) -> Iterator[dict]:
    """Ratios ours / odc-stac of seconds (files of this machine) and of bytes (a range server)."""
    for name, make in (("3-days-3-scenes-2-zones", mosaic), ("12-scenes-1-zone", series)):
        with tempfile.TemporaryDirectory() as folder:
            world = make(Path(folder), side_px)
            for work, runs in _works(world).items():
                yield _case(f"cube-{name}-{work}-seconds", interleaved_medians(runs, repeats=repeats))
        with tempfile.TemporaryDirectory() as folder:
            world = make(Path(folder), served_px)
            for work, read in _bytes(Path(folder), world).items():
                yield _case(f"cube-{name}-{work}-bytes", read)


def _case(name: str, found: dict[str, float]) -> dict:
    ratio = found["ours"] / found["odc-stac"]
    return {
        "case": name,
        "value": round(ratio, 3),
        "unit": "ratio",
        "goal": "<= 1.0",
        "ok": ratio <= 1.0,
        "detail": {key: round(value, 4) for key, value in found.items()},
    }


def _works(world: World) -> dict[str, dict[str, Callable[[], object]]]:
    """The works to time, each by all contestants."""
    blocks = [block.padded for block in blocks_of(world.grid, side_px=512, halo=HALO)][::5]
    coarse = world.grid.zoom_out(8)
    return {
        "blocks": {
            "ours": lambda: [load_ours(world, block) for block in blocks],
            "odc-stac": lambda: [load_odc(world, block) for block in blocks],
        },
        "whole": {
            "ours": functools.partial(load_ours, world, world.grid, chunk_px=1024),
            "odc-stac": functools.partial(load_odc, world, world.grid, chunk_px=1024),
        },
        "whole-at-80-m": {
            "ours": functools.partial(load_ours, world, coarse),
            "odc-stac": functools.partial(load_odc, world, coarse),
        },
    }


def load_ours(world: World, grid: GeoBox, *, chunk_px: int | None = None) -> object:
    """Looks of a grid, as a run and a notebook load them."""
    scenes = world.scenes if chunk_px else world.scenes.touching(grid)
    cube = build_cube(scenes, grid, bands=BANDS, chunk_px=chunk_px)
    return cube[[*BANDS, "quality"]].load(scheduler="threads", num_workers=THREADS)


def load_odc(world: World, grid: GeoBox, *, chunk_px: int | None = None) -> object:
    """The same from odc-stac."""
    loaded = odc.stac.load(
        world.items,
        bands=[*BANDS, "quality"],
        geobox=grid,
        groupby="solar_day",
        chunks={"x": chunk_px or -1, "y": chunk_px or -1},
        resampling={"quality": "nearest", "*": "bilinear"},
    )
    return loaded.load(scheduler="threads", num_workers=THREADS)


def mosaic(folder: Path, side_px: int) -> World:
    """Three days of three scenes that overlap, the second one in the next zone."""
    grid = _grid(side_px)
    edge = round(0.62 * side_px, -1)
    places = (("EPSG:32654", 0, 0), ("EPSG:32655", 0.4, 0.1), ("EPSG:32654", -0.1, 0.5))
    corners = [(code, _LEFT + x * side_px * 10, _TOP - y * side_px * 10) for code, x, y in places]
    tiles = [
        _write_tile(folder, f"tile{n}", code, corner, int(edge) + 512)
        for n, (code, *corner) in enumerate(corners)
    ]
    return _world(folder, tiles, grid, days=3)


def series(folder: Path, side_px: int) -> World:
    """Twelve days of one scene, pixel for pixel on the grid."""
    tile = _write_tile(folder, "tile", "EPSG:32654", (_LEFT - 2560, _TOP + 2560), side_px + 512)
    return _world(folder, [tile], _grid(side_px), days=12)


def _grid(side_px: int) -> GeoBox:
    box = (_LEFT, _TOP - side_px * 10, _LEFT + side_px * 10, _TOP)
    return GeoBox.from_bbox(box, crs="EPSG:32654", resolution=10, tight=True)


def _write_tile(folder: Path, name: str, crs: str, corner: tuple, side_px: int) -> GeoBox:
    """Files of one tile, its upper left at a corner in EPSG:32654."""
    (x,), (y,) = transform("EPSG:32654", crs, [corner[0]], [corner[1]])
    x, y = (round(place / 20) * 20 for place in (x, y))
    for band, pixel in _PIXELS.items():
        side = side_px * 10 // pixel
        dice = np.random.default_rng(side + len(name))
        rows, cols = np.mgrid[:side, :side]
        if band == "quality":
            values = dice.choice((4, 5, 8), (side // 20 + 1,) * 2).repeat(20, 0).repeat(20, 1)
            values = values[:side, :side].astype("uint8")
        else:
            hills = 1500 + 600 * np.sin(rows / 70) * np.cos(cols / 90)
            values = (hills + dice.normal(0, 60, rows.shape)).astype("uint16")
        values[cols < 0.1 * side - 0.2 * rows] = 0
        _write_cog(folder / f"{name}-{band}.tif", values, crs, from_origin(x, y, pixel, pixel))
    return GeoBox((side_px, side_px), from_origin(x, y, 10, 10), crs)


def _write_cog(path: Path, values: np.ndarray, crs: str, place: object) -> None:
    profile = {"driver": "GTiff", "count": 1, "dtype": values.dtype, "crs": crs, "nodata": 0}
    height, width = values.shape
    with MemoryFile() as memory:
        with memory.open(height=height, width=width, transform=place, **profile) as dataset:
            dataset.write(values, 1)
        with memory.open() as dataset:
            rasterio.shutil.copy(
                dataset,
                path,
                driver="COG",
                blocksize=512,
                compress="DEFLATE",
                predictor="YES",
                overview_resampling="nearest",
            )


def _world(folder: Path, tiles: list[GeoBox], grid: GeoBox, *, days: int) -> World:
    looks, items = [], []
    for day in range(days):
        moment = _START + timedelta(days=day)
        granules = []
        for n, tile in enumerate(tiles):
            item_id = f"day{day:02d}-{n}"
            name = "tile" if len(tiles) == 1 else f"tile{n}"
            hrefs = {}
            for band in _PIXELS:
                path = folder / f"{item_id}-{band}.tif"
                os.link(folder / f"{name}-{band}.tif", path)
                hrefs[band] = str(path)
            granules.append(_granule(item_id, tile, hrefs))
            items.append(_item(item_id, tile, hrefs, moment))
        scene = Scene(f"day{day:02d}", "sentinel-2-l2a", moment, moment, tuple(granules))
        looks.append(Look(scene, "pre", days - day))
    return World(Scenes(tuple(looks), (), Access(folder="/", loopback=True)), items, grid)


def _granule(item_id: str, tile: GeoBox, hrefs: dict[str, str]) -> Granule:
    scales = {"quality": 1.0}
    assets = tuple(
        Asset(band, href, scale=scales.get(band, 1e-4), nodata=0.0) for band, href in hrefs.items()
    )
    return Granule(item_id, tile.extent.to_crs("EPSG:4326").geom, assets)


def _item(item_id: str, tile: GeoBox, hrefs: dict[str, str], moment: datetime) -> pystac.Item:
    footprint = tile.extent.to_crs("EPSG:4326").geom
    item = pystac.Item(
        item_id, shapely.geometry.mapping(footprint), list(footprint.bounds), moment, {}
    )
    item.stac_extensions = [
        "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
        "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
    ]
    item.properties["proj:code"] = str(tile.crs)
    for band, href in hrefs.items():
        zoomed = tile.zoom_out(_PIXELS[band] / 10)
        stored = {"data_type": "uint8" if band == "quality" else "uint16", "nodata": 0}
        fields = {
            "proj:shape": list(zoomed.shape),
            "proj:transform": list(zoomed.affine)[:6],
            "raster:bands": [stored],
        }
        item.add_asset(
            band,
            pystac.Asset(
                href, media_type=pystac.MediaType.COG, roles=["data"], extra_fields=fields
            ),
        )
    return item


def _bytes(folder: Path, world: World) -> dict[str, dict[str, float]]:
    return {}
