"""weigh_reads: what cubes over windows would read, told from the files' own tables of tiles."""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio import CRS
from rasterio.io import DatasetReader
from rasterio.warp import transform as transform_points
from shapely.geometry.base import BaseGeometry

from lsbatch.cube.opening import open_asset
from lsbatch.cube.patience import Deadline
from lsbatch.cube.reader import GDAL_BLOCK, overview_level
from lsbatch.cube.remote import HEAD_BYTES, LEAST_BYTES, MOST_BYTES
from lsbatch.domain import FLAGS, QUALITY, Access, Asset, Granule, Scenes

_THREADS = 8
_OPEN_WITHIN_S = 300.0
_EDGE_POINTS = 5
"""Points along each side of a window that are followed into a file's own coordinates."""
_REACH_PX = {"elevation": 2, **dict.fromkeys(FLAGS, 0)}
"""Pixels that the kernel reaches: cubic spline, nearest; else 1, bilinear."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a read takes."""

    files: int = 0
    """Files opened."""
    tiles: int = 0
    """Tiles or strips fetched."""
    stored_bytes: int = 0
    """As the files hold them, compressed, headers included."""
    decoded_bytes: int = 0
    """The same tiles as arrays."""
    requests: int = 0
    """To servers, if each part is asked for by itself: headers and tiles."""

    def __add__(self, other: "Load") -> "Load":
        return Load(*(getattr(self, n) + getattr(other, n) for n in self.__slots__))


@dataclass(frozen=True, slots=True)
class Weighed:
    """The loads of some windows."""

    windows: tuple[Load, ...]
    """Of each window on its own, as where nothing is kept between them."""
    once: Load
    """Of all windows together where every part is fetched once and kept."""


def weigh_reads(
    scenes: Scenes, windows: Sequence[GeoBox], *, bands: Sequence[str], around_px: int = 0
) -> Weighed:
    """What `build_cube` would read over each of some windows; opens the head of every file once.

    Parameters
    ----------
    scenes : Scenes
        Their `access` says where hrefs may lead.
    windows : sequence of GeoBox
        In one CRS, all with the same pixel.
    bands, around_px
        As for `build_cube`; the sensors' own flags are read beside the bands.

    Returns
    -------
    Weighed

    Raises
    ------
    ReadError
        If a file cannot be opened, or disagrees with its record.

    Notes
    -----
    Sizes of tiles are those of the overview that would be read, from the file's index. Kept parts,
    which neighbouring blocks share, make a run read less than the sum of `windows` and, with one
    worker that keeps everything, no less than `once`.
    """
    if not windows:
        return Weighed((), Load())
    wanted = {*bands, QUALITY}
    frames = {0: _Frame(windows, 0), around_px: _Frame(windows, around_px)}
    jobs = [
        (granule, asset, frames[0])
        for look in scenes.looks
        for granule in look.scene.granules
        for asset in granule.assets
        if asset.band in wanted
    ]
    jobs += [
        (granule, asset, frames[around_px])
        for model in scenes.terrain
        for granule in model.granules
        if (asset := granule.asset("elevation")) is not None
    ]
    with ThreadPoolExecutor(_THREADS) as pool:
        tables = pool.map(lambda job: _table_of(job[1], scenes.access, windows[0]), jobs)
    sums = np.zeros((len(windows), len(Load.__slots__)), np.int64)
    once = Load()
    for (granule, asset, frame), table in zip(jobs, tables, strict=True):
        each, together = _weigh(granule, asset, table, frame)
        sums += each
        once += together
    return Weighed(tuple(Load(*map(int, row)) for row in sums), once)


