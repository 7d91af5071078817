"""Event and Period: what happened, where, and when we look before and after."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from lsbatch.errors import CatalogError

_CLEAN_ID = re.compile(r"(?!(con|prn|aux|nul|com[0-9]|lpt[0-9])$)[a-z0-9-]{1,80}")
"""Fit to be a folder's name everywhere; Windows keeps a few words for itself."""


def slug_of(event_id: str) -> str:
    """Folder name of an event: the id itself where it is clean, else a slug with 8 hex digits."""
    if _CLEAN_ID.fullmatch(event_id):
        return event_id
    stem = re.sub(r"[^a-z0-9]+", "-", event_id.lower()).strip("-")[:60] or "event"
    # JSON can hold half a character, which plain UTF-8 refuses
    digest = hashlib.sha256(event_id.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{stem}-{digest[:8]}"


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open UTC interval, ``start <= t < end``."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            if getattr(self, name).tzinfo is None:
                raise CatalogError(f"A period needs UTC times; its {name} has no time zone.")
        if not self.start < self.end:
            raise CatalogError(
                f"A period must end after it starts; received {self.start:%Y-%m-%d} to "
                f"{self.end:%Y-%m-%d}. Write FROM/TO with FROM the earlier date."
            )

    def meets(self, start: datetime, end: datetime) -> bool:
        """Whether an acquisition known to lie in [start, end] may lie in this period."""
        return start < self.end and end >= self.start


@dataclass(frozen=True, slots=True)
class Event:
    """One trigger, with the area to look at."""

    id: str
    """Identifier in the event catalogue, as the user writes it."""
    time: datetime
    """Origin time, UTC."""
    aoi: BaseGeometry
    """Area of interest, polygon(s) in EPSG:4326 (x = longitude, y = latitude)."""
    name: str = ""
    magnitude: float | None = None
    place: str = ""
    epicentre: tuple[float, float] | None = None
    """(longitude, latitude) in degrees."""
    facts: dict[str, Any] = field(default_factory=dict, hash=False)
    """Everything else that the catalogue says, untouched."""

    def __post_init__(self) -> None:
        if not self.id or not self.id.strip():
            raise CatalogError("An event needs an id; received an empty one.")
        if self.time.tzinfo is None:
            raise CatalogError(f"Event {self.id!r} needs a UTC time; received one without a zone.")
        _check_aoi(self.id, self.aoi)

    @property
    def slug(self) -> str:
        """Folder name inside a run."""
        return slug_of(self.id)

    def to_feature(self) -> dict[str, Any]:
        """GeoJSON feature from which `from_feature` makes an equal event."""
        return {
            "type": "Feature",
            "id": self.id,
            "geometry": shapely.geometry.mapping(self.aoi),
            "properties": {
                **self.facts,
                "id": self.id,
                "name": self.name,
                "time": self.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
                "magnitude": self.magnitude,
                "place": self.place,
                "epicentre": list(self.epicentre) if self.epicentre else None,
            },
        }

    @classmethod
    def from_feature(cls, feature: dict[str, Any]) -> "Event":
        """Event of a GeoJSON feature with the properties ``id`` and ``time``.

        Raises
        ------
        CatalogError
            Without an id, a readable time or a sound polygon.
        """
        properties = dict(feature.get("properties") or {})
        event_id = str(properties.pop("id", None) or feature.get("id") or "")
        name, place = properties.pop("name", None), properties.pop("place", None)
        magnitude, epicentre = _norm_facts(
            event_id, properties.pop("magnitude", None), properties.pop("epicentre", None)
        )
        return cls(
            id=event_id,
            time=_norm_time(event_id, properties.pop("time", None)),
            aoi=_norm_geometry(event_id, feature.get("geometry")),
            name=event_id if name is None else str(name),
            magnitude=magnitude,
            place=str(place or ""),
            epicentre=epicentre,
            facts=properties,
        )


def _norm_time(event_id: str, text: Any) -> datetime:
    try:
        time = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise CatalogError(
            f"Event {event_id!r} needs the property 'time' as ISO 8601 in UTC, such as "
            f"2018-09-05T18:07:59Z; received {text!r}."
        ) from error


def _norm_facts(
    event_id: str, magnitude: Any, epicentre: Any
) -> tuple[float | None, tuple[float, float] | None]:
    try:
        size = None if magnitude is None else float(magnitude)
        return size, (float(epicentre[0]), float(epicentre[1])) if epicentre else None
    except (TypeError, ValueError, LookupError) as error:
        raise CatalogError(
            f"The magnitude of event {event_id!r} must be a number and its epicentre "
            f"[longitude, latitude]; received {magnitude!r} and {epicentre!r}."
        ) from error


def _norm_geometry(event_id: str, geometry: Any) -> BaseGeometry:
    if not geometry:
        raise CatalogError(
            f"Event {event_id!r} has no geometry; draw its area of interest as a GeoJSON Polygon."
        )
    try:
        area = shapely.force_2d(shapely.geometry.shape(geometry))
    except Exception as error:
        raise CatalogError(
            f"The geometry of event {event_id!r} is not readable GeoJSON: {error}."
        ) from error
    _check_closed(event_id, geometry)
    return area


def _check_closed(event_id: str, geometry: Any) -> None:
    """Raise CatalogError for a ring that does not end where it begins: a part may be lost."""
    depth = {"Polygon": 1, "MultiPolygon": 2}.get(geometry["type"], 0)
    rings = geometry["coordinates"] if depth else []
    for ring in [ring for polygon in rings for ring in polygon] if depth == 2 else rings:
        if ring and list(ring[0]) != list(ring[-1]):
            raise CatalogError(
                f"A ring of event {event_id!r} is not closed: it begins at {ring[0]} and ends at "
                f"{ring[-1]}. End it with its first corner."
            )


def _check_aoi(event_id: str, aoi: BaseGeometry) -> None:
    where = f"The area of interest of event {event_id!r}"
    if aoi.is_empty or aoi.geom_type not in ("Polygon", "MultiPolygon"):
        raise CatalogError(
            f"{where} must be a Polygon or MultiPolygon; received "
            f"{'an empty geometry' if aoi.is_empty else aoi.geom_type}."
        )
    if not shapely.is_valid(aoi):
        raise CatalogError(
            f"{where} is not a valid polygon: {shapely.is_valid_reason(aoi)} (longitude latitude). "
            "Draw its ring without crossing itself."
        )
    west, south, east, north = aoi.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        hint = " Are longitude and latitude swapped?" if abs(west) <= 90 < abs(south) else ""
        raise CatalogError(
            f"{where} must lie in longitude -180..180 and latitude -90..90 (EPSG:4326); received "
            f"x {west:g}..{east:g}, y {south:g}..{north:g}.{hint}"
        )
    if aoi.area == 0:
        raise CatalogError(f"{where} has no extent: all its corners are one point or one line.")
