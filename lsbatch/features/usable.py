"""Which pixels of which look are usable, and if not, why not."""

from collections.abc import Sequence

import dask.array as da
import numpy as np
import xarray as xr

from lsbatch.domain import (
    EMPTY_FLAG,
    NO_FLAG,
    QUALITY,
    SATURATION,
    SENSORS,
    VISIBLE,
    Inputs,
    Preparation,
    Quality,
    Scenes,
    Sensor,
    Status,
)
from lsbatch.features.ground import TERRAIN_HALO, pixel_side
from lsbatch.features.settle import MISTAKABLE, SCREENED, settle
from lsbatch.features.shade import shadow_of
from lsbatch.kernels import is_bright_white, is_snow

BRIGHTEST = 1.6
"""Reflectance beyond what sunlit snow or cloud has: a saturated cell, or a wrong scale."""
_SNOW_BANDS = ("green", "nir", "swir16")


def bands_to_read(
    scenes: Scenes, inputs: Inputs, preparation: Preparation | None = None
) -> tuple[str, ...]:
    """Bands that a detector's cube holds, in a fixed order.

    Those it must have, those of the bright-white screen where a look will need it, those of the
    composite, and, of the optional ones and of the flags of saturation, those that at least one
    image of the looks has.
    """
    chosen = preparation or Preparation()
    offered = {band for look in scenes.looks for band in look.scene.bands_of_any}
    further = (*chosen.bands, *inputs.optional_bands, SATURATION)
    optional = [band for band in further if band in offered]
    return tuple(dict.fromkeys((*inputs.bands, *screen_bands(scenes), *optional)))


def screen_bands(scenes: Scenes) -> tuple[str, ...]:
    """Bands of the bright-white screen, where a look has no flags and all have these bands."""
    looks = [look.scene.bands for look in scenes.looks]
    is_needed = any(QUALITY not in bands for bands in looks)
    return VISIBLE if is_needed and all(set(VISIBLE) <= bands for bands in looks) else ()


def screens_of(
    scenes: Scenes, inputs: Inputs, preparation: Preparation | None = None
) -> dict[str, str]:
    """What tells cloud, snow and water in each scene, by scene id: for plans and attributes."""
    bands = bands_to_read(scenes, inputs, preparation)
    visible = set(VISIBLE) <= set(bands)
    by_snow = "; snow by reflectance too" if set(_SNOW_BANDS) <= set(bands) else ""
    found = {}
    for look in scenes.looks:
        quality = look.scene.sensor.quality
        if QUALITY in look.scene.bands and quality is not None:
            screen = f"the quality band {quality.assets[0]}"
        elif visible:
            screen = "brightness, blue and whiteness; no quality band"
        else:
            screen = "none; no quality band"
        found[look.scene.id] = screen + by_snow
    return found


def features_halo(preparation: Preparation, pixel_m: float) -> int:
    """Pixels on each side that `prepare` needs around those that it is to get right.

    The elevation beyond it, for terrain shadow, is not counted: `build_cube` reads it apart.
    """
    return max(TERRAIN_HALO, *(int(margin) for margin in _margins_px(preparation, pixel_m)))


def reasons_of(
    cube: xr.Dataset, bands: Sequence[str], preparation: Preparation | None = None
) -> da.Array:
    """Why each pixel of each look is not usable.

    Parameters
    ----------
    cube : Dataset, dims (time, y, x)
        As `build_cube` makes it.
    bands : sequence of str
        Bands that must all have data; optional ones are not among them, and decide nothing.
    preparation : Preparation, optional
        The default one if left out.

    Returns
    -------
    dask array, uint8, (time, y, x)
        A `Status`: 0 = usable; NO_PRE or NO_POST = no data in at least one band.

    Raises
    ------
    ContractError
        If the cube's surroundings end within the reach of shadows.

    Notes
    -----
    A look with a quality band follows that band, by its sensor's table. One without is screened
    for bright white pixels (`kernels.is_bright_white`) where the cube holds red, green and blue:
    cloud or snow, which visible bands cannot tell apart, so both get the status of cloud. Quality
    bands miss much snow, above all where it is patchy or under trees, so wherever the cube holds
    green, NIR and SWIR, snow is also found by its reflectance (`kernels.is_snow`). A value of one
    of `bands` beyond 1.6 counts as saturated, and so does one that the sensor's flags of
    saturation name. A pixel that is usable otherwise and lies in the shadow of a hill has that
    reason; see `shadow_of`. Last, snow and the clouds of each period are widened, and bright ground
    is told from clouds; see `settle`. Needs halo `features_halo`.
    """
    chosen = preparation or Preparation()
    if not cube.sizes["time"]:
        return da.zeros((0, cube.sizes["y"], cube.sizes["x"]), dtype="uint8", chunks=-1)
    looks = [_reasons_of_look(cube, index, bands, chosen) for index in range(cube.sizes["time"])]
    settled: list[da.Array] = [None] * len(looks)
    periods = cube["period"].values
    for name in dict.fromkeys(periods):
        here = np.flatnonzero(periods == name)
        of_period = settle(
            da.stack([looks[index] for index in here]),
            [da.asarray(cube[band].data)[here] for band in bands],
            _visible(cube, here),
            preparation=chosen,
            margins_px=_margins_px(chosen, pixel_side(cube)),
        )
        for place, index in enumerate(here):
            settled[index] = of_period[place]
    return da.stack(settled)


