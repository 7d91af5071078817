"""take_looks: of one period's looks the best, until each place has been looked at often enough."""

from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from lsbatch.domain import Considered, Look, Merit
from lsbatch.search.score import Partners, merit_of, within

_LEAST_GAIN = 1e-3
"""Share of the area that a further look must add to be worth its reads."""
_MORE_SNOW = 0.10
"""A look with so much more snow than the barest of its period is a snowy one."""
_MOST_LEFT = 100
"""Looks left out that are kept on record for each period; of ten thousand they fill any plan."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The choice of one period."""

    looks: tuple[Look, ...]
    """Nearest to the event first."""
    considered: tuple[Considered, ...]
    """Chosen ones in order of choice, then the best of those left."""
    left: tuple[tuple[Look, str], ...]
    """Each look left, with the reason."""


def take_looks(looks: Sequence[Look], area: BaseGeometry, times: int, partners: Partners) -> Taken:
    """Take the best looks until each place of the area has been looked at `times` times.

    Snowy looks come last and only where no other look sees the ground at all. Equal scores go to
    the look nearer to the event, then to the id that comes first.
    """
    shapely.prepare(area)
    ranked = _ranked([(look, merit_of(look, area, partners)) for look in looks])
    layers = _Layers(area, times)
    chosen: list[Considered] = []
    left: list[Considered] = []
    taken: list[Look] = []
    reasons: list[tuple[Look, str]] = []
    for place, (look, merit, is_snowy) in enumerate(ranked, 1):
        gain = layers.gain(look.scene.footprint, only_unseen=is_snowy)
        if gain > _LEAST_GAIN or not taken:
            layers.add(look.scene.footprint)
            taken.append(look)
            share = min(gain, times) / times
            words = f"place {place} of {len(ranked)}, adds {share:.0%} of the looks wanted"
            chosen.append(_considered(look, merit, True, words))
            continue
        words = _left(len(taken), merit, is_snowy)
        reasons.append((look, words))
        if len(left) < _MOST_LEFT:
            left.append(_considered(look, merit, False, words))
    taken.sort(key=lambda look: (look.delay_days, look.scene.id))
    return Taken(tuple(taken), (*chosen, *left), tuple(reasons))


def _ranked(looks: list[tuple[Look, Merit]]) -> list[tuple[Look, Merit, bool]]:
    """Looks, best first, each with whether it is a snowy one."""
    known = [merit.snow for _, merit in looks if merit.snow is not None]
    limit = min(known, default=0.0) + _MORE_SNOW
    marked = [(look, merit, (merit.snow or 0.0) > limit) for look, merit in looks]
    return sorted(
        marked, key=lambda one: (one[2], -one[1].score, one[0].delay_days, one[0].scene.id)
    )


def _left(count: int, merit: Merit, is_snowy: bool) -> str:
    looks, sees = (f"{count} better looks", "see") if count > 1 else ("a better look", "sees")
    if is_snowy:
        return (
            f"{merit.snow:.0%} of the ground that it sees is under snow or ice, and looks with "
            "less see the same ground"
        )
    return f"{looks} {sees} the same ground (its score is {merit.score:.2f})"


def _considered(look: Look, merit: Merit, is_chosen: bool, reason: str) -> Considered:
    scene = look.scene
    return Considered(
        scene_id=scene.id,
        sensor_name=scene.sensor_name,
        start=scene.start,
        end=scene.end,
        period=look.period,
        delay_days=look.delay_days,
        merit=merit,
        is_chosen=is_chosen,
        reason=reason,
    )


class _Layers:
    """Ground that has been looked at at least once, twice and so on."""

    def __init__(self, area: BaseGeometry, times: int) -> None:
        self._area = area
        self._seen: list[BaseGeometry] = [shapely.Polygon()] * times

    def gain(self, footprint: BaseGeometry, *, only_unseen: bool) -> float:
        """Looks that a footprint adds, in areas of interest; the first of each place alone."""
        if self._seen[-1].area >= self._area.area * (1 - _LEAST_GAIN):
            return 0.0
        rest, gained = within(footprint, self._area), 0.0
        for layer in self._seen[:1] if only_unseen else self._seen:
            gained += float(rest.difference(layer).area)
            rest = rest.intersection(layer)
        return gained / float(self._area.area)

    def add(self, footprint: BaseGeometry) -> None:
        """Count a look."""
        rest, after = within(footprint, self._area), []
        for layer in self._seen:
            after.append(layer.union(rest))
            rest = rest.intersection(layer)
        self._seen = after
