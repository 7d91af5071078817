from datetime import UTC, datetime, timedelta

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.domain import Asset, Granule, Period, Rejection, Scene
from lsbatch.errors import NoScenesError
from lsbatch.search import Candidates, choose_scenes
from tests.records import AOI, EVENT, PERIODS

WEST, SOUTH, EAST, NORTH = AOI.bounds
MIDDLE = (WEST + EAST) / 2
LEFT_HALF, RIGHT_HALF = (
    shapely.box(WEST, SOUTH, MIDDLE, NORTH),
    shapely.box(MIDDLE, SOUTH, EAST, NORTH),
)
RGB = ("blue", "green", "red")


def scene(name, days, *, ground=AOI, bands=RGB, sensor="sentinel-2-l2a", cloud=None, span=None):
    """A scene so many days after the event (before, where negative); or over a span of days."""
    first, last = span or (days, days)
    start, end = (EVENT.time + timedelta(days=day) for day in (first, last))
    assets = tuple(Asset(band, f"{name}/{band}.tif") for band in bands)
    return Scene(name, sensor, start, end, (Granule(name, ground, assets),), cloud)


TERRAIN = (scene("model", -3000, bands=("elevation",), sensor="dem"),)


def choose(*scenes, looks=1, bands=("red",), terrain=TERRAIN, rejected=(), **changes):
    candidates = Candidates(tuple(scenes), terrain, rejected)
    return choose_scenes(
        candidates, EVENT, **{**PERIODS, "bands": bands, "looks": looks, **changes}
    )


def chosen(*scenes, **changes):
    found, _ = choose(*scenes, **changes)
    return [look.scene.id for look in found.pre], [look.scene.id for look in found.post]


def reasons(*scenes, **changes):
    _, left_out = choose(*scenes, **changes)
    return {rejection.item_id: rejection.reason for rejection in left_out}


def test_the_nearest_of_each_side_is_taken_and_the_others_say_why():
    scenes = scene("old", -60), scene("near", -5), scene("after", 3), scene("late", 40)
    assert chosen(*scenes) == (["near"], ["after"])
    said = reasons(*scenes)
    assert said.keys() == {"old", "late"}
    assert said["old"] == "a better look sees the same ground (its score is 0.53)"
    more = reasons(*scenes, scene("older", -80), looks=2)
    assert more["older"].startswith("2 better looks see the same ground (its score is 0.")


def test_delays_are_whole_days_to_the_event():
    found, _ = choose(scene("pre", -5.9), scene("post", 3.2))
    assert [look.delay_days for look in found.looks] == [5, 3]


@pytest.mark.parametrize("looks", [1, 2, 3])
def test_so_many_looks_as_asked_nearest_first(looks):
    before = [scene(f"pre{n}", -n) for n in (3, 1, 4, 2)]
    pre, post = chosen(*before, scene("post", 1), looks=looks)
    assert pre == ["pre1", "pre2", "pre3"][:looks]
    assert post == ["post"]


def test_looks_are_counted_for_each_place():
    """A second image is needed only where the first does not reach."""
    scenes = [
        scene("left", -1, ground=LEFT_HALF),
        scene("left again", -2, ground=LEFT_HALF),
        scene("right", -3, ground=RIGHT_HALF),
        scene("right again", -4, ground=RIGHT_HALF),
    ]
    assert chosen(*scenes, scene("post", 1)) == (["left", "right"], ["post"])
    assert len(chosen(*scenes, scene("post", 1), looks=2)[0]) == 4


def test_one_look_of_all_is_better_than_two_of_halves_and_stands_in_its_place_in_time():
    halves = scene("left", -1, ground=LEFT_HALF), scene("right", -3, ground=RIGHT_HALF)
    scenes = *halves, scene("all", -2), scene("post", 1)
    assert chosen(*scenes)[0] == ["all"]
    assert chosen(*scenes, looks=2)[0] == ["left", "all", "right"]


def test_a_sliver_of_new_ground_is_not_worth_a_look():
    most = shapely.box(WEST, SOUTH, EAST - (EAST - WEST) * 5e-4, NORTH)
    scenes = scene("most", -1, ground=most), scene("all", -2), scene("post", 1)
    assert chosen(*scenes)[0] == ["most"]


@given(
    days=st.lists(st.integers(1, 90), min_size=1, max_size=8, unique=True),
    looks=st.integers(1, 4),
)
def test_full_scenes_are_always_the_nearest_ones(days, looks):
    pre, _ = chosen(*(scene(f"{day}", -day) for day in days), scene("post", 1), looks=looks)
    assert pre == [f"{day}" for day in sorted(days)[:looks]]


# ---- what is not taken


def test_an_interval_that_spans_the_event_is_neither_before_nor_after():
    spanning = scene("summer", 0, span=(-30, 30))
    scenes = spanning, scene("pre", -60), scene("post", 60)
    assert chosen(*scenes) == (["pre"], ["post"])
    assert reasons(*scenes) == {
        "summer": "its dates span the event: it may be from before or after"
    }


def test_an_interval_counts_from_its_far_end():
    found, _ = choose(scene("pre", 0, span=(-90, -1)), scene("post", 0, span=(1, 80)))
    assert [look.delay_days for look in found.looks] == [90, 80]


def test_the_moment_of_the_event_is_after_it():
    assert chosen(scene("pre", -1), scene("now", 0)) == (["pre"], ["now"])


def test_scenes_outside_the_periods_are_left_out():
    scenes = scene("pre", -1), scene("post", 1), scene("ancient", -900), scene("future", 900)
    assert reasons(*scenes) == {
        "ancient": "its date lies outside the pre period",
        "future": "its date lies outside the post period",
    }


