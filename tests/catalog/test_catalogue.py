"""The shipped event catalogue: as its schema says, and honest about its sources."""

import copy
import json

import jsonschema
import pytest

from lsbatch.catalog import catalogs_folder, read_events
from lsbatch.domain import Event


@pytest.fixture(scope="module")
def catalogue():
    return json.loads((catalogs_folder() / "events.geojson").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def validator():
    schema = json.loads((catalogs_folder() / "schema" / "events.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def _properties(catalogue):
    return [feature["properties"] for feature in catalogue["features"]]


def test_catalogue_obeys_its_schema(catalogue, validator):
    assert [error.json_path for error in validator.iter_errors(catalogue)] == []


@pytest.mark.parametrize(
    "plant",
    [
        lambda event: event["properties"].update(magnitud=6.6),
        lambda event: event["properties"].update(magnitude="6.6"),
        lambda event: event["properties"].update(magnitude=None),
        lambda event: event["properties"].update(magnitude_type="mv"),
        lambda event: event["properties"].update(id="Hokkaido_2018"),
        lambda event: event["properties"].update(time="2018-09-05 18:07:59"),
        lambda event: event["properties"].update(time="2018-13-05T18:07:59Z"),
        lambda event: event["properties"].update(epicentre=[42.7, 141.9]),
        lambda event: event["properties"].update(epicentre=[141.9, 42.7, 0]),
        lambda event: event["properties"].update(depth_km=-3),
        lambda event: event["properties"].update(role="tset"),
        lambda event: event["properties"].update(trigger="earthqake"),
        lambda event: event["properties"].update(sensors_pre=["S2D"]),
        lambda event: event["properties"].update(gfdb_v4="yes"),
        lambda event: event["properties"].update(marc2016_r0_km=6.0),
        lambda event: event["properties"].pop("provenance"),
        lambda event: event["properties"]["inventory"].update(count="7837"),
        lambda event: event["properties"]["inventory"].update(doi="doi:10.1007/x"),
        lambda event: event["properties"]["provenance"].pop("magnitude"),
        lambda event: event["properties"]["provenance"].update(depth={}),
        lambda event: event["properties"]["provenance"]["time"].update(status="certain"),
        lambda event: event["properties"]["provenance"]["inventory"]["count"].pop("source"),
        lambda event: event["geometry"].update(type="Point"),
        lambda event: event["geometry"]["coordinates"][0][0].reverse(),
        lambda event: event["geometry"].update(coordinates=[[[141, 42], [142, 42], [141, 42]]]),
        lambda event: event.update(bbox=[141, 42, 142, 43]),
    ],
)
def test_planted_typo_is_refused(catalogue, validator, plant):
    planted = copy.deepcopy(catalogue)
    plant(next(event for event in planted["features"] if event["id"] == "hokkaido-2018"))
    assert not validator.is_valid(planted)


def test_rain_has_no_magnitude(catalogue, validator):
    rain = [event for event in _properties(catalogue) if event["trigger"] == "rainfall"]
    assert [event["id"] for event in rain] == ["chin-2015", "santa-lucia-2017"]
    assert all(event["magnitude"] is None for event in rain)
    planted = copy.deepcopy(catalogue)
    next(e for e in planted["features"] if e["id"] == "chin-2015")["properties"]["magnitude"] = 5
    assert not validator.is_valid(planted)


def test_events_are_unique_and_in_order_of_time(catalogue):
    events = _properties(catalogue)
    assert len(events) == len({event["id"] for event in events}) == 77
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)
    assert [feature["id"] for feature in catalogue["features"]] == [e["id"] for e in events]


def test_every_value_says_where_it_comes_from(catalogue):
    own_words = {"id", "name", "place", "trigger", "role", "study_area", "notes", "provenance"}
    for event in _properties(catalogue):
        named = {key for key, value in event.items() if value is not None} - own_words
        assert named | {"geometry"} == set(event["provenance"]), event["id"]
        inventory = event["inventory"] or {}
        held = {key.removesuffix("_words") for key, value in inventory.items() if value is not None}
        assert held == set(event["provenance"].get("inventory", {})), event["id"]


def test_unchecked_values_are_marked_memory(catalogue):
    events = {event["id"]: event["provenance"] for event in _properties(catalogue)}
    assert events["noto-2024"]["magnitude"]["status"] == "memory"
    assert events["noto-2024"]["usgs_event_id"]["status"] == "sourced"
    assert events["chin-2015"]["time"]["status"] == "memory"
    assert events["chin-2015"]["geometry"]["status"] == "memory"
    assert events["lorca-2011"]["time"]["status"] == "derived"
    assert events["gorkha-2015"]["inventory"]["count"]["status"] == "memory"
    assert events["gorkha-2015"]["geometry"]["status"] == "sourced"
    for event in events.values():
        for key, mark in event.items():
            for entry in mark.values() if key == "inventory" else [mark]:
                if "memory" in entry["source"].lower():
                    assert entry["status"] == "memory"


def test_every_event_loads_and_survives_the_round_trip(catalogue):
    events = read_events()
    assert len(events) == 77
    for event, feature in zip(events, catalogue["features"], strict=True):
        assert event.id == event.slug == feature["id"]
        assert event.facts["provenance"] == feature["properties"]["provenance"]
        assert Event.from_feature(event.to_feature()) == event
