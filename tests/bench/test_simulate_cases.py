from pathlib import Path


def test_simulate_case_runs_small(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import simulate_cases

    seconds, memory = simulate_cases.cases(side_km=1.5)
    assert seconds["case"] == "simulate 1.5 km" and seconds["value"] > 0
    assert memory["unit"] == "GB" and 0.05 < memory["value"] < 2
