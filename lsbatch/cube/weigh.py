"""weigh_reads: what cubes over windows would read, told from the files' own tables of tiles."""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio import CRS
from rasterio.io import DatasetReader
from rasterio.warp import transform as transform_points
from shapely.geometry.base import BaseGeometry

from lsbatch.cube.moved import reach_of, uneven_shift
from lsbatch.cube.opening import open_asset
from lsbatch.cube.patience import Deadline
from lsbatch.cube.pieces import resampling_of, whole_shift
from lsbatch.cube.reader import Source, open_level, scale_of, span_of, steps_to, undo_shift
from lsbatch.cube.remote import HEAD_BYTES, LEAST_BYTES, MOST_BYTES
from lsbatch.domain import QUALITY, Access, Scene, Scenes
from lsbatch.kernels import kernel_reach

_THREADS = 8
_OPEN_WITHIN_S = 300.0
_EDGE_POINTS = 5
"""Points along each side of a window that are followed into a file's own coordinates."""
_OUTWARD = np.array([-1, -1, 1, 1])
"""Grows a box (left, bottom, right, top)."""


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
    worker that keeps everything, no less than `once`; less than both where images of one day
    overlap, of which the lower one is read in the upper one's holes only.
    """
    if not windows:
        return Weighed((), Load())
    jobs = [
        job
        for look in scenes.looks
        for band in dict.fromkeys((*bands, QUALITY))
        for job in _jobs_of(look.scene, band, windows[0])
    ]
    for model in scenes.terrain:
        jobs += [
            replace(job, around_px=around_px) for job in _jobs_of(model, "elevation", windows[0])
        ]
    frames = {pixels: _Frame(windows, pixels) for pixels in {job.around_px for job in jobs}}
    with ThreadPoolExecutor(_THREADS) as pool:
        tables = pool.map(lambda job: _table_of(job.source, scenes.access, windows[0]), jobs)
    sums = np.zeros((len(windows), len(Load.__slots__)), np.int64)
    once = Load()
    for job, table in zip(jobs, tables, strict=True):
        each, together = _weigh(job, table, frames[job.around_px])
        sums += each
        once += together
    return Weighed(tuple(Load(*map(int, row)) for row in sums), once)


class _Frame:
    """Windows as arrays, in their own CRS and in longitude and latitude."""

    def __init__(self, windows: Sequence[GeoBox], around_px: int) -> None:
        self.crs = str(windows[0].crs)
        self.pixel = abs(float(windows[0].resolution.x))
        boxes = np.array([window.boundingbox.bbox for window in windows])
        self.boxes = boxes + around_px * self.pixel * _OUTWARD
        self._bounds: dict[Any, np.ndarray] = {}
        # the margin of Scenes.touching
        x, y = self._edges(self.boxes + 200 * self.pixel * _OUTWARD)
        lon, lat = transform_points(self.crs, "EPSG:4326", x.ravel(), y.ravel())
        rings = np.stack([np.reshape(lon, x.shape), np.reshape(lat, x.shape)], axis=-1)
        self.outlines = shapely.polygons(rings)

    def touching(self, footprint: BaseGeometry) -> np.ndarray:
        """Which windows a footprint (EPSG:4326) touches."""
        shapely.prepare(footprint)
        return shapely.intersects(footprint, self.outlines)

    def bounds_in(self, table: "_Table", shift: tuple[float, float] | None) -> np.ndarray:
        """First and last (row, col) of each window's pixel centres in a file, float (N, 2, 2)."""
        key = (table.crs.to_wkt(), tuple(table.transform), shift)
        if key not in self._bounds:
            centres = self.boxes - 0.5 * self.pixel * _OUTWARD
            x, y = self._edges(centres + np.array(2 * (shift or (0.0, 0.0))))
            x, y = map(np.asarray, transform_points(self.crs, table.crs, x.ravel(), y.ravel()))
            col, row = ~table.transform * (x, y)
            places = np.stack([np.reshape(v, (len(centres), -1)) for v in (row, col)], axis=1)
            self._bounds[key] = np.stack([places.min(axis=2), places.max(axis=2)], axis=1)
        return self._bounds[key]

    def _edges(self, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points along the rims of boxes, x and y, (N, points)."""
        share = np.linspace(0, 1, _EDGE_POINTS)
        full, none = np.ones_like(share), np.zeros_like(share)
        across = np.concatenate([share, full, share[::-1], none])
        up = np.concatenate([none, share, full, share[::-1]])
        left, bottom, right, top = (boxes[:, n : n + 1] for n in range(4))
        return left + across * (right - left), bottom + up * (top - bottom)


@dataclass(frozen=True, slots=True)
class _Job:
    """A file to be weighed."""

    source: Source
    footprint: BaseGeometry
    around_px: int
    """Pixels on each side of a window that are read too."""


def _jobs_of(scene: Scene, band: str, window: GeoBox) -> list[_Job]:
    """A scene's files of one band, its shift taken out as `build_cube` does it."""
    uneven = uneven_shift(scene)
    around = 0 if uneven is None else reach_of(uneven, window)
    shift = whole_shift(scene) if uneven is None else None
    return [
        _Job(Source(granule.item_id, asset, shift), granule.footprint, around)
        for granule in scene.granules
        if (asset := granule.asset(band)) is not None
    ]


@dataclass(frozen=True, slots=True)
class _Table:
    """A file's grid at the level that would be read, and its tiles."""

    crs: CRS
    transform: Affine
    shape: tuple[int, int]
    margin: tuple[int, int]
    """Rows and columns that count beside the places of pixels, as `span_of` takes them."""
    tile: tuple[int, int]
    """Rows and columns."""
    sizes: np.ndarray
    """Bytes of each tile as stored, int64 (rows, cols) of tiles; 0 = not stored."""
    decoded: int
    """Bytes of a tile as an array."""
    is_remote: bool


def _table_of(source: Source, access: Access, window: GeoBox) -> _Table:
    asset = source.asset
    geobox, resampling = undo_shift(source, window, resampling_of(asset.band))
    with open_asset(asset, access, Deadline(_OPEN_WITHIN_S)) as opened:
        dataset, level = open_level(opened, geobox)
        rows, cols = dataset.block_shapes[0]
        margin = [kernel_reach(resampling, scale) for scale in scale_of(dataset, geobox)]
        if steps_to(dataset, geobox, resampling) is not None:
            margin = [-1, -1]
        return _Table(
            crs=dataset.crs,
            transform=dataset.transform,
            shape=dataset.shape,
            margin=(margin[0], margin[1]),
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


def _weigh(job: _Job, table: _Table, frame: _Frame) -> tuple[np.ndarray, Load]:
    """Loads of a file over each window, (N, fields of Load), and with every tile once."""
    touching = frame.touching(job.footprint)
    first, last = _tiles_of(table, frame.bounds_in(table, job.source.shift))
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


def _tiles_of(table: _Table, bounds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and one past the last (row, col) of the tiles that windows meet, int (N, 2)."""
    spans = [
        span_of(bounds[:, 0, axis], bounds[:, 1, axis], extent, table.margin[axis])
        for axis, extent in enumerate(table.shape)
    ]
    first, last = (np.stack(ends, axis=1) for ends in zip(*spans, strict=True))
    tile = np.array(table.tile)
    return first // tile, np.where(last > first, -(-last // tile), first // tile)


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
