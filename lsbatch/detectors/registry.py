"""load_detector: a name from a recipe becomes a detector."""

from dataclasses import fields
from typing import Any

from lsbatch.detectors.brightness_change import BrightnessChange
from lsbatch.detectors.ndvi_change import NdviChange
from lsbatch.domain import Detector
from lsbatch.errors import RecipeError, WeightsError

_RULES: dict[str, type] = {"brightness-change": BrightnessChange, "ndvi-change": NdviChange}


def detector_names() -> tuple[str, ...]:
    """Names that `load_detector` knows."""
    return tuple(sorted(_RULES))


def load_detector(name: str, **parameters: Any) -> Detector:
    """The detector of that name, its thresholds as given or else its own.

    Raises
    ------
    WeightsError
        For a name that is not in the registry.
    RecipeError
        For a parameter that the detector does not have, or one out of range.
    """
    if name not in _RULES:
        raise WeightsError(
            f"There is no detector {name!r}. Known: {', '.join(detector_names())} "
            "(see `lsbatch detectors`)."
        )
    rule = _RULES[name]
    known = [field.name for field in fields(rule)]
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise RecipeError(
            f"Detector {name!r} has no parameter {', '.join(unknown)}. It has {', '.join(known)}."
        )
    detector: Detector = rule(**parameters)
    return detector
