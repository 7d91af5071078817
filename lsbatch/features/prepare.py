"""prepare: the channels of a detector and, beside them, why a pixel may have no score."""

from collections.abc import Callable, Sequence
from typing import Any

import dask.array as da
import numpy as np
import xarray as xr

from lsbatch.domain import Channel, Inputs, Status, check_cube, check_features
from lsbatch.domain.inputs import COS_I, INDEX_BANDS
from lsbatch.errors import ContractError
from lsbatch.features.ground import light_of, mean_light, terrain_of
from lsbatch.features.usable import BRIGHTEST, reasons_of
from lsbatch.kernels import median_of_looks, normalised_difference


def prepare(cube: xr.Dataset, inputs: Inputs) -> xr.Dataset:
    """Channels and observation layers of a cube; lazy, nothing is computed.

    Parameters
    ----------
    cube : Dataset, dims (time, y, x)
        As `build_cube` makes it, looks of each period in order of nearness to the event.
    inputs : Inputs
        The detector's request.

    Returns
    -------
    Dataset
        ``channels`` (channel, y, x) float32, NaN = not usable: of each period the median of the
        usable looks, as reflectance or index; of each period the mean light (cos i) of the usable
        looks; slope and aspect in degrees, elevation in metres. ``status`` uint8: 0, or why the
        pixel was not usable in the periods that the detector needs. ``pre_count``, ``post_count``
        uint16, 0 for a period that is not needed. ``pre_delay``, ``post_delay`` int16 days, -1 =
        none. ``slope_deg`` float32, NaN on the outer ring and beside missing elevation.

    Raises
    ------
    ContractError
        If the cube lacks a band that the detector must have.

    Notes
    -----
    A look is usable by its quality flags and required bands alone. An optional band that is missing
    or saturated at such a look counts as missing in that band only, and changes neither ``status``
    nor any count; where no usable look has it, its channel is NaN. (Red, green and blue also serve
    the screen of looks without flags, see `reasons_of`, whoever asked for them.)
    """
    check_cube(cube)
    missing = [band for band in inputs.bands if band not in cube]
    if missing:
        raise ContractError(f"The cube lacks {', '.join(missing)}, which the detector asks to see.")
    reasons = reasons_of(cube, inputs.bands)
    terrain = terrain_of(cube)
    sides = {name: _side(cube, reasons, inputs, name) for name in ("pre", "post")}
    planes = [_plane(channel, sides, terrain) for channel in inputs.channels]
    status = _status(sides, inputs, planes)
    layers: dict[str, Any] = {"status": status, "slope_deg": terrain["slope_deg"]}
    for name in ("pre", "post"):
        layers[f"{name}_count"] = sides[name]["count"]
        layers[f"{name}_delay"] = sides[name]["delay"]
    features = xr.Dataset(
        {name: (("y", "x"), data) for name, data in layers.items()},
        coords={name: cube.coords[name] for name in ("y", "x", "spatial_ref")},
    )
    features["channels"] = (("channel", "y", "x"), da.stack(planes))
    features = features.assign_coords(channel=[channel.name for channel in inputs.channels])
    check_features(features)
    return features


def _side(cube: xr.Dataset, reasons: da.Array, inputs: Inputs, name: str) -> dict[str, da.Array]:
    """Composite bands, light, count, delay and status of one period; no look where not needed."""
    here = np.flatnonzero((cube["period"].values == name) & (name in inputs.periods))
    delays = cube["delay_days"].values[here].astype("int16")
    absent = Status.NO_PRE if name == "pre" else Status.NO_POST
    why = reasons[here]
    side = {
        "count": (why == 0).sum(axis=0).astype("uint16"),
        "delay": _over_looks(_first_delay, why, dtype="int16", delays=delays),
        "status": _over_looks(_first_reason, why, dtype="uint8", absent=absent),
    }
    for band in inputs.bands:
        side[band] = _over_looks(
            _composite, da.asarray(cube[band].data)[here], why, dtype="float32"
        )
    for band in inputs.optional_bands:
        side[band] = _optional_band(cube, band, here, why)
    if any(channel.layer == COS_I and channel.period == name for channel in inputs.channels):
        side[COS_I] = _light(cube, here, why)
    return side


