import json
from pathlib import Path

import numpy as np
import pytest

KEYS = {"case", "value", "unit", "goal", "ok", "detail"}


@pytest.fixture
def realism(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import realism_cases

    return realism_cases


def test_realism_cases_and_page_run_small(realism, monkeypatch, tmp_path):
    if not realism.CHIPS.is_dir():
        pytest.skip(f"The real chips are not at {realism.CHIPS}.")
    made = realism.simulated_patches(events=2, side_km=2.0, instrument="s2-l2a")
    monkeypatch.setattr(realism, "simulated_patches", lambda **_: made)
    found = list(realism.cases(events=2, side_km=2.0, chips=12, instruments=["s2-l2a"]))
    assert all(set(json.loads(json.dumps(case))) == KEYS for case in found)
    assert 0 <= found[0]["value"] <= 1 and len(found[0]["detail"]["tells"]) == 5
    assert {case["goal"] for case in found} == {"reported"}
    realism.write_page(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("<img") == 7 * len(set(made.group))
    assert all(line in page for line in realism.ATTRIBUTION)


def test_no_gain_of_a_band_changes_a_feature(realism):
    rng = np.random.default_rng(1)
    ground = 0.06 * np.exp(0.3 * rng.standard_normal((1, 128, 128, 3)))
    label = np.zeros((1, 128, 128), bool)
    pairs = []
    for gain in ((1, 1, 1), (0.7, 0.8, 1.0)):
        counts = np.rint(250 * ground * gain / ground.max()).astype(np.uint8)
        patches = realism.Patches(counts, label, np.zeros(1, int), ("",))
        pairs.append(realism.features(patches)[1][0])
    np.testing.assert_allclose(*pairs, rtol=0.1, atol=0.05)


def test_what_differs_is_told_and_what_does_not_is_not(realism):
    rng = np.random.default_rng(2)
    ours, theirs = rng.standard_normal((2, 200, 3))
    ours[:, 1] += 3
    strongest, *others = realism.tells(["a", "b", "c"], ours, theirs)
    assert strongest["feature"] == "b" and strongest["simulated_is"] == "higher"
    assert strongest["told"] > 0.95 and all(other["told"] < 0.6 for other in others)


def test_a_scar_is_measured_against_its_ring(realism):
    image = np.full((1, 128, 128, 3), 40, np.uint8)
    label = np.zeros((1, 128, 128), bool)
    label[0, 40:44, 30:70] = True
    image[label] = (120, 80, 40)
    image[0, 0, 0, 0] = 255
    patches = realism.Patches(image, label, np.zeros(1, int), ("",))
    (area, elongation, red, to_blue, to_green, *_), *more = realism.scars(patches)
    assert not more and area == 160
    assert elongation == pytest.approx(10, rel=0.02)
    assert [red, to_blue, to_green] == pytest.approx(np.log([3, 3, 1.5]), abs=0.02)
