"""Options that several commands share, and the recipe they add up to."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

CatalogFile = Annotated[
    Path | None,
    typer.Option("--catalog", help="Event catalogue (GeoJSON or CSV); default: the shipped one."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
EventArgument = Annotated[
    str,
    typer.Argument(
        metavar="EVENT", help="Id of the catalogue, or a GeoJSON or CSV file with one event."
    ),
]
ListedEventArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="EVENT",
        help="Id of the catalogue, or a GeoJSON or CSV file with one event; may be left out where "
        "the --config file lists one.",
        show_default=False,
    ),
]
SourceOption = Annotated[
    str | None,
    typer.Option(
        "--source",
        help="Name of a catalogue (earth-search, planetary-computer), URL of a STAC API, or path "
        "of a static catalogue, item collection or stac-geoparquet file.",
    ),
]
DetectorOption = Annotated[
    str | None, typer.Option("--detector", help="Name; see `lsbatch detectors`.")
]
ParamOption = Annotated[
    list[str] | None,
    typer.Option("--param", metavar="NAME=VALUE", help="A threshold of the detector; repeatable."),
]
AoiOption = Annotated[
    Path | None,
    typer.Option(
        "--aoi",
        help="File with the area to map, in place of the event's: GeoJSON, GeoPackage, shapefile "
        "or GeoParquet in any CRS, or a ShakeMap's grid.xml (with --aoi-level).",
    ),
]
AoiLevelOption = Annotated[
    str | None,
    typer.Option(
        "--aoi-level",
        metavar="MEASURE=VALUE",
        help="Contour of the ShakeMap: mmi=6, pga=20 (% g) or pgv=15 (cm/s).",
    ),
]
AoiRadiusOption = Annotated[
    str | None,
    typer.Option(
        "--aoi-radius",
        metavar="KM",
        help="Map so many km about the epicentre; `marc`: half the rupture and the reach of its "
        "shaking (Marc et al. 2016).",
    ),
]
AoiSideOption = Annotated[
    str | None,
    typer.Option(
        "--aoi-side",
        metavar="east|west",
        help="Of an area across the 180th meridian: map its eastern or its western longitudes.",
    ),
]
AoiLandOption = Annotated[
    bool | None,
    typer.Option(
        "--aoi-land/--no-aoi-land",
        help="Leave sea further than 60 km from a coarse outline of land out of a contour or a "
        "radius [yes].",
        show_default=False,
    ),
]
YesOption = Annotated[
    bool | None,
    typer.Option("--yes", help="Go ahead even where the area is very large.", show_default=False),
]
PreOption = Annotated[str | None, typer.Option("--pre", metavar="FROM/TO", help="Period before.")]
PostOption = Annotated[str | None, typer.Option("--post", metavar="FROM/TO", help="Period after.")]
SensorOption = Annotated[str | None, typer.Option("--sensor", help="Use this sensor only.")]
LooksOption = Annotated[
    int | None, typer.Option("--looks", help="Usable looks wanted on each side [3].")
]
RegistrationOption = Annotated[
    str | None,
    typer.Option(
        "--registration",
        metavar="auto|off",
        help="Take shifts between the images out where they are sure and it helps, or take the "
        "images as they lie [auto].",
    ),
]
ResolutionOption = Annotated[
    float | None, typer.Option("--resolution", help="Pixel side, metres [the sensor's].")
]
CrsOption = Annotated[
    str | None, typer.Option("--crs", help="Projected CRS [UTM zone of the event].")
]
ThresholdOption = Annotated[
    float | None, typer.Option("--threshold", help="Score of a landslide [0.5].")
]
SlopeOption = Annotated[
    float | None, typer.Option("--slope-limit", help="Exclude ground less steep, degrees [5].")
]
MinAreaOption = Annotated[
    float | None, typer.Option("--min-area", help="Leave out polygons smaller than this, m2 [400].")
]
BlockOption = Annotated[
    int | None, typer.Option("--block", help="Side of a block, pixels, a multiple of 256 [512].")
]
InventoryOption = Annotated[
    Path | None, typer.Option("--inventory", help="Mapped landslides to score the map against.")
]
ClusterOption = Annotated[
    str | None, typer.Option("--cluster", help="local, or a scheduler's tcp:// or tls:// address.")
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", help="Local worker processes [cores].")
]
StrictOption = Annotated[
    bool, typer.Option("--strict", help="Publish no map in which a block failed.")
]
RetryOption = Annotated[
    bool,
    typer.Option("--retry-failed", help="Try blocks again that failed as often as they may."),
]
CompositeOption = Annotated[
    str | None,
    typer.Option(
        "--composite",
        metavar="NAME|pre=NAME,post=NAME",
        help="What is made of the usable looks of each side: median, best (the look nearest to the "
        "event) or, before it, greenest (the largest NDVI) [median].",
    ),
]
HarmoniseOption = Annotated[
    bool | None,
    typer.Option(
        "--harmonise/--no-harmonise",
        help="Adjust Sentinel-2 surface reflectance to the band passes of Landsat 8 (HLS) [no].",
        show_default=False,
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="YAML with any of these options, under the recipe's names."),
]


def recipe_of(given: dict[str, Any]) -> Any:
    """Recipe of a command's options, for one event."""
    from lsbatch.recipe import read_recipe

    return read_recipe(given.get("config"), event=given.get("event"), **_settings(given))


def batch_of(given: dict[str, Any]) -> Any:
    """Recipe of a command's options, for the events that its file chooses."""
    from lsbatch.recipe import read_batch

    return read_batch(given["config"], **_settings(given))


def _settings(given: dict[str, Any]) -> dict[str, Any]:
    """A command's options as a recipe names them, which nests some and spells out units."""
    options = {
        name: given.get(name)
        for name in (
            "source",
            "catalog",
            "aoi",
            "aoi_level",
            "aoi_radius",
            "aoi_side",
            "aoi_land",
            "yes",
            "inventory",
            "pre",
            "post",
            "sensor",
            "looks",
            "registration",
            "crs",
            "resolution",
            "threshold",
            "harmonise",
        )
    }
    options |= {
        "slope_limit_deg": given.get("slope_limit"),
        "min_area_m2": given.get("min_area"),
        "block_px": given.get("block"),
        "composite": _sides(given.get("composite")),
        "detector": _nested(name=given.get("detector"), parameters=_parameters(given.get("param"))),
        "cluster": _nested(name=given.get("cluster"), workers=given.get("workers")),
    }
    paths = {name: str(value) for name, value in options.items() if isinstance(value, Path)}
    return {**options, **paths}


def _sides(text: str | None) -> Any:
    """A composite's name, or one for each side of pre=NAME,post=NAME; the recipe checks names."""
    if text is None or "=" not in text:
        return text
    pairs = (part.partition("=") for part in text.split(","))
    return {side.strip(): name.strip() for side, _, name in pairs}


def _nested(**values: Any) -> dict[str, Any] | None:
    return {name: value for name, value in values.items() if value is not None} or None


def _parameters(pairs: list[str] | None) -> dict[str, Any] | None:
    if not pairs:
        return None
    found = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            found[name.strip()] = json.loads(value)
        except ValueError as error:
            raise typer.BadParameter(
                f"{pair!r} is not NAME=NUMBER", param_hint="--param"
            ) from error
    return found
