"""Samples, augmentation, batches and a short training on events and chips made by hand."""

import json

import numpy as np
import pytest

from lsbatch.batch import train_detector
from lsbatch.detectors import UNET_GROUPS, UNET_INPUTS, load_detector
from lsbatch.errors import CatalogError, RecipeError, StoreConflictError, WeightsError
from lsbatch.training import (
    Batches,
    ChipSet,
    EventPatches,
    EventPixels,
    TrainingRecipe,
    check_classes,
    read_chips,
    read_training_recipe,
    reflectance_of,
)
from lsbatch.training.augment import Withheld, retint, turn, withhold
from lsbatch.training.pairs import chip_channels, invent_before

SIDE = 64


@pytest.fixture
def chips_folder(tmp_path):
    """Twelve chips: bright squares on dark ground."""
    rng = np.random.default_rng(0)
    image = rng.integers(40, 60, (12, SIDE, SIDE, 3)).astype("uint8")
    label = np.zeros((12, SIDE, SIDE), bool)
    for number, (top, left) in enumerate(rng.integers(4, SIDE - 24, (12, 2))):
        label[number, top : top + 18, left : left + 14] = True
    image[label] += 120
    folder = tmp_path / "chips"
    folder.mkdir()
    packed = np.packbits(label, axis=-1)
    np.savez(folder / "b.npz", id=np.arange(6, 12), image=image[6:], label=packed[6:])
    np.savez(folder / "a.npz", id=np.arange(6), image=image[:6], label=label[:6])
    return folder


def _event(share=0.2):
    rng = np.random.default_rng(1)
    channels = rng.uniform(0.02, 0.3, (80, 96, len(UNET_INPUTS.channels))).astype("float16")
    label = np.zeros((80, 96), bool)
    label[: int(80 * share)] = True
    return EventPixels("e", channels, label, np.ones((80, 96), bool))


def test_chips_of_all_shards_come_in_the_order_of_their_numbers(chips_folder):
    chips = read_chips(chips_folder)
    assert chips.numbers.tolist() == list(range(12))
    assert (chips.image[chips.label] > 150).all() and (chips.image[~chips.label] < 100).all()
    assert chips.part(0.5, 1.0).numbers.tolist() == list(range(6, 12))


