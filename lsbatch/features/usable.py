"""Which pixels of which look are usable, and if not, why not."""

from collections.abc import Sequence

import dask.array as da
import numpy as np
import xarray as xr

from lsbatch.domain import NO_FLAG, QUALITY, SENSORS, VISIBLE, Inputs, Quality, Scenes, Status
from lsbatch.kernels import is_bright_white, is_snow

BRIGHTEST = 1.6
"""Reflectance beyond what sunlit snow or cloud has: a saturated cell, or a wrong scale."""
_SNOW_BANDS = ("green", "nir", "swir16")


def bands_to_read(scenes: Scenes, inputs: Inputs) -> tuple[str, ...]:
    """Bands that a detector's cube holds, in a fixed order.

    Those it must have, those of the bright-white screen where a look will need it, and of the
    optional ones those that at least one image of the looks has.
    """
    unflagged = [look.scene.bands for look in scenes.looks if QUALITY not in look.scene.bands]
    screened = unflagged and all(set(VISIBLE) <= look.scene.bands for look in scenes.looks)
    offered = {band for look in scenes.looks for band in look.scene.bands_of_any}
    optional = [band for band in inputs.optional_bands if band in offered]
    return tuple(dict.fromkeys((*inputs.bands, *(VISIBLE if screened else ()), *optional)))


def reasons_of(cube: xr.Dataset, bands: Sequence[str]) -> da.Array:
    """Why each pixel of each look is not usable.

    Parameters
    ----------
    cube : Dataset, dims (time, y, x)
        As `build_cube` makes it.
    bands : sequence of str
        Bands that must all have data; optional ones are not among them, and decide nothing.

    Returns
    -------
    dask array, uint8, (time, y, x)
        A `Status`: 0 = usable; NO_PRE or NO_POST = no data in at least one band.

    Notes
    -----
    A look with a quality band follows that band, by its sensor's table. One without is screened
    for bright white pixels (`kernels.is_bright_white`) where the cube holds red, green and blue:
    cloud or snow, which visible bands cannot tell apart, so both get the status of cloud. Quality
    bands miss much snow, above all where it is patchy or under trees, so wherever the cube holds
    green, NIR and SWIR, snow is also found by its reflectance (`kernels.is_snow`). A value of one
    of `bands` beyond 1.6 counts as saturated.
    """
    looks = [_reasons_of_look(cube.isel(time=index), bands) for index in range(cube.sizes["time"])]
    if not looks:
        return da.zeros((0, cube.sizes["y"], cube.sizes["x"]), dtype="uint8", chunks=-1)
    return da.stack(looks)


def _reasons_of_look(look: xr.Dataset, bands: Sequence[str]) -> da.Array:
    quality = next(s.quality for s in SENSORS if s.name == str(look["sensor"].values))
    absent = Status.NO_PRE if str(look["period"].values) == "pre" else Status.NO_POST
    reason = da.map_blocks(_flag_reason, da.asarray(look[QUALITY].data), quality, dtype="uint8")
    if set(VISIBLE) <= set(look.data_vars):
        visible = [da.asarray(look[band].data) for band in VISIBLE]
        white = da.map_blocks(is_bright_white, *visible, dtype=bool)
        unflagged = da.asarray(look[QUALITY].data) == NO_FLAG
        reason = da.where(white & unflagged, np.uint8(Status.CLOUD), reason)
    if set(_SNOW_BANDS) <= set(look.data_vars):
        snow = da.map_blocks(
            is_snow, *(da.asarray(look[band].data) for band in _SNOW_BANDS), dtype=bool
        )
        reason = da.where(snow, np.uint8(Status.SNOW), reason)
    for band in bands:
        reason = da.where(look[band].data > BRIGHTEST, np.uint8(Status.SATURATED), reason)
    for band in bands:
        reason = da.where(da.isnan(look[band].data), np.uint8(absent), reason)
    return reason


def _flag_reason(flags: np.ndarray, quality: Quality | None) -> np.ndarray:
    """Status of each flag value; where there is no flag, 0."""
    reason = np.zeros(flags.shape, "uint8")
    if quality is None:
        return reason
    for value, status in quality.classes:
        reason[flags == value] = status
    for bit, status in quality.bits:
        reason[(flags >> bit) & 1 == 1] = status
    reason[flags == NO_FLAG] = 0
    return reason
