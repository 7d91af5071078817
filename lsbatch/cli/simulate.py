"""The command that invents events."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from lsbatch.cli.options import AsJson
from lsbatch.cli.screen import OUT, counting_bar, echo_json


def simulate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make: new or empty.")],
    seed: Annotated[int, typer.Option("--seed", help="Another seed, other events.")] = 0,
    events: Annotated[int, typer.Option("--events", help="How many, 1 to 999.")] = 1,
    side: Annotated[
        float, typer.Option("--side", help="Side of an event's images, 1.5 to 20 km.")
    ] = 8.0,
    style: Annotated[
        list[str] | None,
        typer.Option(
            "--style",
            help="Kind of place and trigger; repeatable, taken in turn [all with landslides].",
        ),
    ] = None,
    instrument: Annotated[
        list[str] | None,
        typer.Option(
            "--instrument", help="s2-l2a, oli, …; repeatable, taken in turn [mostly s2-l2a]."
        ),
    ] = None,
    looks: Annotated[
        int, typer.Option("--looks", help="Images before, and as many after, 1 to 12.")
    ] = 2,
    zones: Annotated[
        int, typer.Option("--zones", help="So many events at least in UTM zones of their own.")
    ] = 1,
    as_json: AsJson = False,
) -> None:
    """Invent events with known truth: images, elevation model, inventory; no network needed.

    Example: `lsbatch simulate my-worlds --seed 1 --events 2 --side 4`
    """
    from lsbatch.simulate import simulate_events

    with counting_bar("inventing", "steps") as show:
        made = simulate_events(
            folder,
            seed=seed,
            events=events,
            side_km=side,
            styles=style or (),
            instruments=instrument or (),
            looks=(looks, looks),
            zones=zones,
            progress=show,
        )
    if as_json:
        echo_json(_record(folder, made))
    else:
        _tell(folder, made)


def _record(folder: Path, made: tuple[Any, ...]) -> dict[str, Any]:
    return {
        "catalog": str(folder / "catalog.json"),
        "events_file": str(folder / "events.geojson"),
        "recipe": str(folder / "recipe.yaml"),
        "events": [event.to_feature()["properties"] for event in made],
    }


def _tell(folder: Path, made: tuple[Any, ...]) -> None:
    table = Table(box=None)
    for name in ("event", "time (UTC)", "instrument", "soil", "landslides"):
        table.add_column(name, no_wrap=name == "event")
    for event in made:
        table.add_row(
            event.id,
            f"{event.time:%Y-%m-%d %H:%M}",
            event.facts["instrument"],
            event.facts["soil"]["name"],
            str(event.facts["mapped_landslides"]),
        )
    OUT.print(table)
    OUT.print(f"catalogue: {folder / 'catalog.json'}", markup=False, soft_wrap=True)
    words = f"lsbatch map {made[0].id} --config {folder / 'recipe.yaml'} --out my-map"
    OUT.print(f"map one:   {words}", markup=False, soft_wrap=True)
    OUT.print("These events are simulated: figures on them say nothing about real ones.")
