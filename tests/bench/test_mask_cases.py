"""The judging of valid pixels runs, small."""

import json
from pathlib import Path

import pytest

KEYS = {"case", "value", "unit", "goal", "ok", "detail"}


@pytest.mark.slow
def test_mask_cases_run_small(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import mask_cases

    events = [(1, "temperate-hills", "s2-l2a")]
    (result,) = mask_cases.cases(events=events, looks_after=(2,), side_km=2.0)
    assert set(json.loads(json.dumps(result))) == KEYS
    assert "simulated" in result["case"] and 0 <= result["value"] < 100
    assert result["detail"]["pixels"] > 100
