"""cost_of: what a planned run would read, write, hold in memory and take."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import shapely
from odc.geo.geobox import GeoBox

from lsbatch.cluster import count_local_workers
from lsbatch.cube import GDAL_ENV, Load, weigh_reads
from lsbatch.domain import (
    CHUNK_PX,
    FLAGS,
    PRODUCT_LAYERS,
    VISIBLE,
    Block,
    Scenes,
    project_area,
)
from lsbatch.features import bands_to_read
from lsbatch.pipeline import Plan, preview_grid

_COORDINATES = 3
"""Arrays beside the layers, a chunk each: y, x and spatial_ref."""
_FILES_OF_RUN = 7
"""plan.json, ledger.jsonl, summary.parquet and .csv, catalog.json, run.json, report.html."""
_FILES_OF_EVENT = 4
"""landslides.parquet, metrics.json, item.json, report.html."""

_WORKER_BYTES = 450e6
"""A worker with its libraries, before a block. Highest of the runs that `make bench ONLY=plan` and
`make bench ONLY=memory` make, less what the arithmetic below says of their blocks."""
_NETWORK_BYTES = 800e6
"""Keras, TensorFlow and a network's weights beside it; measured likewise with `unet`."""
_CACHE_BYTES = GDAL_ENV["GDAL_CACHEMAX"] * 2**20
"""GDAL's cache of decoded tiles, full."""
_SHELF_BYTES = 32 * 2**20
"""Parts of servers' files that a worker keeps."""
_PLAIN_BYTES_A_PIXEL = 100
"""Status, counts, delays and slope, and what a rule holds meanwhile."""
_TERRAIN_BYTES_A_PIXEL = 16
"""Four float32 planes over the block and what surrounds it."""
_FEATURE_MAPS = 10
"""Maps of a U-Net's finest level held at once: 714 to 884 bytes a pixel were measured on images of
256 to 1024 pixels (16 maps a tensor, 22 input planes)."""

_START_S = 5.0
"""Processes of the cluster, on a machine with nothing else to do, as all seconds here."""
_OPEN_S = 0.011
_VALUE_S = 0.055e-6
"""Opening a file, and reading and preparing a value: processor time of one core of an AMD EPYC,
local files. Least squares over nine works, each told to within 12 %: each detector with blocks of
256, 512 and 1024 pixels, on 8 x 8 km and four looks, two of which registration moves (where it
moves none a value takes 0.04e-6). `make bench ONLY=plan` compares all these seconds with a run."""
_REQUEST_S = 0.1
"""A request to a server; not measured but assumed: a round trip over the open internet."""
_READERS = 4
"""Of a worker; they wait for servers at the same time."""
_SCORE_S = {"ndvi-change": 0.1e-6, "brightness-change": 3e-6}
_NETWORK_SCORE_S = 25e-6
"""Scoring a pixel, halo included."""
_FINISH_S = 8.0
_FINISHED_PIXEL_S = 2e-6


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run of one event would cost; bytes and requests as a least and a most.

    The least is every part of a file fetched once and kept, the most every block by itself; a run
    lies between them, or below both where images of one day overlap: of the lower one no more is
    read than the upper one lacks. Seconds are an estimate, for the order of magnitude.
    """

    event_id: str
    slug: str
    looks_pre: int
    looks_post: int
    images: int
    """Granules of the looks."""
    models: int
    """Granules of the elevation models."""
    crs: str
    resolution_m: float
    shape: tuple[int, int]
    """Rows and columns of the grid."""
    area_km2: float
    """Of the area of interest that the images cover."""
    blocks: int
    blocks_to_read: int
    """Those that meet the area of interest; the others are written without a read."""
    bytes_to_read: tuple[int, int]
    """As the files hold them, compressed."""
    bytes_decoded: int
    """Most, as arrays."""
    requests: tuple[int, int]
    """To servers; (0, 0) where all files are local."""
    files_written: int
    peak_bytes_per_worker: int
    """Upper bound of a worker's memory."""
    workers: int | None
    """None where a running scheduler has them."""
    seconds: int
    """Wall time with those workers, with one where their number is not known."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


def cost_of(plan: Plan) -> Cost:
    """The cost of a plan; reads the heads of its files, nothing else.

    Raises
    ------
    ReadError
        If a file cannot be opened any more.
    """
    area = project_area(plan.event.aoi, plan.grid.crs)
    blocks = list(plan.blocks())
    met = _meeting(blocks, area)
    inside = [block for block, is_met in zip(blocks, met, strict=True) if is_met]
    bands = bands_to_read(plan.scenes, plan.detector.inputs, plan.recipe.preparation)
    weighed = weigh_reads(
        plan.scenes,
        [block.padded for block in inside],
        bands=bands,
        around_px=plan.around_px,
    )
    mapped = sum(weighed.windows, Load())
    previews, slopes = _finishing(plan)
    most, least = mapped + previews + slopes, weighed.once + previews
    is_remote = any("://" in href for href in _hrefs(plan.scenes))
    workers = _workers_of(plan)
    return Cost(
        event_id=plan.event.id,
        slug=plan.event.slug,
        looks_pre=len(plan.scenes.pre),
        looks_post=len(plan.scenes.post),
        images=sum(len(look.scene.granules) for look in plan.scenes.looks),
        models=sum(len(model.granules) for model in plan.scenes.terrain),
        crs=f"EPSG:{plan.grid.crs.epsg}",
        resolution_m=abs(float(plan.grid.resolution.x)),
        shape=tuple(plan.grid.shape),
        area_km2=round(_covered_km2(plan, area), 3),
        blocks=len(blocks),
        blocks_to_read=len(inside),
        bytes_to_read=(least.stored_bytes, most.stored_bytes),
        bytes_decoded=most.decoded_bytes,
        requests=(least.requests, most.requests) if is_remote else (0, 0),
        files_written=_count_files(plan.grid),
        peak_bytes_per_worker=_peak(plan, inside, bands, is_remote),
        workers=workers,
        seconds=_seconds(plan, inside, bands, mapped, is_remote, workers or 1),
    )


def _meeting(blocks: list[Block], area: shapely.Geometry) -> np.ndarray:
    """Which blocks' cores meet the area of interest."""
    shapely.prepare(area)
    cores = np.array([block.core.boundingbox.bbox for block in blocks])
    found: np.ndarray = shapely.intersects(area, shapely.box(*cores.T))
    return found


