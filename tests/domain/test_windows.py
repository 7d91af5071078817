from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lsbatch.domain import Event, Period, own_period
from lsbatch.errors import CatalogError, RecipeError
from lsbatch.recipe import DetectorChoice, Recipe
from tests.records import EVENT

RECIPE = Recipe(event="e", source="s", detector=DetectorChoice(name="ndvi-change"))
TYPHOON = replace(EVENT, facts={"pre": "2017-09-01/2018-09-03", "post": "2018-09-07/2019-06-01"})


def day(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_an_event_without_windows_has_none():
    assert own_period(EVENT, "pre") is None
    assert own_period(replace(EVENT, facts={"pre": "", "post": None}), "post") is None


def test_the_event_states_when_to_look_and_the_recipe_goes_first():
    pre, post = RECIPE.periods(TYPHOON)
    assert pre == Period(day("2017-09-01"), day("2018-09-03"))
    assert post == Period(day("2018-09-07"), day("2019-06-01"))
    asked = RECIPE.model_copy(update={"pre": "2018-01-01/2018-02-01"}).periods(TYPHOON)
    assert asked == (Period(day("2018-01-01"), day("2018-02-01")), post)
    assert Event.from_feature(TYPHOON.to_feature()).facts["pre"] == TYPHOON.facts["pre"]


@pytest.mark.parametrize("stated", ["soon", "2018-01-01", "2018-01-01/later", 3, ["a", "b"]])
def test_a_window_that_is_none_is_refused_with_the_event_named(stated):
    with pytest.raises(CatalogError, match="'pre' of event 'hokkaido-2018' must be FROM/TO"):
        RECIPE.periods(replace(EVENT, facts={"pre": stated}))


def test_a_window_on_the_wrong_side_or_backwards_is_refused():
    with pytest.raises(RecipeError, match="starts on 2019-01-01, not before event"):
        RECIPE.periods(replace(EVENT, facts={"pre": "2019-01-01/2019-02-01"}))
    with pytest.raises(CatalogError, match="must end after it starts"):
        RECIPE.periods(replace(EVENT, facts={"pre": "2018-02-01/2018-01-01"}))
