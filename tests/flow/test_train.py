"""lsbatch train, end to end on two small invented events; what it refuses."""

import json

import numpy as np
import pytest

from lsbatch.batch import view_event
from lsbatch.catalog import read_events, read_inventory
from lsbatch.cube import build_cube
from lsbatch.detectors import UNET_INPUTS
from lsbatch.domain import Preparation
from lsbatch.features import bands_to_read, features_halo, prepare
from lsbatch.recipe import DetectorChoice, Recipe
from lsbatch.simulate import simulate_events
from lsbatch.training import read_pixels, trim

RECIPE = """
training: [{folder: worlds, events: [%s]}]
validation: [{folder: worlds, events: [%s]}]
widths: [4, 4, 4, 4, 4]
patch_px: 32
batch: 2
epochs: 1
steps: 2
"""


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training") / "worlds"
    simulate_events(folder, seed=3, events=2, side_km=2.0, styles=["temperate-hills"])
    return folder


@pytest.fixture(scope="module")
def seen(worlds):
    """The first event: what a plan sees of it, and its pixels."""
    event = read_events(worlds / "events.geojson")[0]
    recipe = Recipe(
        event=event.id,
        catalog=str(worlds / "events.geojson"),
        source=str(worlds / "catalog.json"),
        detector=DetectorChoice(name="unet"),
    )
    view = view_event(recipe, UNET_INPUTS)
    inventory = read_inventory(worlds / "inventories" / f"{event.id}.parquet")
    return view, read_pixels(
        event.id, view.scenes, view.grid, inputs=UNET_INPUTS, inventory=inventory, extent=event.aoi
    )


def test_training_sees_the_numbers_that_a_run_sees(seen):
    view, pixels = seen
    window = view.grid[100:180, 60:150]
    halo = features_halo(Preparation(), 10.0)
    bands = bands_to_read(view.scenes, UNET_INPUTS)
    cube = build_cube(view.scenes, window.pad(halo), bands=bands, around_px=200)
    inner = slice(halo, -halo)
    features = prepare(cube, UNET_INPUTS).isel(y=inner, x=inner)
    channels = np.moveaxis(features["channels"].values, 0, -1).astype("float16")
    np.testing.assert_array_equal(pixels.channels[100:180, 60:150], channels)


def test_trimmed_pixels_lose_nothing_that_counts(seen):
    pixels = seen[1]
    trimmed = trim(pixels, least_px=400)
    assert trimmed.counts.sum() == pixels.counts.sum()
    assert (trimmed.label & trimmed.counts).sum() == (pixels.label & pixels.counts).sum()
    assert min(trimmed.label.shape) >= 400 and trimmed.channels.shape[2] == 13


def test_train_makes_a_network_that_load_detector_takes(lsbatch, worlds):
    names = [event.id for event in read_events(worlds / "events.geojson")]
    recipe = worlds.parent / "train.yaml"
    recipe.write_text(RECIPE % tuple(names))
    code, said, _ = lsbatch("train", recipe, "--out", worlds.parent / "net")
    assert code == 0 and "unet.json" in said
    from lsbatch.detectors import load_detector

    sidecar = worlds.parent / "net" / "unet.json"
    detector = load_detector("unet", sidecar=str(sidecar))
    card = json.loads(sidecar.read_text())
    assert card["training"]["recipe"]["training"][0]["events"] == [names[0]]
    assert np.isfinite(detector.score(np.zeros((1, 32, 32, 13), "float32"))).all()


def test_a_training_goes_on_from_a_network(lsbatch, worlds):
    names = tuple(event.id for event in read_events(worlds / "events.geojson"))
    recipe = worlds.parent / "first.yaml"
    recipe.write_text(RECIPE % names)
    assert lsbatch("train", recipe, "--out", worlds.parent / "first")[0] == 0
    still = "start: first/unet.json\nlearning_rate: 1.0e-9\n"
    recipe.write_text(RECIPE % names + still)
    assert lsbatch("train", recipe, "--out", worlds.parent / "second")[0] == 0
    cards = [json.loads((worlds.parent / n / "unet.json").read_text()) for n in ("first", "second")]
    assert cards[1]["training"]["recipe"]["start"] == cards[0]["version"]
    first, second = (np.load(worlds.parent / n / "unet.npz") for n in ("first", "second"))
    for name in first.files:
        if "moving" not in name:
            np.testing.assert_allclose(first[name], second[name], atol=1e-3, err_msg=name)
    recipe.write_text((RECIPE % names).replace("[4, 4", "[4, 8") + still)
    code, _, said = lsbatch("train", recipe, "--out", worlds.parent / "third")
    assert code == 1 and "another design" in said and not (worlds.parent / "third").exists()


def test_events_read_by_several_processes_are_the_same(worlds, seen, monkeypatch):
    from lsbatch.batch import train

    monkeypatch.setattr(train, "_FEWEST_TO_SHARE", 1)
    events = read_events(worlds / "events.geojson")
    read = list(train._read_all([(worlds, event, 3) for event in events]))
    assert [pixels.event_id for pixels in read] == [event.id for event in events]
    np.testing.assert_array_equal(read[0].channels, seen[1].channels)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("steps: 3", "neither events"),
        ("training: [{folder: worlds, events: [nowhere]}]\nvalidation: [{folder: worlds}]",
         "nowhere"),
        ("chips: {folder: nothing-here}", "holds no .npz"),
    ],
)  # fmt: skip
def test_recipes_that_cannot_be_followed_end_with_a_sentence(lsbatch, worlds, text, reason):
    recipe = worlds.parent / "bad.yaml"
    recipe.write_text(text)
    code, _, said = lsbatch("train", recipe, "--out", worlds.parent / "bad-net")
    assert code == 1 and reason in said and "Traceback" not in said


def test_a_folder_with_something_else_in_it_is_left_alone(lsbatch, worlds, tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    recipe = worlds.parent / "train2.yaml"
    recipe.write_text("chips: {folder: nothing-here}")
    code, _, said = lsbatch("train", recipe, "--out", tmp_path)
    assert code == 1 and "holds something already" in said
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]
