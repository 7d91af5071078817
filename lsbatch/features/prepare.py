"""prepare: the channels of a detector and, beside them, why a pixel may have no score."""

from collections.abc import Callable, Sequence
from typing import Any

import dask.array as da
import numpy as np
import xarray as xr

from lsbatch.domain import Channel, Inputs, Status, check_cube, check_features
from lsbatch.domain.inputs import INDEX_BANDS
from lsbatch.errors import ContractError
from lsbatch.features.usable import reasons_of
from lsbatch.kernels import aspect, median_of_looks, normalised_difference, slope

TERRAIN_HALO = 1
"""Context that slope and aspect need, pixels."""


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
        usable looks, as reflectance or index; slope and aspect in degrees, elevation in metres.
        ``status`` uint8: 0, or why the pixel was not usable before and after. ``pre_count``,
        ``post_count`` uint16. ``pre_delay``, ``post_delay`` int16 days, -1 = none. ``slope_deg``
        float32, NaN on the outer ring and beside missing elevation.

    Raises
    ------
    ContractError
        If the cube lacks a band that the detector asks for.
    """
    check_cube(cube)
    missing = [band for band in inputs.bands if band not in cube]
    if missing:
        raise ContractError(f"The cube lacks {', '.join(missing)}, which the detector asks to see.")
    reasons = reasons_of(cube, inputs.bands)
    terrain = _terrain_of(cube)
    sides = {name: _side(cube, reasons, inputs.bands, name) for name in ("pre", "post")}
    planes = [_plane(channel, sides, terrain) for channel in inputs.channels]
    status = _status(sides, dict(zip(inputs.channels, planes, strict=True)))
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


def _side(
    cube: xr.Dataset, reasons: da.Array, bands: Sequence[str], name: str
) -> dict[str, da.Array]:
    """Composite bands, count, delay and status of one period."""
    here = np.flatnonzero(cube["period"].values == name)
    delays = cube["delay_days"].values[here].astype("int16")
    absent = Status.NO_PRE if name == "pre" else Status.NO_POST
    why = reasons[here]
    side = {
        "count": (why == 0).sum(axis=0).astype("uint16"),
        "delay": _over_looks(_first_delay, why, dtype="int16", delays=delays),
        "status": _over_looks(_first_reason, why, dtype="uint8", absent=absent),
    }
    for band in bands:
        side[band] = _over_looks(
            _composite, da.asarray(cube[band].data)[here], why, dtype="float32"
        )
    return side


def _status(sides: dict[str, dict[str, da.Array]], planes: dict[Channel, da.Array]) -> da.Array:
    """Why a pixel has no score: the reason before the event, else that after it.

    An index may be undefined on a pixel whose bands have data (a sum of 0 or less); such a pixel
    has no usable look either.
    """
    status = da.where(sides["pre"]["status"] != 0, sides["pre"]["status"], sides["post"]["status"])
    for channel, plane in planes.items():
        if channel.layer in INDEX_BANDS:
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


def _terrain_of(cube: xr.Dataset) -> dict[str, da.Array]:
    # rounded: the difference of two large numbers ends in noise that depends on the window's place
    pixel_m = round(float(abs(cube["x"].values[1] - cube["x"].values[0])), 6)
    elevation = da.asarray(cube["elevation"].data)
    layers = {"elevation": elevation}
    for name, kernel in (("slope_deg", slope), ("aspect_deg", aspect)):
        layers[name] = da.map_overlap(
            kernel,
            elevation,
            depth=TERRAIN_HALO,
            boundary="none",
            dtype="float32",
            meta=np.empty((0, 0), "float32"),
            pixel_m=pixel_m,
        )
    return layers


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
