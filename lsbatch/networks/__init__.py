"""Keras 3 networks: drawings, losses, input planes, and the engine that runs them."""

from importlib import import_module
from typing import Any

from lsbatch.networks.encoding import FILL, SCALINGS, count_planes, encode
from lsbatch.networks.quiet import load_keras
from lsbatch.networks.weights import (
    check_digest,
    read_sidecar,
    read_weights,
    set_weights,
    weights_of,
    write_network,
)

_LAZY = {
    "HEAD_WEIGHTS": "losses",
    "PrakashDesign": "prakash",
    "Reach": "reach",
    "UnetDesign": "unet",
    "build_prakash": "prakash",
    "build_unet": "unet",
    "design_of": "unet",
    "landslide_loss": "losses",
    "reach_of": "reach",
    "score_planes": "engine",
}

__all__ = [
    "FILL",
    "HEAD_WEIGHTS",
    "SCALINGS",
    "PrakashDesign",
    "Reach",
    "UnetDesign",
    "build_prakash",
    "build_unet",
    "check_digest",
    "count_planes",
    "design_of",
    "encode",
    "landslide_loss",
    "load_keras",
    "reach_of",
    "read_sidecar",
    "read_weights",
    "score_planes",
    "set_weights",
    "weights_of",
    "write_network",
]


def __getattr__(name: str) -> Any:
    """Load what needs Keras on first use: its import takes seconds."""
    if name in _LAZY:
        load_keras()
        return getattr(import_module(f"lsbatch.networks.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'lsbatch.networks' has no attribute {name!r}")
