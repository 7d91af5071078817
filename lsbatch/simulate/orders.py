"""What each of many events is to be: style, instrument and a place of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm

import numpy as np

from lsbatch.errors import RecipeError
from lsbatch.simulate.instruments import instrument_of
from lsbatch.simulate.noise import stream
from lsbatch.simulate.season import choose_setting
from lsbatch.simulate.style import STYLES, Style, style_of
from lsbatch.simulate.world import check_request

Place = tuple[float, float]
"""(longitude, latitude) in degrees."""

_MOST_EVENTS, _MOST_LOOKS, _MOST_ZONES = 999, 12, 8
_LANDSAT = ("oli", "tm", "etm", "etm-slc-off")
_ONLY_L1C = 4
_TRIES = 400
_STEP_DEG = 0.25
"""A place that is taken is left by so much more at each try."""
_NORTHERNMOST_DEG = 66.0


@dataclass(frozen=True, slots=True)
class Order:
    """All that decides one event."""

    event_id: str
    seed: int
    side_km: float
    style: Style
    instrument: str
    looks: tuple[int, int]
    """Before, after."""
    near: Place | None = None
    is_gentle: bool = False
    """Whether to look in leaf and under fair skies."""


def plan_orders(
    seed: int,
    events: int,
    *,
    side_km: float,
    styles: Sequence[str],
    instruments: Sequence[str],
    looks: tuple[int, int],
    zones: int,
) -> tuple[Order, ...]:
    """Orders of K events, no two of which overlap.

    Parameters
    ----------
    seed, events : int
    side_km : float
    styles : sequence of str
        Taken in turn; empty = all that have landslides.
    instruments : sequence of str
        Taken in turn; empty = Sentinel-2 L2A, every fourth event Landsat, the fifth L1C.
    looks : (before, after)
    zones : int
        The first so many events lie in UTM zones of their own.

    Raises
    ------
    RecipeError
        For an unknown name, or a number out of its range.
    """
    check_request(seed, side_km)
    _check("events", events, (1, _MOST_EVENTS))
    for count in looks:
        _check("looks on each side", count, (1, _MOST_LOOKS))
    _check("UTM zones", zones, (1, min(events, _MOST_ZONES)))
    kinds = [style_of(name) for name in styles] or [s for s in STYLES if s.has_landslides]
    for name in instruments:
        instrument_of(name)
    orders: list[Order] = []
    places: list[Place] = []
    for n in range(events):
        style = kinds[n % len(kinds)]
        # without the shift, a style would meet the same instruments again and again
        turn = n + n // lcm(len(kinds), len(instruments) or 4)
        instrument = instruments[turn % len(instruments)] if instruments else _mixed(n, turn)
        own = int(stream(seed, f"event {n}").integers(2**31))
        name = f"sim-{seed}-{n + 1:02d}-{style.name}"
        order = Order(name, own, side_km, style, instrument, looks)
        near = _find_place(order, places, wants_zone=n < zones)
        places.append(near)
        orders.append(Order(name, own, side_km, style, instrument, looks, near))
    return tuple(orders)


def _mixed(n: int, turn: int) -> str:
    if n == _ONLY_L1C:
        return "s2-l1c"
    return _LANDSAT[turn // 4 % len(_LANDSAT)] if turn % 4 == 2 else "s2-l2a"


def _find_place(order: Order, taken: Sequence[Place], *, wants_zone: bool) -> Place:
    """A place of the order's climate, beside those taken; further off at each try."""
    rng = stream(order.seed, "place")
    drawn = choose_setting(
        rng, climate=order.style.climate, instrument=order.instrument, looks=order.looks
    )
    used = {_zone_of(place) for place in taken}
    for number in range(_TRIES):
        shift = number * _STEP_DEG * rng.uniform(-1, 1, 2)
        # the climate has its latitudes
        place = _wrap(drawn.longitude + shift[0], drawn.latitude + 0.1 * shift[1])
        is_apart = all(_gap_km(place, other) > 2 * order.side_km + 10 for other in taken)
        if is_apart and not (wants_zone and _zone_of(place) in used):
            return place
    raise AssertionError("the Earth has room for 999 events")


def _wrap(longitude: float, latitude: float) -> Place:
    around = (longitude + 180.0) % 360.0 - 180.0
    high = _NORTHERNMOST_DEG
    # away from the date line, where an area of interest would need two polygons
    return float(np.clip(around, -178.5, 178.5)), float(np.clip(latitude, -high, high))


def _zone_of(place: Place) -> tuple[int, bool]:
    """UTM zone and hemisphere; asking the projection library takes a thousand times longer."""
    return int((place[0] + 180.0) // 6.0), place[1] >= 0


def _gap_km(one: Place, two: Place) -> float:
    """Distance within a few percent, which is enough to stay apart."""
    east = (one[0] - two[0]) * np.cos(np.radians((one[1] + two[1]) / 2))
    return float(111.2 * np.hypot(east, one[1] - two[1]))


def _check(what: str, value: int, span: tuple[int, int]) -> None:
    low, high = span
    if not low <= value <= high:
        raise RecipeError(f"The number of {what} must be {low} to {high}; received {value}.")
