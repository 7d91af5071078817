from dataclasses import replace
from datetime import timedelta

from lsbatch.batch.choice import model_notes, offset_notes, poor_choice, window_notes
from lsbatch.domain import Considered, Merit, OffsetCheck, Scenes
from lsbatch.recipe import DetectorChoice, Recipe
from tests.records import EVENT
from tests.search.test_choose import scene

GOOD = Merit(covered=1, open=1, near=0.9, season=0.9, sun=0.9, track=1, snow=0)


def considered(name, period, days, *, is_chosen=True, span=0, **parts):
    start = EVENT.time + timedelta(days=-days if period == "pre" else days)
    merit = replace(GOOD, **parts)
    end = start + timedelta(days=span)
    return Considered(name, "sentinel-2-l2a", start, end, period, days, merit, is_chosen, "why")


def said(*looks):
    return poor_choice(Scenes((), considered=looks))


def test_of_a_good_choice_nothing_is_said():
    late = considered("second", "pre", 300)
    left = considered("left", "post", 2, is_chosen=False, snow=0.9, season=0)
    assert said(considered("a", "pre", 180), late, considered("b", "post", 90), left) == []
    assert said() == []


def test_snow_is_said_of_either_side():
    snowy = [considered(name, name, 3, snow=0.2) for name in ("pre", "post")]
    before, after = said(*snowy)
    assert before.startswith("20% of the ground seen by pre (2018-09-02) is under snow or ice")
    assert "period after the event has no better look" in after


def test_another_season_is_said_of_looks_before_which_may_be_chosen_to_match():
    far = [considered(name, name, 3, season=0.3) for name in ("pre", "post")]
    (sentence,) = said(*far)
    assert sentence.startswith("pre (2018-09-02) is of another season than the images after")


def test_a_long_delay_is_said_of_the_nearest_look_unless_its_date_is_not_known():
    late = considered("pre", "pre", 181), considered("post", "post", 91)
    assert [text.split(":")[0] for text in said(*late)] == [
        "The nearest image used before the event is 181 days from it",
        "The nearest image used after the event is 91 days from it",
    ]
    assert said(considered("pre", "pre", 200, span=30)) == []


def test_offsets_are_said_unless_they_agree():
    checks = [
        OffsetCheck("a", 0.0, -0.1, (), "corrected", "dark"),
        OffsetCheck("b", 0.0, 0.0, (), "unclear", "haze"),
        OffsetCheck("c", -0.1, -0.1, (), "agrees", "dark"),
    ]
    first, second = offset_notes(checks)
    assert first == "The offset of a was set to -0.1 in place of 0: dark."
    assert second.startswith("Whether the offset of b is 0, as its record says, is not sure: haze.")


def test_models_that_may_be_younger_than_the_event_are_said():
    models = [
        scene("old", -900, sensor="dem"),
        scene("spanning", 0, span=(-900, 900), sensor="dem"),
        scene("young", 900, sensor="dem"),
    ]
    spanning, young = model_notes(EVENT, Scenes((), tuple(models)))
    assert spanning.startswith("The elevation model spanning may be younger than the event (2016-")
    assert young.startswith("The elevation model young is younger than the event (2021-")


def test_an_events_own_period_is_said_where_it_is_used():
    event = replace(EVENT, facts={"pre": "2018-01-01/2018-09-03"})
    recipe = Recipe(event="e", source="s", detector=DetectorChoice(name="ndvi-change"))
    (sentence,) = window_notes(event, recipe, recipe.periods(event))
    assert sentence == (
        "The period before the event, 2018-01-01 to 2018-09-03, is the one that the event states "
        "for itself; another: --pre FROM/TO."
    )
    named = recipe.model_copy(update={"pre": "2018-01-01/2018-02-01"})
    assert window_notes(event, named, named.periods(event)) == []
    assert window_notes(EVENT, recipe, recipe.periods(EVENT)) == []
