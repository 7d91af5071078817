"""map_event: plan, work through the blocks on a cluster, finish and publish."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from distributed import Client, as_completed

from lsbatch.batch.folder import RunFolder, write_whole
from lsbatch.batch.plan import build_plan
from lsbatch.cluster import open_cluster
from lsbatch.domain import Receipt, Status
from lsbatch.errors import StoreError
from lsbatch.pipeline import (
    BlockTask,
    Plan,
    fail_block,
    finish_event,
    map_block,
    product_attrs,
)
from lsbatch.recipe import Recipe
from lsbatch.report import write_run_page
from lsbatch.store import catalog_of, create_product, digests_of

logger = logging.getLogger(__name__)

Progress = Callable[[int, int, int], None]
"""Called with (blocks done, blocks in all, blocks failed)."""

_IN_FLIGHT = 3
"""Blocks given to each worker at once: enough to keep it busy, few enough to bound memory."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run left."""

    out: Path
    slug: str
    metrics: dict[str, Any]
    failed: tuple[Receipt, ...]
    warnings: tuple[str, ...]
    was_finished: bool = False
    """The folder held this very run already; nothing was done."""

    @property
    def event_folder(self) -> Path:
        """Where the event's products lie."""
        return self.out / "events" / self.slug


def map_event(recipe: Recipe, out: Path, *, progress: Progress | None = None) -> Outcome:
    """Map one event, start to end.

    Parameters
    ----------
    recipe : Recipe
    out : Path
        The run's folder: new, empty, or an unfinished run of the same plan, which is resumed.
    progress : callable, optional
        Called after each block.

    Returns
    -------
    Outcome

    Raises
    ------
    LsbatchError
        If nothing can start. Blocks that fail do not raise: they are in the outcome.
    """
    started = time.perf_counter()
    plan = build_plan(recipe)
    # workers may run in another folder than this process
    folder = RunFolder(out.resolve(), plan.run_key)
    folder.claim(plan.to_json())
    was_finished = folder.is_finished
    if not was_finished:
        with folder.locked():
            _work(plan, folder, progress or (lambda done, total, failed: None), started)
    receipts = folder.receipts()
    metrics_path = folder.published(plan.event.slug) / "metrics.json"
    return Outcome(
        out=out,
        slug=plan.event.slug,
        metrics=json.loads(metrics_path.read_text(encoding="utf-8")),
        failed=tuple(r for r in receipts.values() if r.status != "ok"),
        warnings=plan.warnings,
        was_finished=was_finished,
    )


def _work(plan: Plan, folder: RunFolder, progress: Progress, started: float) -> None:
    slug = plan.event.slug
    planned = time.perf_counter()
    attempts = 0
    if not folder.published(slug).exists():
        attempts = _map_blocks(plan, folder, progress)
        mapped = time.perf_counter()
        receipts = folder.receipts()
        finish_event(plan, folder.staging(slug), list(receipts.values()))
        folder.publish(slug)
    else:
        mapped = planned
        receipts = folder.receipts()
    finished = time.perf_counter()
    stages = {"plan": planned - started, "map": mapped - planned, "finish": finished - mapped}
    _write_run_files(plan, folder, receipts, stages, attempts)
    logger.info(
        "event=%s stage=finished blocks=%d seconds=%.1f",
        plan.event.id,
        len(receipts),
        finished - started,
    )


def _map_blocks(plan: Plan, folder: RunFolder, progress: Progress) -> int:
    """Map every block that has no sound receipt yet; returns how many were tried."""
    product = folder.staging(plan.event.slug) / "product.zarr"
    done = _sound_receipts(plan, folder, product)
    if not product.exists():
        product.parent.mkdir(parents=True, exist_ok=True)
        create_product(product, plan.grid, attrs=product_attrs(plan))
    total = sum(1 for _ in plan.blocks())
    failed = sum(receipt.status != "ok" for receipt in done.values())
    progress(len(done), total, failed)
    left = (task for task in plan.tasks(product) if task.block.index not in done)
    if len(done) == total:
        return 0
    tried = 0
    with open_cluster(plan.recipe.cluster.name, workers=plan.recipe.cluster.workers) as client:
        for receipt in _receipts(client, left):
            folder.append(receipt)
            tried += 1
            failed += receipt.status != "ok"
            progress(len(done) + tried, total, failed)
            logger.debug("event=%s block=%s %s", receipt.event_id, receipt.block, receipt.status)
    return tried


def _sound_receipts(plan: Plan, folder: RunFolder, product: Path) -> dict[tuple[int, int], Receipt]:
    """Receipts of an earlier start whose chunks are on disk with the bytes on record."""
    if not product.exists():
        return {}
    known = folder.receipts()
    return {
        block.index: known[block.index]
        for block in plan.blocks()
        if block.index in known
        and known[block.index].status == "ok"
        and _on_disk(product, block, known[block.index])
    }


