"""What a plan refuses or warns of, of its composites and its harmonisation."""

from datetime import UTC, datetime

import pytest
import shapely

from lsbatch.batch.plan import _check_composite, _harmonised
from lsbatch.domain import Asset, Granule, Look, Scene, Scenes, harmonise
from lsbatch.errors import RecipeError
from lsbatch.recipe import CompositeChoice, DetectorChoice, Recipe

MOMENT = datetime(2020, 6, 1, tzinfo=UTC)


def scenes(*bands, sensor="sentinel-2-l2a", period="pre"):
    assets = tuple(Asset(band, f"{band}.tif") for band in bands)
    granule = Granule("S2A_x", shapely.box(0, 0, 1, 1), assets)
    return Scenes((Look(Scene("look", sensor, MOMENT, MOMENT, (granule,)), period, 3),))


def recipe(**choices):
    return Recipe(event="e", source="s", detector=DetectorChoice(name="d"), **choices)


def test_greenest_without_near_infrared_is_refused_before_work():
    greenest = recipe(composite=CompositeChoice(pre="greenest"))
    with pytest.raises(RecipeError, match="look has no nir"):
        _check_composite(scenes("red", "green"), greenest)
    _check_composite(scenes("red", "nir"), greenest)
    _check_composite(scenes("red", period="post"), greenest)
    _check_composite(scenes("red"), recipe())


def test_what_harmonisation_leaves_as_it_was_is_said():
    assert _harmonised(harmonise(scenes("red", "nir", "nir08"))) == []
    (said,) = _harmonised(harmonise(scenes("red", "nir")))
    assert "near infrared of look is not harmonised" in said
    (said,) = _harmonised(scenes("red", sensor="landsat-c2-l2"))
    assert "Nothing was harmonised" in said
