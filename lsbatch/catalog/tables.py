"""Event lists as tables: CSV, one event a row."""

import csv
import io
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import shapely

from lsbatch.catalog.choice import circle_about, radius_area
from lsbatch.domain import Event
from lsbatch.errors import CatalogError

_NAMES = {
    "id": ("id", "event_id", "event_key", "key"),
    "time": ("time", "origin_time", "origin_time_utc", "date"),
    "name": ("name",),
    "place": ("place", "country", "region"),
    "magnitude": ("magnitude", "mag", "mw"),
    "longitude": ("longitude", "lon", "x"),
    "latitude": ("latitude", "lat", "y"),
    "west": ("west", "bbox_w", "min_lon"),
    "south": ("south", "bbox_s", "min_lat"),
    "east": ("east", "bbox_e", "max_lon"),
    "north": ("north", "bbox_n", "max_lat"),
}
"""What an event needs, and the headers under which tables hold it; any other is kept as a fact."""
_BOX = ("west", "south", "east", "north")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First signs that make a spreadsheet calculate a cell."""
_MOST_NAMED = 5


def read_event_table(path: Path) -> tuple[Event, ...]:
    """All events of a CSV file, in its order.

    Parameters
    ----------
    path : Path
        UTF-8, comma or semicolon, one header row with ``id`` and ``time`` and either
        ``west, south, east, north`` or ``longitude, latitude, magnitude``: of these the area is
        the radius that Marc et al.'s scaling gives (with ``depth_km`` and ``mechanism`` where they
        are there).

    Raises
    ------
    CatalogError
        Naming each row that breaks a rule; the header is row 1, as spreadsheets count.
    """
    rows, header = _read_rows(path)
    columns = _columns(header, path)
    events: list[Event] = []
    faults: list[str] = []
    for number, cells in rows:
        try:
            events.append(_norm_row(cells, header, columns))
        except CatalogError as error:
            faults.append(f"Row {number}: {error}")
    if faults:
        more = f" And {len(faults) - _MOST_NAMED} more." if len(faults) > _MOST_NAMED else ""
        raise CatalogError(f"{path}: {' '.join(faults[:_MOST_NAMED])}{more}")
    return tuple(events)


def _read_rows(path: Path) -> tuple[list[tuple[int, list[str]]], list[str]]:
    """(row number, cells) of all rows that hold anything, and the header."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CatalogError(f"{path} is not text in UTF-8. Save it again as 'CSV UTF-8'.") from error
    first = text.split("\n", 1)[0]
    sign = ";" if first.count(";") > first.count(",") else ","
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True))
    except csv.Error as error:
        raise CatalogError(f"{path} is not readable as CSV: {error}.") from error
    rows = [(number, cells) for number, cells in enumerate(table, 1) if any(map(str.strip, cells))]
    if len(rows) < 2:
        raise CatalogError(f"An event list needs a header and at least one row; {path} has none.")
    return rows[1:], [name.strip().lower() for name in rows[0][1]]


def _columns(header: list[str], path: Path) -> dict[str, int]:
    """Where each thing stands that the header names."""
    twins = {name for name in header if name and header.count(name) > 1}
    if twins:
        raise CatalogError(f"{path} has two columns named {', '.join(sorted(twins))}.")
    found = {}
    for thing, names in _NAMES.items():
        for name in names:
            if name in header:
                found[thing] = header.index(name)
                break
    missing = [thing for thing in ("id", "time") if thing not in found]
    if not missing and not all(side in found for side in _BOX):
        missing = [thing for thing in ("longitude", "latitude", "magnitude") if thing not in found]
        missing = [f"{', '.join(missing)} (or {', '.join(_BOX)})"] if missing else []
    if missing:
        raise CatalogError(
            f"{path} lacks the column{'s' if len(missing) > 1 else ''} {' and '.join(missing)}; "
            f"its header has {', '.join(header)}."
        )
    return found


def _norm_row(cells: list[str], header: list[str], columns: dict[str, int]) -> Event:
    if len(cells) != len(header):
        raise CatalogError(
            f"it has {len(cells)} cells, the header {len(header)}. Put a text that holds the "
            "separator in quotes."
        )
    said = {thing: cells[place].strip() for thing, place in columns.items()}
    for thing in ("id", "name", "place"):
        if thing in columns and cells[columns[thing]].startswith(_FORMULA):
            raise CatalogError(
                f"its {thing} {said[thing]!r} begins like a spreadsheet formula. Begin it with a "
                "letter or a digit."
            )
    known = {header[place] for place in columns.values()}
    facts = {
        name: value.strip()
        for name, value in zip(header, cells, strict=True)
        if name not in known and value.strip()
    }
    number = _reader(said)
    lon, lat = number("longitude"), number("latitude")
    record: dict[str, Any] = {
        **facts,
        "id": said["id"],
        "time": said["time"],
        "name": said.get("name") or None,
        "place": said.get("place", ""),
        "magnitude": number("magnitude"),
        "epicentre": None if lon is None or lat is None else [lon, lat],
    }
    return _with_area(record, [number(side) for side in _BOX])


def _reader(said: dict[str, str]) -> Callable[[str], float | None]:
    """A number of the row, None where it has none."""

    def number(thing: str) -> float | None:
        text = said.get(thing, "")
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise CatalogError(
                f"its {thing} must be a number with a decimal point; it is {text!r}."
            )
        return value

    return number


def _with_area(record: dict[str, Any], sides: list[float | None]) -> Event:
    """The event with its box, or the radius of its magnitude."""
    west, south, east, north = sides
    if west is None or south is None or east is None or north is None:
        epicentre = record["epicentre"]
        if epicentre is None or record["magnitude"] is None:
            raise CatalogError(
                "it has neither a whole box (west, south, east, north) nor longitude, latitude and "
                "magnitude."
            )
        lon, lat = epicentre
        if not (abs(lon) <= 180 and abs(lat) <= 90):
            hint = " Are they swapped?" if abs(lon) <= 90 < abs(lat) <= 180 else ""
            raise CatalogError(
                f"its longitude must lie in -180..180 and its latitude in -90..90; it says "
                f"{lon:g} and {lat:g}.{hint}"
            )
        event = Event.from_feature(_feature(record, circle_about((lon, lat), 1.0)))
        area, words = radius_area(event, "marc")
        return replace(event, aoi=area, facts={**event.facts, "aoi_source": words})
    if south >= north:
        raise CatalogError(f"its south ({south:g}) must lie below its north ({north:g}).")
    # a box whose west lies east of its east goes across the 180th meridian
    area = shapely.Polygon([(west, south), (east, south), (east, north), (west, north)])
    return Event.from_feature(_feature(record, area))


def _feature(record: dict[str, Any], area: shapely.Geometry) -> dict[str, Any]:
    return {"properties": record, "geometry": shapely.geometry.mapping(area)}
