import json
from dataclasses import replace

import numpy as np
import pytest
import yaml

from lsbatch.batch import build_plan, plan
from lsbatch.cli.options import recipe_of
from lsbatch.cli.screen import size_text, time_text
from lsbatch.recipe import DetectorChoice, Recipe


def test_what_the_search_met_is_among_the_plans_warnings(world, monkeypatch):
    real, note = plan.find_scenes, "The catalogue announced 9 records and gave 6."
    monkeypatch.setattr(
        plan, "find_scenes", lambda *args, **words: replace(real(*args, **words), notes=(note,))
    )
    recipe = Recipe(
        event=str(world / "events.geojson"),
        source=str(world / "catalog.json"),
        detector=DetectorChoice(name="ndvi-change"),
    )
    assert build_plan(recipe).warnings[0] == note


def test_a_wrong_name_of_a_catalogue_lists_the_names(lsbatch, world):
    code, _, said = lsbatch(
        "scenes", world / "events.geojson", "--source", "earth-serch", "--detector", "ndvi-change"
    )
    assert code == 1
    assert "earth-search, planetary-computer. Did you mean earth-search?" in " ".join(said.split())


# ---- lsbatch plan


@pytest.fixture
def recipe(world, tmp_path):
    """Writes a recipe of the world, with changes; returns its path."""

    def write(**changes):
        options = {
            "event": str(world / "events.geojson"),
            "source": str(world / "catalog.json"),
            "detector": "ndvi-change",
        }
        path = tmp_path / "recipe.yaml"
        path.write_text(yaml.safe_dump({**options, **changes}))
        return path

    return write


def test_a_recipe_and_the_options_of_map_give_one_plan(lsbatch, world, recipe):
    code, out, err = lsbatch("plan", recipe(block_px=256), "--json")
    assert code == 0, err
    of_recipe = json.loads(out)
    words = ["--source", world / "catalog.json", "--detector", "ndvi-change", "--block", 256]
    code, out, err = lsbatch("plan", world / "events.geojson", *words, "--json")
    assert code == 0, err
    assert json.loads(out) == of_recipe
    (event,) = of_recipe["events"]
    assert event["blocks"] > 1 and event["bytes_to_read"][0] > 0
    assert of_recipe["total"]["bytes_to_read"] == event["bytes_to_read"]


def test_a_table_tells_every_cost(lsbatch, recipe, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    path = recipe()
    code, out, err = lsbatch("plan", path)
    assert code == 0, err
    for word in ("scenes", "km2", "blocks", "read", "requests", "files", "memory", "time"):
        assert word in out
    assert "an estimate" in out and "local" in out
    assert sorted(tmp_path.rglob("*")) == sorted([*before, path]), "nothing is written"


def test_out_holds_the_plan_that_map_then_goes_on_from(lsbatch, recipe, tmp_path, cluster_address):
    path, out = recipe(block_px=256), tmp_path / "run"
    code, _, err = lsbatch("plan", path, "--out", out)
    assert code == 0, err
    assert [p.name for p in out.iterdir()] == ["plan.json"]
    kept = (out / "plan.json").read_bytes()
    code, _, err = lsbatch("map", "--config", path, "--out", out, "--cluster", cluster_address)
    assert code == 0, err
    assert (out / "plan.json").read_bytes() == kept
    code, _, err = lsbatch("plan", path, "--threshold", "0.7", "--out", out)
    assert code == 1 and "holds another run: threshold is 0.5 there and 0.7 here" in err


def test_each_listed_event_has_a_row_and_one_that_fails_is_told(lsbatch, world, recipe, tmp_path):
    feature = json.loads((world / "events.geojson").read_text())["features"][0]
    other = json.loads(json.dumps(feature))
    other["id"] = other["properties"]["id"] = "elsewhere"
    other["geometry"] = {
        "type": "Polygon",
        "coordinates": [[[1, 1], [1.01, 1], [1.01, 1.01], [1, 1.01], [1, 1]]],
    }
    catalog = tmp_path / "two.geojson"
    catalog.write_text(json.dumps({"type": "FeatureCollection", "features": [feature, other]}))
    name = feature["properties"]["id"]
    path = recipe(events=[name, "elsewhere"], catalog=str(catalog))
    document = yaml.safe_load(path.read_text())
    del document["event"]
    path.write_text(yaml.safe_dump(document))
    code, out, err = lsbatch("plan", path)
    assert code == 3 and "Traceback" not in err
    assert "Error: elsewhere: No usable scene" in err.replace("\n", " ") and "blocks" in out
    code, out, _ = lsbatch("plan", path, "--json")
    told = json.loads(out)
    assert code == 3 and told["total"]["events"] == 1
    assert [("error" in event) for event in told["events"]] == [False, True]
    code, _, err = lsbatch("plan", name, "--config", path, "--json")
    assert code == 0, err
    code, _, err = lsbatch("plan", path, "--out", tmp_path / "o")
    assert code == 3
    kept = json.loads((tmp_path / "o" / "plan.json").read_text())["events"]
    assert [("error" in event) for event in kept] == [False, True]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "name a recipe or an event"),
        (("nothing.yaml",), 1, "cannot be read"),
        (("nothing.yaml", "--config", "other.yaml"), 2, "name the recipe once"),
        (("no-such-event",), 1, "missing"),
        (("no-such-event", "--source", "x", "--detector", "unet"), 1, "no-such-event"),
        (("hokkaido-2018", "--source", "nowhere", "--detector", "unet"), 1, "nowhere"),
        (("hokkaido-2018", "--source", "x", "--detector", "u"), 1, "no detector 'u'"),
        (("hokkaido-2018", "--block", "300", "--source", "x", "--detector", "u"), 1, "block_px"),
    ],
)
def test_bad_input_is_a_sentence_and_the_exit_code_of_the_contract(lsbatch, words, code, said):
    got, _, err = lsbatch("plan", *words)
    assert got == code and said in " ".join(err.split()) and "Traceback" not in err


