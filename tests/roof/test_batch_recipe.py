"""A recipe of many events: how it chooses them, and the recipes that ship."""

import configparser
from pathlib import Path

import pytest
import yaml

from lsbatch.batch.frozen import RunPlan, names_of, plan_run
from lsbatch.batch.resume import read_record, run_plan_of
from lsbatch.domain import catalogs_folder
from lsbatch.errors import LsbatchError, RecipeError, StoreConflictError
from lsbatch.recipe import BatchRecipe, Recipe, read_batch, read_recipe

LEAST = {"source": "b", "detector": "ndvi-change"}
SHIPPED = sorted((catalogs_folder() / "recipes").glob("*.yaml"))


@pytest.fixture
def written(tmp_path):
    def write(**content):
        path = tmp_path / "recipe.yaml"
        path.write_text(yaml.safe_dump({**LEAST, **content}))
        return path

    return write


def refusal(path, **given):
    with pytest.raises(LsbatchError) as caught:
        names_of(read_batch(path, **given))
    return str(caught.value)


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ({"event": "hokkaido-2018"}, ["hokkaido-2018"]),
        ({"events": ["palu-2018", "hokkaido-2018"]}, ["palu-2018", "hokkaido-2018"]),
        ({"filter": "id = hokkaido-2018"}, ["hokkaido-2018"]),
        (
            {"events": ["palu-2018", "lorca-2011"], "filter": "start > 2015-06-23"},
            ["palu-2018"],
        ),
    ],
)
def test_events_are_ids_or_those_that_a_filter_keeps(written, choice, names):
    assert list(names_of(read_batch(written(**choice)))) == names


def test_a_catalogue_alone_is_all_of_it(written, world):
    path = world / "events.geojson"
    (name,) = names_of(read_batch(written(catalog=str(path))))
    assert name.startswith("demo-")


def test_each_event_has_its_inventory_and_paths_are_meant_from_the_file(written, tmp_path):
    (tmp_path / "inventories").mkdir()
    batch = read_batch(written(events=["a", "b"], inventory="inventories/{event}.parquet"))
    assert batch.for_event("b").inventory == str(tmp_path / "inventories" / "b.parquet")
    alone = read_batch(written(events=["a"], inventory="inventories/{event}.parquet"))
    assert alone == BatchRecipe.of_one(alone.for_event("a")), "a batch of one"


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({}, "no events are chosen"),
        ({"events": ["a", "b", "a"]}, "must not list an event twice (a)"),
        ({"events": "a"}, "must list its events as [id, id, …]"),
        ({"events": ["a", " "]}, "must not be empty"),
        ({"filter": "magnitude > 12"}, "keeps none of 77"),
        ({"filter": "magnitude >"}, "a value for magnitude is missing"),
        ({"filter": 7}, "filter"),
        ({"events": ["a"], "filters": "x"}, "filters is unknown (known: events, filter, source"),
        ({"events": ["atlantis-1"], "filter": "magnitude > 6"}, "no event 'atlantis-1'"),
    ],
)
def test_what_chooses_no_events_is_refused_in_a_sentence(written, choice, said):
    assert said in refusal(written(**choice))


def test_a_bare_yes_is_an_option_and_no_truth(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text("source: b\ndetector: ndvi-change\nevents: [a]\nyes: true\n")
    assert read_batch(path).yes
    path.write_text("source: b\n7: true\n")
    assert "has 7 in place of an option's name" in refusal(path)


def test_one_event_of_a_filter_is_named(written):
    path = written(filter="magnitude > 7")
    with pytest.raises(RecipeError, match="chooses its events by a filter; name one"):
        read_recipe(path)
    assert read_recipe(path, event="palu-2018") == Recipe(**LEAST, event="palu-2018")


def test_choices_that_change_no_map_do_not_bind():
    free = BatchRecipe(
        **LEAST, events=["a"], cluster={"workers": 2}, yes=True, loader="stackstac",
        reads_per_second=1.0,
    )  # fmt: skip
    assert free.binding() == BatchRecipe(**LEAST, events=["a"]).binding()
    assert free.binding() != BatchRecipe(**LEAST, events=["a"], threshold=0.6).binding()


def test_a_run_of_which_no_event_can_be_planned_does_not_start(written, world, tmp_path):
    with pytest.raises(RecipeError, match=r"None of the 2 events can be run\. .*here.*: .*there"):
        plan_run(read_batch(written(events=["here", "there"])), tell=lambda name: None)


# ---- plan.json


def frozen(world, **changes):
    recipe = BatchRecipe(
        events=[str(world / "events.geojson"), "atlantis"],
        source=str(world / "catalog.json"),
        detector="ndvi-change",
        registration="off",
        **changes,
    )
    return plan_run(recipe, tell=lambda name: None)


def test_a_run_s_plan_there_and_back_is_equal(world, tmp_path):
    run = frozen(world)
    path = tmp_path / "plan.json"
    path.write_text(run.to_text())
    record = read_record(path)
    again = run_plan_of(record, path)
    assert isinstance(again, RunPlan) and again.recipe == run.recipe
    assert again.plans == run.plans
    assert again.to_text() == run.to_text()
    assert record["run_key"] == again.run_key == run.run_key != run.plans[0].run_key
    assert str(again.events[1].error) == str(run.events[1].error) != ""


@pytest.mark.parametrize("cut", [0.0, 0.3, 0.9])
def test_a_plan_that_is_cut_is_no_plan(world, tmp_path, cut):
    text = RunPlan(BatchRecipe(**LEAST, events=["a"]), ()).to_text()
    path = tmp_path / "plan.json"
    path.write_text(text[: int(len(text) * cut)])
    with pytest.raises(StoreConflictError, match="not a plan of lsbatch"):
        read_record(path)


# ---- recipes that ship


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_recipe_is_sound_and_says_how_it_is_run(path):
    batch = read_batch(path)
    names = names_of(batch)
    assert names and all(batch.for_event(name) for name in names)
    assert f"lsbatch run catalogs/recipes/{path.name} --out" in path.read_text()


def test_three_recipes_ship_and_are_installed():
    assert [path.stem for path in SHIPPED] == ["one-event", "rapid-response", "sentinel-2-era"]
    setup = configparser.ConfigParser()
    setup.read(Path(__file__).resolve().parents[2] / "setup.cfg")
    listed = setup["options.data_files"]["share/lsbatch/catalogs/recipes"]
    assert [Path(name.strip()).name for name in listed.split(",")] == [p.name for p in SHIPPED]


def test_the_sentinel_2_era_is_all_of_it():
    names = names_of(read_batch(catalogs_folder() / "recipes" / "sentinel-2-era.yaml"))
    assert {"lefkada-2015", "noto-2024"} <= set(names) and "gorkha-2015" not in names
