import json
import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.domain import Event, Period, slug_of
from lsbatch.errors import CatalogError
from tests.strategies import areas

AOI = shapely.box(141.9, 42.6, 142.1, 42.8)
MOMENT = datetime(2018, 9, 5, 18, 7, 59, tzinfo=UTC)

HOSTILE = [
    "../../x",
    "/abs",
    "a\0b",
    "..",
    ".",
    "CON",
    "nul",
    "x" * 300,
    "x" * 299 + "y",
    "zarr.json",
    "c/0/0",
    "-rf",
    "--help",
    "a\nb",
    "a b",
    "A",
    "a/",
    "\u202egpj.exe",
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
    "C:\\x",
    "\\\\host\\x",
    "地震",
    "地震2",
    "🌋",
    "\ud800",
    unicodedata.normalize("NFC", "séisme"),
    unicodedata.normalize("NFD", "séisme"),
    "",
    " ",
    "hokkaido 2018",
    "Hokkaido-2018",
    "hokkaido-2018 ",
]


def test_a_clean_id_is_its_own_slug():
    for clean in ("hokkaido-2018", "a", "2018", "x" * 80):
        assert slug_of(clean) == clean


def test_hostile_ids_become_names_of_folders_without_collision():
    slugs = [slug_of(hostile) for hostile in [*HOSTILE, "hokkaido-2018", "a", "x" * 80]]
    for slug in slugs:
        assert re.fullmatch(r"[a-z0-9-]{1,80}", slug), slug
    assert len(set(slugs)) == len(slugs)


@given(st.text(max_size=200))
def test_every_slug_is_safe_and_stays(event_id):
    slug = slug_of(event_id)
    assert re.fullmatch(r"[a-z0-9-]{1,80}", slug)
    assert slug_of(event_id) == slug
    assert slug_of(slug) == slug


@given(st.text(max_size=30), st.text(max_size=30))
def test_two_ids_do_not_share_a_slug(first, second):
    assert (slug_of(first) == slug_of(second)) == (first == second)


# ---- Period


def test_a_period_holds_its_start_and_not_its_end():
    period = Period(MOMENT, MOMENT + timedelta(days=2))
    instant = timedelta(microseconds=1)
    assert period.meets(period.start, period.start)
    assert not period.meets(period.start - instant, period.start - instant)
    assert period.meets(period.end - instant, period.end - instant)
    assert not period.meets(period.end, period.end)


def test_an_interval_meets_a_period_that_it_overlaps_or_spans():
    period, day = Period(MOMENT, MOMENT + timedelta(days=2)), timedelta(days=1)
    assert period.meets(MOMENT - day, MOMENT)
    assert period.meets(MOMENT - day, MOMENT + 9 * day)
    assert not period.meets(MOMENT - 2 * day, MOMENT - day)
    assert not period.meets(MOMENT + 2 * day, MOMENT + 3 * day)


def test_a_period_that_ends_before_it_starts_is_refused():
    for end in (MOMENT, MOMENT - timedelta(days=1)):
        with pytest.raises(CatalogError, match="A period must end after it starts; received 2018"):
            Period(MOMENT, end)


@pytest.mark.parametrize("name", ["start", "end"])
def test_a_period_without_a_time_zone_is_refused(name):
    times = {"start": MOMENT, "end": MOMENT + timedelta(days=1)}
    times[name] = times[name].replace(tzinfo=None)
    with pytest.raises(CatalogError, match=f"its {name} has no time zone"):
        Period(**times)


# ---- Event

BAD_AREAS = {
    "a point": (shapely.Point(142, 42), "must be a Polygon or MultiPolygon; received Point"),
    "a line": (shapely.LineString([(142, 42), (143, 43)]), "received LineString"),
    "nothing": (shapely.Polygon(), "received an empty geometry"),
    "a bow tie": (
        shapely.Polygon([(142, 42), (143, 43), (143, 42), (142, 43)]),
        "is not a valid polygon: Self-intersection",
    ),
    "a flat one": (shapely.Polygon([(142, 42), (143, 43), (142, 42)]), "not a valid|no extent"),
    "swapped": (
        shapely.box(42.6, 141.9, 42.8, 142.1),
        r"received x 42\.6\.\.42\.8, .*Are longitude and latitude swapped\?",
    ),
    "beyond": (shapely.box(179, 10, 181, 11), "must lie in longitude -180..180"),
    "in metres": (shapely.box(5e5, 4.7e6, 6e5, 4.8e6), "must lie in longitude -180..180"),
}


