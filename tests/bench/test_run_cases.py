import json
from pathlib import Path

import pytest

KEYS = {"case", "value", "unit", "goal", "ok", "detail"}


@pytest.fixture
def run_cases(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import run_cases

    return run_cases


def test_memory_case_runs_small(run_cases):
    results = list(run_cases.memory(sides=(1,)))
    assert [set(json.loads(json.dumps(result))) for result in results] == [KEYS]
    assert results[0]["value"] == 1.0 and results[0]["detail"]["peak_mb"] > 50
