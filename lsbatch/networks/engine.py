"""The only door to a forward pass: a network loaded once for each process, one pass at a time."""

import functools
import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsbatch.networks.unet import build_unet, design_of
from lsbatch.networks.weights import read_sidecar, read_weights, set_weights

_LOCK = threading.Lock()
"""A forward pass uses every core: two at a time would only take each other's caches."""


def score_planes(
    sidecar: Path, sha256: str, planes: npt.NDArray[np.float32], *, offset: float = 0.0
) -> Any:
    """Scores of encoded images.

    Parameters
    ----------
    sidecar : Path
        Of the network, its weights beside it.
    sha256 : str
        Digest that the weights must have.
    planes : ndarray, float32, (N, H, W, planes)
        As `encode` makes them; sides divide by the network's multiple.
    offset : float
        Added to the logits: puts the score of 0.5 where this use of the network divides best.

    Returns
    -------
    ndarray, float32, (N, H, W)
        In [0, 1].
    """
    with _LOCK:
        logits = _load(sidecar, sha256).predict_on_batch(planes)
    return _sigmoid(np.asarray(logits, np.float32)[..., 0] + np.float32(offset))


@functools.lru_cache(maxsize=2)
def _load(sidecar: Path, sha256: str) -> Any:
    model = build_unet(design_of(read_sidecar(sidecar)["design"]))
    set_weights(model, read_weights(sidecar.with_suffix(".npz"), sha256))
    return model


def _sigmoid(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.float32(0.5) * (np.float32(1) + np.tanh(np.float32(0.5) * logits))
