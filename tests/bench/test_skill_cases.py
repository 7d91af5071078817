"""The judging of detectors runs, small; the frozen set is what it was."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

KEYS = {"case", "value", "unit", "goal", "ok", "detail"}


@pytest.fixture
def skill_cases(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import skill_cases

    return skill_cases


@pytest.mark.slow
def test_skill_runs_small(skill_cases):
    record = {"seed": 1, "style": "temperate-hills", "instrument": "s2-l2a", "side_km": 2.0}
    results = list(skill_cases.skill(records=[record]))
    assert [set(json.loads(json.dumps(result))) for result in results] == [KEYS] * len(results)
    assert all(-1 <= result["value"] <= 1 for result in results)
    events = results[0]["detail"]["events"]
    assert [event["seed"] for event in events] == [1]
    assert {"precision", "recall", "found_by_area"} <= set(events[0])


def test_chips_are_scored_whole_and_in_order(skill_cases):
    from lsbatch.detectors import load_detector

    image = np.random.default_rng(0).integers(20, 90, (3, 32, 32, 3)).astype("uint8")
    detector = load_detector("unet-post")
    score = skill_cases.score_chips(detector, image)
    assert score.shape == (3, 32, 32)
    np.testing.assert_array_equal(score[1], skill_cases.score_chips(detector, image[1:2])[0])


def test_the_frozen_set_is_frozen(skill_cases):
    frozen = skill_cases.frozen_set()
    text = json.dumps(frozen, sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "d7d30bb40d94a681"
    styles = {event["style"] for event in frozen["events"]}
    assert len(frozen["events"]) == 12 and {"volcano-flanks", "island-range"} <= styles


def test_no_frozen_event_was_trained_on(skill_cases):
    from lsbatch.catalog import catalogs_folder

    names = ("unet-first.yaml", "unet.yaml")
    recipe = "".join((catalogs_folder() / name).read_text() for name in names)
    seeds = {int(word) for word in recipe.replace("\n", " ").split() if word.isdigit()}
    assert not seeds & {event["seed"] for event in skill_cases.frozen_set()["events"]}
    unseen = ("volcano-flanks", "island-range")
    assert not any(style in recipe for style in unseen)
