"""load_detector: a name from a recipe becomes a detector."""

from dataclasses import fields
from typing import Any

from lsbatch.detectors.brightness_change import BrightnessChange
from lsbatch.detectors.ndvi_change import NdviChange
from lsbatch.detectors.unet import load_unet
from lsbatch.domain import Detector
from lsbatch.errors import RecipeError, WeightsError

_RULES: dict[str, type] = {"brightness-change": BrightnessChange, "ndvi-change": NdviChange}
_NETWORKS = ("unet", "unet-post")


def detector_names() -> tuple[str, ...]:
    """Names that `load_detector` knows."""
    return tuple(sorted((*_RULES, *_NETWORKS)))


def load_detector(name: str, **parameters: Any) -> Detector:
    """The detector of that name, its thresholds as given or else its own.

    A network has one parameter, ``sidecar``: the path of another network of the same form, as
    `lsbatch train` leaves it.

    Raises
    ------
    WeightsError
        For a name that is not in the registry, or a network whose files are missing or damaged.
    RecipeError
        For a parameter that the detector does not have, or one out of range.
    """
    if name not in detector_names():
        raise WeightsError(
            f"There is no detector {name!r}. Known: {', '.join(detector_names())} "
            "(see `lsbatch detectors`)."
        )
    known = ["sidecar"] if name in _NETWORKS else [field.name for field in fields(_RULES[name])]
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise RecipeError(
            f"Detector {name!r} has no parameter {', '.join(unknown)}. It has {', '.join(known)}."
        )
    if name in _NETWORKS:
        return load_unet(name, **parameters)
    detector: Detector = _RULES[name](**parameters)
    return detector
