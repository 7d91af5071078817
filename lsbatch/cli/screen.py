"""What a person sees: tables, a progress bar, closing words."""

import contextlib
import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

OUT = Console()
ERR = Console(stderr=True)


@contextlib.contextmanager
def progress_bar() -> Iterator[Any]:
    """A bar of a map's blocks; it shows once the plan stands."""
    with counting_bar("mapping", "blocks") as count:

        def show(done: int, total: int, failed: int) -> None:
            faults = f"[red]{failed} failed" if failed else ""
            finishing = "polygons, metrics, report …" if done == total else ""
            count(done, total, faults or finishing)

        yield show


@contextlib.contextmanager
def counting_bar(doing: str, unit: str) -> Iterator[Any]:
    """A bar on a terminal, its last state elsewhere; it starts anew where the total changes."""
    bar = Progress(
        TextColumn(doing),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
        console=ERR,
    )
    line = bar.add_task("", total=None)

    def show(done: int, total: int, what: str) -> None:
        bar.start()
        if bar.tasks[0].total != total:
            bar.reset(line, total=total)
        bar.update(line, completed=done, description=what)

    try:
        yield show
    finally:
        bar.stop()


def tell(outcome: Any) -> None:
    metrics = outcome.metrics
    if outcome.was_finished:
        OUT.print("This very run was finished here before; nothing was computed.")
    table = Table(box=None, show_header=False)
    area = metrics["landslide_area_km2"]
    low, high = metrics["landslide_area_km2_low"], metrics["landslide_area_km2_high"]
    table.add_row("landslides", f"{metrics['landslide_count']}")
    table.add_row("landslide area", f"{number(area)} km2 ({number(low)} to {number(high)})")
    table.add_row(
        "observed",
        f"{number(metrics['observed_area_km2'])} km2, "
        f"{number(100 * (metrics['observed_fraction'] or 0))} % of the area of interest",
    )
    pixel = (metrics.get("evaluation") or {}).get("pixel")
    if pixel:
        table.add_row(
            "against the inventory",
            f"MCC {number(pixel['mcc'])}, precision "
            f"{number(pixel['precision'])}, recall {number(pixel['recall'])}",
        )
    OUT.print(table)
    extent = (metrics.get("evaluation") or {}).get("extent") or {}
    if extent.get("inventory_count") == 0:
        OUT.print("note: no polygon of the inventory lies in the area; nothing was scored.")
    for warning in outcome.warnings:
        OUT.print(f"note: {warning}", markup=False, soft_wrap=True)
    OUT.print(f"report:  {outcome.event_folder / 'report.html'}", markup=False, soft_wrap=True)
    OUT.print(f"product: {outcome.event_folder / 'product.zarr'}", markup=False, soft_wrap=True)


def say_error(text: str) -> None:
    """One sentence on stderr."""
    ERR.print(text, markup=False, highlight=False, soft_wrap=True)


def leave(outcome: Any) -> None:
    """Exit 3 where blocks failed, naming them and what to do."""
    if not outcome.failed:
        return
    count = len(outcome.failed)
    shown = "; ".join(f"block {tuple(r.block)}: {r.reason}" for r in outcome.failed[:3])
    more = f" (and {count - 3} more)" if count > 3 else ""
    say_error(
        f"Error: {count} blocks failed, their pixels carry status 7 or 8: {shown}{more}. "
        f"Once the cause is mended: {_again(outcome.out)}"
    )
    raise typer.Exit(3)


def _again(out: Path) -> str:
    """The command that was typed, for another folder."""
    other = f"{out}-again"
    words = [other if word == str(out) else word for word in sys.argv[1:]]
    return shlex.join(["lsbatch", *(w.replace(f"--out={out}", f"--out={other}") for w in words)])


def echo_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False, default=str))


def number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3g}"
