"""What is measured on the pixels of each landslide: score, delays and terrain."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from scipy.ndimage import label

from lsbatch.analysis.outlines import Outlines
from lsbatch.domain import LANDSLIDE
from lsbatch.errors import ContractError
from lsbatch.kernels import aspect, slope

Terrain = Callable[[GeoBox], NDArray[np.float32]]
"""Elevation over a grid: float32 (H, W), metres, NaN = no data."""


class _Owned:
    """Pixels of landslides, one after the other, each from top left to bottom right."""

    def __init__(self, landslide: NDArray[np.bool_], first: NDArray[np.int64]) -> None:
        # a landslide that lies within the window is one component of it: found by any of its pixels
        labels, count = label(landslide)
        number = np.full(count + 1, -1, np.int32)
        number[labels[tuple(first.T)]] = np.arange(len(first))
        owner = number[labels].ravel()
        pixels = np.flatnonzero(owner >= 0)
        self.pixels = pixels[np.argsort(owner[pixels], kind="stable")]
        self.owner = owner[self.pixels]
        self.starts = np.searchsorted(self.owner, np.arange(len(first)))

    def total(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Sum of each polygon's values that are not NaN."""
        own = values.ravel()[self.pixels].astype(np.float64)
        sums = np.bincount(self.owner, np.nan_to_num(own), minlength=len(self.starts))
        return sums.astype(np.float64)

    def mean(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Mean of each polygon's values that are not NaN; NaN without any."""
        count = self.total(~np.isnan(values))
        return self.total(values) / np.where(count > 0, count, np.nan)

    def highest(self, values: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Each polygon's highest value, NaN without any, and the first pixel that has it."""
        own = values.ravel()[self.pixels].astype(np.float64)
        order = np.lexsort((np.where(np.isnan(own), np.inf, -own), self.owner))
        first = order[self.starts]
        return own[first], self.pixels[first]


def measure_pixels(
    product: xr.Dataset, outlines: Outlines, *, side_px: int, terrain: Terrain | None
) -> pd.DataFrame:
    """Measures of each landslide's pixels, in the order of the outlines.

    Score and terrain are read once for all landslides whose centroid lies in one window.

    Parameters
    ----------
    product : Dataset, (y, x)
    outlines : Outlines
        At least one.
    side_px : int
        Side of a window.
    terrain : callable or None
        Elevation over any grid aligned to the product's.

    Returns
    -------
    DataFrame
        `score_mean`, `score_max`; `slope_mean_deg`, `aspect_deg`, `relief_m`; `crown_x`, `crown_y`,
        `toe_x`, `toe_y` (pixel units); `pre_delay_days`, `post_delay_days`. NaN = not known.

    Raises
    ------
    ContractError
        If `terrain` returns another shape than asked for.
    """
    centres = shapely.centroid(outlines.polygons)
    cells = np.floor(np.stack([shapely.get_y(centres), shapely.get_x(centres)], 1) / side_px)
    _, group = np.unique(cells, axis=0, return_inverse=True)
    order = np.argsort(group, kind="stable")
    parts = [
        _measure_group(product, outlines.take(members), terrain).set_axis(members)
        for members in np.split(order, np.cumsum(np.bincount(group))[:-1])
    ]
    return pd.concat(parts).sort_index()


def _measure_group(
    product: xr.Dataset, outlines: Outlines, terrain: Terrain | None
) -> pd.DataFrame:
    left, top, right, bottom = shapely.total_bounds(outlines.polygons).astype(int)
    roi = slice(top, bottom), slice(left, right)
    landslide = product["landslide"][roi].values == LANDSLIDE
    owned = _Owned(landslide, outlines.first - (top, left))
    score = product["score"][roi].values
    measures = {"score_mean": owned.mean(score), "score_max": owned.highest(score)[0]}
    measures |= _terrain_measures(owned, product.odc.geobox[roi], terrain)
    for end in ("crown", "toe"):
        measures[f"{end}_x"] += left
        measures[f"{end}_y"] += top
    for side in ("pre", "post"):
        days, _ = owned.highest(product[f"{side}_delay"][roi].values)
        measures[f"{side}_delay_days"] = np.where(days < 0, np.nan, days)
    return pd.DataFrame(measures)


def _terrain_measures(
    owned: _Owned, geobox: GeoBox, terrain: Terrain | None
) -> dict[str, NDArray[np.float64]]:
    """Slope, aspect, relief and the pixel centres of crown and toe, in pixels of the window."""
    if terrain is None:
        names = ("slope_mean_deg", "aspect_deg", "relief_m", "crown_x", "crown_y", "toe_x", "toe_y")
        return {name: np.full(len(owned.starts), np.nan) for name in names}
    padded = geobox.pad(1)  # Horn's differences need one pixel around
    dem = terrain(padded)
    if dem.shape != tuple(padded.shape):
        raise ContractError(
            f"Terrain over a grid of {tuple(padded.shape)} pixels must have that shape; "
            f"received {dem.shape}."
        )
    side_m = abs(float(geobox.resolution.x))
    inner = slice(1, -1), slice(1, -1)
    slope_deg, facing = slope(dem, side_m)[inner], np.deg2rad(aspect(dem, side_m)[inner])
    # weighted by slope: flat ground, which has no aspect, counts for nothing
    north = owned.total(slope_deg * np.cos(facing))
    east = owned.total(slope_deg * np.sin(facing))
    aspect_deg = np.rad2deg(np.arctan2(east, north)) % 360
    ground = np.ascontiguousarray(dem[inner])
    (high, crown), (low, toe) = owned.highest(ground), owned.highest(-ground)
    known = ~np.isnan(high)
    width = geobox.shape.x
    return {
        "slope_mean_deg": owned.mean(slope_deg),
        "aspect_deg": np.where(np.hypot(north, east) > 0, aspect_deg, np.nan),
        "relief_m": high + low,
        "crown_x": np.where(known, crown % width + 0.5, np.nan),
        "crown_y": np.where(known, crown // width + 0.5, np.nan),
        "toe_x": np.where(known, toe % width + 0.5, np.nan),
        "toe_y": np.where(known, toe // width + 0.5, np.nan),
    }
