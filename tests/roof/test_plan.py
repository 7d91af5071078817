from dataclasses import replace

from lsbatch.batch import build_plan, plan
from lsbatch.recipe import DetectorChoice, Recipe


def test_what_the_search_met_is_among_the_plans_warnings(world, monkeypatch):
    real, note = plan.find_scenes, "The catalogue announced 9 records and gave 6."
    monkeypatch.setattr(
        plan, "find_scenes", lambda *args, **words: replace(real(*args, **words), notes=(note,))
    )
    recipe = Recipe(
        event=str(world / "events.geojson"),
        source=str(world / "catalog.json"),
        detector=DetectorChoice(name="ndvi-change"),
    )
    assert build_plan(recipe).warnings[0] == note


def test_a_wrong_name_of_a_catalogue_lists_the_names(lsbatch, world):
    code, _, said = lsbatch(
        "scenes", world / "events.geojson", "--source", "earth-serch", "--detector", "ndvi-change"
    )
    assert code == 1
    assert "earth-search, planetary-computer. Did you mean earth-search?" in " ".join(said.split())
