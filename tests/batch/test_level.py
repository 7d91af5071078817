"""C of each image and band: measured once, on record, and the same map however it is cut."""

import json
from dataclasses import replace

import pytest

from lsbatch.batch import map_event
from lsbatch.batch.choice import light_notes
from lsbatch.batch.plan import build_plan
from lsbatch.pipeline import Plan
from lsbatch.recipe import DetectorChoice, Recipe


def recipe_of(world, **changes):
    settings = {
        "event": str(world / "events.geojson"),
        "source": str(world / "catalog.json"),
        "detector": DetectorChoice(name="ndvi-change"),
        "registration": "off",
        "light": "scs+c",
    }
    return Recipe(**{**settings, **changes})


@pytest.fixture(scope="module")
def plan(world):
    return build_plan(recipe_of(world))


def test_every_band_that_is_read_gets_its_c(plan):
    for look in plan.scenes.looks:
        bands = dict(look.scene.light_c)
        # near infrared lights slopes more evenly than red does
        assert bands and set(bands) <= {"nir", "red"}
        assert all(0 <= c < 20 for c in bands.values())
    assert light_notes(plan.scenes) == []


def test_the_plan_comes_back_from_its_record_with_every_c(plan, world):
    again = Plan.from_json(json.loads(json.dumps(plan.to_json())))
    assert again.scenes.looks == plan.scenes.looks and again.run_key == plan.run_key
    plain = build_plan(recipe_of(world, light="as-seen"))
    assert plain.run_key != plan.run_key
    assert "light" not in json.dumps(plain.to_json())


def test_a_scene_without_a_sun_keeps_its_light_and_says_so(plan):
    look = plan.scenes.looks[0]
    dark = replace(look, scene=replace(look.scene, light_c=()))
    (note,) = light_notes(replace(plan.scenes, looks=(dark, *plan.scenes.looks[1:])))
    assert look.scene.id in note and "stays in" in note


@pytest.mark.slow
def test_a_map_is_made_of_leveled_images(world, tmp_path):
    outcome = map_event(recipe_of(world), tmp_path / "run")
    assert outcome.is_whole and outcome.metrics["observed_fraction"] > 0.5