def _finishing(plan: Plan) -> tuple[Load, Load]:
    """Reads of the report's images, and at most those of slopes under the polygons."""
    terrain = Scenes((), plan.scenes.terrain, plan.scenes.access)
    slopes = weigh_reads(terrain, [plan.grid], bands=()).once
    if any(not set(VISIBLE) <= look.scene.bands for look in plan.scenes.looks):
        return Load(), slopes
    return weigh_reads(plan.scenes, [preview_grid(plan.grid)], bands=VISIBLE).once, slopes


def _hrefs(scenes: Scenes) -> list[str]:
    every = [*(look.scene for look in scenes.looks), *scenes.terrain]
    return [a.href for scene in every for granule in scene.granules for a in granule.assets]


def _workers_of(plan: Plan) -> int | None:
    cluster = plan.recipe.cluster
    return count_local_workers(cluster.workers) if cluster.name == "local" else cluster.workers


def _covered_km2(plan: Plan, area: shapely.Geometry) -> float:
    seen = project_area(plan.scenes.footprint, plan.grid.crs)
    return float(area.intersection(seen).area) / 1e6


def _count_files(grid: GeoBox) -> int:
    """Files of a run of one event: chunks of its product, its metadata, and the records."""
    rows, cols = (math.ceil(extent / CHUNK_PX) for extent in grid.shape)
    arrays = len(PRODUCT_LAYERS) + _COORDINATES
    chunks = len(PRODUCT_LAYERS) * rows * cols + _COORDINATES
    return chunks + arrays + 1 + _FILES_OF_EVENT + _FILES_OF_RUN


def _bytes_a_look(bands: tuple[str, ...]) -> int:
    """Of a pixel: float32 for each band, uint16 for each band of flags."""
    flags = sum(band in FLAGS for band in bands)
    return 4 * (len(bands) - flags) + 2 * (flags + 1)


def _peak(plan: Plan, blocks: list[Block], bands: tuple[str, ...], is_remote: bool) -> int:
    """Most that a worker holds: itself, and twice the arrays of the largest block.

    A block is one task, and a worker has one thread for tasks: one block at a time.
    """
    pixels = max((math.prod(block.padded.shape) for block in blocks), default=0)
    wide = max((math.prod(b.padded.pad(plan.around_px).shape) for b in blocks), default=0)
    channels = len(plan.detector.inputs.channels)
    design = _design_of(plan)
    maps = 0 if design is None else 2 * design["planes"] + _FEATURE_MAPS * design["widths"][0]
    a_pixel = (
        2 * len(plan.scenes.looks) * _bytes_a_look(bands)
        + 2 * 4 * channels
        + 4 * maps
        + _PLAIN_BYTES_A_PIXEL
    )
    own = _WORKER_BYTES + _CACHE_BYTES
    own += (_NETWORK_BYTES if design else 0) + (_SHELF_BYTES if is_remote else 0)
    return round(own + pixels * a_pixel + wide * _TERRAIN_BYTES_A_PIXEL)


def _design_of(plan: Plan) -> dict[str, Any] | None:
    """The drawing of a detector's network; None of a rule."""
    card: dict[str, Any] = getattr(plan.detector, "card", {})
    return card.get("design")


def _seconds(
    plan: Plan,
    blocks: list[Block],
    bands: tuple[str, ...],
    mapped: Load,
    is_remote: bool,
    workers: int,
) -> int:
    """Wall time: start, blocks over the workers, and the end, which is the driver's alone."""
    pixels = sum(math.prod(block.padded.shape) for block in blocks)
    values = pixels * len(plan.scenes.looks) * (len(bands) + 1)
    score = _SCORE_S.get(plan.detector.name, _NETWORK_SCORE_S)
    waiting = mapped.requests * _REQUEST_S / _READERS if is_remote else 0.0
    work = mapped.files * _OPEN_S + values * _VALUE_S + pixels * score + waiting
    ending = _FINISH_S + math.prod(plan.grid.shape) * _FINISHED_PIXEL_S
    shared = work / min(workers, max(len(blocks), 1))
    rate = plan.scenes.access.reads_per_second
    paced = mapped.requests / rate if is_remote and rate else 0.0
    return round(_START_S + max(shared, paced) + ending)
