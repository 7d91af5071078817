"""Commands on whole runs: run, status, verify."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table
from rich.text import Text

from lsbatch.cli.options import (
    AsJson,
    ClusterOption,
    RetryOption,
    StrictOption,
    WorkersOption,
    YesOption,
    batch_of,
)
from lsbatch.cli.progress import run_progress
from lsbatch.cli.screen import OUT, counting_bar, echo_json, leave, say_error, tell_all, time_text

_SHOWN = 20
"""Damaged blocks that are named one by one."""

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run.")]


def run(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE", help="Recipe (YAML); see catalogs/recipes.")
    ],
    out: Annotated[
        Path, typer.Option("--out", help="Folder of this run: new, empty, or to go on with.")
    ],
    cluster: ClusterOption = None,
    workers: WorkersOption = None,
    strict: StrictOption = False,
    retry_failed: RetryOption = False,
    yes: YesOption = None,
    as_json: AsJson = False,
) -> None:
    """Map every event of a recipe, or go on where an earlier start stopped.

    Example, after `lsbatch demo`: `lsbatch run lsbatch-demo/world/recipe.yaml --out my-run`

    What it would cost is told beforehand by `lsbatch plan RECIPE`. Events are those that the recipe
    lists (`events: [id, id]`), those of a catalogue (`catalog: FILE`), or those that a filter keeps
    (`filter: magnitude >= 6.5 and start > 2015-06-23`).
    """
    from lsbatch.batch import run_batch
    from lsbatch.cube import fence_gdal

    given = {"config": recipe, "cluster": cluster, "workers": workers, "yes": yes}
    batch = batch_of(given)
    fence_gdal()
    with run_progress() as show:
        outcomes = run_batch(batch, out, tell=show, strict=strict, retry_failed=retry_failed)
    if as_json:
        echo_json([_record(outcome) for outcome in outcomes])
    else:
        tell_all(outcomes, out)
    leave(outcomes, out)


def _record(outcome: Any) -> dict[str, Any]:
    """An event's outcome for --json."""
    return {
        "event": outcome.event,
        "slug": outcome.slug,
        "metrics": outcome.metrics,
        "blocks_failed": len(outcome.failed),
        "message": outcome.message,
    }


def status(folder: FolderArgument, as_json: AsJson = False) -> None:
    """Tell how far a run is: events, blocks done, failed and left, time left, who works on it.

    Example, after `lsbatch demo`: `lsbatch status lsbatch-demo/map`
    """
    from lsbatch.batch import status_of

    found = status_of(folder)
    if as_json:
        echo_json(found.to_json())
        return
    table = Table(Column("event", overflow="fold"), box=None, padding=(0, 1, 0, 0))
    table.add_column("state")
    for name in ("blocks", "done", "failed", "left"):
        table.add_column(name, justify="right")
    for event in found.events:
        counts = (event.blocks, event.done, event.failed, event.left)
        table.add_row(Text(event.event), event.state, *(f"{count:,}" for count in counts))
    OUT.print(table)
    for event in found.events:
        if event.message:
            OUT.print(f"note: {event.event}: {event.message}", markup=False, soft_wrap=True)
    OUT.print(_pace(found), markup=False, soft_wrap=True)


def _pace(found: Any) -> str:
    """Who works on a run, and how fast."""
    if found.holder is None:
        return "Nobody works on it."
    head = f"Worked on by {found.holder}"
    if found.seconds_left is None:
        return f"{head}; no block is done yet."
    rate = 60 * found.blocks_per_second
    return f"{head}; {rate:.3g} blocks a minute, about {time_text(found.seconds_left)} left."


def verify(
    folder: FolderArgument,
    repair: Annotated[
        bool, typer.Option("--repair", help="Compute damaged blocks again, and only those.")
    ] = False,
    cluster: ClusterOption = None,
    workers: WorkersOption = None,
    as_json: AsJson = False,
) -> None:
    """Check every stored chunk of a run's products against what is on record of it.

    Example, after `lsbatch demo`: `lsbatch verify lsbatch-demo/map`
    """
    from lsbatch.batch import repair_run, verify_run
    from lsbatch.cube import fence_gdal
    from lsbatch.recipe import ClusterChoice

    fence_gdal()
    with counting_bar("checking", "blocks") as show:
        found = verify_run(folder, progress=show)
    left = found
    if repair and found:
        choice = ClusterChoice(name=cluster or "local", workers=workers)
        left = repair_run(folder, found, cluster=choice)
    if as_json:
        echo_json({"damaged": _records(found), "left": _records(left)})
    else:
        _tell_damage(found, left, folder, repair=repair)
    if left:
        raise typer.Exit(3)


def _records(damages: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [
        {
            "event": one.event,
            "block": one.block and list(one.block),
            "changed": list(one.changed),
            "missing": list(one.missing),
            "unproven": one.is_unproven,
        }
        for one in damages
    ]


def _tell_damage(
    found: tuple[Any, ...], left: tuple[Any, ...], folder: Path, *, repair: bool
) -> None:
    for one in found[:_SHOWN]:
        OUT.print(_sentence(one), markup=False, soft_wrap=True)
    if len(found) > _SHOWN:
        OUT.print(f"… and {len(found) - _SHOWN} more (--json lists all)")
    if not found:
        OUT.print("Every chunk is as it was written.")
    elif not repair:
        say_error(f"Error: {len(found)} damaged. Mend them: lsbatch verify {folder} --repair")
    elif left:
        say_error(
            f"Error: {len(left)} of {len(found)} could not be mended: computed again, they have "
            "other bytes. Is the imagery what it was?"
        )
    else:
        OUT.print(f"{len(found)} mended: every chunk is as it was written.")


def _sentence(one: Any) -> str:
    where = "metadata and coordinates" if one.block is None else f"block {one.block}"
    parts = [f"{len(one.changed)} changed"] if one.changed else []
    parts += [f"{len(one.missing)} missing"] if one.missing else []
    parts += ["no receipt"] if one.is_unproven else []
    return f"{one.event} {where}: {', '.join(parts)}"
