"""Plain values for JSON: the same bytes on every machine, null where something is undefined."""

import math
from typing import Any

import numpy as np

_DIGITS = 9
"""Significant digits kept: far beyond what a map can know, short of where machines differ."""


def ratio(part: float, whole: float) -> float | None:
    """``part / whole``, None where the whole is 0."""
    return float(part) / float(whole) if whole else None


def norm_plain(value: Any) -> Any:
    """The same value as dict, list, str, bool, int, None and float of 9 significant digits.

    NaN and infinities become None: JSON has no word for them, and "undefined" is never 0.
    """
    if isinstance(value, dict):
        return {str(key): norm_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [norm_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    return value
