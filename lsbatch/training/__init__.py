"""Training: labelled pixels and chips, augmentation, batches, fit."""

from importlib import import_module
from typing import Any

from lsbatch.networks import load_keras
from lsbatch.training.chips import Chips, read_chips, reflectance_of
from lsbatch.training.recipe import ChipSet, TrainingRecipe, World, read_training_recipe

_LAZY = {
    "Batches": "batches",
    "ChipPatches": "batches",
    "EventPatches": "batches",
    "EventPixels": "pixels",
    "Fitted": "fitting",
    "check_classes": "pixels",
    "fit": "fitting",
    "read_pixels": "pixels",
    "trim": "pixels",
}
_WITH_KERAS = ("batches", "fitting")

__all__ = [
    "Batches",
    "ChipPatches",
    "ChipSet",
    "Chips",
    "EventPatches",
    "EventPixels",
    "Fitted",
    "TrainingRecipe",
    "World",
    "check_classes",
    "fit",
    "read_chips",
    "read_pixels",
    "read_training_recipe",
    "reflectance_of",
    "trim",
]


def __getattr__(name: str) -> Any:
    """Load what needs Keras or the imagery rooms on first use."""
    if name in _LAZY:
        if _LAZY[name] in _WITH_KERAS:
            load_keras()
        return getattr(import_module(f"lsbatch.training.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'lsbatch.training' has no attribute {name!r}")
