"""Landslide maps of earthquakes from satellite image pairs, one event or hundreds."""

from importlib import import_module
from typing import Any

__version__ = "0.2.0"

_HOMES = {
    "BatchRecipe": "lsbatch.recipe",
    "Event": "lsbatch.domain",
    "Period": "lsbatch.domain",
    "Preparation": "lsbatch.domain",
    "Recipe": "lsbatch.recipe",
    "build_cube": "lsbatch.cube",
    "build_plan": "lsbatch.batch",
    "detect": "lsbatch.inference",
    "find_event": "lsbatch.catalog",
    "find_scenes": "lsbatch.search",
    "load_detector": "lsbatch.detectors",
    "map_event": "lsbatch.batch",
    "open_product": "lsbatch.store",
    "prepare": "lsbatch.features",
    "prepare_months": "lsbatch.features",
    "run_batch": "lsbatch.batch",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name from its room on first use, so that ``import lsbatch`` stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module 'lsbatch' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return __all__
