"""What the choice of scenes weighs, one thing at a time and against each other."""

import random
from datetime import UTC, datetime, timedelta

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.domain import Asset, Event, Granule, Period, Reported, Scene, Sun
from lsbatch.search import Candidates, choose_scenes
from tests.records import AOI

WEST, SOUTH, EAST, NORTH = AOI.bounds
QUAKE = datetime(2021, 2, 1, tzinfo=UTC)
"""In winter, so that the nearest looks are rarely the best."""
TERRAIN = (
    Scene("dem", "dem", QUAKE, QUAKE, (Granule("dem", AOI, (Asset("elevation", "d.tif"),)),)),
)


def look(name, days, *, cloud=0.0, ground=AOI, sun=None, quake=QUAKE, **reported):
    """A scene so many days after the event; what else its record says."""
    moment = quake + timedelta(days=days)
    words = Reported(cloud_percent=cloud, **reported)
    granule = Granule(name, ground, (Asset("red", f"{name}.tif"),), words)
    return Scene(name, "sentinel-2-l2a", moment, moment, (granule,), cloud, sun)


def choose(*scenes, looks=1, quake=QUAKE):
    year = timedelta(days=400)
    found, left = choose_scenes(
        Candidates(tuple(scenes), TERRAIN, ()),
        Event("e", quake, AOI),
        pre=Period(quake - year, quake),
        post=Period(quake, quake + year),
        bands=("red",),
        looks=looks,
    )
    return found, {one.item_id: one.reason for one in left}


def names(looks):
    return [one.scene.id for one in looks]


def merit(found, name):
    return next(one.merit for one in found.considered if one.scene_id == name)


# ---- cloud against time


@pytest.mark.parametrize(
    ("soon", "late", "wanted"),
    [
        ((5, 80), (30, 0), "late"),
        ((5, 20), (70, 0), "soon"),
        ((5, 50), (25, 0), "late"),
        ((5, 10), (25, 0), "soon"),
    ],
)
def test_low_cloud_is_chosen_without_needless_delay(soon, late, wanted):
    after = [look(n, days, cloud=cloud) for n, (days, cloud) in (("soon", soon), ("late", late))]
    found, _ = choose(look("pre", -3), *after)
    assert names(found.post) == [wanted]


def test_cloud_counts_where_it_is_not_known_as_half():
    moment = QUAKE + timedelta(days=9)
    granule = Granule("unknown", AOI, (Asset("red", "u.tif"),))
    unknown = Scene("unknown", "sentinel-2-l2a", moment, moment, (granule,))
    for cloud, wanted in ((40, "known"), (60, "unknown")):
        found, _ = choose(look("pre", -3), unknown, look("known", 9, cloud=cloud))
        assert names(found.post) == [wanted]
    assert merit(found, "unknown").open is None and merit(found, "unknown").seen == 0.5


# ---- seasons


def test_the_same_season_a_year_earlier_beats_another_season_some_weeks_earlier():
    """After the event there is a clear look in May only."""
    scenes = look("january", -12), look("last may", -266), look("may", 95)
    found, _ = choose(*scenes)
    assert names(found.pre) == ["last may"]
    assert merit(found, "last may").season > 0.9 and merit(found, "january").season == 0


def test_within_a_season_the_nearer_look_is_better():
    quake = datetime(2021, 9, 5, tzinfo=UTC)
    scenes = [look(n, d, quake=quake) for n, d in (("july", -52), ("last year", -364), ("post", 2))]
    assert names(choose(*scenes, quake=quake)[0].pre) == ["july"]


def test_seasons_meet_over_new_year():
    quake = datetime(2021, 1, 10, tzinfo=UTC)
    found, _ = choose(look("pre", -15, quake=quake), look("post", 1, quake=quake), quake=quake)
    assert merit(found, "pre").season == pytest.approx(1 - 16 / 90, abs=0.01)


def test_no_season_is_told_of_a_long_interval():
    wide = Scene(
        "wide",
        "sentinel-2-l2a",
        QUAKE - timedelta(days=150),
        QUAKE - timedelta(days=10),
        (Granule("wide", AOI, (Asset("red", "w.tif"),)),),
    )
    found, _ = choose(wide, look("post", 2))
    assert merit(found, "wide").season is None
    assert merit(found, "wide").near == pytest.approx(0.5 ** (150 / 180), abs=1e-4)


# ---- snow


def test_snow_is_not_chosen_where_ground_without_it_can_be_seen():
    scenes = (
        look("snow", 3, snow_percent=55.0),
        look("bare", 95, snow_percent=1.0),
        look("more snow", 20, snow_percent=70.0),
        look("pre", -60),
    )
    found, left = choose(*scenes, looks=3)
    assert names(found.post) == ["bare"]
    assert left["snow"] == (
        "55% of the ground that it sees is under snow or ice, and looks with less see the same "
        "ground"
    )


def test_snow_is_better_than_nothing_and_less_is_better_than_more():
    right = shapely.box((WEST + EAST) / 2, SOUTH, EAST, NORTH)
    scenes = look("snow", 3, snow_percent=55.0), look("bare", 95, snow_percent=1.0, ground=right)
    found, _ = choose(*scenes, look("pre", -60))
    assert names(found.post) == ["snow", "bare"]
    found, _ = choose(look("much", 3, snow_percent=80.0), scenes[0], look("pre", -60))
    assert names(found.post) == ["snow"]


