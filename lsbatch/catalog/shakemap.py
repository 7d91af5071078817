"""ShakeMap grids of the USGS: where the ground shook at least so much."""

import math
import xml.parsers.expat
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import contourpy
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from lsbatch.domain import cut_at_180
from lsbatch.errors import CatalogError

_UNITS = {
    "PGA": ("% g", {"pctg", "%g", "% g", ""}),
    "PGV": ("cm/s", {"cms", "cm/s", ""}),
    "MMI": ("", {"intensity", "mmi", ""}),
}
"""Measures of shaking: their unit in words, and the ways in which files write it."""
_MOST_BYTES = 256 * 2**20
_ROUNDING_DEG = 1e-3
"""Nodes are written with three or four digits."""


@dataclass(frozen=True, slots=True)
class ShakeMap:
    """Shaking at the nodes of a regular grid."""

    path: Path
    time: datetime | None
    """Origin time of the earthquake, UTC, where the file says it."""
    lon: NDArray[np.float64]
    """(W,) degrees from west to east; nodes, not edges of cells."""
    lat: NDArray[np.float64]
    """(H,) degrees from north to south."""
    layers: dict[str, NDArray[np.float64]] = field(hash=False)
    """(H, W) of each of PGA (% g), PGV (cm/s), MMI that the file holds."""


def read_shakemap(path: Path) -> ShakeMap:
    """A ShakeMap of a ``grid.xml``.

    Parameters
    ----------
    path : Path
        As the USGS publishes it. Document types and entities are refused, not expanded.

    Raises
    ------
    CatalogError
        For a file that cannot be read, is no ShakeMap grid, or whose numbers do not fill its grid.
    """
    found = _Listener(path)
    found.parse()
    if not found.fields or not found.extent:
        found.refuse("it has no grid_specification and grid_field")
    try:
        width, height = int(found.extent["nlon"]), int(found.extent["nlat"])
        values = np.array("".join(found.text).split(), dtype=np.float64)
    except (KeyError, ValueError) as error:
        raise CatalogError(f"{path} is not a sound ShakeMap grid: {error}.") from error
    names = list(found.fields)
    if width < 2 or height < 2 or values.size != width * height * len(names):
        found.refuse(
            f"{width} x {height} nodes of {len(names)} fields are not {values.size} numbers"
        )
    table = dict(
        zip(names, values.reshape(height, width, len(names)).transpose(2, 0, 1), strict=True)
    )
    lon, lat = _nodes(table, found)
    return ShakeMap(path, _norm_time(found.time), lon, lat, _norm_layers(table, found))


def shaken_area(shakemap: ShakeMap, measure: str, level: float) -> tuple[BaseGeometry, bool]:
    """Ground that shook at least so much.

    Parameters
    ----------
    shakemap : ShakeMap
    measure : str
        pga (% g), pgv (cm/s) or mmi.
    level : float
        Shaking between the nodes is linear.

    Returns
    -------
    Polygon or MultiPolygon
        EPSG:4326, cut in two at the 180th meridian.
    bool
        Whether the edge of the ShakeMap cuts it off.

    Raises
    ------
    CatalogError
        For a measure that the file does not hold, or a level that no node reaches.
    """
    name = measure.upper()
    if name not in shakemap.layers:
        raise CatalogError(
            f"{shakemap.path} has no {name}; it holds {', '.join(shakemap.layers) or 'none'}."
        )
    values = shakemap.layers[name]
    if not values.max() >= level:
        raise CatalogError(
            f"No place in {shakemap.path} shook with {name} {level:g}. {describe_peaks(shakemap)}"
        )
    generator = contourpy.contour_generator(
        shakemap.lon, shakemap.lat, values, fill_type=contourpy.FillType.OuterOffset
    )
    corners, offsets = generator.filled(level, math.inf)
    rings = [np.split(points, at[1:-1]) for points, at in zip(corners, offsets, strict=True)]
    polygons = [shapely.Polygon(outer, holes) for outer, *holes in rings]
    edge = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    area = shapely.transform(shapely.union_all(shapely.make_valid(polygons)), _wrapped)
    return cut_at_180(area), bool(edge.max() >= level)


