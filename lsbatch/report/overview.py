"""A product made small for the page, without losing its small landslides."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import odc.geo.xr  # noqa: F401  gives datasets their .odc
import xarray as xr
from numpy.typing import NDArray
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox

from lsbatch.domain import Status
from lsbatch.errors import ContractError

LONGEST_PX = 1000
"""Never more pixels than a figure has, so that drawing drops none of them."""
_STRIPE_PX = 512


@dataclass(frozen=True, slots=True, eq=False)
class Overview:
    """What the page's maps are drawn from; all arrays (h, w) of `geobox`."""

    score: NDArray[np.float32]
    """Highest score within each of its pixels; NaN = none there."""
    status: NDArray[np.uint8]
    detectable: NDArray[np.uint8]
    geobox: GeoBox
    present: tuple[Status, ...]
    """Every status that at least one pixel of the whole product has."""

    @property
    def crs(self) -> CRS:
        """The product's coordinate system."""
        assert self.geobox.crs is not None
        return self.geobox.crs


def read_overview(product: xr.Dataset, *, longest_px: int = LONGEST_PX) -> Overview:
    """Read a product once, stripe by stripe, and make it small.

    Parameters
    ----------
    product : Dataset, (y, x)
        With `score`, `status` and `detectable` of `PRODUCT_LAYERS`; may be indexed lazily.
    longest_px : int
        Pixels on its long side at most. Scores are reduced by their maximum, the other layers by
        taking every n-th pixel.

    Returns
    -------
    Overview
        Its last row and column reach beyond the product where the sides do not divide.

    Raises
    ------
    ContractError
        For a product without a grid, or with a status that has no meaning.
    """
    grid = product.odc.geobox
    if grid is None or grid.crs is None or product["status"].dims != ("y", "x"):
        raise ContractError(
            "A product needs layers of dims (y, x) on a grid; run `lsbatch verify`."
        )
    height, width = grid.shape
    step = max(1, math.ceil(max(height, width) / longest_px))
    small: tuple[list[Any], ...] = ([], [], [])
    seen: set[int] = set()
    stripe = step * math.ceil(_STRIPE_PX / step)
    for top in range(0, height, stripe):
        part = product.isel(y=slice(top, top + stripe))
        status = part["status"].values
        seen.update(np.unique(status).tolist())
        small[0].append(largest(part["score"].values, step))
        small[1].append(status[::step, ::step])
        small[2].append(part["detectable"].isel(y=slice(None, None, step)).values[:, ::step])
    score, status, detectable = (np.concatenate(parts) for parts in small)
    geobox = grid.pad_wh(step, step).zoom_out(step)
    return Overview(score, status, detectable, geobox, _known(seen))


def largest(values: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Maximum of each `step` x `step` cell, the last ones perhaps smaller; NaN where all is NaN."""
    height, width = values.shape
    rows = np.fmax.reduceat(values, np.arange(0, height, step), axis=0)
    return np.fmax.reduceat(rows, np.arange(0, width, step), axis=1)


def _known(values: set[int]) -> tuple[Status, ...]:
    known = [int(status) for status in Status]
    if unknown := sorted(values - set(known)):
        raise ContractError(
            f"A product's status is one of {known}; this one also holds {unknown}. "
            "Run `lsbatch verify` on it."
        )
    return tuple(Status(value) for value in sorted(values))
