"""detect: a lazy score over a whole area, for notebooks."""

import dask.array as da
import numpy as np
import xarray as xr

from lsbatch.domain import Detector, check_features
from lsbatch.errors import ContractError
from lsbatch.inference.patches import score_in_patches


def detect(features: xr.Dataset, detector: Detector) -> xr.DataArray:
    """Score of every pixel of an area; lazy, equal to what a run computes block by block.

    Parameters
    ----------
    features : Dataset
        As `prepare` makes it from a cube with chunks (`build_cube(..., chunk_px=...)`).
    detector : Detector
        One without a patch lattice of its own (`patch_px` None).

    Returns
    -------
    DataArray, float32, (y, x)
        NaN where `status` is not 0. Not meaningful within the detector's halo of the area's edge,
        beyond which nothing is read: pad the grid where that matters.

    Raises
    ------
    ContractError
        For a detector with a patch lattice.
    """
    check_features(features)
    if detector.patch_px is not None:
        raise ContractError(
            f"Detector {detector.name!r} scores patches of {detector.patch_px} pixels on a lattice "
            "that chunks do not keep; use score_block."
        )
    channels = features["channels"]
    stacked = _align(da.moveaxis(da.asarray(channels.data), 0, -1), detector)
    depth = -(-detector.halo // detector.multiple) * detector.multiple
    score = da.map_overlap(
        _score_chunk,
        stacked,
        depth={0: depth, 1: depth, 2: 0},
        boundary="none",
        drop_axis=2,
        dtype="float32",
        meta=np.empty((0, 0), "float32"),
        detector=detector,
    )
    lazy = xr.DataArray(
        score, dims=("y", "x"), coords={k: v for k, v in channels.coords.items() if k != "channel"}
    )
    return lazy.where(features["status"] == 0)


def _align(stacked: da.Array, detector: Detector) -> da.Array:
    """One chunk of channels; in y and x, chunks that begin where patches of the detector may."""
    step = detector.multiple
    if step == 1:
        return stacked.rechunk({2: -1})
    sides = {}
    for axis in (0, 1):
        # no chunk is smaller than the halo: dask would merge such chunks, off the lattice
        least = max(*stacked.chunks[axis], detector.halo)
        side = -(-least // step) * step
        extent = stacked.shape[axis]
        rest = max(extent // side - 1, 0) * side
        sides[axis] = (*[side] * (rest // side), extent - rest)
    return stacked.rechunk({**sides, 2: -1})


def _score_chunk(channels: np.ndarray, detector: Detector) -> np.ndarray:
    return score_in_patches(channels, detector, origin=(0, 0))
