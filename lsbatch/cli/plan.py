"""plan: what a run would read, write, hold and take."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table
from rich.text import Text

from lsbatch.cli.options import (
    AoiLandOption,
    AoiLevelOption,
    AoiOption,
    AoiRadiusOption,
    AoiSideOption,
    AsJson,
    BlockOption,
    CatalogFile,
    ClusterOption,
    CompositeOption,
    ConfigOption,
    CrsOption,
    DetectorOption,
    HarmoniseOption,
    InventoryOption,
    LooksOption,
    MinAreaOption,
    ParamOption,
    PostOption,
    PreOption,
    RegistrationOption,
    ResolutionOption,
    SensorOption,
    SlopeOption,
    SourceOption,
    ThresholdOption,
    WorkersOption,
    YesOption,
    batch_of,
    recipe_of,
)
from lsbatch.cli.screen import OUT, echo_json, say_error, size_text, time_text

_LEGEND = (
    "read: as the files hold it, least where each part is fetched once and kept, most where each "
    "block fetches its own; memory: most of one worker; time: an estimate, for the order of "
    "magnitude."
)
_TOTALS = ("blocks", "files_written", "seconds")


def plan(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="RECIPE|EVENT",
            help="Recipe (YAML) with one event or many; or an event, as for `map`: an id "
            "of the catalogue, a GeoJSON or a CSV file.",
            show_default=False,
        ),
    ] = None,
    source: SourceOption = None,
    detector: DetectorOption = None,
    param: ParamOption = None,
    aoi: AoiOption = None,
    aoi_level: AoiLevelOption = None,
    aoi_radius: AoiRadiusOption = None,
    aoi_side: AoiSideOption = None,
    aoi_land: AoiLandOption = None,
    pre: PreOption = None,
    post: PostOption = None,
    sensor: SensorOption = None,
    looks: LooksOption = None,
    registration: RegistrationOption = None,
    composite: CompositeOption = None,
    harmonise: HarmoniseOption = None,
    resolution: ResolutionOption = None,
    crs: CrsOption = None,
    threshold: ThresholdOption = None,
    slope_limit: SlopeOption = None,
    min_area: MinAreaOption = None,
    block: BlockOption = None,
    inventory: InventoryOption = None,
    catalog: CatalogFile = None,
    cluster: ClusterOption = None,
    workers: WorkersOption = None,
    config: ConfigOption = None,
    yes: YesOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Folder to write plan.json into; `map` or `run` with the same options and --out "
            "goes on there. Without it nothing is written.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell what a run would cost: scenes, blocks, bytes, requests, files, memory, time.

    Reads metadata, the heads of the chosen files, small overviews and the windows that tell shifts
    between images, as `map` does before it starts; computes nothing else.

    Example, after `lsbatch demo`:
    `lsbatch plan lsbatch-demo/world/events.geojson --source lsbatch-demo/world/catalog.json
    --detector unet`

    Of every event that a recipe chooses: `lsbatch plan recipe.yaml`.
    """
    recipe = _recipe(target, locals())
    previews = _previews(recipe)
    planned = [preview for preview in previews if preview.cost is not None]
    if len(previews) == 1 and not planned:
        raise previews[0].planned.error
    if out is not None and planned:
        _keep(recipe, previews, out)
    if as_json:
        echo_json(_record(previews))
    else:
        _tell(previews)
    if len(planned) < len(previews):
        raise typer.Exit(3 if planned else 1)


def _recipe(target: str | None, options: dict[str, Any]) -> Any:
    """The events that were asked for, as a batch."""
    from lsbatch.recipe import BatchRecipe

    event = target
    if target is not None and Path(target).suffix.lower() in (".yaml", ".yml"):
        if options["config"] is not None:
            raise typer.BadParameter("name the recipe once", param_hint="--config")
        event, options = None, {**options, "config": Path(target)}
    if event is not None:
        return BatchRecipe.of_one(recipe_of({**options, "event": event}))
    if options["config"] is None:
        raise typer.BadParameter("name a recipe or an event", param_hint="RECIPE|EVENT")
    return batch_of(options)


def _previews(recipe: Any) -> list[Any]:
    from lsbatch.batch import preview_events
    from lsbatch.cube import fence_gdal

    fence_gdal()
    return list(preview_events(recipe))


def _keep(recipe: Any, previews: list[Any], out: Path) -> None:
    from lsbatch.batch import keep_plan

    keep_plan(recipe, previews, out)


def _record(previews: list[Any]) -> dict[str, Any]:
    """What --json prints: a record for each event, and their sums."""
    events = [
        {"event": one.planned.event, "error": str(one.planned.error)}
        if one.cost is None
        else {
            "event": one.planned.event,
            **one.cost.to_json(),
            "warnings": list(one.planned.plan.warnings),
        }
        for one in previews
    ]
    costs = [one.cost for one in previews if one.cost is not None]
    total = {name: sum(getattr(cost, name) for cost in costs) for name in _TOTALS}
    for name in ("bytes_to_read", "requests"):
        total[name] = [sum(getattr(cost, name)[end] for cost in costs) for end in (0, 1)]
    total["peak_bytes_per_worker"] = max((c.peak_bytes_per_worker for c in costs), default=0)
    return {"events": events, "total": {"events": len(costs), **total}}


def _tell(previews: list[Any]) -> None:
    table = Table(Column("event", overflow="fold"), box=None, padding=(0, 1, 0, 0))
    for name in ("scenes", "km2", "blocks", "read", "requests", "files", "memory", "time"):
        table.add_column(name, justify="right", overflow="fold")
    for one in previews:
        if one.cost is not None:
            table.add_row(Text(one.planned.event), *_cells(one.cost))
    OUT.print(table)
    OUT.print(_LEGEND, markup=False, soft_wrap=True)
    for one in previews:
        if one.cost is None:
            say_error(f"Error: {one.planned.event}: {one.planned.error}")
            continue
        for warning in one.planned.plan.warnings:
            head = f"{one.planned.event}: " if len(previews) > 1 else ""
            OUT.print(f"note: {head}{warning}", markup=False, soft_wrap=True)


def _cells(cost: Any) -> list[str]:
    least, most = cost.bytes_to_read
    few, many = cost.requests
    unread = cost.blocks - cost.blocks_to_read
    return [
        f"{cost.looks_pre} + {cost.looks_post}",
        f"{cost.area_km2:,.0f}" if cost.area_km2 >= 10 else f"{cost.area_km2:.2g}",
        f"{cost.blocks:,}" + (f" ({unread:,} outside)" if unread else ""),
        f"{size_text(least)} to {size_text(most)}",
        "local" if not many else f"{few:,} to {many:,}",
        f"{cost.files_written:,}",
        size_text(cost.peak_bytes_per_worker),
        f"{time_text(cost.seconds)} on {cost.workers or 1}",
    ]
