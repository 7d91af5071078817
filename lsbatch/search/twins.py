"""Records of one acquisition: the same image listed twice, or processed again."""

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from lsbatch.domain import Rejection
from lsbatch.search.found import Item, properties_of
from lsbatch.search.normalise import Image, baseline_of

_SENTINEL2 = re.compile(
    r"S2(?P<unit>[A-D])_MSIL(?:1C|2A)_(?P<sensed>\d{8}T\d{6})(?:_N(?P<baseline>\d{4}))?_R\d{3}"
    r"_T(?P<tile>\d{2}[A-Z]{3})(?:_(?P<made>\d{8}T\d{6}))?"
)
"""Product names: ESA, Sentinel-2 Products Specification Document."""
_LANDSAT = re.compile(
    r"L[COTEM](?P<unit>\d{2})_L\d(?:SP|SR|TP|GT|GS)_(?P<tile>\d{6})_(?P<sensed>\d{8})"
    r"(?:_(?P<made>\d{8}))?_02_(?P<tier>T1|T2|RT)"
)
"""Product names: USGS, Landsat Collection 2 product guides."""
_STRIP = re.compile(r"_S(\d{8}T\d{6})_")
_NAMES = ("s2:product_uri", "s2:product_id", "sentinel:product_id", "landsat:product_id")
_MADE = ("s2:generation_time", "processing:datetime", "updated", "created")
_TIERS = ("RT", "T2", "T1")
_SAME_STRIP = timedelta(seconds=10)
"""A strip that was processed again may start at another second; the next one starts minutes on."""
_SAME_GROUND = 0.9


class _Rank(NamedTuple):
    """What decides between twins: the greatest wins."""

    baseline: float
    tier: int
    preference: int
    made: str


class Record(NamedTuple):
    """An item and what was made of it."""

    item: Item
    image: Image


def drop_twins(records: Sequence[Record]) -> tuple[list[Image], list[Rejection]]:
    """Each acquisition once: of its records the newest processing baseline, the rest with reasons.

    Ties go to the collection that its sensor lists first, then to the newest record. A record that
    came twice word for word is no more than one, and is not mentioned. The order in which records
    came does not matter.
    """
    left: list[Rejection] = []
    by_id: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_id[record.image.granule.item_id].append(record)
    singles = [_best(group, left) for group in by_id.values()]
    by_key: dict[tuple[str, ...], list[Record]] = defaultdict(list)
    for record in singles:
        by_key[_key(record)].append(record)
    kept = [_best(group, left) for passed in by_key.values() for group in _strips(passed)]
    return [record.image for record in kept], left


def _best(group: list[Record], left: list[Rejection]) -> Record:
    """The record that wins; the others go to `left`."""
    if len(group) == 1:
        return group[0]
    best, *others = _ordered(group)
    left += [
        Rejection(other.image.granule.item_id, _reason(other, best))
        for other in others
        if other.item != best.item
    ]
    return best


def _ordered(group: list[Record]) -> list[Record]:
    """Best first; what is alike in rank by its text, so that every order in gives one out."""
    by_text = sorted(group, key=lambda r: json.dumps(r.item, sort_keys=True, default=str))
    return sorted(by_text, key=_rank, reverse=True)


def _strips(passed: list[Record]) -> list[list[Record]]:
    """Records of one pass over one tile, by the strip of it that they show."""
    if len(passed) == 1:
        return [passed]
    groups: list[list[Record]] = []
    for record in _ordered(passed):
        for group in groups:
            if _is_same(group[0], record):
                group.append(record)
                break
        else:
            groups.append([record])
    return groups


def _key(record: Record) -> tuple[str, ...]:
    """What all records of one acquisition share; of unknown products their own id."""
    name = _name(record.item)
    if name is not None:
        return (record.image.sensor.name, name["unit"], name["tile"], name["sensed"])
    properties = properties_of(record.item)
    stated = [properties.get(key) for key in ("platform", "grid:code", "datetime")]
    if all(isinstance(word, str) for word in stated):
        return (record.image.sensor.name, *(str(word).lower() for word in stated))
    return (record.image.granule.item_id,)


def _is_same(one: Record, other: Record) -> bool:
    """Whether two records of one pass over one tile show the same strip of it."""
    strips = [_strip(record.item) for record in (one, other)]
    if strips[0] is not None and strips[1] is not None:
        return abs(strips[0] - strips[1]) <= _SAME_STRIP
    a, b = one.image.granule.footprint, other.image.granule.footprint
    return bool(a.intersection(b).area >= _SAME_GROUND * min(a.area, b.area))


def _name(item: Item) -> dict[str, str] | None:
    """Parts of the product's name, from a property or the id."""
    properties = properties_of(item)
    for text in (*(properties.get(key) for key in _NAMES), item.get("id")):
        for pattern in (_SENTINEL2, _LANDSAT):
            found = pattern.match(str(text or ""))
            if found:
                return found.groupdict()
    return None


def _strip(item: Item) -> datetime | None:
    found = _STRIP.search(str(properties_of(item).get("s2:datastrip_id", "")))
    return None if found is None else _moment(found[1])


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%S")
    except ValueError:
        return None


def _rank(record: Record) -> _Rank:
    properties, name = properties_of(record.item), _name(record.item) or {}
    collections = record.image.sensor.collections
    collection = record.item.get("collection")
    made = next((str(properties[key]) for key in _MADE if properties.get(key)), "")
    return _Rank(
        baseline=_baseline(properties, name),
        tier=_TIERS.index(name["tier"]) if name.get("tier") else -1,
        preference=-collections.index(collection) if collection in collections else -99,
        made=re.sub(r"\D", "", made or name.get("made") or ""),
    )


def _baseline(properties: dict[str, Any], name: dict[str, str]) -> float:
    try:
        stated = baseline_of(properties)
    except (TypeError, ValueError):  # of another sensor, whose bands do not depend on it
        stated = 0.0
    return stated or float(name.get("baseline") or 0) / 100


def _reason(other: Record, best: Record) -> str:
    item_id = best.image.granule.item_id
    if other.image.granule.item_id == item_id:
        return "another record has the same id and goes first"
    one, two = _rank(other), _rank(best)
    head = f"it is the same image as {item_id}"
    if one.baseline < two.baseline:
        return f"{head}, of an older baseline ({one.baseline:05.2f} against {two.baseline:05.2f})"
    if one.tier < two.tier:
        return f"{head}, of a lower tier"
    if one.preference < two.preference:
        return f"{head}, which is from {best.item.get('collection')}"
    return f"{head}, which was made later" if one.made < two.made else head