def _on_disk(product: Path, block: Any, receipt: Receipt) -> bool:
    try:
        return digests_of(product, block) == receipt.digests
    except OSError:
        return False


def _receipts(client: Client, tasks: Iterator[BlockTask]) -> Iterator[Receipt]:
    """Receipts in order of completion, a bounded number of blocks in flight."""
    width = _count_workers(client) * _IN_FLIGHT
    running: dict[Any, BlockTask] = {}
    completed = as_completed(loop=client.loop)

    def submit() -> None:
        task = next(tasks, None)
        if task is not None:
            if task.scenes.access.reads_per_second is not None:
                # counted anew for each block: workers come and go
                task = _sharing(task, _count_workers(client))
            future = client.submit(map_block, task, pure=False, retries=1)
            running[future] = task
            completed.add(future)

    for _ in range(width):
        submit()
    for future in completed:
        task = running.pop(future)
        try:
            receipt = future.result()
        except StoreError:
            raise  # a full disk is no fault of the block: stop, and let the same command resume
        except Exception as error:  # a lost worker or a fault of ours: the block fails, not the run
            reason = f"{type(error).__name__}: {error}"
            receipt = fail_block(task, Status.DETECTOR_FAILED, reason)
        future.release()
        submit()
        yield receipt


def _count_workers(client: Client) -> int:
    return max(1, len(client.scheduler_info(n_workers=-1)["workers"]))


def _sharing(task: BlockTask, workers: int) -> BlockTask:
    """The task with its worker's share of the rate at which servers may be asked.

    Each worker keeps to its share, also while others write or score: together they may stay below
    the rate, never above it, but for the blocks in flight when workers join.
    """
    access = task.scenes.access
    if access.reads_per_second is None:
        return task
    return replace(task, scenes=replace(task.scenes, access=access.shared_by(workers)))


def _write_run_files(
    plan: Plan,
    folder: RunFolder,
    receipts: dict[tuple[int, int], Receipt],
    stages: dict[str, float],
    attempts: int,
) -> None:
    slug = plan.event.slug
    metrics = json.loads((folder.published(slug) / "metrics.json").read_text(encoding="utf-8"))
    row = _summary_row(plan, metrics, receipts)
    table = pd.DataFrame([row])
    table.to_parquet(folder.path / "summary.parquet")
    table.map(_plain_cell).to_csv(folder.path / "summary.csv", index=False)
    write_run_page(folder.path / "report.html", [row])
    _write_json(folder.path / "run.json", _machine_record(plan, receipts, stages, attempts))
    folder.sweep()
    _write_json(folder.catalog_path, catalog_of(plan.run_key, [slug]))


def _plain_cell(value: Any) -> Any:
    """The value, with an apostrophe before a text that a spreadsheet would calculate."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {*"=+-@\t\r"} else value


def _summary_row(
    plan: Plan, metrics: dict[str, Any], receipts: dict[tuple[int, int], Receipt]
) -> dict[str, Any]:
    failed = sum(receipt.status != "ok" for receipt in receipts.values())
    return {
        "event_id": plan.event.id,
        "slug": plan.event.slug,
        "name": plan.event.name,
        "time": plan.event.time.isoformat(),
        "magnitude": plan.event.magnitude,
        "detector": plan.detector.name,
        "complete": metrics["complete"],
        "blocks": len(receipts),
        "blocks_failed": failed,
        **{
            name: metrics.get(name)
            for name in (
                "aoi_area_km2",
                "observed_area_km2",
                "observed_fraction",
                "landslide_count",
                "landslide_area_km2",
                "largest_m2",
            )
        },
        "message": f"{failed} blocks failed" if failed else "",
    }


def _machine_record(
    plan: Plan,
    receipts: dict[tuple[int, int], Receipt],
    stages: dict[str, float],
    attempts: int,
) -> dict[str, Any]:
    """run.json: what depends on the machine."""
    workers: dict[str, float] = {}
    inside: dict[str, float] = {}
    for receipt in receipts.values():
        workers[receipt.worker] = max(workers.get(receipt.worker, 0.0), receipt.peak_rss_mb)
        for stage, seconds in receipt.seconds.items():
            inside[stage] = inside.get(stage, 0.0) + seconds
    known = [r.bytes_read for r in receipts.values() if r.bytes_read is not None]
    return {
        "run_key": plan.run_key,
        "cluster": plan.recipe.cluster.model_dump(),
        "seconds": {stage: round(value, 2) for stage, value in stages.items()},
        "seconds_in_blocks": {stage: round(value, 2) for stage, value in inside.items()},
        "bytes_read": sum(known) if known else None,
        "peak_rss_mb": {worker: round(peak, 1) for worker, peak in sorted(workers.items())},
        "blocks_tried_in_last_start": attempts,
    }


def _write_json(path: Path, value: Any) -> None:
    write_whole(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")