def describe_peaks(shakemap: ShakeMap) -> str:
    """A sentence with the strongest shaking of each measure."""
    peaks = [
        f"{name} {values.max():g} {_UNITS[name][0]}".strip()
        for name, values in shakemap.layers.items()
    ]
    return f"The strongest shaking there is {', '.join(peaks)}."


class _Listener:
    """What a grid.xml says, collected while expat reads it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.extent: dict[str, str] = {}
        self.fields: dict[str, str] = {}
        self.time = ""
        self.text: list[str] = []
        self._inside = False

    def parse(self) -> None:
        parser = xml.parsers.expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._hear
        # without a document type there are no entities to expand, and nothing to fetch
        parser.StartDoctypeDeclHandler = lambda *_: self.refuse("it declares a document type")
        try:
            if self.path.stat().st_size > _MOST_BYTES:
                self.refuse(f"it is larger than {_MOST_BYTES >> 20} MB")
            parser.Parse(self.path.read_bytes(), True)
        except OSError as error:
            raise CatalogError(f"{self.path} cannot be read: {error.strerror}.") from error
        except xml.parsers.expat.ExpatError as error:
            raise CatalogError(f"{self.path} is not readable as XML: {error}.") from error

    def refuse(self, reason: str) -> NoReturn:
        raise CatalogError(f"{self.path} is not a ShakeMap grid.xml: {reason}.")

    def _start(self, name: str, said: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "event":
                self.time = said.get("event_timestamp", "")
            case "grid_specification":
                self.extent = said
            case "grid_field":
                self.fields[said.get("name", "").upper()] = said.get("units", "")
            case "grid_data":
                self._inside = True

    def _end(self, name: str) -> None:
        self._inside = self._inside and name.rpartition(":")[2] != "grid_data"

    def _hear(self, text: str) -> None:
        if self._inside:
            self.text.append(text)


def _nodes(
    table: dict[str, NDArray[np.float64]], found: _Listener
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitudes and latitudes of the nodes: their own columns, not the nominal spacing."""
    if not {"LON", "LAT"} <= table.keys():
        found.refuse("it has no LON and LAT")
    lon, lat = table.pop("LON"), table.pop("LAT")
    # across the 180th meridian some files go on beyond 180, others begin again at -180
    lon = np.unwrap(lon, period=360, axis=1)
    x, y = lon[0], lat[:, 0]
    regular = (
        np.abs(lon - x).max() < _ROUNDING_DEG and np.abs(lat - y[:, None]).max() < _ROUNDING_DEG
    )
    if not regular or not (np.diff(x) > 0).all() or not (np.diff(y) < 0).all():
        found.refuse("its nodes do not run from west to east, row by row from north to south")
    return x, y


def _wrapped(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners with their longitude in -180 to 180."""
    lon = corners[:, 0]
    return np.column_stack(
        [np.where(np.abs(lon) > 180, (lon + 180) % 360 - 180, lon), corners[:, 1]]
    )


def _norm_layers(
    table: dict[str, NDArray[np.float64]], found: _Listener
) -> dict[str, NDArray[np.float64]]:
    layers = {name: table[name] for name in _UNITS if name in table}
    for name, values in layers.items():
        unit, spellings = _UNITS[name]
        if found.fields[name].lower() not in spellings:
            found.refuse(f"its {name} is in {found.fields[name]!r}, not in {unit or 'intensity'}")
        if not np.isfinite(values).all():
            found.refuse(f"its {name} is not a finite number everywhere")
    return layers


def _norm_time(text: str) -> datetime | None:
    """UTC of the ways in which ShakeMaps write it: with Z, with UTC, with nothing behind."""
    bare = text.strip().removesuffix("UTC").removesuffix("GMT").strip()
    try:
        time = datetime.fromisoformat(bare)
    except ValueError:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