@pytest.mark.parametrize("kind", BAD_AREAS)
def test_an_area_that_is_no_area_is_refused(kind):
    area, message = BAD_AREAS[kind]
    with pytest.raises(CatalogError, match=message) as caught:
        Event("event-7", MOMENT, area)
    assert "event 'event-7'" in str(caught.value)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_an_area_with_a_corner_that_is_no_number_is_refused():
    with pytest.raises(CatalogError, match="is not a valid polygon"):
        Event("e", MOMENT, shapely.Polygon([(142, 42), (float("nan"), 43), (143, 42)]))


@pytest.mark.parametrize("event_id", ["", "  "])
def test_an_event_without_an_id_is_refused(event_id):
    with pytest.raises(CatalogError, match="An event needs an id"):
        Event(event_id, MOMENT, AOI)


def test_an_event_without_a_time_zone_is_refused():
    with pytest.raises(CatalogError, match="Event 'e' needs a UTC time"):
        Event("e", MOMENT.replace(tzinfo=None), AOI)


def test_an_event_can_be_a_key_and_knows_its_folder():
    event = Event("Hokkaido 2018", MOMENT, AOI, facts={"depth_km": [33]})
    assert {event: 1}[Event("Hokkaido 2018", MOMENT, AOI, facts={"depth_km": [33]})] == 1
    assert event.slug == slug_of("Hokkaido 2018")


@given(
    event_id=st.text(min_size=1, max_size=20).filter(str.strip),
    aoi=areas(),
    time=st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=9))])),
    name=st.text(max_size=9),
    magnitude=st.none() | st.floats(0, 10),
    epicentre=st.none() | st.tuples(st.floats(-180, 180), st.floats(-90, 90)),
    facts=st.dictionaries(st.sampled_from(["depth_km", "source", "note"]), st.integers()),
)
def test_a_feature_there_and_back_is_the_same_event(
    event_id, aoi, time, name, magnitude, epicentre, facts
):
    try:
        time.astimezone(UTC)
    except OverflowError:
        time = MOMENT
    event = Event(event_id, time, aoi, name, magnitude, "Iburi", epicentre, facts)
    assert Event.from_feature(json.loads(json.dumps(event.to_feature()))) == event


def feature(**properties):
    return {
        "type": "Feature",
        "geometry": shapely.geometry.mapping(AOI),
        "properties": {"id": "e", "time": "2018-09-05T18:07:59Z", **properties},
    }


def test_a_feature_may_leave_out_all_but_id_and_time():
    event = Event.from_feature(feature())
    assert event == Event("e", MOMENT, AOI, name="e")


def test_a_feature_may_carry_its_id_outside_and_heights():
    record = feature(id=None)
    ring = [(*corner, 12.0) for corner in AOI.exterior.coords]
    record |= {"id": "outside", "geometry": {"type": "Polygon", "coordinates": [ring]}}
    event = Event.from_feature(record)
    assert event.id == "outside"
    assert event.aoi.equals(AOI) and not event.aoi.has_z


def test_a_time_without_zone_is_utc_and_other_zones_are_turned_to_it():
    for text in ("2018-09-05T18:07:59", "2018-09-06T03:07:59+09:00", "2018-09-05 18:07:59Z"):
        assert Event.from_feature(feature(time=text)).time == MOMENT


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"time": None}, "needs the property 'time' as ISO 8601 in UTC"),
        ({"time": "yesterday"}, "received 'yesterday'"),
        ({"time": 1536170879}, "needs the property 'time'"),
        ({"time": "0001-01-01T00:00:00+14:00"}, "needs the property 'time'"),
        ({"magnitude": "strong"}, "must be a number .* received 'strong' and None"),
        ({"epicentre": "Iburi"}, "its epicentre .longitude, latitude."),
        ({"epicentre": [142.0]}, "its epicentre .longitude, latitude."),
        ({"epicentre": 142.0}, "its epicentre .longitude, latitude."),
        ({"id": ""}, "An event needs an id"),
    ],
)
def test_a_feature_that_says_nonsense_is_refused(changes, message):
    with pytest.raises(CatalogError, match=message):
        Event.from_feature(feature(**changes))


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        (None, "has no geometry; draw its area of interest"),
        ({}, "has no geometry"),
        ({"type": "Polygon"}, "is not readable GeoJSON"),
        ({"type": "Blob", "coordinates": []}, "is not readable GeoJSON"),
        ({"type": "Polygon", "coordinates": [[[1, 2], ["a", 3]]]}, "is not readable GeoJSON"),
        ({"type": "Point", "coordinates": [142, 42]}, "received Point"),
    ],
)
def test_a_feature_without_a_readable_area_is_refused(geometry, message):
    with pytest.raises(CatalogError, match=message):
        Event.from_feature(feature() | {"geometry": geometry})
