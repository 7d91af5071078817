"""write_run_files: what a run tells of all its events together."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from lsbatch.batch.folder import RunFolder, write_whole
from lsbatch.batch.frozen import Planned, RunPlan
from lsbatch.batch.work import EventWork
from lsbatch.domain import Receipt, slug_of
from lsbatch.report import write_run_page
from lsbatch.store import catalog_of

_FIGURES = (
    "aoi_area_km2",
    "observed_area_km2",
    "observed_fraction",
    "landslide_count",
    "landslide_area_km2",
    "largest_m2",
)
# "missing" is known to these types: a count stays a whole number beside an event without a map
_TYPES = {
    "complete": "boolean",
    **dict.fromkeys(("blocks", "blocks_failed", "landslide_count"), "Int64"),
    "magnitude": "float64",
    **{name: "float64" for name in _FIGURES if name != "landslide_count"},
}


def write_run_files(
    folder: RunFolder,
    run: RunPlan,
    works: Mapping[str, EventWork],
    *,
    seconds: Mapping[str, float],
    tried: int,
) -> None:
    """Write summary, page, machine's record and, last, the catalogue of what is published.

    Parameters
    ----------
    folder : RunFolder
    run : RunPlan
    works : mapping of str to EventWork
        By event id.
    seconds : mapping of str to float
        Wall time of this start by stage.
    tried : int
        Blocks that were tried in this start.
    """
    rows, run_key = [_row(one, works) for one in run.events], run.run_key
    table = pd.DataFrame(rows).astype(_TYPES)
    table.to_parquet(folder.path / "summary.parquet")
    table.map(_plain_cell).to_csv(folder.path / "summary.csv", index=False)
    write_run_page(folder.path / "report.html", rows)
    receipts = [receipt for work in works.values() for receipt in work.receipts]
    record = {
        "run_key": run_key,
        "cluster": run.recipe.cluster.model_dump(),
        "seconds": {stage: round(value, 2) for stage, value in seconds.items()},
        **_machine_record(receipts),
        "blocks_tried_in_last_start": tried,
    }
    _write_json(folder.path / "run.json", record)
    published = [w.plan.event.slug for w in works.values() if w.is_published]
    _write_json(folder.catalog_path, catalog_of(run_key, published))


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a summary.parquet, missing values as None."""
    table = pd.read_parquet(path).astype(object)
    rows: list[dict[str, Any]] = table.where(table.notna(), None).to_dict("records")
    return rows


def _row(planned: Planned, works: Mapping[str, EventWork]) -> dict[str, Any]:
    """An event's row of the summary."""
    if planned.plan is None:
        return _row_without_plan(planned)
    plan = planned.plan
    work = works[plan.event.id]
    metrics = work.metrics() or {"complete": None}
    failed = len(work.failed)
    return {
        "event_id": plan.event.id,
        "slug": plan.event.slug,
        "name": plan.event.name,
        "time": plan.event.time.isoformat(),
        "magnitude": plan.event.magnitude,
        "detector": plan.detector.name,
        "complete": metrics["complete"],
        "blocks": plan.block_count,
        "blocks_failed": failed,
        **{name: metrics.get(name) for name in _FIGURES},
        "message": work.fault or (f"{failed} blocks failed" if failed else ""),
    }


def _row_without_plan(planned: Planned) -> dict[str, Any]:
    names = ("name", "time", "magnitude", "detector", "complete", "blocks", "blocks_failed")
    return {
        "event_id": planned.event,
        "slug": slug_of(planned.event),
        **dict.fromkeys((*names, *_FIGURES)),
        "message": str(planned.error),
    }


def _plain_cell(value: Any) -> Any:
    """The value, with an apostrophe before a text that a spreadsheet would calculate."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {*"=+-@\t\r"} else value


def _machine_record(receipts: Iterable[Receipt]) -> dict[str, Any]:
    """What of run.json the blocks tell."""
    workers: dict[str, float] = {}
    inside: dict[str, float] = {}
    known = []
    for receipt in receipts:
        workers[receipt.worker] = max(workers.get(receipt.worker, 0.0), receipt.peak_rss_mb)
        for stage, seconds in receipt.seconds.items():
            inside[stage] = inside.get(stage, 0.0) + seconds
        if receipt.bytes_read is not None:
            known.append(receipt.bytes_read)
    return {
        "seconds_in_blocks": {stage: round(value, 2) for stage, value in inside.items()},
        "bytes_read": sum(known) if known else None,
        "peak_rss_mb": {worker: round(peak, 1) for worker, peak in sorted(workers.items())},
    }


def _write_json(path: Path, value: Any) -> None:
    write_whole(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")
