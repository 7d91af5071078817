"""map_block: the story of one block, on a worker."""

import os
import resource
import time
from pathlib import Path

import numpy as np
import xarray as xr
from rasterio.features import geometry_mask

from lsbatch.cube import build_cube, fence_gdal
from lsbatch.domain import UNDECIDED, Receipt, Status
from lsbatch.errors import ContractError, ReadError
from lsbatch.features import prepare
from lsbatch.inference import score_block
from lsbatch.pipeline.plan import BlockTask
from lsbatch.store import write_block

READERS = 4
"""Threads that read one block's files."""
AREA_STEP = 0.1
"""How far the threshold is moved for the lower and upper landslide area."""


def map_block(task: BlockTask) -> Receipt:
    """Read, prepare, score and write one block.

    A read that fails gives the whole block status 7, a detector that breaks its contract status 8;
    both are on record in the receipt, and never a plausible number in the product.
    """
    clock = _Clock()
    fence_gdal()
    block = task.block
    if _outside(task).all():
        layers = _blank(task, Status.EXCLUDED)
        return _receipt(task, layers, write_block(task.product, block, layers), clock)
    try:
        cube = build_cube(
            task.scenes,
            block.padded,
            bands=task.bands,
            around_px=task.around_px,
            loader=task.loader,
        )
        features = prepare(cube, task.detector.inputs, task.preparation)
        # a bare .load() would go back to the cluster's scheduler and spread the block over it
        features = features.load(scheduler="threads", num_workers=READERS)
        clock.lap("read")
        scored = _scored(features, task)
        clock.lap("score")
    except ReadError as error:
        return fail_block(task, Status.READ_FAILED, str(error), clock)
    except ContractError as error:
        return fail_block(task, Status.DETECTOR_FAILED, str(error), clock)
    layers = _layers(features, scored, task)
    digests = write_block(task.product, block, layers)
    clock.lap("write")
    return _receipt(task, layers, digests, clock)


def fail_block(
    task: BlockTask, status: Status, reason: str, clock: "_Clock | None" = None
) -> Receipt:
    """Write a block that could not be mapped: its status everywhere, no score."""
    layers = _blank(task, status)
    digests = write_block(task.product, task.block, layers)
    return _receipt(task, layers, digests, clock or _Clock(), reason=reason)


def _scored(features: xr.Dataset, task: BlockTask) -> xr.Dataset:
    """The detector's score of a block; it is not called where no pixel of the core is usable."""
    if (features["status"].values[task.block.inner] == Status.SCORED).any():
        return score_block(features, task.detector, task.block)
    shape = tuple(task.block.core.shape)
    blank = {"score": np.full(shape, np.nan, "float32"), "detectable": np.zeros(shape, bool)}
    return xr.Dataset({name: (("y", "x"), values) for name, values in blank.items()})


def _blank(task: BlockTask, status: Status) -> dict[str, np.ndarray]:
    """The product's arrays of a block without a score: its status within the AOI, no looks."""
    shape = tuple(task.block.core.shape)
    return {
        "score": np.full(shape, np.nan, "float32"),
        "landslide": np.full(shape, UNDECIDED, "uint8"),
        "status": np.where(_outside(task), np.uint8(Status.EXCLUDED), np.uint8(status)),
        "detectable": np.full(shape, UNDECIDED, "uint8"),
        "pre_count": np.zeros(shape, "uint16"),
        "post_count": np.zeros(shape, "uint16"),
        "pre_delay": np.full(shape, -1, "int16"),
        "post_delay": np.full(shape, -1, "int16"),
    }


def _layers(features: xr.Dataset, scored: xr.Dataset, task: BlockTask) -> dict[str, np.ndarray]:
    """The product's arrays over the block's core."""
    inner = task.block.inner
    status = features["status"].values[inner].copy()
    slope = features["slope_deg"].values[inner]
    # a slope that is not known cannot meet the limit either
    status[(status == 0) & ~(slope >= task.slope_limit_deg)] = Status.EXCLUDED
    outside = _outside(task)
    status[outside] = Status.EXCLUDED
    seen = status == Status.SCORED
    score = np.where(seen, scored["score"].values, np.float32(np.nan))
    layers = {
        "score": score,
        "landslide": np.where(seen, score >= task.threshold, UNDECIDED).astype("uint8"),
        "status": status,
        "detectable": np.where(seen, scored["detectable"].values, UNDECIDED).astype("uint8"),
    }
    # nothing is told of ground outside the AOI, so that blocks wholly outside need not be read
    for name, none in (("pre_count", 0), ("post_count", 0), ("pre_delay", -1), ("post_delay", -1)):
        layers[name] = np.where(outside, none, features[name].values[inner])
    return layers


def _outside(task: BlockTask) -> np.ndarray:
    """Pixels of the core whose centre is not in the area of interest."""
    core = task.block.core
    return geometry_mask([task.aoi], out_shape=tuple(core.shape), transform=core.affine)


def _receipt(
    task: BlockTask,
    layers: dict[str, np.ndarray],
    digests: dict[str, str],
    clock: "_Clock",
    *,
    reason: str = "",
) -> Receipt:
    values, pixels = np.unique(layers["status"], return_counts=True)
    counts = {str(value): int(n) for value, n in zip(values, pixels, strict=True)}
    for name, shift in (("low", AREA_STEP), ("mid", 0.0), ("high", -AREA_STEP)):
        with np.errstate(invalid="ignore"):
            counts[f"landslide_{name}"] = int((layers["score"] >= task.threshold + shift).sum())
    return Receipt(
        event_id=task.event_id,
        block=task.block.index,
        status="failed" if reason else "ok",
        reason=reason,
        digests=digests,
        counts=counts,
        seconds=clock.laps,
        peak_rss_mb=_peak_rss_mb(),
        bytes_read=clock.bytes_read(),
        worker=f"{os.uname().nodename}:{os.getpid()}",
    )


class _Clock:
    """Wall time by stage, and what the process has read meanwhile."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()
        self._read_before = _bytes_read_so_far()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.laps[stage] = round(now - self._last, 4)
        self._last = now

    def bytes_read(self) -> int | None:
        so_far = _bytes_read_so_far()
        return None if so_far is None else so_far - (self._read_before or 0)


def _peak_rss_mb() -> float:
    """The most memory this process has held, MB.

    Linux's own record where there is one: what getrusage says counts the parent that started the
    process too.
    """
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _bytes_read_so_far() -> int | None:
    """Bytes this process has asked of files, None where the system does not tell."""
    try:
        lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return int(lines[0].split()[1])
