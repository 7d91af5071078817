import contextlib
from datetime import UTC, datetime

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.catalog import choose_events, read_events
from lsbatch.domain import Event
from lsbatch.errors import RecipeError

AOI = shapely.box(10, 46, 10.1, 46.1)


def event(name, year, magnitude=None, **facts):
    return Event(
        name, datetime(year, 7, 1, tzinfo=UTC), AOI, magnitude=magnitude, place="Nepal", facts=facts
    )


EVENTS = (
    event("old-large", 1999, 7.8, depth_km=8),
    event("new-large", 2018, 7.0, mechanism="reverse", depth_km=30.5),
    event("new-small", 2019, 5.1, mechanism="normal", simulated=True),
    event("storm", 2020),
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("magnitude >= 6.5 and start > 2015-06-23", ["new-large"]),
        ("time < 2018-07-01T00:00:00Z", ["old-large"]),
        ("start = 2018-07-01", ["new-large"]),
        ("magnitude >= 7 or magnitude < 6", ["old-large", "new-large", "new-small"]),
        ("not magnitude >= 7", ["new-small", "storm"]),
        ("not (magnitude >= 7 or id = storm)", ["new-small"]),
        ("magnitude>=7 and start>2000-01-01 or id='new-small'", ["new-large", "new-small"]),
        ("magnitude >= 7 and (start > 2000-01-01 or id = new-small)", ["new-large"]),
        ('mechanism != "reverse"', ["new-small"]),
        ("depth_km == 8", ["old-large"]),
        ("simulated = true", ["new-small"]),
        ("place = 'Nepal' and longitude > 0", []),
    ],
)
def test_a_filter_keeps_what_it_says_in_the_order_of_the_events(text, kept):
    assert [one.id for one in choose_events(EVENTS, text)] == kept


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a name is missing"),
        ("magnitude", "a comparison of magnitude is missing"),
        ("magnitude >", "a value for magnitude is missing"),
        ("magnitude > and", "is a number and cannot be compared with and"),
        ("magnitude 6", "must be compared"),
        ("6 < magnitude", "a name is expected"),
        ("and magnitude > 3", "a name is expected"),
        ("magnitude > (", "a value for magnitude is expected"),
        ("(magnitude > 3", "not closed"),
        ("magnitude > 3)", "nothing can follow"),
        ("magnitude > 3 4", "nothing can follow"),
        ("magnitude > big", "is a number and cannot be compared with big"),
        ("start > 2015", "is a date and cannot be compared"),
        ("start > 2015-13-01", "is no date"),
        ("id > a", "has no order"),
        ("quality > 3", "no event has 'quality' (known: depth_km, id, latitude"),
        ("magnitude > 3; id = x", "is not understood"),
        ("__import__('os').system('true')", "is not understood"),
        ("__import__ > 3", "no event has '__import__'"),
        ("(" * 5000 + "magnitude > 3", "nested too deep"),
        ("not " * 5000 + "magnitude > 3", "nested too deep"),
    ],
)
def test_what_is_no_filter_is_refused_in_a_sentence(text, said):
    with pytest.raises(RecipeError) as caught:
        choose_events(EVENTS, text)
    assert said in str(caught.value) and "Write it as in" in str(caught.value)


@given(text=st.text(max_size=40))
def test_any_text_is_a_filter_or_refused(text):
    with contextlib.suppress(RecipeError):
        assert set(choose_events(EVENTS, text)) <= set(EVENTS)


def test_the_shipped_catalogue_can_be_filtered():
    kept = choose_events(read_events(), "magnitude >= 6.5 and start > 2015-06-23")
    assert "hokkaido-2018" in [one.id for one in kept]
    assert all(one.time.year >= 2015 and one.magnitude >= 6.5 for one in kept)
