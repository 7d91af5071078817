"""The event catalogue: read it, or find one event by id or by file."""

import difflib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from lsbatch.catalog.tables import read_event_table
from lsbatch.domain import Event, catalogs_folder
from lsbatch.errors import CatalogError

_EVENT_FILES = (".geojson", ".json", ".csv")
_FIRST_IMAGES = datetime(1972, 7, 23, tzinfo=UTC)
"""Launch of Landsat 1."""
_LONGITUDE_FIRST = ("CRS84", "4326")


def read_events(path: Path | None = None) -> tuple[Event, ...]:
    """All events of a catalogue, in the order of the file.

    Parameters
    ----------
    path : Path, optional
        A GeoJSON FeatureCollection in EPSG:4326, where each feature has the properties ``id`` and
        ``time`` and a polygon, or a CSV file as `read_event_table` reads it. Default: the shipped
        catalogue.

    Raises
    ------
    CatalogError
        Where the file cannot be read, an event breaks a rule or lies in the future, or two share
        an id or the name of a folder.
    """
    path = catalogs_folder() / "events.geojson" if path is None else path
    events, what = _read_list(path)
    seen: dict[str, tuple[int, str]] = {}
    for number, event in enumerate(events, 1):
        before, other = seen.setdefault(event.slug, (number, event.id))
        if before != number:
            twins = f"both {event.id!r}" if other == event.id else f"{other!r} and {event.id!r}"
            raise CatalogError(
                f"Every event needs an id of its own, and a folder; in {path} {what} {before} and "
                f"{number} are {twins}. Rename one."
            )
        if event.time > datetime.now(UTC):
            raise CatalogError(
                f"{what.capitalize().removesuffix('s')} {number} of {path}: {_future(event)}"
            )
    return events


def check_time(event: Event) -> None:
    """Raise CatalogError for an event that no satellite can have seen."""
    if event.time > datetime.now(UTC):
        raise CatalogError(_future(event))
    if event.time < _FIRST_IMAGES:
        raise CatalogError(
            f"Event {event.id!r} is of {event.time:%Y-%m-%d}: no satellite looked before Landsat "
            f"1, launched on {_FIRST_IMAGES:%Y-%m-%d}."
        )


def _future(event: Event) -> str:
    return (
        f"event {event.id!r} lies in the future ({event.time:%Y-%m-%d %H:%M} UTC). Times are given "
        "in UTC, year first."
    )


def _read_list(path: Path) -> tuple[tuple[Event, ...], str]:
    """Events of a file, and what one of them is called there."""
    if path.suffix.lower() == ".csv":
        return read_event_table(path), "events"
    features = _read_features(path)
    events = tuple(_norm_event(feature, path, number) for number, feature in enumerate(features, 1))
    return events, "features"


def find_event(event: str, catalog: Path | None = None) -> Event:
    """The event of that id, or of that file.

    Parameters
    ----------
    event : str
        An id of the catalogue, or the path of a file ending in ``.geojson``, ``.json`` or ``.csv``
        with exactly one event.
    catalog : Path, optional
        The catalogue to search. Default: the shipped one.

    Raises
    ------
    CatalogError
        For an id that the catalogue does not have, or a file that is not one sound event.
    """
    if event.lower().endswith(_EVENT_FILES):
        return _read_event(Path(event))
    known = {candidate.id: candidate for candidate in read_events(catalog)}
    if event not in known:
        _refuse_id(event, list(known))
    return known[event]


def _refuse_id(event: str, known: list[str]) -> NoReturn:
    asked = event.lower().replace("_", "-").replace(" ", "-")
    folded = {candidate.lower(): candidate for candidate in known}
    close = [folded[match] for match in difflib.get_close_matches(asked, folded, cutoff=0.5)]
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    raise CatalogError(
        f"The event catalogue has no event {event!r}.{hint} `lsbatch events list` shows all; "
        "for an event of your own, give a file ending in .geojson."
    )


def _read_event(path: Path) -> Event:
    events, what = _read_list(path)
    if len(events) != 1:
        one = "exactly one feature" if what == "features" else "exactly one event"
        raise CatalogError(
            f"A file given as an event must hold {one}; {path} holds {len(events)}. Keep one, or "
            f"name its id together with --catalog {path}."
        )
    return events[0]


def _read_features(path: Path) -> list[Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_refuse_constant)
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise CatalogError(f"{path} is not readable as GeoJSON: {error}.") from error
    kind = found.get("type") if isinstance(found, dict) else None
    _check_crs(found, path)
    if kind == "Feature":
        return [found]
    if kind != "FeatureCollection" or not isinstance(found.get("features"), list):
        raise CatalogError(
            f"{path} must be a GeoJSON Feature or FeatureCollection; it is {kind or 'neither'}. "
            "An event needs properties (id, time), which a bare geometry cannot hold."
        )
    return list(found["features"])


def _check_crs(found: Any, path: Path) -> None:
    """Raise CatalogError for a file that says its coordinates are not longitude and latitude."""
    said = found.get("crs") if isinstance(found, dict) else None
    if said and not any(known in json.dumps(said) for known in _LONGITUDE_FIRST):
        raise CatalogError(
            f"Events are drawn in longitude and latitude (EPSG:4326), and {path} says that its "
            f"coordinates are in {json.dumps(said)}. Reproject it, or give the area with --aoi."
        )


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")


def _norm_event(feature: Any, path: Path, number: int) -> Event:
    where = f"Feature {number} of {path}"
    if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
        raise CatalogError(f"{where} is not a GeoJSON feature with properties (id, time).")
    try:
        return Event.from_feature(feature)
    except CatalogError as error:
        raise CatalogError(f"{where}: {error}") from error