def test_gain_of_a_chip_does_not_matter(chips_folder):
    image = read_chips(chips_folder).image[:2]
    halved = reflectance_of((image // 2 * 2 // 2).astype("uint8"))
    np.testing.assert_allclose(halved, reflectance_of(image // 2 * 2), rtol=0.05)


def test_folders_without_chips_or_with_other_files_are_refused(tmp_path):
    with pytest.raises(CatalogError, match=r"holds no \.npz"):
        read_chips(tmp_path)
    np.savez(tmp_path / "x.npz", id=np.arange(2))
    with pytest.raises(CatalogError, match="is not a shard of chips"):
        read_chips(tmp_path)
    np.savez(tmp_path / "x.npz", id=np.arange(2), image=np.zeros((2, 8, 8)), label=np.zeros((2, 8)))
    with pytest.raises(CatalogError, match="chips are uint8"):
        read_chips(tmp_path)


def test_the_invented_image_before_has_no_scar_and_keeps_the_rest(chips_folder):
    chips = read_chips(chips_folder)
    image = reflectance_of(chips.image)[0]
    before = invent_before(image, chips.label[0], np.random.default_rng(0))
    assert np.nanmax(before[chips.label[0]]) < image[chips.label[0]].min()
    far = ~np.asarray(chips.label[0])
    from scipy import ndimage

    far = ~ndimage.binary_dilation(chips.label[0], iterations=5)
    np.testing.assert_array_equal(before[far], image[far])


def test_a_chip_fills_only_the_channels_that_it_has(chips_folder):
    chips = read_chips(chips_folder)
    image = reflectance_of(chips.image)[0]
    rng = np.random.default_rng(0)
    for chance, expected in ((0.0, {"post"}), (1.0, {"pre", "post"})):
        channels = chip_channels(image, chips.label[0], UNET_INPUTS, pair_chance=chance, rng=rng)
        there = {
            channel
            for number, channel in enumerate(UNET_INPUTS.channels)
            if np.isfinite(channels[..., number]).any()
        }
        assert {channel.layer for channel in there} == {"red", "green", "blue"}
        assert {channel.period for channel in there} == expected


def test_eight_turns_keep_every_pixel():
    plane = np.arange(12).reshape(3, 4)
    seen = {turn(plane, q, mirrored=m).tobytes() for q in range(4) for m in (True, False)}
    assert len(seen) == 8
    assert all(sorted(np.frombuffer(b, plane.dtype)) == list(range(12)) for b in seen)


def test_retint_changes_reflectance_and_no_terrain():
    channels = _event().channels.astype("float32")
    changed = retint(channels, UNET_INPUTS, np.random.default_rng(0))
    differs = [not np.array_equal(changed[..., n], channels[..., n]) for n in range(13)]
    assert differs == [True] * 10 + [False] * 3


@pytest.mark.parametrize(
    ("chance", "gone"),
    [
        ("pre", {0, 1, 2, 3, 4, 11}),
        ("infrared", {3, 4, 8, 9}),
        ("swir", {4, 9}),
        ("terrain", {10, 11, 12}),
        ("sun", {11, 12}),
    ],
)
def test_withheld_groups_go_together(chance, gone):
    never = dict.fromkeys(("pre", "infrared", "swir", "terrain", "sun"), 0.0)
    channels = _event().channels.astype("float32")
    chances = Withheld(**{**never, chance: 1.0})
    withhold(channels, UNET_INPUTS, chances, np.random.default_rng(0))
    assert set(np.flatnonzero(np.isnan(channels[0, 0]))) == gone


def _batches(length=3, seed=0):
    source = EventPatches((_event(),), UNET_INPUTS)
    return Batches(
        ((source, 1.0),), inputs=UNET_INPUTS, groups=UNET_GROUPS, length=length, size=2, side=32,
        seed=seed,
    )  # fmt: skip


def test_batches_depend_on_seed_epoch_and_number_alone():
    one, other = _batches(), _batches()
    np.testing.assert_array_equal(one[2][0], other[2][0])
    other.epoch = 1
    assert not np.array_equal(one[2][0], other[2][0])
    assert not np.array_equal(one[1][0], one[2][0])
    assert not np.array_equal(one[1][0], _batches(seed=1)[1][0])


def test_batches_are_finite_planes_with_label_and_weight():
    planes, targets = _batches()[0]
    assert planes.shape == (2, 32, 32, 22) and np.isfinite(planes).all()
    assert len(targets) == 5 and targets[0].shape == (2, 32, 32, 2)
    assert set(np.unique(targets[0])) <= {0.0, 1.0}


def test_labels_of_one_class_are_refused():
    for share in (0.0, 1.0):
        with pytest.raises(RecipeError, match="all of one class"):
            check_classes([_event(share)])
    with pytest.raises(RecipeError, match="at least one event"):
        check_classes([])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed: 1", "neither events"),
        ("[1]", "must be a YAML mapping"),
        ("chips: {folder: x, training: [0, 0.8], validation: [0.7, 1]}", "do not overlap"),
        ("training: [{folder: a}]", "none to validate on"),
        ("training: [{folder: a}]\nvalidation: [{folder: a}]", "must differ"),
        ("chips: {folder: x}\nepoch: 3", "epoch"),
    ],
)
def test_faulty_recipes_are_refused(tmp_path, text, message):
    path = tmp_path / "train.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=message):
        read_training_recipe(path)


def test_folders_of_a_recipe_start_where_the_recipe_lies(tmp_path):
    path = tmp_path / "train.yaml"
    path.write_text("chips: {folder: chips}")
    assert read_training_recipe(path).chips.folder == str(tmp_path / "chips")


@pytest.mark.slow
def test_a_short_training_learns_is_resumed_and_makes_a_detector(chips_folder, tmp_path):
    recipe = TrainingRecipe(
        chips=ChipSet(folder=str(chips_folder)), widths=(8, 8, 8, 8, 8), batch=4, patch_px=SIDE,
        epochs=4, steps=12, learning_rate=1e-2,
    )  # fmt: skip
    told = []
    sidecar = train_detector(recipe, tmp_path / "out", progress=lambda *step: told.append(step))
    card = json.loads(sidecar.read_text())
    assert min(card["training"]["validation_mcc"].values()) > 0.5
    assert set(card["logit_offset"]) == {"unet", "unet-post"}
    assert told[-1][:2] == (4, 4)
    assert (tmp_path / "out" / "history.csv").read_text().count("\n") == 5
    assert any((tmp_path / "out" / "logs").rglob("events*"))
    # the same command again goes on from the last epoch: nothing is left to do
    digest = card["sha256"]
    again = train_detector(recipe, tmp_path / "out", progress=lambda *step: None)
    assert json.loads(again.read_text())["sha256"] == digest
    with pytest.raises(StoreConflictError, match="another recipe"):
        other = recipe.model_copy(update={"seed": 5})
        train_detector(other, tmp_path / "out", progress=lambda *step: None)
    detector = load_detector("unet-post", sidecar=str(sidecar))
    chips = read_chips(chips_folder)
    batch = np.full((1, SIDE, SIDE, len(detector.inputs.channels)), np.nan, "float32")
    reflectance = reflectance_of(chips.image[10:11])
    for number, channel in enumerate(detector.inputs.channels):
        if channel.layer in ("red", "green", "blue"):
            batch[..., number] = reflectance[..., ("red", "green", "blue").index(channel.layer)]
    score = detector.score(batch)[0]
    assert score[chips.label[10]].mean() > score[~chips.label[10]].mean() + 0.3


def test_weights_changed_after_the_plan_are_refused(chips_folder, tmp_path):
    recipe = TrainingRecipe(
        chips=ChipSet(folder=str(chips_folder)), widths=(4, 4, 4, 4, 4), batch=2, patch_px=SIDE,
        epochs=1, steps=1,
    )  # fmt: skip
    sidecar = train_detector(recipe, tmp_path / "out", progress=lambda *step: None)
    detector = load_detector("unet", sidecar=str(sidecar))
    weights = sidecar.with_suffix(".npz")
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(WeightsError, match="not those that the sidecar speaks of"):
        detector.score(np.zeros((1, 16, 16, 13), "float32"))
