"""Monthly medians of a series of looks, as time-series methods need them; lazy."""

from collections.abc import Sequence

import dask.array as da
import numpy as np
import xarray as xr

from lsbatch.domain import Preparation, Status, check_cube
from lsbatch.domain.inputs import INDEX_BANDS
from lsbatch.errors import ContractError
from lsbatch.features.composite import median_look
from lsbatch.features.usable import reasons_of
from lsbatch.kernels import normalised_difference

MONTHS = tuple((first, first + 29) for first in (1 + round(30.4 * month) for month in range(12)))
"""First and last day of the year of each bin, 30 days each.

Source: the script of ALDI 1.1 (Milledge et al. 2022, Natural Hazards and Earth System Sciences 22).
Days 61, 122, 213, 274, 365 and 366 lie in none of them.
"""


def monthly_medians(values: xr.Dataset, usable: xr.DataArray) -> xr.Dataset:
    """Median of the usable looks of each month, whatever the year; lazy.

    Parameters
    ----------
    values : Dataset, dims (time, y, x)
        Any measurements, float32, NaN = no data; ``time`` in UTC, in any order.
    usable : DataArray, bool, dims (time, y, x)
        Looks that count.

    Returns
    -------
    Dataset, dims (month, y, x)
        Each variable's median, float32, NaN in a month without a usable look; ``count`` uint16, the
        usable looks. ``month`` is 1 to 12, by the bins of `MONTHS`.
    """
    days = values["time"].dt.dayofyear.values
    bins = [np.flatnonzero((days >= first) & (days <= last)) for first, last in MONTHS]
    seen = da.asarray(usable.data)
    medians = {}
    for name, variable in values.data_vars.items():
        data = da.asarray(variable.data).astype("float32")
        medians[name] = da.stack([_median(data[here], seen[here]) for here in bins])
    medians["count"] = da.stack([seen[here].sum(axis=0).astype("uint16") for here in bins])
    coords = {name: c for name, c in values.coords.items() if "time" not in c.dims}
    return xr.Dataset(
        {name: (("month", "y", "x"), data) for name, data in medians.items()},
        coords={**coords, "month": np.arange(1, 13)},
    )


def prepare_months(
    cube: xr.Dataset, layers: Sequence[str], preparation: Preparation | None = None
) -> xr.Dataset:
    """Monthly medians of bands and indices, before and after the event; lazy.

    Parameters
    ----------
    cube : Dataset, dims (time, y, x)
        As `build_cube` makes it.
    layers : sequence of str
        Bands by common name, and indices (``ndvi``, ``ndwi``), of which the median is taken look by
        look.
    preparation : Preparation, optional
        What is set aside; its composites do not matter here.

    Returns
    -------
    Dataset, dims (period, month, y, x)
        As `monthly_medians`, with ``period`` pre and post.

    Raises
    ------
    ContractError
        If the cube lacks a band.

    Examples
    --------
    >>> plan = build_plan(Recipe(event="hokkaido-2018", source="earth-search", looks=20,
    ...                          detector="ndvi-change"))  # doctest: +SKIP
    >>> cube = build_cube(plan.scenes, plan.grid, bands=("red", "nir"),
    ...                   chunk_px=512)  # doctest: +SKIP
    >>> july = prepare_months(cube, ("ndvi",)).sel(period="pre", month=7)  # doctest: +SKIP
    """
    check_cube(cube)
    bands = list(dict.fromkeys(b for layer in layers for b in INDEX_BANDS.get(layer, (layer,))))
    missing = [band for band in bands if band not in cube]
    if missing:
        raise ContractError(f"The cube lacks {', '.join(missing)}, of which months are asked for.")
    usable = xr.DataArray(
        reasons_of(cube, bands, preparation) == Status.SCORED, dims=("time", "y", "x")
    )
    values = xr.Dataset(
        {layer: (("time", "y", "x"), _layer(cube, layer)) for layer in layers},
        coords={name: cube.coords[name] for name in ("time", "y", "x", "spatial_ref")},
    )
    sides = []
    for name in ("pre", "post"):
        here = np.flatnonzero(cube["period"].values == name)
        sides.append(monthly_medians(values.isel(time=here), usable.isel(time=here)))
    return xr.concat(sides, dim=xr.Variable("period", ["pre", "post"]))


def _layer(cube: xr.Dataset, layer: str) -> da.Array:
    if layer not in INDEX_BANDS:
        return da.asarray(cube[layer].data)
    plus, minus = (da.asarray(cube[band].data) for band in INDEX_BANDS[layer])
    return da.map_blocks(normalised_difference, plus, minus, dtype="float32")


def _median(values: da.Array, usable: da.Array) -> da.Array:
    if not values.shape[0]:
        return da.full(values.shape[1:], np.float32(np.nan), chunks=values.chunks[1:])
    whole = [array.rechunk({0: -1}) for array in (values, usable)]
    return da.map_blocks(median_look, *whole, drop_axis=0, dtype="float32")
