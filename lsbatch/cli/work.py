"""Commands that work: map, evaluate, report, demo."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

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
    ListedEventArgument,
    LooksOption,
    MinAreaOption,
    ParamOption,
    PostOption,
    PreOption,
    RegistrationOption,
    ResolutionOption,
    RetryOption,
    SensorOption,
    SlopeOption,
    SourceOption,
    StrictOption,
    ThresholdOption,
    WorkersOption,
    YesOption,
    recipe_of,
)
from lsbatch.cli.progress import run_progress
from lsbatch.cli.screen import OUT, echo_json, leave, number, tell
from lsbatch.errors import StoreError


def map_command(
    out: Annotated[Path, typer.Option("--out", help="Folder of this run: new or empty.")],
    event: ListedEventArgument = None,
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
    strict: StrictOption = False,
    retry_failed: RetryOption = False,
    as_json: AsJson = False,
) -> None:
    """Map one event, start to end.

    Example, after `lsbatch demo`:
    `lsbatch map lsbatch-demo/world/events.geojson --source lsbatch-demo/world/catalog.json
    --detector brightness-change --out my-map`

    The area is the event's own, a file (`--aoi valley.gpkg`), a ShakeMap's contour (`--aoi grid.xml
    --aoi-level mmi=6`) or a radius (`--aoi-radius 30`, `--aoi-radius marc`).
    """
    if event is None and config is None:
        raise typer.BadParameter("name one, or a file for --config that does", param_hint="EVENT")
    recipe = recipe_of(locals())
    outcome = _map(recipe, out, strict=strict, retry_failed=retry_failed)
    if as_json:
        echo_json(outcome.metrics)
    else:
        tell(outcome)
    leave([outcome], out)


def evaluate(
    product: Annotated[
        Path, typer.Argument(metavar="PRODUCT", help="events/EVENT/product.zarr of a run.")
    ],
    inventory: Annotated[
        Path, typer.Argument(metavar="INVENTORY", help="Mapped landslides, any vector file.")
    ],
    out: Annotated[Path, typer.Option("--out", help="JSON file to write.")],
    extent: Annotated[
        Path | None, typer.Option("--extent", help="Area that the inventory covers.")
    ] = None,
) -> None:
    """Score a product against mapped polygons.

    Example, after `lsbatch demo`: `lsbatch evaluate lsbatch-demo/map/events/demo-5/product.zarr
    lsbatch-demo/world/inventories/demo-5.parquet --out scores.json`
    """
    from lsbatch.batch import evaluate_folder

    scores = evaluate_folder(product, inventory, extent=extent)
    _write_text(out, json.dumps(scores, indent=1) + "\n")
    pixel, found = scores["pixel"], scores["object"]
    OUT.print(
        f"MCC {number(pixel.get('mcc'))}, precision {number(pixel.get('precision'))}, recall "
        f"{number(pixel.get('recall'))}; {number(found.get('detection_rate'))} of the mapped "
        f"landslides found. Written to {out}",
        soft_wrap=True,
    )


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a finished run.")],
) -> None:
    """Write the HTML pages of a run again, from its products.

    Example, after `lsbatch demo`: `lsbatch report lsbatch-demo/map`
    """
    from lsbatch.batch import rewrite_pages
    from lsbatch.cube import fence_gdal

    fence_gdal()
    for page in rewrite_pages(folder):
        OUT.print(str(page), soft_wrap=True)


def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder to make.")] = Path("lsbatch-demo"),
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another event.")] = 5,
    workers: WorkersOption = None,
) -> None:
    """Invent a small event, map it, score it against the known truth; no network needed.

    Example: `lsbatch demo`
    """
    from lsbatch.catalog import find_event
    from lsbatch.recipe import ClusterChoice, DetectorChoice, Recipe
    from lsbatch.simulate import simulate_event

    world = out / "world"
    if (world / "events.geojson").is_file():
        event = find_event(str(world / "events.geojson"))
        OUT.print(f"Event {event.id} was invented here before.")
    else:
        OUT.print("Inventing an earthquake: terrain, images before and after, clouds, landslides …")
        event = simulate_event(world, seed=seed)
    recipe = Recipe(
        event=str(world / "events.geojson"),
        source=str(world / "catalog.json"),
        detector=DetectorChoice(name="unet"),
        inventory=str(world / "inventories" / f"{event.id}.parquet"),
        cluster=ClusterChoice(workers=workers),
    )
    outcome = _map(recipe, out / "map")
    tell(outcome)
    OUT.print("This event is simulated: its figures say nothing about real ones.")
    leave([outcome], out / "map")


def _map(recipe: Any, out: Path, **choices: bool) -> Any:
    from lsbatch.batch import map_event
    from lsbatch.cube import fence_gdal

    fence_gdal()
    with run_progress() as show:
        return map_event(recipe, out, tell=show, **choices)


def _write_text(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error}.") from error
