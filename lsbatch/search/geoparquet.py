"""stac-geoparquet: a table of items, of which only the rows near the area are read."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import shapely
from shapely.geometry.base import BaseGeometry

from lsbatch.errors import CatalogError
from lsbatch.search.found import Item, Placed

_TOP = ("type", "stac_version", "stac_extensions", "id", "assets", "collection")
"""Columns that are members of an item; all others but the place and the links, which nobody reads,
are its properties."""
_PLACE = ("geometry", "bbox")
_SIDES = ("xmin", "ymin", "xmax", "ymax")


def read_geoparquet(path: Path, *, area: BaseGeometry) -> list[Placed]:
    """Items of a stac-geoparquet file whose box may meet an area.

    Parameters
    ----------
    path : Path
        As the stac-geoparquet specification 1.x has it: a row an item, properties as columns,
        geometry as WKB, ``bbox`` as a struct.
    area : polygon(s), EPSG:4326

    Raises
    ------
    CatalogError
        If the file is not such a table.
    """
    try:
        table = ds.dataset(path, format="parquet")
        missing = {"id", "assets", "geometry"} - set(table.schema.names)
        if missing:
            raise CatalogError(
                f"The source {path} is not stac-geoparquet: it lacks the columns "
                f"{', '.join(sorted(missing))}."
            )
        columns = [name for name in table.schema.names if name != "links"]
        rows = table.to_table(columns, filter=_near(table.schema, area)).to_pylist()
    except (OSError, pa.ArrowException) as error:
        first = (str(error).splitlines() or [""])[0][:200]
        raise CatalogError(
            f"The source {path} cannot be read as stac-geoparquet: {first}."
        ) from error
    base = str(path.resolve())
    return [Placed(_item_of(row), base) for row in rows]


def _near(schema: pa.Schema, area: BaseGeometry) -> pc.Expression | None:
    """Rows whose box meets that of the area, or crosses the antimeridian; None = all rows."""
    kind = schema.field("bbox").type if "bbox" in schema.names else None
    if kind is None or not pa.types.is_struct(kind) or not set(_SIDES) <= set(kind.names):
        return None
    west, south, east, north = area.bounds
    xmin, ymin, xmax, ymax = (pc.field("bbox", side) for side in _SIDES)
    across = (xmin > xmax) | (pc.subtract(xmax, xmin) > 180)
    beside = ((xmin <= east) & (xmax >= west)) | across
    # without a box a row is kept, and told what is wrong with it
    return ((ymin <= north) & (ymax >= south) & beside) | pc.field("bbox").is_null()


def _item_of(row: dict[str, Any]) -> Item:
    item = {name: _plain(row[name]) for name in _TOP if row.get(name) is not None}
    box = row.get("bbox")
    properties = {
        name: _plain(value)
        for name, value in row.items()
        if name not in (*_TOP, *_PLACE) and value is not None
    }
    return {
        **item,
        "bbox": [box[name] for name in box] if isinstance(box, dict) else box,
        "geometry": _geometry_of(row["geometry"]),
        "properties": properties,
    }


def _geometry_of(stored: Any) -> Any:
    if not isinstance(stored, bytes):
        return stored
    try:
        return shapely.geometry.mapping(shapely.from_wkb(stored))
    except shapely.errors.ShapelyError:
        return None  # image_of falls back on the box, or refuses the record


def _plain(value: Any) -> Any:
    """A value as JSON has it: times as text, members that a row lacks left out."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        # numbers and words are plain already, and there are many
        is_plain = not value or isinstance(value[0], int | float | str)
        return value if is_plain else [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return aware.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value
