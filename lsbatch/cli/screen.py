"""What a person sees: tables, a progress bar, closing words."""

import contextlib
import json
import shlex
import sys
from collections.abc import Iterator, Sequence
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
from rich.table import Column, Table
from rich.text import Text

OUT = Console()
ERR = Console(stderr=True)
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


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
    """What a run found of one event."""
    metrics = outcome.metrics
    if outcome.was_finished:
        OUT.print("This very run was finished here before; nothing was computed.")
    if metrics is None:
        return
    table = Table(box=None, show_header=False)
    table.add_row("landslides", f"{metrics['landslide_count']}")
    table.add_row("landslide area", _area_text(metrics))
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


def tell_all(outcomes: Sequence[Any], out: Path) -> None:
    """What a run found of many events: a row for each."""
    if all(outcome.was_finished for outcome in outcomes):
        OUT.print("This very run was finished here before; nothing was computed.")
    table = Table(Column("event", overflow="fold"), box=None, padding=(0, 1, 0, 0))
    for name in ("landslides", "landslide area", "observed", "blocks failed"):
        table.add_column(name, justify="right", overflow="fold")
    for outcome in outcomes:
        metrics = outcome.metrics
        if metrics is None:
            table.add_row(Text(outcome.event), "no map")
            continue
        table.add_row(
            Text(outcome.event),
            f"{metrics['landslide_count']}",
            _area_text(metrics),
            f"{number(100 * (metrics['observed_fraction'] or 0))} %",
            f"{len(outcome.failed)}",
        )
    OUT.print(table)
    OUT.print(f"report:  {out / 'report.html'}", markup=False, soft_wrap=True)
    OUT.print(f"summary: {out / 'summary.csv'}", markup=False, soft_wrap=True)


def _area_text(metrics: dict[str, Any]) -> str:
    low, high = metrics["landslide_area_km2_low"], metrics["landslide_area_km2_high"]
    return f"{number(metrics['landslide_area_km2'])} km2 ({number(low)} to {number(high)})"


def say_error(text: str) -> None:
    """One sentence on stderr."""
    ERR.print(text, markup=False, highlight=False, soft_wrap=True)


def leave(outcomes: Sequence[Any], out: Path) -> None:
    """Exit 3 where an event has no map or blocks failed, naming them and what to do."""
    for outcome in outcomes:
        if outcome.metrics is None:
            say_error(f"Error: {outcome.event}: {outcome.message}")
    blocks = [
        f"{f'{outcome.event} ' if len(outcomes) > 1 else ''}block {tuple(r.block)}: {r.reason}"
        for outcome in outcomes
        for r in outcome.failed
    ]
    if blocks:
        more = f" (and {len(blocks) - 3} more)" if len(blocks) > 3 else ""
        say_error(
            f"Error: {len(blocks)} blocks failed, their pixels carry status 7 or 8: "
            f"{'; '.join(blocks[:3])}{more}. Once the cause is mended: {_again(out)}"
        )
    if not all(outcome.is_whole for outcome in outcomes):
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


def size_text(count: float) -> str:
    """Bytes with two digits and a decimal unit."""
    power = 0
    while count >= 999.5 and power < len(_UNITS) - 1:
        count, power = count / 1000, power + 1
    return f"{count:.0f} {_UNITS[power]}" if count >= 9.95 else f"{count:.1f} {_UNITS[power]}"


def time_text(seconds: float) -> str:
    """A time that is only an estimate: in its largest unit."""
    for unit, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * length:
            count = seconds / length
            return f"{count:.0f} {unit}" if count >= 9.5 else f"{count:.1f} {unit}"
    return f"{seconds:.0f} s"
