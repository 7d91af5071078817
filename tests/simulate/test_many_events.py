"""Several events in one catalogue, and the command that makes them."""

import json
import re
from pathlib import Path

import pystac
import pytest
import shapely

from lsbatch.domain import Event
from lsbatch.recipe import read_recipe
from lsbatch.search import choose_scenes, find_scenes
from lsbatch.simulate import simulate_events

OPTIONS = {
    "seed": 2,
    "events": 3,
    "side_km": 1.5,
    "styles": ["tropical-ridges", "alpine-forest"],
    "instruments": ["s2-l2a", "oli", "s2-l1c"],
    "looks": (1, 2),
    "zones": 3,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, tuple[Event, ...]]:
    folder = tmp_path_factory.mktemp("many") / "worlds"
    return folder, simulate_events(folder, **OPTIONS)


def test_events_and_files_are_those_of_the_file(made):
    folder, events = made
    collection = json.loads((folder / "events.geojson").read_text())
    assert tuple(Event.from_feature(feature) for feature in collection["features"]) == events
    assert [event.id for event in events] == [
        "sim-2-01-tropical-ridges",
        "sim-2-02-alpine-forest",
        "sim-2-03-tropical-ridges",
    ]
    assert all((folder / event.facts["inventory"]).is_file() for event in events)
    assert len(shapely.union_all([event.aoi for event in events]).geoms) == 3


def test_items_have_ids_of_their_own_and_their_collection(made):
    catalog = pystac.Catalog.from_file(str(made[0] / "catalog.json"))
    names = {child.id for child in catalog.get_children()}
    assert names == {"sentinel-2-l2a", "landsat-c2-l2", "sentinel-2-l1c", "dem"}
    items = list(catalog.get_items(recursive=True))
    assert len({item.id for item in items}) == len(items) == 12
    for item in items:
        if item.collection_id != "dem":
            assert item.properties.keys() >= {
                "platform", "instruments", "gsd", "eo:cloud_cover", "view:sun_azimuth",
                "view:sun_elevation", "proj:code",
            }  # fmt: skip


def test_each_event_finds_its_own_scenes(made):
    folder, events = made
    for event, sensor in zip(
        events, ("sentinel-2-l2a", "landsat-c2-l2", "sentinel-2-l1c"), strict=True
    ):
        recipe = read_recipe(folder / "recipe.yaml", event=event.id)
        pre, post = recipe.periods(event)
        found = find_scenes(event, recipe.source, pre=pre, post=post)
        scenes, _ = choose_scenes(
            found, event, pre=pre, post=post, bands=("red", "nir", "swir22"), looks=3
        )
        assert (len(scenes.pre), len(scenes.post), len(scenes.terrain)) == (1, 2, 1)
        assert {look.scene.sensor_name for look in scenes.looks} == {sensor}
        assert Path(recipe.inventory).is_file() and Path(recipe.catalog).is_file()


def test_same_options_give_the_same_bytes(made, tmp_path):
    again = tmp_path / "again"
    simulate_events(again, **OPTIONS)
    for path in made[0].rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (again / path.relative_to(made[0])).read_bytes(), path


def test_progress_counts_up_to_the_end(tmp_path):
    seen = []
    simulate_events(
        tmp_path / "w", side_km=1.5, looks=(1, 1), progress=lambda *state: seen.append(state)
    )
    assert [done for done, _, _ in seen] == [0, 1, 2, 3]
    assert {total for _, total, _ in seen} == {3}


def test_a_recipe_of_many_asks_which(made, lsbatch):
    code, _, err = lsbatch("map", "--config", made[0] / "recipe.yaml", "--out", made[0] / "map")
    assert code == 1 and all(event.id in err for event in made[1])
    assert not (made[0] / "map").exists()


def test_command_makes_a_world_and_says_how_to_map_it(lsbatch, tmp_path):
    words = ["--seed", 4, "--side", 1.5, "--looks", 1, "--style", "boreal-hills"]
    code, out, err = lsbatch("simulate", tmp_path / "w", *words)
    assert code == 0, err
    assert "sim-4-01-boreal-hills" in out and "recipe.yaml" in out
    assert read_recipe(tmp_path / "w" / "recipe.yaml").event == "sim-4-01-boreal-hills"
    code, out, err = lsbatch("simulate", tmp_path / "other", *words, "--json")
    record = json.loads(out)
    assert record["events"][0]["style"] == "boreal-hills"
    assert Path(record["catalog"]).is_file() and Path(record["recipe"]).is_file()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--style", "hilly"], "Known: temperate-hills"),
        (["--instrument", "modis"], "Known: s2-l2a"),
        (["--events", "0"], "1 to 999"),
        (["--side", "21"], "1.5 to 20 km"),
        (["--looks", "0"], "1 to 12"),
        (["--zones", "2"], "UTM zones must be 1"),
        (["--seed", "-1"], "from 0 up"),
    ],
)
def test_bad_options_are_one_sentence(lsbatch, tmp_path, words, told):
    code, _, err = lsbatch("simulate", tmp_path / "w", *words)
    assert code == 1 and told in err and "Traceback" not in err
    assert len(re.findall("^Error: ", err, re.M)) == 1
    assert not list(tmp_path.iterdir())


def test_wrong_usage_exits_2(lsbatch):
    assert lsbatch("simulate")[0] == 2
    assert lsbatch("simulate", "x", "--events", "two")[0] == 2
