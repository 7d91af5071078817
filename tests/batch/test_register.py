"""Shifts of a run: measured once, on record, and the same map however it is cut."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import rasterio
import shapely

from lsbatch.batch import map_event, view_event
from lsbatch.batch.choice import shift_notes
from lsbatch.batch.plan import build_plan
from lsbatch.batch.register import _taken, register_scenes
from lsbatch.batch.windows import MOST_WINDOWS, windows_of
from lsbatch.detectors import load_detector
from lsbatch.domain import CHUNK_PX, NEAR, LocalShift, Preparation, Shift, ShiftCheck
from lsbatch.errors import ReadError, RecipeError
from lsbatch.features import Decision
from lsbatch.pipeline import Plan
from lsbatch.pipeline.plan import recipe_record, scene_of, scene_record
from lsbatch.recipe import ClusterChoice, DetectorChoice, Recipe, read_recipe
from lsbatch.store import open_product

OFF_M = (6.0, -4.0)
"""East and north, by which every file of one image is moved here."""


@pytest.fixture(scope="module")
def astray(world, tmp_path_factory):
    """The small event with the last image after it moved; its id."""
    folder = tmp_path_factory.mktemp("astray") / "world"
    shutil.copytree(world, folder)
    item = sorted(path.parent for path in folder.glob("sentinel-2-l2a/*/*.tif"))[-1]
    for path in item.glob("*.tif"):
        with rasterio.open(path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as dataset:
            dataset.transform = rasterio.Affine.translation(*OFF_M) @ dataset.transform
    for record in item.glob("*.json"):
        content = json.loads(record.read_text())
        for asset in content["assets"].values():
            asset.pop("proj:transform", None)
            asset.pop("file:checksum", None)
        content["properties"].pop("proj:transform", None)
        record.write_text(json.dumps(content))
    return folder, item.name


def recipe_of(folder, **changes):
    settings = {
        "event": str(folder / "events.geojson"),
        "source": str(folder / "catalog.json"),
        "detector": DetectorChoice(name="brightness-change"),
    }
    return Recipe(**{**settings, **changes})


def look_into(folder, **changes):
    return view_event(recipe_of(folder, **changes), load_detector("brightness-change").inputs)


def place_of(view, name):
    """Where a scene is measured to lie, (east, north) metres."""
    for check in view.shifts:
        if check.scene_id == name:
            return np.array((0.0, 0.0) if check.east_m is None else (check.east_m, check.north_m))
    raise AssertionError(f"no check of {name}")


def test_an_image_moved_by_known_metres_is_found_to_lie_there(world, astray):
    folder, name = astray
    before, after = look_into(world), look_into(folder)
    assert {check.reference_id for check in before.shifts} == {
        check.reference_id for check in after.shifts
    }
    others = [check.scene_id for check in after.shifts if check.scene_id != name]
    assert others
    for other in others:
        moved = [place_of(view, name) - place_of(view, other) for view in (before, after)]
        np.testing.assert_allclose(moved[1] - moved[0], OFF_M, atol=1.5)
    applied = {look.scene.id: look.scene.shift for look in after.scenes.looks}
    for check in after.shifts:
        assert (applied[check.scene_id] is not None) == (check.applied in ("scene", "local"))
        assert check.reason


def test_off_measures_and_moves_nothing(astray, monkeypatch):
    folder, _ = astray
    monkeypatch.setattr("lsbatch.batch.plan.register_scenes", None)
    view = look_into(folder, registration="off")
    assert view.shifts == ()
    assert all(look.scene.shift is None for look in view.scenes.looks)


def test_the_plan_holds_what_was_decided(astray):
    folder, _ = astray
    plan = build_plan(recipe_of(folder))
    record = json.loads(json.dumps(plan.to_json()))
    assert Plan.from_json(record) == plan
    assert Plan.from_json(record).run_key == plan.run_key == build_plan(plan.recipe).run_key
    assert [check["scene_id"] for check in record["shifts"]] == [
        look.scene.id for look in plan.scenes.looks
    ]
    assert any("that is taken out" in warning for warning in plan.warnings)
    assert any("shift" in look for look in record["looks"])


def test_a_local_field_there_and_back_is_the_same(astray):
    folder, _ = astray
    scene = look_into(folder, registration="off").scenes.looks[0].scene
    field = LocalShift(1.0, 2.0, 1000.0, ((0.1, 0.2), (0.3, 0.4)), ((1.0, 2.0), (3.0, 4.0)))
    moved = replace(scene, shift=Shift(1.25, -3.5, field))
    assert scene_of(json.loads(json.dumps(scene_record(moved)))) == moved
    # written as before there were shifts, so that records of images left alone stay as they were
    assert "shift" not in scene_record(scene)


@pytest.mark.slow
def test_the_map_does_not_depend_on_the_block_size(astray, cluster_address, tmp_path):
    folder, _ = astray
    products = []
    for side in (256, 512):
        cluster = ClusterChoice(name=cluster_address)
        quick = DetectorChoice(name="ndvi-change")
        recipe = recipe_of(folder, block_px=side, cluster=cluster, detector=quick)
        outcome = map_event(recipe, tmp_path / str(side))
        assert any("that is taken out" in warning for warning in outcome.warnings)
        products.append(open_product(outcome.event_folder / "product.zarr").load())
    for name in products[0].data_vars:
        np.testing.assert_array_equal(products[0][name].values, products[1][name].values)
    assert products[0].attrs["shifts"] == products[1].attrs["shifts"] != []


def test_one_look_or_no_band_in_common_is_left_alone(astray):
    folder, _ = astray
    view = look_into(folder, registration="off")
    one = replace(view.scenes, looks=view.scenes.looks[:1])
    assert register_scenes(one, view.event, view.grid, Preparation()) == (one, ())


def test_files_that_cannot_be_read_decide_nothing(astray, monkeypatch):
    def fail(*_args, **_settings):
        raise ReadError("gone")

    monkeypatch.setattr("lsbatch.batch.windows.build_cube", fail)
    view = look_into(astray[0])
    assert all(look.scene.shift is None for look in view.scenes.looks)
    assert {check.applied for check in view.shifts} == {"none"}
    assert sum(check.is_sure for check in view.shifts) == 1


def test_windows_are_few_and_spread(astray):
    view = look_into(astray[0], registration="off")
    assert windows_of(view.event.aoi, view.grid)[1]
    assert windows_of(shapely.Polygon(), view.grid) == ([], False)
    wide = view.event.aoi.buffer(0.3)
    windows, is_whole = windows_of(wide, view.grid.pad(12 * CHUNK_PX))
    assert len(windows) == MOST_WINDOWS and not is_whole
    assert len({window.affine.f for window in windows}) > 5


def test_recipes_say_auto_or_off():
    plain = {"event": "e", "source": "s", "detector": {"name": "d"}}
    assert Recipe(**plain).registration == "auto"
    assert "registration" not in recipe_record(Recipe(**plain))
    assert recipe_record(Recipe(**plain, registration="off"))["registration"] == "off"
    with pytest.raises(RecipeError, match="registration"):
        read_recipe(**plain, registration="sometimes")


def test_a_bare_off_of_yaml_is_off(tmp_path):
    place = tmp_path / "recipe.yaml"
    place.write_text("event: e\nsource: s\ndetector: d\nregistration: off\n")
    assert read_recipe(place).registration == "off"


def test_scenes_are_brought_to_the_one_in_the_midst():
    places = {"reference": (9.0, 0.0), "a": (0.0, 0.0), "b": (0.5, 1.0), "c": (-3.0, 0.5)}
    decided = {
        name: Decision(Shift(east - 9.0, north), "the places agree", {})
        for name, (east, north) in places.items()
    }
    decided["lost"] = Decision(None, "the places disagree", {})
    taken = _taken(decided, 10.0)
    assert taken == {
        "reference": Shift(9.0, 0.0), "a": None, "b": None, "c": Shift(-3.0, 0.5), "lost": None
    }  # fmt: skip
    pair = {name: decided[name] for name in ("reference", "a")}
    assert _taken(pair, 10.0) == {"reference": None, "a": Shift(-9.0, 0.0)}


def test_notes_say_what_was_done_and_what_could_not_be():
    done = ShiftCheck("a", "b", "local", "the places agree", 3.0, -4.0)
    near = ShiftCheck("c", "b", "none", NEAR, east_m=0.1, north_m=0.1)
    unsure = ShiftCheck("d", "b", "none", "the places disagree")
    first, second = shift_notes((done, near, unsure))
    assert "a lies +3.0 m east and -4.0 m north of the image" in first and "local field" in first
    assert "d lies against b was not corrected: the places disagree" in second
