"""prepare: the channels of a detector and, beside them, why a pixel may have no score."""

from collections.abc import Callable, Sequence
from typing import Any

import dask.array as da
import numpy as np
import xarray as xr

from lsbatch.domain import (
    Channel,
    Composite,
    Inputs,
    Preparation,
    Status,
    check_cube,
    check_features,
)
from lsbatch.domain.inputs import COS_I, INDEX_BANDS
from lsbatch.domain.preparation import GREENEST_BANDS
from lsbatch.errors import ContractError
from lsbatch.features import composite
from lsbatch.features.ground import light_of, mean_light, terrain_of
from lsbatch.features.level import leveled
from lsbatch.features.usable import is_saturated, reasons_of
from lsbatch.kernels import normalised_difference


def prepare(cube: xr.Dataset, inputs: Inputs, preparation: Preparation | None = None) -> xr.Dataset:
    """Channels and observation layers of a cube; lazy, nothing is computed.

    Parameters
    ----------
    cube : Dataset, dims (time, y, x)
        As `build_cube` makes it, looks of each period in order of nearness to the event.
    inputs : Inputs
        The detector's request.
    preparation : Preparation, optional
        What is set aside, and which composite is made; the default one if left out.

    Returns
    -------
    Dataset
        ``channels`` (channel, y, x) float32, NaN = not usable: of each period the composite of the
        usable looks, as reflectance or index; of each period the mean light (cos i) of the looks
        that it rests on; slope and aspect in degrees, elevation in metres. ``status`` uint8: 0, or
        why the pixel was not usable in the periods that the detector needs. ``pre_count``,
        ``post_count`` uint16, 0 for a period that is not needed. ``pre_delay``, ``post_delay``
        int16 days, -1 = none: of the look used, and with the median of the one nearest to the
        event. ``slope_deg`` float32, NaN on the outer ring and beside missing elevation.

    Raises
    ------
    ContractError
        If the cube lacks a band that the detector or the composite must have, or its surroundings
        end within the reach of shadows.

    Notes
    -----
    Needs halo `features_halo`. Terrain shadow is found where the cube holds its surroundings
    (``build_cube(..., around_px=shadow_halo(pixel_m, reach_m))``).

    A look is usable by its quality flags and required bands alone. An optional band that is missing
    or saturated at such a look counts as missing in that band only, and changes neither ``status``
    nor any count; where no usable look has it, its channel is NaN. With `best` and `greenest` it is
    taken from the look chosen, and is NaN where that one lacks it. Where the cube has a C for a
    band of a look, the light of slopes is taken out of it (SCS+C); what is set aside, and which
    look is the greenest, is decided on the images as they are. (Red, green and blue also serve
    the screen of looks without flags, see `reasons_of`, whoever asked for them.)
    """
    check_cube(cube)
    chosen = preparation or Preparation()
    _check_bands(cube, inputs, chosen)
    reasons = reasons_of(cube, inputs.bands, chosen)
    terrain = terrain_of(cube)
    sides = {
        name: _side(cube, reasons, inputs, name, getattr(chosen, name)) for name in ("pre", "post")
    }
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


def _check_bands(cube: xr.Dataset, inputs: Inputs, preparation: Preparation) -> None:
    missing = [band for band in inputs.bands if band not in cube]
    if missing:
        raise ContractError(f"The cube lacks {', '.join(missing)}, which the detector asks to see.")
    missing = [band for band in preparation.bands if band not in cube]
    if missing and "pre" in inputs.periods:
        raise ContractError(
            f"The cube lacks {', '.join(missing)}: the greenest look is found by near infrared and "
            "red. Choose median or best."
        )


def _side(
    cube: xr.Dataset, reasons: da.Array, inputs: Inputs, name: str, kind: Composite
) -> dict[str, da.Array]:
    """Composite bands, light, count, delay and status of one period; no look where not needed."""
    here = np.flatnonzero((cube["period"].values == name) & (name in inputs.periods))
    absent = Status.NO_PRE if name == "pre" else Status.NO_POST
    why = reasons[here]
    usable = why == 0
    chosen = _chosen(cube, here, usable, kind)
    delays = cube["delay_days"].values[here].astype("int16")
    side = {
        "count": usable.sum(axis=0).astype("uint16"),
        "delay": da.map_blocks(composite.delay_of, chosen, delays=delays, dtype="int16"),
        "status": _over_looks(composite.reason_of, why, dtype="uint8", absent=int(absent)),
    }

    def compose(values: da.Array, counts: da.Array) -> da.Array:
        if kind == "median":
            return _over_looks(composite.median_look, values, counts, dtype="float32")
        kept = da.where(counts, values, np.float32(np.nan))
        return _by_look(kept, chosen)

    for band in inputs.bands:
        side[band] = compose(leveled(cube, band)[here], usable)
    for band in inputs.optional_bands:
        if band not in cube:
            side[band] = da.full(why.shape[1:], np.float32(np.nan), chunks=why.chunks[1:])
        else:
            seen = usable & ~_saturated(cube, band, here)
            side[band] = compose(leveled(cube, band)[here], seen)
    if any(channel.layer == COS_I and channel.period == name for channel in inputs.channels):
        side[COS_I] = _light(cube, here, usable if kind == "median" else _alone(chosen, here))
    return side


def _chosen(cube: xr.Dataset, here: np.ndarray, usable: da.Array, kind: Composite) -> da.Array:
    """Place of the look that a pixel rests on; of a median, of the one nearest to the event."""
    if kind != "greenest" or not here.size:
        return _over_looks(composite.nearest_look, usable, dtype="int16")
    bands = [da.asarray(cube[band].data)[here] for band in GREENEST_BANDS]
    return _over_looks(composite.greenest_look, usable, *bands, dtype="int16")


def _by_look(values: da.Array, chosen: da.Array) -> da.Array:
    whole = values.rechunk({0: -1, 1: chosen.chunks[0], 2: chosen.chunks[1]})
    return da.map_blocks(composite.look_chosen, whole, chosen, drop_axis=0, dtype="float32")


def _alone(chosen: da.Array, here: np.ndarray) -> da.Array:
    """Whether each look is the chosen one, (looks, y, x)."""
    if not here.size:
        return da.zeros((0, *chosen.shape), dtype=bool, chunks=-1)
    return da.stack([chosen == look for look in range(here.size)])


def _saturated(cube: xr.Dataset, band: str, here: np.ndarray) -> da.Array:
    if not here.size:
        return da.zeros((0, cube.sizes["y"], cube.sizes["x"]), dtype=bool, chunks=-1)
    looks = [cube.isel(time=index) for index in here]
    return da.stack([is_saturated(look, band) for look in looks])


def _light(cube: xr.Dataset, here: np.ndarray, counts: da.Array) -> da.Array:
    if not here.size:
        return da.full(counts.shape[1:], np.float32(np.nan), chunks=counts.chunks[1:])
    return _over_looks(mean_light, light_of(cube, here), counts, dtype="float32")


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
