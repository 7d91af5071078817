"""The judging of registration runs, small."""

import json
from pathlib import Path

import pytest

KEYS = {"case", "value", "unit", "goal", "ok", "detail"}


@pytest.mark.slow
def test_registration_cases_run_small(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import registration_cases

    results = list(registration_cases.cases(events=[(1, "temperate-hills", "s2-l2a")], side_km=2.0))
    assert [set(json.loads(json.dumps(result))) for result in results] == [KEYS] * 3
    assert all("simulated" in result["case"] for result in results)
    assert results[0]["value"] <= 1
