from pathlib import Path

import pytest


@pytest.fixture
def plan_cases(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import plan_cases

    return plan_cases


def test_a_plan_opens_no_more_files_of_ten_thousand_items_than_of_few(plan_cases, world):
    """What is opened is chosen: the head of each file, and the overviews that tell offsets.

    Windows that tell shifts are apart: their number is a constant, tests/batch/test_register.py.
    """
    opened = {}
    for count in (20, 10_000):
        # above the images: a catalogue's records lead to files below its own folder only
        source = plan_cases.write_many(world, world.parent / f"{count}.json", count)
        _, opened[count], plan = plan_cases.count_plan(
            plan_cases.recipe_on(world, source, registration="off")
        )
        granules = sum(len(look.scene.granules) for look in plan.scenes.looks)
        models = sum(len(model.granules) for model in plan.scenes.terrain)
        # of an image: 3 heads before the choice stands and 3 for the cost; for offsets 3 bands,
        # each beside the flags; for the report's pictures 4
        assert opened[count] <= 16 * granules + 4 * models
        assert granules <= 3 * len(plan.scenes.looks) <= 18, "images of a day are one scene"
        assert len(plan.to_json()["rejected"]) < 1700, "what lies elsewhere is summed up"
    assert any("further records lie elsewhere" in warning for warning in plan.warnings)


def test_the_cases_run_small(plan_cases):
    results = list(plan_cases.cases(count=40, side_km=3.0))
    keys = {"case", "value", "unit", "goal", "ok", "detail"}
    assert [set(result) for result in results] == [keys] * 3
    assert results[1]["case"] == "plan-memory" and results[1]["ok"]
