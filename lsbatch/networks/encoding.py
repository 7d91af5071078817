"""From a detector's channels to a network's input planes: a fixed scale, a stated fill, flags."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lsbatch.errors import ContractError
from lsbatch.kernels import fill_planes

Batch = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scaling:
    """(f(value) - centre) / width, f the square root where `root`, values clipped before."""

    low: float
    high: float
    centre: float
    width: float
    root: bool = False


_REFLECTANCE = Scaling(0.0, 1.6, 0.25, 0.2, root=True)
"""The root spreads the dark ground, where forest and shade lie; one scale for every scene."""
SCALINGS: dict[str, Scaling] = {
    **dict.fromkeys(("blue", "green", "red", "nir", "swir16", "swir22"), _REFLECTANCE),
    "slope_deg": Scaling(0.0, 90.0, 20.0, 15.0),
    "cos_i": Scaling(-1.0, 1.0, 0.6, 0.4),
}
"""Scale of each layer, by its name in a channel."""
FILL = 0.0
"""Value of a plane where the channel has none; its flag plane is 0 there."""


def count_planes(layers: tuple[str, ...], groups: tuple[tuple[int, ...], ...]) -> int:
    """Number of planes that `encode` makes."""
    return len(layers) + len(groups)


def encode(batch: Batch, layers: tuple[str, ...], groups: tuple[tuple[int, ...], ...]) -> Batch:
    """Input planes of a network.

    Parameters
    ----------
    batch : ndarray, float32, (N, H, W, C)
        Channels in their units; NaN = not usable or not there.
    layers : tuple of str
        Layer of each channel, a key of `SCALINGS`.
    groups : tuple of tuple of int
        Channels that are there or not there together. Where one of a group is NaN, all of the
        group are filled.

    Returns
    -------
    ndarray, float32, (N, H, W, C + number of groups)
        Scaled channels, `FILL` where absent; then for each group 1 where it is there, else 0.
    """
    if batch.shape[-1] != len(layers):
        raise ContractError(
            f"The network takes {len(layers)} channels; received {batch.shape[-1]}."
        )
    scalings = [SCALINGS[layer] for layer in layers]
    group_of = np.empty(len(layers), np.int64)
    for number, group in enumerate(groups):
        group_of[list(group)] = number
    planes = fill_planes(
        batch.reshape(-1, len(layers)),
        np.array([(s.low, s.high, s.centre, s.width) for s in scalings], np.float32),
        np.array([s.root for s in scalings]),
        group_of,
        fill=FILL,
    )
    return planes.reshape(*batch.shape[:-1], count_planes(layers, groups))