def _optional_band(cube: xr.Dataset, band: str, here: np.ndarray, why: da.Array) -> da.Array:
    if band not in cube:
        return da.full(why.shape[1:], np.float32(np.nan), chunks=why.chunks[1:])
    return _over_looks(
        _composite_unsaturated, da.asarray(cube[band].data)[here], why, dtype="float32"
    )


def _light(cube: xr.Dataset, here: np.ndarray, why: da.Array) -> da.Array:
    if not here.size:
        return da.full(why.shape[1:], np.float32(np.nan), chunks=why.chunks[1:])
    return _over_looks(mean_light, light_of(cube, here), why, dtype="float32")


def _status(
    sides: dict[str, dict[str, da.Array]], inputs: Inputs, planes: Sequence[da.Array]
) -> da.Array:
    """Why a pixel has no score: the reason before the event, where it counts, else that after it.

    An index may be undefined on a pixel whose bands have data (a sum of 0 or less); such a pixel
    has no usable look either, unless the index is optional.
    """
    status = sides["post"]["status"]
    if "pre" in inputs.periods:
        before = sides["pre"]["status"]
        status = da.where(before != 0, before, status)
    for channel, plane in zip(inputs.channels, planes, strict=True):
        if channel.layer in INDEX_BANDS and not channel.optional:
            absent = Status.NO_PRE if channel.period == "pre" else Status.NO_POST
            status = da.where((status == 0) & da.isnan(plane), np.uint8(absent), status)
    return status


def _over_looks(function: Callable, *arrays: da.Array, dtype: str, **settings: Any) -> da.Array:
    """Reduce (time, y, x) arrays along time, chunk by chunk."""
    if arrays[0].shape[0] == 0:
        blank = function(*(np.zeros((0, 1, 1), a.dtype) for a in arrays), **settings)[0, 0]
        return da.full(arrays[0].shape[1:], blank, dtype=dtype, chunks=arrays[0].chunks[1:])
    whole = [array.rechunk({0: -1}) for array in arrays]
    return da.map_blocks(function, *whole, drop_axis=0, dtype=dtype, **settings)


def _composite(values: np.ndarray, why: np.ndarray) -> np.ndarray:
    return median_of_looks(np.ascontiguousarray(values), np.ascontiguousarray(why == 0))


def _composite_unsaturated(values: np.ndarray, why: np.ndarray) -> np.ndarray:
    return _composite(values, np.where(values > BRIGHTEST, Status.SATURATED, why))


def _first_delay(why: np.ndarray, *, delays: np.ndarray) -> np.ndarray:
    """Delay of the usable look nearest to the event, -1 where there is none."""
    delay = np.full(why.shape[1:], -1, "int16")
    for look in reversed(range(len(why))):
        delay[why[look] == 0] = delays[look]
    return delay


def _first_reason(why: np.ndarray, *, absent: Status) -> np.ndarray:
    """0 where a look is usable, else the reason of the nearest look that has data at all."""
    reason = np.full(why.shape[1:], absent, "uint8")
    for look in reversed(range(len(why))):
        here = why[look] != absent
        reason[here] = why[look][here]
    return np.where((why == 0).any(axis=0), np.uint8(0), reason)


def _plane(
    channel: Channel, sides: dict[str, dict[str, da.Array]], terrain: dict[str, da.Array]
) -> da.Array:
    if channel.period is None:
        return terrain[channel.layer]
    side = sides[channel.period]
    if channel.layer not in INDEX_BANDS:
        return side[channel.layer]
    plus, minus = (side[band] for band in INDEX_BANDS[channel.layer])
    return da.map_blocks(normalised_difference, plus, minus, dtype="float32")