def test_a_scene_that_is_nearly_all_cloud_is_left_out():
    scenes = scene("cloud", -1, cloud=96.4), scene("clear", -9, cloud=95.0), scene("post", 1)
    assert chosen(*scenes) == (["clear"], ["post"])
    assert reasons(*scenes)["cloud"] == "96 % of it is cloud"


def test_a_scene_without_the_bands_is_left_out_and_they_are_named():
    scenes = (
        scene("rgb", -1),
        scene("full", -9, bands=(*RGB, "nir")),
        scene("post", 1, bands=("nir",)),
    )
    assert chosen(*scenes, bands=("nir",)) == (["full"], ["post"])
    said = reasons(*scenes, bands=("nir",))
    assert said["rgb"] == "it lacks the band nir (it has blue, green, red)"
    with pytest.raises(NoScenesError, match=r"it lacks the bands nir, swir16 \(it has"):
        choose(scene("rgb", -1), bands=("nir", "swir16"))


# ---- sensors


def pair(sensor, days):
    return scene(f"{sensor} pre", -days, sensor=sensor), scene(
        f"{sensor} post", days, sensor=sensor
    )


def test_the_finest_sensor_with_both_sides_is_chosen():
    scenes = *pair("landsat-c2-l2", 1), *pair("sentinel-2-l2a", 20)
    assert chosen(*scenes) == (["sentinel-2-l2a pre"], ["sentinel-2-l2a post"])
    said = reasons(*scenes)["landsat-c2-l2 pre"]
    assert said == "another sensor was chosen (sentinel-2-l2a); name it with --sensor"
    one_sided = *pair("landsat-c2-l2", 1), scene("s2", -3)
    assert chosen(*one_sided)[0] == ["landsat-c2-l2 pre"]


def test_a_named_sensor_is_obeyed():
    scenes = *pair("landsat-c2-l2", 1), *pair("sentinel-2-l2a", 20)
    assert chosen(*scenes, sensor="landsat-c2-l2")[0] == ["landsat-c2-l2 pre"]
    said = reasons(*scenes, sensor="landsat-c2-l2")["sentinel-2-l2a post"]
    assert said == "its sensor is sentinel-2-l2a, not landsat-c2-l2"
    with pytest.raises(NoScenesError, match="its sensor is landsat-c2-l2, not generic"):
        choose(*scenes, sensor="generic")


# ---- a detector that looks only at images from after the event


def test_no_image_before_is_taken_where_none_is_needed_and_each_says_why():
    scenes = scene("before", -5), scene("span", 0, span=(-9, 9)), scene("post", 3)
    assert chosen(*scenes, periods=("post",)) == ([], ["post"])
    assert reasons(*scenes, periods=("post",)) == {
        "before": "it is from before the event, and the detector looks only at images from after "
        "it",
        "span": "its dates span the event: it may be from before or after",
    }


def test_where_no_image_before_is_needed_none_is_missed():
    assert chosen(scene("post", 3), periods=("post",)) == ([], ["post"])
    finest = scene("l8", -3, sensor="landsat-c2-l2"), scene("l8 post", 2, sensor="landsat-c2-l2")
    assert chosen(*finest, scene("s2", 9), periods=("post",)) == ([], ["s2"])
    with pytest.raises(NoScenesError, match="No usable scene after event"):
        choose(scene("before", -5), periods=("post",))


# ---- nothing to map with


@pytest.mark.parametrize(
    ("scenes", "side"),
    [((scene("post", 1),), "before"), ((scene("pre", -1),), "after")],
)
def test_without_a_look_on_each_side_there_is_no_map(scenes, side):
    with pytest.raises(NoScenesError) as caught:
        choose(*scenes)
    said = str(caught.value)
    assert said.startswith(f"No usable scene {side} event 'hokkaido-2018' (2018-09-05) between ")
    assert "with the bands red." in said
    assert "None of its scenes lies on that side" in said
    assert said.endswith("Other periods: --pre and --post FROM/TO.")


def test_an_empty_source_is_said_to_be_empty():
    with pytest.raises(NoScenesError, match="The source holds no items at all"):
        choose()


def test_the_first_reasons_are_shown_and_the_others_counted():
    cloudy = [scene(f"c{n}", -n, cloud=99) for n in range(1, 6)]
    with pytest.raises(NoScenesError, match=r"c1: 99 % of it is cloud; .*\(and 2 more\)"):
        choose(*cloudy, scene("post", 1))


def test_without_terrain_there_is_no_map():
    with pytest.raises(NoScenesError, match="No elevation model meets the area of event 'hokkaido"):
        choose(scene("pre", -1), scene("post", 1), terrain=())


def test_terrain_and_earlier_rejections_are_passed_on():
    earlier = Rejection("bad", "no href")
    found, left_out = choose(scene("pre", -1), scene("post", 1), rejected=(earlier,))
    assert found.terrain == TERRAIN
    assert left_out == (earlier,)


def test_periods_are_half_open():
    edge = EVENT.time - timedelta(days=10)
    pre = Period(datetime(2018, 1, 1, tzinfo=UTC), edge)
    inside = scene("inside", -10.001)
    assert chosen(inside, scene("at its end", -10), scene("post", 1), pre=pre)[0] == ["inside"]


def test_among_sensors_as_fine_the_best_known_is_taken():
    sensors = ("sentinel-2-l1c", "generic", "sentinel-2-l2a")
    scenes = [scene(f"{s}{day}", day, sensor=s) for s in sensors for day in (-5, 5)]
    assert chosen(*scenes) == (["sentinel-2-l2a-5"], ["sentinel-2-l2a5"])
