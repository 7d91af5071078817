"""Recipe: a whole run of one event as one frozen value; BatchRecipe: of many."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from lsbatch.domain import Composite, Event, Period, Preparation, own_period
from lsbatch.errors import ContractError, RecipeError

EVENT_MARK = "{event}"
"""In `inventory` it stands for the id of the event."""
_MOST_RADIUS_KM = 1000.0
_FREE = {"cluster", "loader", "reads_per_second", "yes"}
"""Choices that change how long a run takes, never what it leaves."""


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


class Settings(_Frozen):
    """All that decides what is computed of an event, and where, but which event it is."""

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
    light: Literal["as-seen", "scs+c"] = "as-seen"
    """scs+c = the light of slopes is taken out of reflectance (Soenen et al. 2005), with a C for
    each band measured on each image before any block is cut; as-seen = it stays in."""
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

    @field_validator("source")
    @classmethod
    def _check_source(cls, value: str) -> str:
        return _not_blank(value)

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

    def binding(self) -> dict[str, Any]:
        """Plain values of all that may change a product: two runs of equal ones are one run."""
        # loader: both hand the same files to one reader, and change none of the bits that it gives
        # (tests/cube/test_loaders.py); they differ in which hidden pixels they leave unread
        return self.model_dump(exclude=_FREE)

    def to_yaml(self) -> str:
        """YAML text from which the reader of recipes makes an equal value."""
        return yaml.safe_dump(self.model_dump(exclude_defaults=True), sort_keys=False)


class Recipe(Settings):
    """All that decides what a run of one event computes, and where it runs."""

    event: str
    """Id of the catalogue, or path of a GeoJSON or CSV file with one event."""

    @field_validator("event")
    @classmethod
    def _check_event(cls, value: str) -> str:
        return _not_blank(value)

    @model_validator(mode="before")
    @classmethod
    def _name_inventory(cls, values: Any) -> Any:
        event, inventory = values.get("event"), values.get("inventory")
        if not (isinstance(event, str) and isinstance(inventory, str)):
            return values
        return {**values, "inventory": inventory.replace(EVENT_MARK, event)}

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


class BatchRecipe(Settings):
    """All that decides what a run of many events computes, and where it runs.

    Its events are those listed, or those of the catalogue; of them those that the filter keeps.
    """

    events: tuple[str, ...] = ()
    """Each as in `Recipe.event`; empty = every event of the catalogue."""
    filter: str | None = None
    """Which of them to take, such as ``magnitude >= 6.5 and start > 2015-06-23``."""

    @field_validator("events")
    @classmethod
    def _check_events(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"must not list an event twice ({', '.join(twice)})")
        return tuple(_not_blank(name) for name in names)

    @model_validator(mode="after")
    def _check_chosen(self) -> Self:
        if not (self.events or self.filter or self.catalog):
            raise ValueError(
                "no events are chosen: list them (events: [id, id, …]), name a catalog, or give a "
                "filter (filter: magnitude >= 6.5)"
            )
        return self

    @classmethod
    def of_one(cls, recipe: Recipe) -> "BatchRecipe":
        """The batch of one event."""
        shared = {name: getattr(recipe, name) for name in Settings.model_fields}
        return cls(**shared, events=(recipe.event,))

    def for_event(self, event: str) -> Recipe:
        """The recipe of one of its events."""
        return Recipe(**{name: getattr(self, name) for name in Settings.model_fields}, event=event)


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value


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