@pytest.mark.real
def test_the_real_pair_is_planned_on_its_swath(lsbatch, shared_data):
    source = shared_data / "hokkaido-2018" / "catalog.json"
    words = "hokkaido-2018", "--source", source, "--detector", "brightness-change", "--json"
    code, out, err = lsbatch("plan", *words)
    assert code == 0, err
    (event,) = json.loads(out)["events"]
    assert (event["looks_pre"], event["looks_post"]) == (1, 1)
    held = sum(path.stat().st_size for path in source.parent.rglob("*.tif"))
    assert 0.8 * held < event["bytes_to_read"][0] < 2 * held, "blocks, and the report's images"
    code, _, err = lsbatch("plan", *words[:-2], "ndvi-change")
    assert code == 1 and "lacks the band nir" in err


def test_sizes_and_times_are_said_in_the_unit_that_fits():
    assert [size_text(n) for n in (0, 999, 1e3, 12.3e6, 9.96e9, 2.5e12)] == [
        "0.0 B", "999 B", "1.0 kB", "12 MB", "10 GB", "2.5 TB",
    ]  # fmt: skip
    assert [time_text(s) for s in (4, 89, 90, 3600, 7200, 86_400 * 3)] == [
        "4 s", "89 s", "1.5 min", "60 min", "2.0 h", "3.0 days",
    ]  # fmt: skip


# ---- what a notebook calls


def test_months_and_the_greenest_look_come_of_public_names(world):
    import lsbatch as ls

    plan = ls.build_plan(
        ls.Recipe(
            event=str(world / "events.geojson"),
            source=str(world / "catalog.json"),
            detector=DetectorChoice(name="ndvi-change"),
            looks=20,
        )
    )
    row, col = (side // 2 for side in plan.grid.shape)
    part = plan.grid[row : row + 64, col : col + 64]
    cube = ls.build_cube(plan.scenes, part, bands=("red", "nir"), chunk_px=64)
    months = ls.prepare_months(cube, ("ndvi",))
    assert dict(months.sizes) == {"period": 2, "month": 12, "y": 64, "x": 64}
    assert int(months["count"].sum()) > 0
    sides = [ls.Preparation(pre=kind, shadow_reach_m=0) for kind in ("greenest", "median")]
    greenest, median = (
        ls.prepare(cube, plan.detector.inputs, side)["channels"].sel(channel="pre_ndvi").values
        for side in sides
    )
    both = np.isfinite(greenest) & np.isfinite(median)
    assert both.any() and (greenest[both] >= median[both] - 1e-5).all()


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("best", {"pre": "best", "post": "best"}),
        ("pre=greenest", {"pre": "greenest", "post": "median"}),
        ("pre=greenest, post=best", {"pre": "greenest", "post": "best"}),
    ],
)
def test_composite_and_harmonisation_are_options_of_the_command_line(word, kept):
    given = {"event": "e", "source": "s", "detector": "ndvi-change", "composite": word}
    recipe = recipe_of({**given, "harmonise": True})
    assert recipe.composite.model_dump() == kept and recipe.harmonise


@pytest.mark.parametrize("word", ["greenest", "mean", "before=best", "pre="])
def test_a_composite_that_breaks_a_rule_is_named(lsbatch, word):
    words = "hokkaido-2018", "--source", "x", "--detector", "unet", "--composite", word
    code, _, err = lsbatch("plan", *words)
    assert code == 1 and "composite" in err and "Traceback" not in err


@pytest.mark.parametrize("command", ["map", "plan"])
def test_help_has_every_choice_of_preparation(lsbatch, command):
    code, out, _ = lsbatch(command, "--help")
    assert code == 0 and "--composite" in out and "--harmonise" in out
