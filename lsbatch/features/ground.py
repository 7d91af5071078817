"""The shape of the ground, and how the sun lit it at each look; lazy."""

from collections.abc import Callable, Sequence
from typing import Any

import dask.array as da
import numpy as np
import xarray as xr

from lsbatch.kernels import aspect, illumination, slope

TERRAIN_HALO = 1
"""Context that slope, aspect and illumination need, pixels."""


def pixel_side(cube: xr.Dataset) -> float:
    """Side of a cube's pixels, metres."""
    # rounded: the difference of two large numbers ends in noise that depends on the window's place
    for axis in ("x", "y"):
        if cube.sizes[axis] > 1:
            return round(float(abs(cube[axis].values[1] - cube[axis].values[0])), 6)
    return round(abs(float(cube["x"].attrs["resolution"])), 6)


def terrain_of(cube: xr.Dataset) -> dict[str, da.Array]:
    """Slope and aspect in degrees, elevation in metres, each float32 (y, x)."""
    return {
        "elevation": da.asarray(cube["elevation"].data),
        "slope_deg": _over_ground(slope, cube),
        "aspect_deg": _over_ground(aspect, cube),
    }


def light_of(cube: xr.Dataset, looks: Sequence[int]) -> da.Array:
    """Cosine between the ground's normal and the sun of each look.

    Parameters
    ----------
    cube : Dataset, dims (time, y, x)
        As `build_cube` makes it.
    looks : sequence of int
        Places along ``time``, at least one.

    Returns
    -------
    dask array, float32, (looks, y, x)
        In [-1, 1]; NaN for a look whose sun is not known, on the outer ring and beside missing
        elevation.
    """
    azimuths, elevations = cube["sun_azimuth_deg"].values, cube["sun_elevation_deg"].values
    return da.stack(
        [
            _over_ground(
                illumination,
                cube,
                azimuth_deg=float(azimuths[look]),
                altitude_deg=float(elevations[look]),
            )
            for look in looks
        ]
    )


def mean_light(light: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Mean over the looks of a pixel that count, (y, x) float32; NaN without any.

    The mean, though bands are composed by their median: the median of each band may be another
    look's, so that no single sun belongs to a composite. The mean is the light that these looks had
    on average: it is that of the look where there is one, and as the median of two is their mean,
    it is the composite's own light for two as well.

    Parameters
    ----------
    light : ndarray, float32, (looks, y, x)
        As `light_of` makes it; a look whose sun is not known does not count.
    counts : ndarray, bool, (looks, y, x)
        Looks that the composite of a pixel rests on.
    """
    total, count = np.zeros(light.shape[1:]), np.zeros(light.shape[1:], "uint16")
    # look by look: the same order of sums, and so the same bits, in a window and in the whole
    for layer, used in zip(light, counts, strict=True):
        seen = used & np.isfinite(layer)
        total += np.where(seen, layer, 0)
        count += seen
    with np.errstate(invalid="ignore"):
        return (total / count).astype("float32")


def _over_ground(kernel: Callable, cube: xr.Dataset, **settings: Any) -> da.Array:
    return da.map_overlap(
        kernel,
        da.asarray(cube["elevation"].data),
        depth=TERRAIN_HALO,
        boundary="none",
        dtype="float32",
        meta=np.empty((0, 0), "float32"),
        pixel_m=pixel_side(cube),
        **settings,
    )
