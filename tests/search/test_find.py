import copy
import time
from datetime import UTC, datetime, timedelta

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.domain import Event, Period, Sun
from lsbatch.search import find as find_module
from lsbatch.search import find_scenes
from lsbatch.search.found import Found, Placed
from tests.records import AOI, EVENT, PERIODS, WIDE, build_item, build_model, write_items
from tests.search.test_normalise import NONSENSE, PLACES


def find(folder, *items, event=EVENT, **periods):
    return find_scenes(event, write_items(folder, *items), **(periods or PERIODS))


def granules_of(scenes):
    return {scene.id: [granule.item_id for granule in scene.granules] for scene in scenes}


@pytest.mark.real
def test_the_real_pair_is_found_with_its_terrain(shared_data):
    found = find_scenes(EVENT, str(shared_data / "hokkaido-2018" / "catalog.json"), **PERIODS)
    assert [scene.id for scene in found.scenes] == ["S2_ATSUMA_2018_PRE", "S2_ATSUMA_2018_POST"]
    assert [scene.id for scene in found.terrain] == ["ALOS_AW3D30_ATSUMA"]
    assert found.rejected == ()
    for scene in found.scenes:
        assert scene.sensor_name == "sentinel-2-l1c"
        assert not scene.is_dated
        assert scene.bands == {"blue", "green", "red"}
        units = {(a.scale, a.offset, a.nodata, a.epsg) for g in scene.granules for a in g.assets}
        assert units == {(1e-4, 0.0, 0.0, 4326)}


def test_a_source_without_items_has_no_candidates(tmp_path):
    found = find(tmp_path)
    assert (found.scenes, found.terrain, found.rejected) == ((), (), ())


def test_scenes_are_in_order_of_time_and_terrain_is_apart(tmp_path):
    late = build_item("late", "2018-09-20T01:00:00Z")
    found = find(tmp_path, late, build_model(), build_item("early"))
    assert [scene.id for scene in found.scenes] == ["early", "late"]
    assert [scene.id for scene in found.terrain] == ["dem"]


# ---- solar days


def sunny(item_id, azimuth, elevation):
    sun = {"view:sun_azimuth": azimuth, "view:sun_elevation": elevation}
    return build_item(item_id, **{name: value for name, value in sun.items() if value is not None})


@pytest.mark.parametrize(
    ("suns", "wanted"),
    [
        ([(150.0, 50.0)], Sun(150.0, 50.0)),
        ([(150.0, 50.0), (None, None)], Sun(150.0, 50.0)),
        ([(None, None), (150.0, None)], None),
        ([(359.0, 50.0), (1.0, 50.0)], Sun(0.0, 50.0)),
        ([(150.0, 50.0), (220.0, 50.0)], None),
    ],
)
def test_a_scene_has_the_mean_sun_of_its_granules(tmp_path, suns, wanted):
    items = [sunny(f"g{n}", *sun) for n, sun in enumerate(suns)]
    (scene,) = find(tmp_path, *items).scenes
    if wanted is None:
        assert scene.sun is None
        return
    assert scene.sun.direction == pytest.approx(wanted.direction, abs=1e-3)


def test_granules_of_one_day_are_one_scene_in_order_of_id(tmp_path):
    items = [
        build_item("b", "2018-08-01T01:30:20Z", **{"eo:cloud_cover": 10}),
        build_item("c", "2018-08-01T01:30:40Z"),
        build_item("a", "2018-08-01T01:30:00Z", **{"eo:cloud_cover": 30}),
    ]
    for order in (items, items[::-1]):
        (scene,) = find(tmp_path, *order).scenes
        assert [granule.item_id for granule in scene.granules] == ["a", "b", "c"]
        assert scene.start == datetime(2018, 8, 1, 1, 30, tzinfo=UTC)
        assert scene.end == datetime(2018, 8, 1, 1, 30, 40, tzinfo=UTC) and scene.is_dated
        assert scene.cloud_percent == 20


