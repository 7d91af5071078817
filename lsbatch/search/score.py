"""merit_of: how well a look would serve, from metadata alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from lsbatch.domain import Granule, Look, Merit, Scene
from lsbatch.domain.scene import PeriodName

_HALF_LIFE_DAYS: dict[PeriodName, float] = {"pre": 180.0, "post": 60.0}
"""After so many days nearness has halved. Before the event a delay adds landslides of other causes,
which are few; after it scars grow over and move again, and who waits for the map waits longer."""
_YEAR_DAYS = 365.25
_OTHER_SEASON_DAYS = 90.0
"""So far apart in the year, two looks are of different seasons and match no more."""
_VAGUE = timedelta(days=60)
"""Of an interval that is longer no season can be told; of a shorter one its middle counts."""
_OTHER_SUN_DEG = 45.0
"""Suns so far apart match no more: about the height of noon between midwinter and midsummer."""
_TILE_KM2 = 109.8**2
"""A tile of Sentinel-2, of which `nodata_percent` is told."""
_DEGREE_KM = 111.32


@dataclass(frozen=True, slots=True)
class Partners:
    """Looks on the other side of the event, by what a look is compared with."""

    days: frozenset[int] = frozenset()
    """Days of the year."""
    suns: np.ndarray = field(default_factory=lambda: np.empty((0, 3)))
    """Directions of their suns, (N, 3)."""
    tracks: frozenset[str] = frozenset()


def partners_of(scenes: Sequence[Scene]) -> Partners:
    """What these scenes offer to be compared with."""
    days = (day_of_year(scene) for scene in scenes)
    suns = {scene.sun.direction for scene in scenes if scene.sun is not None}
    return Partners(
        days=frozenset(round(day) for day in days if day is not None),
        suns=np.array(sorted(suns)).reshape(-1, 3),
        tracks=frozenset(track for scene in scenes for track in tracks_of(scene)),
    )


def merit_of(look: Look, area: BaseGeometry, partners: Partners) -> Merit:
    """The merit of a look of an area (EPSG:4326), beside its best partner in each respect."""
    covered, open_share, snow = _ground(look.scene, area)
    return Merit(
        covered=round(covered, 4),
        open=_rounded(open_share),
        near=round(0.5 ** (look.delay_days / _HALF_LIFE_DAYS[look.period]), 4),
        season=_rounded(_season(look.scene, partners)),
        sun=_rounded(_sun(look.scene, partners)),
        track=_rounded(_track(look.scene, partners)),
        snow=_rounded(snow),
    )


def day_of_year(scene: Scene) -> float | None:
    """Day of the year of a scene, its first being 0; None where its season is not known."""
    span = scene.end - scene.start
    if span > _VAGUE:
        return None
    middle = scene.start + span / 2
    return (middle - datetime(middle.year, 1, 1, tzinfo=middle.tzinfo)) / timedelta(days=1)


def days_apart(one: float, other: float) -> float:
    """Days between two days of the year, whichever year they are of."""
    apart = abs(one - other) % _YEAR_DAYS
    return min(apart, _YEAR_DAYS - apart)


def tracks_of(scene: Scene) -> tuple[str, ...]:
    """Track of each image that tells it."""
    return tuple(g.reported.track for g in scene.granules if g.reported and g.reported.track)


def _rounded(part: float | None) -> float | None:
    return None if part is None else round(part, 4)


def _ground(scene: Scene, area: BaseGeometry) -> tuple[float, float | None, float | None]:
    """Share of the area covered, open share of that, snow share of that; each place once.

    Where two images of the day overlap, the first is on top in the cube, and its record counts.
    """
    done: BaseGeometry = shapely.Polygon()
    covered: list[float] = []
    opens: list[float | None] = []
    snows: list[float | None] = []
    for granule in scene.granules:
        own = within(granule.footprint, area)
        fresh = own.difference(done) if covered else own
        done = done.union(own) if covered else own
        covered.append(fresh.area * _density(granule) / area.area)
        opens.append(_open(granule, scene))
        snows.append(granule.reported.snow_share if granule.reported else None)
    return min(1.0, math.fsum(covered)), _mean(opens, covered), _mean(snows, covered)


def within(footprint: BaseGeometry, area: BaseGeometry) -> BaseGeometry:
    """Part of an area within a footprint."""
    return area if footprint.covers(area) else footprint.intersection(area)


def _mean(values: Sequence[float | None], weights: Sequence[float]) -> float | None:
    """Weighted mean of what is known."""
    known = [(v, w) for v, w in zip(values, weights, strict=True) if v is not None]
    total = math.fsum(weight for _, weight in known)
    return math.fsum(v * w for v, w in known) / total if total > 0 else None


def _open(granule: Granule, scene: Scene) -> float | None:
    own = granule.reported.open_share if granule.reported else None
    if own is None and scene.cloud_percent is not None:
        return max(0.0, 1 - scene.cloud_percent / 100)
    return own


def _density(granule: Granule) -> float:
    """Share of a footprint that has data: some catalogues draw the whole tile, some the data."""
    if granule.reported is None or granule.reported.nodata_percent is None:
        return 1.0
    shape = granule.footprint
    km2 = shape.area * _DEGREE_KM**2 * math.cos(math.radians(shape.centroid.y))
    with_data = _TILE_KM2 * (1 - granule.reported.nodata_percent / 100)
    return min(1.0, with_data / km2) if km2 > 0 else 1.0


def _season(scene: Scene, partners: Partners) -> float | None:
    day = day_of_year(scene)
    if day is None or not partners.days:
        return None
    apart = min(days_apart(day, other) for other in partners.days)
    return max(0.0, 1 - apart / _OTHER_SEASON_DAYS)


def _sun(scene: Scene, partners: Partners) -> float | None:
    if scene.sun is None or not len(partners.suns):
        return None
    cosine = float((partners.suns @ np.array(scene.sun.direction)).max())
    apart = math.degrees(math.acos(min(1.0, max(-1.0, cosine))))
    return max(0.0, 1 - apart / _OTHER_SUN_DEG)


def _track(scene: Scene, partners: Partners) -> float | None:
    own = tracks_of(scene)
    if not own or not partners.tracks:
        return None
    return sum(track in partners.tracks for track in own) / len(own)