class _Frame:
    """Windows as arrays, in their own CRS and in longitude and latitude."""

    def __init__(self, windows: Sequence[GeoBox], around_px: int) -> None:
        self.crs = str(windows[0].crs)
        self.pixel = abs(float(windows[0].resolution.x))
        grown = around_px * self.pixel
        boxes = np.array([window.boundingbox.bbox for window in windows])
        self.boxes = boxes + np.array([-grown, -grown, grown, grown])
        self._bounds: dict[Any, np.ndarray] = {}
        # the margin of Scenes.touching
        margin = 200 * self.pixel * np.array([-1, -1, 1, 1])
        x, y = self._edges(self.boxes + margin)
        lon, lat = transform_points(self.crs, "EPSG:4326", x.ravel(), y.ravel())
        rings = np.stack([np.reshape(lon, x.shape), np.reshape(lat, x.shape)], axis=-1)
        self.outlines = shapely.polygons(rings)

    def touching(self, footprint: BaseGeometry) -> np.ndarray:
        """Which windows a footprint (EPSG:4326) touches."""
        shapely.prepare(footprint)
        return shapely.intersects(footprint, self.outlines)

    def bounds_in(self, crs: CRS, transform: Affine) -> np.ndarray:
        """First and last (col, row) of each window on a file's grid, float (N, 4)."""
        key = (crs.to_wkt(), tuple(transform))
        if key not in self._bounds:
            is_same = crs == CRS.from_user_input(self.crs)
            boxes = self._by_gdal_blocks() if is_same else self._at_least_a_block()
            x, y = self._edges(boxes)
            x, y = map(np.asarray, transform_points(self.crs, crs, x.ravel(), y.ravel()))
            col, row = ~transform * (x, y)
            col, row = (np.reshape(v, (len(boxes), -1)) for v in (col, row))
            found = [col.min(axis=1), row.min(axis=1), col.max(axis=1), row.max(axis=1)]
            self._bounds[key] = np.stack(found, axis=1)
        return self._bounds[key]

    def pixels_in(self, crs: CRS, transform: Affine) -> float:
        """Columns of a file's grid for each pixel."""
        left, bottom = self.boxes[0, :2]
        x, y = transform_points(self.crs, crs, [left, left + self.pixel], [bottom, bottom])
        cols, _ = ~transform * (np.array(x), np.array(y))
        return float(abs(cols[1] - cols[0]))

    def _at_least_a_block(self) -> np.ndarray:
        """Windows grown to the right and down to more than one of GDAL's blocks, as the reader has
        it."""
        down, across = ((side + 1) * self.pixel for side in GDAL_BLOCK)
        left, bottom, right, top = self.boxes.T
        return np.stack(
            [left, np.minimum(bottom, top - down), np.maximum(right, left + across), top], axis=1
        )

    def _by_gdal_blocks(self) -> np.ndarray:
        """Windows grown to the blocks by which GDAL warps within one CRS."""
        down, across = (side * self.pixel for side in GDAL_BLOCK)
        steps = np.array([across, down, across, down])
        grown = self.boxes / steps
        return np.concatenate([np.floor(grown[:, :2]), np.ceil(grown[:, 2:])], axis=1) * steps

    def _edges(self, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points along the rims of boxes, x and y, (N, points)."""
        share = np.linspace(0, 1, _EDGE_POINTS)
        full, none = np.ones_like(share), np.zeros_like(share)
        across = np.concatenate([share, full, share[::-1], none])
        up = np.concatenate([none, share, full, share[::-1]])
        left, bottom, right, top = (boxes[:, n : n + 1] for n in range(4))
        return left + across * (right - left), bottom + up * (top - bottom)


@dataclass(frozen=True, slots=True)
class _Table:
    """A file's grid at the level that would be read, and its tiles."""

    crs: CRS
    transform: Affine
    shape: tuple[int, int]
    tile: tuple[int, int]
    """Rows and columns."""
    sizes: np.ndarray
    """Bytes of each tile as stored, int64 (rows, cols) of tiles; 0 = not stored."""
    decoded: int
    """Bytes of a tile as an array."""
    is_remote: bool


def _table_of(asset: Asset, access: Access, window: GeoBox) -> _Table:
    target = {"crs": str(window.crs), "transform": window.affine}
    with open_asset(asset, access, Deadline(_OPEN_WITHIN_S)) as opened:
        level = overview_level(opened.dataset, target)
        dataset = opened.dataset if level is None else opened.reopen(overview_level=level)
        rows, cols = dataset.block_shapes[0]
        return _Table(
            crs=dataset.crs,
            transform=dataset.transform,
            shape=dataset.shape,
            tile=(rows, cols),
            sizes=_sizes(opened.dataset, level, _count_tiles(dataset.shape, (rows, cols))),
            decoded=rows * cols * np.dtype(dataset.dtypes[0]).itemsize,
            is_remote="://" in asset.href,
        )


def _count_tiles(shape: tuple[int, int], tile: tuple[int, int]) -> tuple[int, int]:
    return math.ceil(shape[0] / tile[0]), math.ceil(shape[1] / tile[1])


def _sizes(dataset: DatasetReader, level: int | None, tiles: tuple[int, int]) -> np.ndarray:
    """Bytes of each tile, as GDAL tells them from the file's index."""
    sizes = np.zeros(tiles, np.int64)
    for row, col in np.ndindex(tiles):
        told = dataset.get_tag_item(f"BLOCK_SIZE_{col}_{row}", "TIFF", bidx=1, ovr=level)
        sizes[row, col] = int(told or 0)
    return sizes


def _weigh(granule: Granule, asset: Asset, table: _Table, frame: _Frame) -> tuple[np.ndarray, Load]:
    """Loads of a file over each window, (N, fields of Load), and with every tile once."""
    touching = frame.touching(granule.footprint)
    first, last = _tiles_of(asset, table, frame)
    last = np.where(touching[:, None], last, first)
    fetched, asked = table.sizes, (table.sizes > 0).astype(np.int64)
    head = 0
    if table.is_remote:
        fetched = np.where(asked, np.maximum(fetched, LEAST_BYTES), 0)
        asked = -(-fetched // MOST_BYTES)
        head = HEAD_BYTES
    planes = [table.sizes > 0, fetched, (table.sizes > 0) * table.decoded, asked]
    tiles, stored, decoded, requests = (_sums(plane, first, last) for plane in planes)
    opened = touching.astype(np.int64)
    each = np.stack([opened, tiles, stored + head * opened, decoded, requests + opened], axis=1)
    met = _union(first, last, table.sizes.shape)
    own = [int((plane * met).sum()) for plane in planes]
    is_open = int(touching.any())
    return each, Load(is_open, own[0], own[1] + head * is_open, own[2], own[3] + is_open)


def _tiles_of(asset: Asset, table: _Table, frame: _Frame) -> tuple[np.ndarray, np.ndarray]:
    """First and one past the last (row, col) of the tiles that each window meets, int (N, 2)."""
    bounds = frame.bounds_in(table.crs, table.transform)
    # a kernel is as wide as the coarser of both grids wants it
    reach = _REACH_PX.get(asset.band, 1) * max(1.0, frame.pixels_in(table.crs, table.transform)) + 1
    low = np.floor((bounds[:, [1, 0]] - reach) / table.tile)
    high = np.ceil((bounds[:, [3, 2]] + reach) / table.tile)
    most = np.array(table.sizes.shape)
    first, last = (np.clip(v, 0, most).astype(np.int64) for v in (low, high))
    return first, np.maximum(first, last)


def _sums(plane: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Sum of a plane over each window of tiles, by its summed-area table."""
    table = np.zeros((plane.shape[0] + 1, plane.shape[1] + 1), np.int64)
    table[1:, 1:] = plane.astype(np.int64).cumsum(axis=0).cumsum(axis=1)
    (top, left), (bottom, right) = first.T, last.T
    found: np.ndarray = (
        table[bottom, right] - table[top, right] - table[bottom, left] + table[top, left]
    )
    return found


def _union(first: np.ndarray, last: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Tiles that at least one window meets, bool."""
    steps = np.zeros((shape[0] + 1, shape[1] + 1), np.int64)
    (top, left), (bottom, right) = first.T, last.T
    for rows, cols, sign in (
        (top, left, 1),
        (bottom, right, 1),
        (top, right, -1),
        (bottom, left, -1),
    ):
        np.add.at(steps, (rows, cols), sign)
    covered: np.ndarray = steps.cumsum(axis=0).cumsum(axis=1)[:-1, :-1] > 0
    return covered
