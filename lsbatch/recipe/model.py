"""Recipe: a whole run as one frozen value; YAML both ways."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from lsbatch.domain import Composite, Event, Period, Preparation, own_period
from lsbatch.errors import ContractError, RecipeError

_PATHS = {"event", "source", "catalog", "aoi", "inventory"}
_MOST_RADIUS_KM = 1000.0
_EVENT_MARK = "{event}"
"""In a file's `inventory` it stands for the id of the event."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Named(_Frozen):
    """A choice that may be written as its name alone."""

    name: str

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class DetectorChoice(_Named):
    """A detector and the thresholds that differ from its own."""

    parameters: dict[str, Any] = {}


class ClusterChoice(_Named):
    """Where to work; never changes the product."""

    name: str = "local"
    workers: int | None = Field(default=None, ge=1)


class CompositeChoice(_Frozen):
    """What is made of the usable looks of each side; one name alone is meant for both."""

    pre: Composite = "median"
    """median, best (the look nearest to the event) or greenest (the largest NDVI)."""
    post: Composite = "median"
    """median or best."""

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        if value == "greenest":
            raise ValueError(
                "the greenest look after an event is the one that hides its scars; for the looks "
                "before it write {pre: greenest}"
            )
        return {"pre": value, "post": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _check_post(self) -> "CompositeChoice":
        try:
            Preparation(pre=self.pre, post=self.post)
        except ContractError as error:
            raise ValueError(str(error)) from error
        return self


class Recipe(_Frozen):
    """All that decides what a run computes, and where it runs."""

    event: str
    """Id of the catalogue, or path of a GeoJSON or CSV file with one event."""
    source: str
    """Name of a catalogue (catalogs/endpoints.yaml), URL of a STAC API, or path of a static
    catalogue, item collection or stac-geoparquet file."""
    hosts: tuple[str, ...] = ()
    """Hosts that its images may be read from (https), besides its own and those of the large open
    catalogues; ``.name`` stands for every host below a name."""
    reads_per_second: float | None = Field(default=None, gt=0)
    """Most requests for files, over all workers together; the catalogue's own rate
    (catalogs/endpoints.yaml), or no limit, if left out. Changes the time, never the map."""
    detector: DetectorChoice
    catalog: str | None = None
    """Another event catalogue than the shipped one."""
    aoi: str | None = None
    """File with the area to map in place of the event's own: polygons, or a ShakeMap grid.xml."""
    aoi_level: str | None = None
    """Contour of a ShakeMap: pga=VALUE (% g), pgv=VALUE (cm/s) or mmi=VALUE."""
    aoi_radius: float | Literal["marc"] | None = None
    """Kilometres about the epicentre, or `marc`: what Marc et al.'s scaling expects."""
    aoi_side: Literal["east", "west"] | None = None
    """Of an area on both sides of the 180th meridian: its eastern or its western longitudes."""
    aoi_land: bool = True
    """Leave the open sea out of a ShakeMap's contour and of a radius."""
    inventory: str | None = None
    """File with mapped landslides to score the map against."""
    pre: str | None = None
    """FROM/TO before the event; the event's own `pre`, or a year up to it, if left out."""
    post: str | None = None
    """FROM/TO after the event; the event's own `post`, or a year from it on, if left out."""
    sensor: str | None = None
    looks: int = Field(default=3, ge=1, le=20)
    """Usable looks wanted of each place on each side."""
    composite: CompositeChoice = CompositeChoice()
    cloud_margin_m: float = Field(default=20.0, ge=0, le=1000)
    """How far what a quality band calls cloud or its shadow is widened, metres; 0 = not at all."""
    snow_margin_m: float = Field(default=30.0, ge=0, le=1000)
    """How far snow is widened, metres; 0 = not at all."""
    steady_is_ground: bool = True
    """Bright ground that is flagged as cloud in every look, and alike in two or brown, is used."""
    shadow_reach_m: float = Field(default=2000.0, ge=0, le=20000)
    """How far to look for hills that hide the sun (status 9), metres; 0 = not at all."""
    registration: Literal["auto", "off"] = "auto"
    """auto = shifts between the images are measured on stable ground, and taken out where they are
    sure, 0.2 pixels or more, and edges become more alike; off = images are taken as they lie."""
    harmonise: bool = False
    """Adjust Sentinel-2 surface reflectance to the band passes of Landsat 8."""
    crs: str | None = None
    """A projected CRS; the event's UTM zone if left out."""
    resolution: float | None = Field(default=None, gt=0)
    """Pixel side in metres; the sensor's own if left out."""
    threshold: float = Field(default=0.5, gt=0, lt=1)
    slope_limit_deg: float = Field(default=5.0, ge=0, lt=90)
    """Ground less steep is excluded (status 6)."""
    min_area_m2: float = Field(default=400.0, ge=0)
    """Smaller polygons are left out of landslides.parquet and the counts."""
    block_px: int = Field(default=512, ge=256, le=8192, multiple_of=256)
    """Side of a block; changes speed and memory, never the map."""
    loader: Literal["direct", "stackstac"] = "direct"
    """What makes the lazy cube; stackstac takes longer. The map is the same."""
    cluster: ClusterChoice = ClusterChoice()
    yes: bool = False
    """Go ahead even where the area is very large."""

    @field_validator("aoi_radius", mode="before")
    @classmethod
    def _norm_radius(cls, value: Any) -> Any:
        if value is None or value == "marc":
            return value
        try:
            radius = float(value)
        except (TypeError, ValueError):
            radius = 0.0
        if isinstance(value, bool) or not 0 < radius <= _MOST_RADIUS_KM:
            raise ValueError(f"must be kilometres up to {_MOST_RADIUS_KM:g}, or marc")
        return radius

    @field_validator("registration", mode="before")
    @classmethod
    def _norm_registration(cls, value: Any) -> Any:
        # YAML reads a bare off as false
        return "off" if value is False else value

    @field_validator("event", "source")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be empty")
        return value

    @property
    def preparation(self) -> Preparation:
        """What is set aside, and how the rest is composed."""
        return Preparation(
            cloud_margin_m=self.cloud_margin_m,
            snow_margin_m=self.snow_margin_m,
            steady_is_ground=self.steady_is_ground,
            shadow_reach_m=self.shadow_reach_m,
            pre=self.composite.pre,
            post=self.composite.post,
        )

    def periods(self, event: Event) -> tuple[Period, Period]:
        """When to look before and after an event.

        Raises
        ------
        RecipeError
            For a period that is not FROM/TO, or lies on the wrong side of the event.
        CatalogError
            For a period that does not end after it starts, or that the event states wrongly.
        """
        year = timedelta(days=365)
        pre = _period(self.pre, "pre") or own_period(event, "pre")
        pre = pre or Period(event.time - year, event.time)
        post = _period(self.post, "post") or own_period(event, "post")
        post = post or Period(event.time, event.time + year)
        if pre.start >= event.time:
            raise RecipeError(
                f"The pre period starts on {pre.start:%Y-%m-%d}, not before event {event.id!r} of "
                f"{event.time:%Y-%m-%d %H:%M} UTC."
            )
        if post.end <= event.time:
            raise RecipeError(
                f"The post period ends on {post.end:%Y-%m-%d}, not after event {event.id!r} of "
                f"{event.time:%Y-%m-%d %H:%M} UTC."
            )
        return pre, post

    def to_yaml(self) -> str:
        """YAML text from which `read_recipe` makes an equal recipe."""
        return yaml.safe_dump(self.model_dump(exclude_defaults=True), sort_keys=False)


def _period(text: str | None, name: str) -> Period | None:
    if text is None:
        return None
    try:
        start, end = (_moment(part) for part in text.split("/"))
    except ValueError as error:
        raise RecipeError(
            f"The {name} period must be FROM/TO with ISO dates, such as 2018-05-01/2018-09-01; "
            f"received {text!r}."
        ) from error
    return Period(start, end)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read_recipe(path: Path | None = None, **given: Any) -> Recipe:
    """A recipe from a YAML file, the environment (LSBATCH_…) and given options, later ones first.

    Parameters
    ----------
    path : Path, optional
        YAML file with the names of `Recipe`.
    **given
        Options of the command line; None = not given.

    Raises
    ------
    RecipeError
        Naming each unknown key and each value that breaks a rule.
    """

    class Layered(BaseSettings, Recipe):  # type: ignore[misc]
        model_config = SettingsConfigDict(
            env_prefix="LSBATCH_", env_nested_delimiter="__", extra="forbid", frozen=True
        )

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, lambda: document  # type: ignore[return-value]

    document, listed = _read_document(path)
    try:
        layered = Layered(**{name: value for name, value in given.items() if value is not None})
        return Recipe(**_for_event(layered.model_dump()))
    except ValidationError as error:
        if listed and any(fault["loc"] == ("event",) for fault in error.errors()):
            raise RecipeError(
                f"The recipe {path} lists {len(listed)} events; name one of them as EVENT: "
                f"{', '.join(listed)}."
            ) from error
        raise RecipeError(_faults(error, path)) from error
    except SettingsError as error:
        raise RecipeError(
            f"The environment breaks a rule: {error}. Name the part that is meant, such as "
            "LSBATCH_DETECTOR__NAME, or write the whole as JSON."
        ) from error


def events_of(path: Path) -> tuple[str, ...]:
    """Events that a recipe file is for: those listed under `events`, or its one `event`.

    Raises
    ------
    RecipeError
        If the file cannot be read, or its list is none.
    """
    document, listed = _read_document(path)
    event = document.get("event")
    return listed or ((event,) if isinstance(event, str) else ())


def _read_document(path: Path | None) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A file's options for one event, and the events that it lists under `events`.

    A relative path is meant from the file's folder where it leads to something there.
    """
    document = _read_yaml(path)
    listed = document.pop("events", [])
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise RecipeError(
            f"The recipe {path} must list its events as [id, id, …]; received {listed!r}."
        )
    if len(listed) == 1:
        document.setdefault("event", listed[0])
    for name in _PATHS & document.keys():
        value = document[name]
        if path is not None and isinstance(value, str):
            beside = path.parent / value
            found = beside.parent.is_dir() if _EVENT_MARK in value else beside.is_file()
            document[name] = str(beside) if found else value
    return document, tuple(listed)


def _for_event(options: dict[str, Any]) -> dict[str, Any]:
    """The options with the event's id where they leave room for it."""
    inventory = options["inventory"]
    if inventory is None or _EVENT_MARK not in inventory:
        return options
    return {**options, "inventory": inventory.replace(_EVENT_MARK, options["event"])}


def _read_yaml(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, RecursionError, yaml.YAMLError) as error:
        raise RecipeError(f"The recipe {path} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise RecipeError(f"The recipe {path} must be a YAML mapping of option: value.")
    return document


def _faults(error: ValidationError, path: Path | None) -> str:
    found = [_sentence(".".join(str(part) for part in f["loc"]), f) for f in error.errors()]
    where = f" (file {path})" if path else ""
    plural = "s" if len(found) > 1 else ""
    return f"The recipe breaks {len(found)} rule{plural}{where}: {'; '.join(found)}."


def _sentence(name: str, fault: Any) -> str:
    if fault["type"] == "missing":
        option = name.removesuffix(".name")
        return f"{option} is missing: name it with --{option} or in a file for --config"
    if fault["type"] == "extra_forbidden":
        branch = name.rpartition(".")[0]
        nested = {
            "detector": DetectorChoice,
            "cluster": ClusterChoice,
            "composite": CompositeChoice,
        }
        model = nested.get(branch, Recipe)
        return f"{name} is unknown (known: {', '.join(model.model_fields)})"
    return f"{name}: {fault['msg']} (received {fault['input']!r})"
