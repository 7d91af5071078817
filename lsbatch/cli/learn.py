"""Commands that make detectors: train."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lsbatch.cli.screen import ERR, OUT


def train(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE", help="YAML: events, chips, how long, how large.")
    ],
    out: Annotated[
        Path,
        typer.Option("--out", help="Folder: new, empty, or an interrupted training to go on with."),
    ],
) -> None:
    """Train a network on events and chips.

    The recipe names folders as `lsbatch simulate` leaves them (`training`, `validation`) and,
    where there are any, `chips`. What comes out is used with
    `--detector unet --param 'sidecar="OUT/unet.json"'`. Watch it with
    `tensorboard --logdir OUT/logs`.

    Example: `lsbatch train catalogs/unet.yaml --out my-network`, after the `lsbatch simulate` lines
    at the top of that file.
    """
    from lsbatch.batch import train_detector
    from lsbatch.training import read_training_recipe

    with _progress() as show:
        sidecar = train_detector(read_training_recipe(recipe), out, progress=show)
    OUT.print(f"network: {sidecar}", markup=False, soft_wrap=True)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar that starts anew where another kind of work begins."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=ERR,
    )
    lines: dict[str, int] = {}

    def show(what: str, done: int, total: int) -> None:
        bar.start()
        kind = what.partition(":")[0]
        if kind not in lines:
            lines[kind] = bar.add_task(what, total=total)
        bar.update(lines[kind], completed=done, total=total, description=what)

    try:
        yield show
    finally:
        bar.stop()
