"""Reflectance as it would be on level ground: SCS+C, where a look's C was measured."""

import math

import dask.array as da
import numpy as np
import xarray as xr

from lsbatch.domain import light_name
from lsbatch.features.ground import TERRAIN_HALO, pixel_side
from lsbatch.kernels import scs_c


def leveled(cube: xr.Dataset, band: str) -> da.Array:
    """A band with the light of slopes taken out of the looks whose C is known.

    Parameters
    ----------
    cube : Dataset, dims (time, y, x)
        As `build_cube` makes it.
    band : str
        Of reflectance.

    Returns
    -------
    dask array, float32, (time, y, x)
        As in the cube at looks without a C; else corrected by `scs_c`, and as it was on ground
        that turns its back on the sun, on the outer ring and beside missing elevation.

    Notes
    -----
    Needs halo 1. C belongs to the whole image: a block's pixels do not depend on its cut.
    """
    values = da.asarray(cube[band].data)
    if light_name(band) not in cube.coords:
        return values
    ground = da.asarray(cube["elevation"].data)
    suns = zip(cube["sun_azimuth_deg"].values, cube["sun_elevation_deg"].values, strict=True)
    looks = []
    for plane, sun, c in zip(values, suns, cube[light_name(band)].values, strict=True):
        if math.isnan(c):
            looks.append(plane)
            continue
        azimuth_deg, altitude_deg = map(float, sun)
        looks.append(
            da.map_overlap(
                _level,
                plane,
                ground.rechunk(plane.chunks),
                depth=TERRAIN_HALO,
                boundary="none",
                dtype="float32",
                meta=np.empty((0, 0), "float32"),
                pixel_m=pixel_side(cube),
                azimuth_deg=azimuth_deg,
                altitude_deg=altitude_deg,
                c=float(c),
            )
        )
    return da.stack(looks)


def _level(band: np.ndarray, dem: np.ndarray, **light: float) -> np.ndarray:
    level = scs_c(band, dem, **light)
    return np.where(np.isfinite(level), level, band)
