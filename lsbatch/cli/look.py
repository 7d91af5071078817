"""Commands that only look: events, detectors, scenes."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import typer
from rich.table import Table

from lsbatch.cli.options import (
    AoiLandOption,
    AoiLevelOption,
    AoiOption,
    AoiRadiusOption,
    AoiSideOption,
    AsJson,
    CatalogFile,
    ConfigOption,
    DetectorOption,
    EventArgument,
    LooksOption,
    PostOption,
    PreOption,
    RegistrationOption,
    SensorOption,
    SourceOption,
    YesOption,
    recipe_of,
)
from lsbatch.cli.screen import OUT, echo_json

events_app = typer.Typer(
    help="The event catalogue.\n\nExample: `lsbatch events`", invoke_without_command=True
)
detectors_app = typer.Typer(
    help="Detectors: what can be used.\n\nExample: `lsbatch detectors`", invoke_without_command=True
)


@events_app.callback()
def events(context: typer.Context, catalog: CatalogFile = None, as_json: AsJson = False) -> None:
    """List the events.

    Example: `lsbatch events`
    """
    if context.invoked_subcommand is None:
        events_list(catalog, as_json)


@events_app.command("list")
def events_list(catalog: CatalogFile = None, as_json: AsJson = False) -> None:
    """List the events.

    Example: `lsbatch events list --json`
    """
    from lsbatch.catalog import read_events

    found = read_events(catalog)
    if as_json:
        echo_json({"type": "FeatureCollection", "features": [e.to_feature() for e in found]})
        return
    table = Table("id", "time (UTC)", "M", "place", "role", box=None)
    for event in found:
        magnitude = "" if event.magnitude is None else f"{event.magnitude:.1f}"
        role = str(event.facts.get("role") or "")
        table.add_row(event.id, f"{event.time:%Y-%m-%d %H:%M}", magnitude, event.place, role)
    OUT.print(table)


@events_app.command("show")
def events_show(event: EventArgument, catalog: CatalogFile = None, as_json: AsJson = False) -> None:
    """Show one event, each value with its provenance.

    Example: `lsbatch events show hokkaido-2018`
    """
    from lsbatch.catalog import find_event

    feature = find_event(event, catalog).to_feature()
    if as_json:
        echo_json(feature)
        return
    properties = dict(feature["properties"])
    provenance = properties.pop("provenance", None) or {}
    table = Table("", "value", "provenance", box=None)
    for name, value, mark in _rows(properties, provenance):
        table.add_row(name, value, mark)
    OUT.print(table)


def _rows(
    values: dict[str, Any], marks: dict[str, Any], prefix: str = ""
) -> Iterator[tuple[str, str, str]]:
    """(name, value, provenance) of everything that has a value; nested names joined by a dot."""
    for name, value in values.items():
        mark = marks.get(name) or {}
        if isinstance(value, dict):
            yield from _rows(value, mark, f"{prefix}{name}.")
        elif value not in (None, "", []):
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield f"{prefix}{name}", text, _mark_text(mark)


def _mark_text(mark: dict[str, Any]) -> str:
    status, source = mark.get("status", ""), mark.get("source", "")
    word = "from memory, not checked" if status == "memory" else status
    return f"{word} ({source})" if source and source != status else word


@detectors_app.callback()
def detectors(context: typer.Context, as_json: AsJson = False) -> None:
    """List the detectors.

    Example: `lsbatch detectors`
    """
    if context.invoked_subcommand is None:
        detectors_list(as_json)


@detectors_app.command("list")
def detectors_list(as_json: AsJson = False) -> None:
    """List the detectors.

    Example: `lsbatch detectors list`
    """
    from lsbatch.detectors import detector_names

    records = [_detector_record(name) for name in detector_names()]
    if as_json:
        echo_json(records)
        return
    table = Table("name", "bands", "halo (px)", "what it is", box=None)
    for record in records:
        table.add_row(
            record["name"], ", ".join(record["bands"]), str(record["halo"]), record["about"]
        )
    OUT.print(table)


@detectors_app.command("show")
def detectors_show(name: str, as_json: AsJson = False) -> None:
    """Show a detector's inputs and thresholds; of a network also its training and its skill.

    Example: `lsbatch detectors show ndvi-change`
    """
    record = _detector_record(name)
    if as_json:
        echo_json(record)
        return
    table = Table("", "", box=None, show_header=False)
    for key, value in record.items():
        table.add_row(key, value if isinstance(value, str) else json.dumps(value))
    OUT.print(table)


@detectors_app.command("halo")
def detectors_halo(name: str, as_json: AsJson = False) -> None:
    """Show what smaller halos would cost: error against the map of the whole image.

    Measured on an event invented for it. The detector's own halo is the last line.

    Example: `lsbatch detectors halo unet`
    """
    from lsbatch.batch import measure_halo
    from lsbatch.cube import fence_gdal
    from lsbatch.detectors import load_detector

    fence_gdal()
    errors = measure_halo(load_detector(name))
    if as_json:
        echo_json([asdict(error) for error in errors])
        return
    table = Table("halo (px)", "largest error", "mean error", "pixels of another class", box=None)
    for error in errors:
        cells = f"{error.largest:.2g}", f"{error.mean:.2g}", f"{100 * error.flipped:.3f} %"
        table.add_row(str(error.halo), *cells)
    OUT.print(table)


def _detector_record(name: str) -> dict[str, Any]:
    from lsbatch.detectors import load_detector

    detector = load_detector(name)
    card: dict[str, Any] = getattr(detector, "card", {})
    return {
        "name": name,
        "about": getattr(detector, "about", None) or _first_line(detector),
        "bands": list(detector.inputs.bands),
        "channels": [channel.name for channel in detector.inputs.channels],
        "halo": detector.halo,
        "detectable_rule": detector.detectable_rule,
        "parameters": detector.parameters,
        **{key: card[key] for key in ("training", "skill", "data") if key in card},
    }


def _first_line(thing: object) -> str:
    return (type(thing).__doc__ or "").strip().splitlines()[0]


_SHOWN = ("looks", "terrain", "considered", "offsets", "shifts", "rejected", "warnings")


def scenes(
    event: EventArgument,
    source: SourceOption = None,
    detector: DetectorOption = None,
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
    catalog: CatalogFile = None,
    config: ConfigOption = None,
    yes: YesOption = None,
    as_json: AsJson = False,
) -> None:
    """List the images a map would rest on, what they were weighed by, and why others are left out.

    Reads metadata, the heads of the chosen files, small overviews of Sentinel-2 among them and, for
    shifts between the images, up to 25 windows of 256 x 256 pixels of each.

    Example, after `lsbatch demo`:
    `lsbatch scenes lsbatch-demo/world/events.geojson --source lsbatch-demo/world/catalog.json`
    """
    from lsbatch.batch import build_plan
    from lsbatch.cli.weighed import LEGEND, weighed_table
    from lsbatch.cube import fence_gdal

    fence_gdal()
    plan = build_plan(recipe_of(locals())).to_json()
    if as_json:
        echo_json({name: plan[name] for name in _SHOWN})
        return
    OUT.print(weighed_table(plan))
    OUT.print(LEGEND, markup=False, soft_wrap=True)
    for rejection in plan["rejected"]:
        OUT.print(
            f"left out {rejection['item_id']}: {rejection['reason']}", markup=False, soft_wrap=True
        )
    for warning in plan["warnings"]:
        OUT.print(f"note: {warning}", markup=False, soft_wrap=True)
