"""The shipped network as a detector; what is refused."""

import json
import shutil

import numpy as np
import pytest

from lsbatch import networks
from lsbatch.detectors import UNET_GROUPS, UNET_INPUTS, load_detector
from lsbatch.detectors.unet import SHIPPED
from lsbatch.errors import RecipeError, WeightsError
from tests.detector_contract import DetectorContract, batch_for


class TestUnet(DetectorContract):
    @pytest.fixture
    def detector(self):
        return load_detector("unet")


class TestUnetPost(DetectorContract):
    @pytest.fixture
    def detector(self):
        return load_detector("unet-post")

    def test_detectable_is_a_yes_or_no_for_every_pixel(self, detector, batch):
        assert detector.detectable(batch).all(), "nothing tells what was bare before"
        assert "no image before" in detector.detectable_rule


def test_unet_post_is_unet_without_images_before_but_for_where_it_cuts(monkeypatch):
    pair, post = load_detector("unet"), load_detector("unet-post")
    assert pair.sha256 == post.sha256
    batch = batch_for(pair, 1, 64, 64, holes=0)
    blind = batch.copy()
    before = [n for n, channel in enumerate(pair.inputs.channels) if channel.period == "pre"]
    blind[..., before] = np.nan
    after = [n for n in range(batch.shape[-1]) if n not in before]
    assert not np.array_equal(pair.score(batch), pair.score(blind))
    seen = []

    def note(sidecar, sha256, planes, *, offset):
        seen.append((sidecar, sha256, planes, offset))
        return planes[..., 0]

    monkeypatch.setattr(networks, "score_planes", note)
    pair.score(blind), post.score(batch[..., after])
    assert seen[0][:2] == seen[1][:2]
    np.testing.assert_array_equal(seen[0][2], seen[1][2])
    assert [one[3] for one in seen] == [
        pair.card["logit_offset"][name] for name in ("unet", "unet-post")
    ]


def test_unet_post_asks_for_no_image_before():
    inputs = load_detector("unet-post").inputs
    assert inputs.periods == ("post",)
    assert all(channel.period != "pre" for channel in inputs.channels)


def test_detectable_is_vegetation_or_without_infrared_dark_ground():
    detector = load_detector("unet")
    names = [channel.name for channel in detector.inputs.channels]
    batch = np.full((1, 1, 4, len(names)), 0.1, "float32")
    batch[0, 0, :, names.index("pre_red")] = (0.05, 0.15, 0.15, 0.25)
    batch[0, 0, :, names.index("pre_nir")] = (0.30, 0.16, np.nan, np.nan)
    assert detector.detectable(batch)[0, 0].tolist() == [True, False, True, False]


def test_the_sidecar_says_all_that_a_user_must_know():
    card = load_detector("unet").card
    assert [c["layer"] for c in card["channels"]] == list(UNET_INPUTS.layers)
    assert [tuple(group) for group in card["groups"]] == list(UNET_GROUPS)
    for key in ("scaling", "fill", "halo", "sha256", "training", "skill", "data", "admits"):
        assert key in card, key
    assert SHIPPED.with_suffix(".npz").stat().st_size < 8e6


def _copy(folder):
    for suffix in (".json", ".npz"):
        shutil.copy(SHIPPED.with_suffix(suffix), folder)
    return folder / SHIPPED.name


def test_a_copy_of_the_network_is_taken_by_its_sidecar(tmp_path):
    detector = load_detector("unet", sidecar=str(_copy(tmp_path)))
    batch = batch_for(detector, 1, 32, 32)
    np.testing.assert_array_equal(detector.score(batch), load_detector("unet").score(batch))


def test_other_weights_are_refused_before_any_work(tmp_path):
    path = _copy(tmp_path)
    weights = path.with_suffix(".npz")
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(WeightsError, match="not those that the sidecar speaks of"):
        load_detector("unet", sidecar=str(path))
    weights.unlink()
    with pytest.raises(WeightsError, match="cannot be read"):
        load_detector("unet", sidecar=str(path))


def test_a_network_for_other_inputs_is_refused(tmp_path):
    path = _copy(tmp_path)
    card = json.loads(path.read_text())
    card["channels"][0]["layer"] = "thermal"
    path.write_text(json.dumps(card))
    with pytest.raises(RecipeError, match="unknown layers: thermal"):
        load_detector("unet", sidecar=str(path))
    card["channels"] = card["channels"][1:]
    path.write_text(json.dumps(card))
    with pytest.raises(WeightsError, match="does not fit its own channels"):
        load_detector("unet", sidecar=str(path))


def test_networks_have_no_thresholds_to_set():
    with pytest.raises(RecipeError, match="has no parameter slope_min_deg"):
        load_detector("unet", slope_min_deg=3)