@pytest.mark.parametrize(("lon", "together"), [(175.0, True), (-175.0, True), (-0.5, False)])
def test_a_day_is_a_day_of_the_sun_where_the_image_is(tmp_path, lon, together):
    """Midnight in Greenwich is about noon at 175 degrees, and midnight at 0."""
    box = (lon, -40.0, lon + 1, -39.0)
    event = Event("e", EVENT.time, shapely.box(*box))
    items = [
        build_item("a", "2018-07-31T23:59:50Z", box=box),
        build_item("b", "2018-08-01T00:00:10Z", box=box),
    ]
    scenes = find(tmp_path, *items, event=event, **PERIODS).scenes
    assert len(scenes) == (1 if together else 2)


def test_of_an_image_across_the_180th_meridian_the_part_over_the_area_tells_the_day(tmp_path):
    """Its two parts lie a day of the sun apart; their mean longitude is that of Greenwich."""
    event = Event("e", EVENT.time, shapely.box(179.2, -17.5, 180, -17))
    across = shapely.MultiPolygon(
        [shapely.box(179, -18, 180, -16), shapely.box(-180, -18, -179, -16)]
    )
    items = [
        build_item("a", "2018-07-31T23:59:50Z", box=(178.0, -18.0, 180.0, -16.0)),
        build_item("b", "2018-08-01T00:00:10Z") | {"geometry": shapely.geometry.mapping(across)},
    ]
    items[1]["bbox"] = [179, -18, -179, -16]
    (scene,) = find(tmp_path, *items, event=event, **PERIODS).scenes
    assert [granule.item_id for granule in scene.granules] == ["a", "b"]


def test_days_and_sensors_are_not_mixed(tmp_path):
    found = find(
        tmp_path,
        build_item("s2", "2018-08-01T01:30:00Z"),
        build_item("s2-next", "2018-08-02T01:30:00Z"),
        build_item("ls", "2018-08-01T01:20:00Z", collection="landsat-c2-l2"),
    )
    assert granules_of(found.scenes) == {"ls": ["ls"], "s2": ["s2"], "s2-next": ["s2-next"]}


def test_an_interval_stands_alone_and_keeps_its_ends(tmp_path):
    span = ("2018-03-01T00:00:00Z", "2018-08-01T23:00:00Z")
    found = find(tmp_path, build_item("a", span), build_item("b", span))
    assert granules_of(found.scenes) == {"a": ["a"], "b": ["b"]}
    assert found.scenes[0].start == datetime(2018, 3, 1, tzinfo=UTC)
    assert found.scenes[0].end == datetime(2018, 8, 1, 23, tzinfo=UTC)


def test_elevation_models_are_one_scene_whatever_their_dates(tmp_path):
    models = [build_model("n42", when="2011-01-01T00:00:00Z"), build_model("n41")]
    found = find(tmp_path, *models)
    assert granules_of(found.terrain) == {"dem:terrain": ["n41", "n42"]}


# ---- records left out


def test_of_two_records_with_one_id_the_second_is_left_out(tmp_path):
    twins = build_item("twin"), build_item("twin", "2018-08-05T01:30:00Z")
    found = find(tmp_path, *twins)
    assert [scene.start.day for scene in found.scenes] == [1]
    (rejection,) = found.rejected
    assert (rejection.item_id, "the same id" in rejection.reason) == ("twin", True)


@pytest.mark.parametrize(
    "box",
    [(10, 45, 11, 46), (142.0, 42.6, 142.1, 42.8), (141.95, 42.7, 141.95, 42.7)],
    ids=["far", "only along an edge", "a point"],
)
def test_a_footprint_that_does_not_meet_the_area_is_left_out(tmp_path, box):
    found = find(tmp_path, build_item("off", box=box))
    assert found.scenes == ()
    (rejection,) = found.rejected
    assert rejection.reason.startswith("its footprint does not meet the area of interest")
    assert "141.90 42.65 142.00 42.75" in rejection.reason


