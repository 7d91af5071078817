"""Commands that make detectors: train."""

from pathlib import Path
from typing import Annotated

import typer

from lsbatch.cli.screen import OUT, counting_bar


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

    With `start: my-network/unet.json` it goes on from a network, which takes far fewer events of
    your own than a new one.

    Example: `lsbatch train catalogs/unet-first.yaml --out my-network`, after the `lsbatch simulate`
    lines at the top of that file.
    """
    from lsbatch.batch import train_detector
    from lsbatch.cube import fence_gdal
    from lsbatch.training import read_training_recipe

    fence_gdal()
    with counting_bar("training", "steps") as show:
        sidecar = train_detector(read_training_recipe(recipe), out, progress=show)
    OUT.print(f"network: {sidecar}", markup=False, soft_wrap=True)
