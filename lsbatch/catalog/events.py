"""The event catalogue: read it, or find one event by id or by file."""

import difflib
import json
from pathlib import Path
from typing import Any, NoReturn

from lsbatch.domain import Event, catalogs_folder
from lsbatch.errors import CatalogError

_EVENT_FILES = (".geojson", ".json")


def read_events(path: Path | None = None) -> tuple[Event, ...]:
    """All events of a catalogue, in the order of the file.

    Parameters
    ----------
    path : Path, optional
        A GeoJSON FeatureCollection in EPSG:4326; each feature has the properties ``id`` and
        ``time`` and a polygon. Default: the shipped catalogue.

    Raises
    ------
    CatalogError
        Where the file cannot be read, an event breaks a rule, or two share an id.
    """
    path = catalogs_folder() / "events.geojson" if path is None else path
    features = _read_features(path)
    events = tuple(_norm_event(feature, path, number) for number, feature in enumerate(features, 1))
    seen: dict[str, int] = {}
    for number, event in enumerate(events, 1):
        if event.id in seen:
            raise CatalogError(
                f"Every event needs an id of its own; in {path} features {seen[event.id]} and "
                f"{number} are both {event.id!r}. Rename one."
            )
        seen[event.id] = number
    return events


def find_event(event: str, catalog: Path | None = None) -> Event:
    """The event of that id, or of that file.

    Parameters
    ----------
    event : str
        An id of the catalogue, or the path of a file ending in ``.geojson`` or ``.json`` with
        exactly one feature.
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
    features = _read_features(path)
    if len(features) != 1:
        raise CatalogError(
            f"A file given as an event must hold exactly one feature; {path} holds "
            f"{len(features)}. Keep one, or name its id together with --catalog {path}."
        )
    return _norm_event(features[0], path, 1)


def _read_features(path: Path) -> list[Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_refuse_constant)
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise CatalogError(f"{path} is not readable as GeoJSON: {error}.") from error
    kind = found.get("type") if isinstance(found, dict) else None
    if kind == "Feature":
        return [found]
    if kind != "FeatureCollection" or not isinstance(found.get("features"), list):
        raise CatalogError(
            f"{path} must be a GeoJSON Feature or FeatureCollection; it is {kind or 'neither'}. "
            "An event needs properties (id, time), which a bare geometry cannot hold."
        )
    return list(found["features"])


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
