"""Reading catalogues of users, and finding one event."""

import json

import pytest

from lsbatch.catalog import find_event, read_events
from lsbatch.errors import CatalogError

BOX = [[[141.0, 42.0], [142.0, 42.0], [142.0, 43.0], [141.0, 43.0], [141.0, 42.0]]]


def _feature(event_id="mine", *, coordinates=BOX, **properties):
    return {
        "type": "Feature",
        "properties": {"id": event_id, "time": "2018-09-05T18:07:59Z", **properties},
        "geometry": {"type": "Polygon", "coordinates": coordinates},
    }


def _write(tmp_path, *features, name="mine.geojson"):
    path = tmp_path / name
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}))
    return path


def test_default_catalogue_knows_the_event():
    event = find_event("hokkaido-2018")
    assert event.magnitude == 6.6
    assert event.aoi.bounds == (141.55, 42.5, 142.3, 42.95)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("hokkaido_2018", "hokkaido-2018"),
        ("Gorkha 2015", "gorkha-2015"),
        ("kashmir", "kashmir-2005"),
        ("haiti", "haiti-2010"),
    ],
)
def test_unknown_event_names_the_closest(asked, meant):
    with pytest.raises(CatalogError, match=rf"no event .*{meant}.*`lsbatch events list`"):
        find_event(asked)


def test_hopeless_id_guesses_nothing():
    with pytest.raises(CatalogError) as caught:
        find_event("%%%%")
    assert "Did you mean" not in str(caught.value)
    assert "lsbatch events list" in str(caught.value)


def test_own_catalogue_needs_id_time_and_polygon_only(tmp_path):
    path = _write(tmp_path, _feature("A b"), _feature("ä"))
    assert [event.id for event in read_events(path)] == ["A b", "ä"]
    assert find_event("ä", path).name == "ä"
    with pytest.raises(CatalogError, match="Did you mean A b"):
        find_event("a-b", path)


def test_feature_of_a_file_is_the_event(tmp_path):
    path = _write(tmp_path, _feature("mine"))
    assert find_event(str(path)).id == "mine"
    path.write_text("\ufeff" + json.dumps(_feature("mine")), encoding="utf-8")
    assert find_event(str(path)).id == "mine"


def test_two_features_are_not_an_event(tmp_path):
    path = _write(tmp_path, _feature("a"), _feature("b"))
    with pytest.raises(CatalogError, match=r"exactly one feature; .*mine\.geojson holds 2"):
        find_event(str(path))
    with pytest.raises(CatalogError, match="holds 0"):
        find_event(str(_write(tmp_path)))


def test_twin_ids_are_refused_by_number(tmp_path):
    path = _write(tmp_path, _feature("a"), _feature("b"), _feature("a"))
    with pytest.raises(CatalogError, match="features 1 and 3 are both 'a'"):
        read_events(path)


BOW_TIE = [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]
SWAPPED = [[[y, x] for x, y in BOX[0]]]


@pytest.mark.parametrize(
    ("feature", "reason"),
    [
        (_feature(coordinates=BOW_TIE), r"Self-intersection\[0.5 0.5\]"),
        (_feature(coordinates=SWAPPED), "swapped"),
        (_feature(coordinates=[[[0, 0], [1, 0]]]), "not readable GeoJSON"),
        (_feature(coordinates=[]), "empty geometry"),
        (_feature(coordinates=[[["x", 0], [1, 0], [1, 1], ["x", 0]]]), "not readable GeoJSON"),
        (_feature(""), "needs an id"),
        (_feature(time=None), "property 'time'"),
        (_feature(time="last summer"), "last summer"),
        (_feature(magnitude="strong"), "must be a number"),
        (_feature(epicentre=141.9), "must be a number and its epicentre"),
        (_feature(epicentre={"lon": 1}), "must be a number and its epicentre"),
        ({**_feature(), "geometry": None}, "has no geometry"),
        ({**_feature(), "geometry": {"type": "Point", "coordinates": [1, 2]}}, "received Point"),
        ({**_feature(), "properties": None}, "not a GeoJSON feature with properties"),
        (3, "not a GeoJSON feature"),
    ],
)
def test_bad_feature_is_named(tmp_path, feature, reason):
    path = _write(tmp_path, _feature("sound"), feature)
    with pytest.raises(CatalogError, match=rf"^Feature 2 of .*mine\.geojson.*{reason}"):
        read_events(path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hello", "not readable as GeoJSON"),
        ('{"type": "Feature", ', "not readable as GeoJSON"),
        (json.dumps(_feature()).replace("42.0", "NaN"), "NaN is not a JSON number"),
        ("[" * 100_000, "not readable as GeoJSON"),
        ("[]", "it is neither"),
        ('{"a": 1}', "it is neither"),
        ('{"type": "FeatureCollection"}', "it is FeatureCollection"),
        (json.dumps(_feature()["geometry"]), "it is Polygon"),
    ],
)
def test_file_that_is_no_catalogue_is_refused(tmp_path, text, reason):
    path = tmp_path / "mine.geojson"
    path.write_text(text)
    with pytest.raises(CatalogError, match=rf"mine\.geojson.*{reason}"):
        read_events(path)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "mine.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CatalogError, match="not readable as GeoJSON"):
        find_event(str(path))


def test_missing_file_is_named(tmp_path):
    with pytest.raises(CatalogError, match=r"none\.geojson cannot be read: No such file"):
        find_event(str(tmp_path / "none.geojson"))