def _margins_px(preparation: Preparation, pixel_m: float) -> tuple[float, float]:
    """Of clouds and of snow."""
    margins = (preparation.cloud_margin_m, preparation.snow_margin_m)
    cloud_px, snow_px = (metres / pixel_m + 1e-6 for metres in margins)
    return cloud_px, snow_px


def _visible(cube: xr.Dataset, here: np.ndarray) -> list[da.Array] | None:
    if not set(VISIBLE) <= set(cube.data_vars):
        return None
    return [da.asarray(cube[band].data)[here] for band in VISIBLE]


def _reasons_of_look(
    cube: xr.Dataset, index: int, bands: Sequence[str], preparation: Preparation
) -> da.Array:
    """Reasons by the look alone; beside them the bits that `settle` reads."""
    look = cube.isel(time=index)
    absent = Status.NO_PRE if str(look["period"].values) == "pre" else Status.NO_POST
    flags = da.asarray(look[QUALITY].data)
    reason = da.map_blocks(_flag_reason, flags, _sensor_of(look).quality, dtype="uint8")
    if set(VISIBLE) <= set(look.data_vars):
        visible = [da.asarray(look[band].data) for band in VISIBLE]
        white = da.map_blocks(is_bright_white, *visible, dtype=bool)
        reason = da.where(white & (flags == NO_FLAG), Status.CLOUD | SCREENED, reason)
    if set(_SNOW_BANDS) <= set(look.data_vars):
        snow = da.map_blocks(
            is_snow, *(da.asarray(look[band].data) for band in _SNOW_BANDS), dtype=bool
        )
        reason = da.where(snow, np.uint8(Status.SNOW), reason)
    shadow = shadow_of(cube, index, reach_m=preparation.shadow_reach_m)
    if shadow is not None:
        # what is flagged too stays what it is, but is no bright ground
        dark = da.where(reason == 0, np.uint8(Status.SHADOW), reason & ~MISTAKABLE)
        reason = da.where(shadow, dark, reason)
    for band in bands:
        reason = da.where(is_saturated(look, band), np.uint8(Status.SATURATED), reason)
    for band in bands:
        reason = da.where(da.isnan(look[band].data), np.uint8(absent), reason)
    empty = da.map_blocks(_is_empty, flags, _sensor_of(look).quality, dtype=bool)
    return da.where(empty, np.uint8(absent), reason)


def is_saturated(look: xr.Dataset, band: str) -> da.Array:
    """Whether one band of a look is saturated, by its value or by the sensor's flags; (y, x)."""
    found = da.asarray(look[band].data) > BRIGHTEST
    table = _sensor_of(look).band(band)
    if SATURATION not in look or table is None or not table.saturation_bits:
        return found
    mask = np.uint16(sum(1 << bit for bit in table.saturation_bits))
    flags = da.asarray(look[SATURATION].data)
    return found | ((flags < EMPTY_FLAG) & ((flags & mask) != 0))


def _sensor_of(look: xr.Dataset) -> Sensor:
    return next(sensor for sensor in SENSORS if sensor.name == str(look["sensor"].values))


def _is_empty(flags: np.ndarray, quality: Quality | None) -> np.ndarray:
    """Whether flags say that there is no data, (y, x) bool."""
    stated = flags == EMPTY_FLAG
    if quality is None or quality.empty is None:
        return stated
    found = (flags >> quality.empty) & 1 == 1 if quality.bits else flags == quality.empty
    return stated | (found & (flags != NO_FLAG))


def _flag_reason(flags: np.ndarray, quality: Quality | None) -> np.ndarray:
    """Status of each flag value; where there is no flag, 0."""
    reason = np.zeros(flags.shape, "uint8")
    if quality is None:
        return reason
    for value, status in quality.classes:
        bit = MISTAKABLE if value in quality.mistakable else 0
        reason[flags == value] = status | bit
    for bit, status in quality.bits:
        extra = MISTAKABLE if bit in quality.mistakable else 0
        reason[(flags >> bit) & 1 == 1] = status | extra
    reason[flags >= EMPTY_FLAG] = 0
    return reason
