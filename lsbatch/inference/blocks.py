"""score_block: one block through a detector."""

import numpy as np
import xarray as xr

from lsbatch.domain import Block, Detector, check_features
from lsbatch.errors import ContractError, GridMismatchError
from lsbatch.inference.patches import score_in_patches


def score_block(features: xr.Dataset, detector: Detector, block: Block) -> xr.Dataset:
    """Score of a block's core.

    Parameters
    ----------
    features : Dataset
        As `prepare` makes it, over ``block.padded``, loaded.
    detector : Detector
    block : Block
        With a halo of at least the detector's.

    Returns
    -------
    Dataset, dims (y, x) of the core
        ``score`` float32 in [0, 1], NaN where a required channel is NaN; ``detectable`` bool.

    Raises
    ------
    GridMismatchError
        If the features do not cover the padded block, or its halo is too small.
    ContractError
        If the detector returns another shape, a value outside [0, 1], or NaN on a usable pixel.
    """
    check_features(features)
    shape = features["channels"].shape[1:]
    if shape != tuple(block.padded.shape) or block.halo < detector.halo:
        raise GridMismatchError(
            f"Block {block.index}: features of {tuple(block.padded.shape)} pixels with a halo of "
            f"at least {detector.halo} are needed; received {shape} with a halo of {block.halo}."
        )
    channels = np.ascontiguousarray(np.moveaxis(features["channels"].values, 0, -1))
    y, x = block.slices
    score = score_in_patches(
        channels, detector, origin=(y.start - block.halo, x.start - block.halo)
    )[block.inner]
    required = [not channel.optional for channel in detector.inputs.channels]
    check_score(score, channels[block.inner][..., required], detector.name)
    return xr.Dataset(
        {
            "score": (("y", "x"), score),
            "detectable": (("y", "x"), detector.detectable(channels[None])[0][block.inner]),
        }
    )


def check_score(score: np.ndarray, channels: np.ndarray, name: str) -> None:
    """Raise ContractError unless a score keeps its promise.

    Parameters
    ----------
    score : ndarray, (H, W)
    channels : ndarray, (H, W, C)
        The required ones it was computed from; NaN = not usable.
    name : str
        The detector's.
    """
    finite = np.isfinite(score)
    usable = np.isfinite(channels).all(axis=-1)
    lost = int((usable & ~finite).sum())
    if lost:
        raise ContractError(f"Detector {name!r} returned no number for {lost} usable pixels.")
    if np.any((score[finite] < 0) | (score[finite] > 1)):
        raise ContractError(
            f"Detector {name!r} returned values outside [0, 1]: from {score[finite].min():g} to "
            f"{score[finite].max():g}."
        )
