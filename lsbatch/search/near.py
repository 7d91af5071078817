"""The cheap tests: whether a record can matter, before anything heavy is made of it."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from shapely.geometry.base import BaseGeometry

from lsbatch.domain import Period
from lsbatch.errors import CatalogError
from lsbatch.search.found import Item
from lsbatch.search.normalise import interval_of, sensor_of

CLOUDIEST_PERCENT = 95.0
"""Of a scene: beyond it there is nothing to be seen, and where a catalogue can tell it is not asked
for; below it cloud is a matter of the score."""
MARGIN = timedelta(days=1)
"""Kept beyond each period, since a scene is a whole day of granules."""

Box = tuple[float, float, float, float]
"""West, south, east, north; degrees."""


def check_near(item: Item, area: BaseGeometry, periods: Sequence[Period]) -> None:
    """Raise CatalogError where a record's box or dates show that it cannot matter.

    A record without a readable box or date passes: what is wrong with it is told elsewhere.
    Elevation models matter whatever their date.
    """
    box, bounds = _box_of(item), area.bounds
    if box is not None and not _may_meet(box, bounds):
        raise CatalogError(apart(box, bounds))
    try:
        start, end = interval_of(item)
        is_terrain = sensor_of(item).is_terrain
    except (CatalogError, AttributeError, LookupError, OverflowError, TypeError, ValueError):
        return
    if not is_terrain and not any(_meets(period, start, end) for period in periods):
        raise CatalogError(
            f"its date ({start:%Y-%m-%d}) lies outside the periods before and after the event"
        )


def apart(box: Sequence[float], area: Sequence[float]) -> str:
    """The reason of a footprint that is elsewhere."""
    one, two = (" ".join(f"{value:.2f}" for value in bounds) for bounds in (box, area))
    return (
        f"its footprint does not meet the area of interest (west south east north: {one}, against "
        f"{two}; longitude comes first)"
    )


def _box_of(item: Item) -> Box | None:
    """The record's box; None where it has none that can be trusted."""
    box = item.get("bbox")
    if not isinstance(box, list) or len(box) not in (4, 6):
        return None
    try:
        if not all(isinstance(value, int | float) and math.isfinite(value) for value in box):
            return None
    except OverflowError:  # an integer of hundreds of digits
        return None
    half = len(box) // 2
    return box[0], box[1], box[half], box[half + 1]


def _may_meet(box: Box, area: Box) -> bool:
    if box[1] > area[3] or box[3] < area[1]:
        return False
    # the 180th meridian, by GeoJSON's rule (RFC 7946, 5.2) or by the least and greatest longitude
    crosses = box[0] > box[2] or box[2] - box[0] > 180
    return crosses or (box[0] <= area[2] and box[2] >= area[0])


def _meets(period: Period, start: datetime, end: datetime) -> bool:
    return start < period.end + MARGIN and end >= period.start - MARGIN
