from dataclasses import replace
from datetime import UTC, datetime

import pytest
import shapely

from lsbatch.search import choose_scenes, find_scenes
from tests.records import AOI, EVENT, PERIODS, WIDE, build_item, build_model, write_items

PAIR = build_item("pre"), build_item("post", "2018-09-20T01:30:00Z")
WEST, SOUTH, EAST, NORTH = WIDE
LEFT = (WEST, SOUTH, (AOI.bounds[0] + AOI.bounds[2]) / 2, NORTH)


def choose(folder, *models, event=EVENT):
    source = write_items(folder, *PAIR, *models)
    found = find_scenes(event, source, **PERIODS)
    return choose_scenes(found, event, **PERIODS, bands=("red",), looks=1)


def model(item_id, year, **changes):
    when = f"{year}-01-01T00:00:00Z"
    return build_model(item_id, when=when, collection="3dep-seamless", **changes)


def test_a_model_from_before_the_event_is_preferred(tmp_path):
    scenes, left = choose(tmp_path, model("young", 2020), model("old", 2009))
    assert [scene.id for scene in scenes.terrain] == ["old"]
    (reason,) = (one.reason for one in left if one.item_id == "young")
    assert reason.startswith("it is younger than the event, or may be, and an elevation model from")


def test_a_younger_model_lies_below_where_the_older_ends_and_serves_where_there_is_no_other(
    tmp_path,
):
    scenes, left = choose(tmp_path, model("a-young", 2020), model("b-old", 2009, box=LEFT))
    assert [scene.id for scene in scenes.terrain] == ["b-old", "a-young"]
    assert not left
    alone, _ = choose(tmp_path, model("young", 2020))
    assert [scene.id for scene in alone.terrain] == ["young"]


@pytest.mark.parametrize(
    ("collection", "epoch"),
    [
        ("cop-dem-glo-30", (2010, 2015)),
        ("cop-dem-glo-90", (2010, 2015)),
        ("alos-dem", (2006, 2011)),
        ("nasadem", (2000, 2000)),
    ],
)
def test_a_known_model_has_the_years_of_its_survey_not_of_its_publication(
    tmp_path, collection, epoch
):
    published = build_model("m", when="2021-04-22T00:00:00Z", collection=collection)
    (terrain,) = choose(tmp_path, published)[0].terrain
    assert (terrain.start.year, terrain.end.year) == epoch


def test_a_record_that_tells_its_own_years_is_believed(tmp_path):
    when = ("2012-01-01T00:00:00Z", "2013-01-01T00:00:00Z")
    (terrain,) = choose(tmp_path, build_model("m", when=when, collection="alos-dem"))[0].terrain
    assert (terrain.start.year, terrain.end.year) == (2012, 2013)


def test_of_surveys_the_newest_from_before_the_event_is_on_top():
    from lsbatch.search.models import choose_models
    from tests.search.test_choose import scene

    models = [
        scene(name, days, bands=("elevation",), sensor="dem")
        for name, days in (("2010", -3000), ("2017", -400), ("2020", 700))
    ]
    corner = shapely.box(*AOI.bounds[:2], *(AOI.centroid.coords[0]))
    small = [replace(m, granules=(replace(m.granules[0], footprint=corner),)) for m in models[:2]]
    ordered, left = choose_models((*small, models[2]), EVENT)
    assert [m.id for m in ordered] == ["2017", "2010", "2020"] and left == ()
    assert EVENT.time > datetime(2018, 1, 1, tzinfo=UTC)
