"""Shadows that hills cast on each look, from the elevation around its pixels; lazy."""

from itertools import pairwise
from typing import Any

import dask.array as da
import numpy as np
import xarray as xr

from lsbatch.errors import ContractError
from lsbatch.features.ground import pixel_side
from lsbatch.kernels import cast_shadow, shadow_halo


def shadow_of(cube: xr.Dataset, look: int, *, reach_m: float) -> da.Array | None:
    """Whether hills hide the sun from each pixel at one look.

    Parameters
    ----------
    cube : Dataset
        With ``surroundings``, or none of its looks has a shadow.
    look : int
        Place along ``time``.
    reach_m : float
        How far to look towards the sun, metres.

    Returns
    -------
    dask array, bool, (y, x), or None
        None where it cannot be told: no surroundings, the sun's position not known, no reach.
        False where the elevation is not known.

    Raises
    ------
    ContractError
        If the surroundings end within the reach: a block would see less than the whole.
    """
    sun = {
        "azimuth_deg": float(cube["sun_azimuth_deg"].values[look]),
        "altitude_deg": float(cube["sun_elevation_deg"].values[look]),
    }
    if "surroundings" not in cube or reach_m == 0 or not np.isfinite(list(sun.values())).all():
        return None
    pixel_m = pixel_side(cube)
    margin = (cube.sizes["y_around"] - cube.sizes["y"]) // 2
    needed = shadow_halo(pixel_m, reach_m)
    if margin < needed:
        raise ContractError(
            f"Shadows of hills {reach_m:g} m away need {needed} pixels of elevation on each side "
            f"of the cube; it holds {margin}. Build it with around_px={needed}."
        )
    wide = da.asarray(cube["surroundings"].data)
    spare = margin - needed
    if spare:
        wide = wide[spare:-spare, spare:-spare]
    chunks = da.asarray(cube["elevation"].data).chunks
    return _by_chunk(wide, chunks, pixel_m=pixel_m, reach_m=reach_m, margin_px=needed, **sun)


def _by_chunk(
    wide: da.Array, chunks: tuple[tuple[int, ...], ...], *, margin_px: int, **settings: float
) -> da.Array:
    """One task for each chunk, over the chunk and its own surroundings."""
    rows, cols = (list(pairwise(np.cumsum([0, *sizes]))) for sizes in chunks)
    parts = [
        [
            da.map_blocks(
                _is_dark,
                wide[top : bottom + 2 * margin_px, left : right + 2 * margin_px].rechunk(-1),
                chunks=((bottom - top,), (right - left,)),
                dtype=bool,
                meta=np.empty((0, 0), bool),
                margin_px=margin_px,
                **settings,
            )
            for left, right in cols
        ]
        for top, bottom in rows
    ]
    return da.block(parts)


def _is_dark(dem: np.ndarray, *, pixel_m: float, **settings: Any) -> np.ndarray:
    return cast_shadow(np.ascontiguousarray(dem), pixel_m, **settings) == 1
