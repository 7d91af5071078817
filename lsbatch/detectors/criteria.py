"""Fuzzy rules: each criterion in [0, 1], one half at its threshold; the weakest decides."""

from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from lsbatch.errors import RecipeError

Plane = npt.NDArray[np.float32]


class Rule:
    """What detectors made of such rules share; a frozen dataclass of thresholds inherits it."""

    __slots__ = ()

    @property
    def multiple(self) -> int:
        """Any patch side will do."""
        return 1

    @property
    def patch_px(self) -> None:
        """A block of any size is taken whole."""

    @property
    def parameters(self) -> dict[str, Any]:
        """Thresholds by name: slopes in degrees, radii in pixels, the rest without unit."""
        return asdict(self)  # type: ignore[call-overload]


def at_least(values: Plane, threshold: float, width: float) -> Plane:
    """How clearly values lie above a threshold: logistic, 0.5 on it, 0.73 one width above."""
    with np.errstate(over="ignore", invalid="ignore"):
        return (1.0 / (1.0 + np.exp((threshold - values) / width))).astype("float32")


def at_most(values: Plane, threshold: float, width: float) -> Plane:
    """How clearly values lie below a threshold."""
    return at_least(-values, -threshold, width)


def check_numbers(
    detector: str, parameters: dict[str, Any], limits: dict[str, tuple[float, float]]
) -> None:
    """Raise RecipeError unless every parameter is a number within its limits."""
    for name, value in parameters.items():
        low, high = limits[name]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (is_number and low <= value <= high):
            raise RecipeError(
                f"Detector {detector!r}: {name} must be a number from {low:g} to {high:g}; "
                f"received {value!r}."
            )