def test_what_clouds_hide_is_not_taken_for_ground_without_snow():
    """1 % of snow beside 89 % of cloud is a tenth of what is seen; beside 95 % it tells nothing."""
    scenes = look("a", 3, cloud=89.0, snow_percent=1.1), look("b", 9, cloud=95.0, snow_percent=0)
    found, _ = choose(*scenes, look("pre", -60))
    assert merit(found, "a").snow == pytest.approx(0.1)
    assert merit(found, "b").snow is None


# ---- sun and track


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (({"sun": Sun(150, 30)}, {"sun": Sun(150, 60)}, {"sun": Sun(151, 31)}), "sun"),
        (({"track": "R060"}, {"track": "R017"}, {"track": "R060"}), "track"),
    ],
)
def test_of_two_looks_as_good_the_one_seen_alike_is_taken(words, part):
    like, unlike, post = words
    scenes = look("a unlike", -5, **unlike), look("b like", -5, **like), look("post", 2, **post)
    found, _ = choose(*scenes)
    assert names(found.pre) == ["b like"]
    assert getattr(merit(found, "b like"), part) > 0.9
    assert getattr(merit(found, "a unlike"), part) < 0.4


def test_what_is_not_reported_is_no_part_of_the_merit():
    found, _ = choose(look("pre", -5), look("post", 2))
    assert (merit(found, "pre").sun, merit(found, "pre").track) == (None, None)


# ---- ground


def test_overlapping_tiles_of_one_day_count_once():
    """Two tiles of 60 % of the area each, a fifth of it in both, and one within the first."""
    width = EAST - WEST
    west = shapely.box(WEST, SOUTH, WEST + 0.6 * width, NORTH)
    east = shapely.box(WEST + 0.4 * width, SOUTH, EAST, NORTH)
    inner = shapely.box(WEST, SOUTH, WEST + 0.1 * width, NORTH)
    assets = (Asset("red", "r.tif"),)
    granules = tuple(
        Granule(name, ground, assets, Reported(cloud_percent=cloud))
        for name, ground, cloud in (("a", west, 50), ("b", east, 0), ("c", inner, 100))
    )
    moment = QUAKE - timedelta(days=3)
    mosaic = Scene("mosaic", "sentinel-2-l2a", moment, moment, granules)
    found, _ = choose(mosaic, look("post", 2))
    assert merit(found, "mosaic").covered == pytest.approx(1.0)
    assert merit(found, "mosaic").open == pytest.approx(0.6 * 0.5 + 0.4)
    # and the day is one look, however many tiles it has
    again, _ = choose(mosaic, look("earlier", -9), look("post", 2), looks=2)
    assert names(again.pre) == ["mosaic", "earlier"]


def test_cells_without_data_count_unless_the_footprint_tells_of_them():
    """A tile of Sentinel-2, three quarters of which lie beyond the swath."""
    degree = 111.32
    height, width = 109.8 / degree, 109.8 / degree / 0.7347  # about 42.7 degrees north
    whole = shapely.box(141.5, 42.2, 141.5 + width, 42.2 + height)
    data = shapely.box(141.9, 42.2, 141.9 + width / 4, 42.2 + height)
    for footprint, share in ((whole, 0.25), (data, 1.0)):
        scene = look("pre", -3, ground=footprint, nodata_percent=75.0)
        found, _ = choose(scene, look("post", 2))
        assert merit(found, "pre").covered == pytest.approx(share, abs=0.01)


# ---- reasons and order


def test_everything_weighed_is_on_record_with_its_reason():
    found, left = choose(look("a", -3), look("b", -30), look("post", 2))
    told = {one.scene_id: (one.is_chosen, one.reason) for one in found.considered}
    assert told["a"] == (True, "place 1 of 2, adds 100% of the looks wanted")
    assert told["b"] == (False, left["b"])
    assert [one.period for one in found.considered] == ["pre", "pre", "post"]


def test_the_record_of_those_left_out_is_bounded_and_the_reasons_are_not():
    many = [look(f"p{n:03}", -1 - n) for n in range(150)]
    found, left = choose(*many, look("post", 2))
    assert len(found.considered) == 1 + 100 + 1
    assert len(left) == 149


@given(
    st.lists(st.tuples(st.integers(-60, -1), st.integers(0, 90)), min_size=2, max_size=7),
    st.randoms(use_true_random=False),
)
def test_the_choice_does_not_depend_on_the_order_of_the_answer(records, dice: random.Random):
    scenes = [look(f"s{n}", days, cloud=cloud) for n, (days, cloud) in enumerate(records)]
    scenes.append(look("post", 2))
    first, _ = choose(*scenes, looks=2)
    dice.shuffle(scenes)
    assert choose(*scenes, looks=2)[0] == first


def test_equal_looks_are_told_apart_by_their_id():
    found, _ = choose(look("b", -3), look("a", -3), look("post", 2))
    assert names(found.pre) == ["a"]