def test_every_bad_record_is_listed_with_its_reason(tmp_path):
    found = find(
        tmp_path,
        build_item("good"),
        build_item("timeless", when=None),
        build_item("placeless") | {"geometry": None, "bbox": None},
        build_item("unitless", collection="drone"),
        build_item("radar", collection="sentinel-1-grd", bands=("vv", "vh")),
        build_item("lost", href="/absent/{band}.tif"),
        build_item() | {"id": None, "geometry": None, "bbox": None},
    )
    reasons = {rejection.item_id: rejection.reason for rejection in found.rejected}
    assert [scene.id for scene in found.scenes] == ["good"]
    assert sorted(reasons) == ["(no id)", "lost", "placeless", "radar", "timeless", "unitless"]
    assert "neither a datetime" in reasons["timeless"]
    assert "neither a geometry nor a bbox" in reasons["placeless"]
    assert "states no scale" in reasons["unitless"]
    assert "none of its assets is a band of generic" in reasons["radar"]
    assert "does not exist" in reasons["lost"]


def test_a_scene_of_another_zone_belongs_to_the_same_day(tmp_path):
    zones = [
        build_item(f"z{code}", "2018-08-01T01:30:00Z", **{"proj:code": f"EPSG:{code}"})
        for code in (32654, 32655)
    ]
    (scene,) = find(tmp_path, *zones).scenes
    assert [g.assets[0].epsg for g in scene.granules] == [32654, 32655]


@given(order=st.permutations(range(7)))
def test_the_order_of_a_source_does_not_matter(tmp_path_factory, order):
    items = [
        *(build_item(name, f"2018-08-0{day}T01:30:00Z") for day in (1, 2) for name in f"ab{day}"),
        build_model(),
    ]
    items = [item | {"id": f"{n}"} for n, item in enumerate(items)]
    folder = tmp_path_factory.mktemp("order")
    period = Period(datetime(2018, 1, 1, tzinfo=UTC), EVENT.time)
    shuffled = find(folder, *(items[n] for n in order), pre=period, post=period)
    assert shuffled == find(folder, *items, pre=period, post=period)


def test_a_footprint_is_kept_as_it_is(tmp_path):
    (scene,) = find(tmp_path, build_item()).scenes
    assert scene.footprint.equals(shapely.box(*WIDE))
    assert scene.footprint.covers(AOI)


@pytest.mark.filterwarnings("ignore:invalid value")
@given(
    items=st.lists(st.sampled_from([build_item(), build_model()]), min_size=1, max_size=3),
    place=st.sampled_from(PLACES),
    value=NONSENSE | st.just(10**400) | st.just("//[::1") | st.just("x" * 5000),
)
@pytest.mark.parametrize("place_of_source", ["/data/items.json", "https://example.com/v1"])
def test_whatever_the_records_are_candidates_come_of_it(place_of_source, items, place, value):
    broken = copy.deepcopy(items)
    *path, last = place
    part = broken[0]
    for key in path:
        part = part.setdefault(key, {})
    part[last] = value
    placed = [Placed(item, place_of_source) for item in [*broken, value]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(find_module, "read_items", lambda *_args, **_words: Found(placed))
        found = find_scenes(EVENT, "anything", **PERIODS)
    assert all(rejection.reason for rejection in found.rejected)


def test_ten_thousand_records_are_sorted_out_in_seconds(tmp_path):
    """Processor time, since other work on the machine must not fail it; measured: 0.2 s."""
    first = datetime(2018, 1, 2, tzinfo=UTC)
    items = [
        build_item(
            f"i{n:05d}",
            (first + timedelta(hours=n / 2)).isoformat(),
            box=WIDE if n % 50 == 0 else (10, 45, 11, 46),
        )
        for n in range(10_000)
    ]
    source = write_items(tmp_path, *items)
    started = time.process_time()
    found = find_scenes(EVENT, source, **PERIODS)
    assert time.process_time() - started < 3
    assert sum(len(scene.granules) for scene in found.scenes) == 200
    assert len(found.rejected) == 100
    assert found.notes == ("9700 further records lie elsewhere or at another time.",)
