"""Farmland without landslides, and hills under one forest: styles that only training uses."""

import json

import numpy as np

from lsbatch.catalog import find_event, read_inventory
from lsbatch.simulate.spectra import FIELDS, FOREST
from lsbatch.simulate.style import STYLES, style_of
from lsbatch.simulate.world import build_world


def test_a_farmed_plain_is_flat_tilled_and_has_next_to_no_landslide():
    world = build_world(7, 2.0, style=style_of("farm-plain"))
    assert np.quantile(world.terrain.slope_deg, 0.95) < 8
    assert np.isin(world.before.ground, FIELDS).mean() > 0.5
    assert len(world.slides) <= 3
    changed = world.before.ground != world.after.ground
    assert changed[np.isin(world.before.ground, FIELDS)].mean() > 0.02


def test_one_forest_stands_on_the_hills_that_are_to_have_it():
    usual, alone = (
        build_world(3, 2.0, style=style_of(name)).before.ground
        for name in ("temperate-hills", "forest-hills")
    )
    commonest = [
        max(np.count_nonzero(ground == tree) for tree in FOREST)
        / np.count_nonzero(np.isin(ground, FOREST))
        for ground in (usual, alone)
    ]
    assert commonest[1] > 0.75 and commonest[1] > commonest[0]


def test_an_event_without_landslides_is_written_mapped_and_scored(tmp_path, lsbatch):
    from lsbatch.simulate import simulate_events

    simulate_events(tmp_path / "w", seed=3, events=1, side_km=1.5, styles=["dry-farmland"])
    event = find_event(str(tmp_path / "w" / "events.geojson"))
    assert event.facts["mapped_landslides"] == 0
    recipe = ("--config", tmp_path / "w" / "recipe.yaml", "--detector", "brightness-change")
    assert read_inventory(tmp_path / "w" / "inventories" / f"{event.id}.parquet").empty
    code, said, _ = lsbatch("map", event.id, *recipe, "--workers", 1, "--out", tmp_path / "map")
    assert code == 0, said
    metrics = json.loads((tmp_path / "map" / "events" / event.id / "metrics.json").read_text())
    pixel = metrics["evaluation"]["pixel"]
    assert pixel["recall"] is None and not pixel["mcc_defined"] and pixel["tn"] > 0
    assert metrics["evaluation"]["extent"]["inventory_count"] == 0


def test_the_styles_that_judge_are_never_trained_on():
    from lsbatch.catalog import catalogs_folder

    names = ("unet-first.yaml", "unet.yaml")
    recipe = "".join((catalogs_folder() / name).read_text() for name in names)
    for name in ("volcano-flanks", "island-range"):
        assert name in {style.name for style in STYLES} and name not in recipe
