"""STAC records for tests: plain item dicts, and the event that they are about."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import shapely

from lsbatch.domain import Event, Period

AOI = shapely.box(141.9, 42.65, 142.0, 42.75)
EVENT = Event("hokkaido-2018", datetime(2018, 9, 5, 18, 7, 59, tzinfo=UTC), AOI)
PERIODS = {
    "pre": Period(datetime(2018, 1, 1, tzinfo=UTC), EVENT.time),
    "post": Period(EVENT.time, datetime(2019, 1, 1, tzinfo=UTC)),
}
WIDE = (141.8, 42.6, 142.1, 42.8)


def build_item(
    item_id: str = "s2",
    when: Any = "2018-08-01T01:30:00Z",
    *,
    box: tuple[float, float, float, float] = WIDE,
    bands: tuple[str, ...] = ("blue", "green", "red", "nir"),
    collection: str | None = "sentinel-2-l2a",
    href: str = "https://example.com/{id}/{band}.tif",
    asset: dict[str, Any] | None = None,
    **properties: Any,
) -> dict[str, Any]:
    """One item of the STAC 1.0 kind; an interval where `when` is a pair of times."""
    times = (
        {"datetime": None, "start_datetime": when[0], "end_datetime": when[1]}
        if isinstance(when, tuple)
        else {"datetime": when}
    )
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": item_id,
        "collection": collection,
        "bbox": list(box),
        "geometry": json.loads(json.dumps(shapely.geometry.mapping(shapely.box(*box)))),
        "properties": {**times, **properties},
        "links": [],
        "assets": {
            band: {"href": href.format(id=item_id, band=band), **(asset or {})} for band in bands
        },
    }


def build_model(item_id: str = "dem", **changes: Any) -> dict[str, Any]:
    """An elevation model, older than any event."""
    options = {"when": "2010-01-01T00:00:00Z", "collection": "cop-dem-glo-30", "bands": ("data",)}
    return build_item(item_id, **{**options, **changes})


def write_items(folder: Path, *items: Any) -> str:
    """An item collection as one JSON file."""
    path = folder / "items.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    return str(path)
