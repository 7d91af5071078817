"""What many events are to be, and where."""

import re

import numpy as np
import pytest
import shapely

from lsbatch.domain import utm_of
from lsbatch.errors import RecipeError
from lsbatch.simulate.instruments import INSTRUMENTS
from lsbatch.simulate.orders import plan_orders
from lsbatch.simulate.style import STYLES


def orders(events=16, seed=3, **changes):
    options = {"side_km": 20.0, "styles": (), "instruments": (), "looks": (2, 2), "zones": 1}
    return plan_orders(seed, events, **{**options, **changes})


def test_same_seed_same_orders_other_seed_others():
    assert orders() == orders()
    assert {order.near for order in orders()}.isdisjoint(o.near for o in orders(seed=4))


def test_ids_are_clean_slugs_and_seeds_differ():
    made = orders(40)
    assert len({order.event_id for order in made}) == len({order.seed for order in made}) == 40
    assert all(re.fullmatch(r"sim-3-\d\d-[a-z0-9-]{1,70}", order.event_id) for order in made)


def test_a_longer_list_begins_with_the_shorter_one():
    assert orders(20)[:7] == orders(7)


def test_no_two_events_overlap():
    made = orders(60)
    lon, lat = np.array([order.near for order in made]).T
    assert (np.abs(lat) < 70).all() and (np.abs(lon) < 179).all()
    east = (lon[:, None] - lon) * np.cos(np.radians(lat))
    gap_km = 111.2 * np.hypot(east, lat[:, None] - lat)
    assert gap_km[np.triu_indices(60, 1)].min() > 20.0 * np.sqrt(2)


@pytest.mark.parametrize("zones", [1, 2, 5])
def test_the_first_events_lie_in_zones_of_their_own(zones):
    for seed in range(4):
        made = orders(6, seed=seed, zones=zones, styles=["temperate-hills"])
        found = {str(utm_of(shapely.Point(order.near))) for order in made[:zones]}
        assert len(found) == zones


def test_styles_are_taken_in_turn_and_meet_every_instrument():
    steep = [style for style in STYLES if style.has_landslides]
    assert len(steep) == len(STYLES) - 2
    assert [order.style for order in orders(10)] == [*steep, steep[0]]
    pairs = {
        (order.style.name, order.instrument)
        for order in orders(
            4, styles=["boreal-hills", "volcano-flanks"], instruments=["oli", "s2-l1c"]
        )
    }
    assert len(pairs) == 4


def test_by_default_most_are_sentinel_2_some_landsat_one_l1c():
    names = [order.instrument for order in orders(40)]
    landsat = [name for name in names if INSTRUMENTS[name].is_landsat]
    assert names.count("s2-l1c") == 1 and names.count("s2-l2a") > 20
    assert len(set(landsat)) == 4 and len(landsat) >= 8


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"seed": -1}, "whole number from 0 up"),
        ({"side_km": 1.0}, "1.5 to 20 km"),
        ({"side_km": 20.1}, "1.5 to 20 km"),
        ({"side_km": float("nan")}, "1.5 to 20 km"),
        ({"events": 0}, "1 to 999"),
        ({"events": 1000}, "1 to 999"),
        ({"looks": (0, 2)}, "1 to 12"),
        ({"looks": (2, 13)}, "1 to 12"),
        ({"zones": 0}, "1 to 8"),
        ({"events": 2, "zones": 3}, "1 to 2"),
        ({"styles": ["hilly"]}, "temperate-hills, boreal-hills"),
        ({"instruments": ["modis"]}, "s2-l2a, s2-l1c, tm"),
    ],
)
def test_wrong_requests_are_refused_with_what_would_do(wrong, told):
    with pytest.raises(RecipeError, match=re.escape(told)):
        orders(**wrong)
