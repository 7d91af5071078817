"""Labelled pixels of events, read through the same cube and features as a run."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import xarray as xr
from odc.geo.geobox import GeoBox
from rasterio.features import geometry_mask
from shapely.geometry.base import BaseGeometry

from lsbatch.catalog import rasterise
from lsbatch.cube import build_cube
from lsbatch.domain import Inputs, Preparation, Scenes, Status, project_area
from lsbatch.errors import RecipeError
from lsbatch.features import bands_to_read, features_halo, prepare
from lsbatch.kernels import shadow_halo

FEWEST_PIXELS = 4
"""Area of the smallest landslide that counts, in pixels of the grid."""


@dataclass(frozen=True, slots=True)
class EventPixels:
    """One composite pair of one event."""

    event_id: str
    channels: npt.NDArray[np.float16]
    """(H, W, C) in a detector's units; NaN = not usable. Half precision: reflectance is kept to
    within 5e-4 of itself, finer than any sensor's noise."""
    label: npt.NDArray[np.bool_]
    """(H, W) mapped landslides."""
    counts: npt.NDArray[np.bool_]
    """(H, W) where the label holds: inside the mapped extent, scored in a run, and not touched by
    a landslide of less than `FEWEST_PIXELS`, which nobody can ask a network to draw."""


def read_pixels(
    event_id: str,
    scenes: Scenes,
    grid: GeoBox,
    *,
    inputs: Inputs,
    inventory: gpd.GeoDataFrame,
    extent: BaseGeometry,
) -> EventPixels:
    """Channels and labels of an event's grid.

    Parameters
    ----------
    event_id : str
    scenes : Scenes
        As a plan has them.
    grid : GeoBox
    inputs : Inputs
        What the network asks to see.
    inventory : GeoDataFrame
        Mapped landslides.
    extent : polygon(s), EPSG:4326
        Where they were mapped.
    """
    features = _features_of(scenes, grid, inputs).load(scheduler="threads")
    shape = (grid.shape.y, grid.shape.x)
    area = project_area(extent, grid.crs)
    inside = ~geometry_mask([area], out_shape=shape, transform=grid.affine)
    small = inventory[inventory.to_crs(grid.crs).area < FEWEST_PIXELS * grid.resolution.x**2]
    tiny = rasterise(small, grid, all_touched=True).astype(bool)
    return EventPixels(
        event_id=event_id,
        channels=np.moveaxis(features["channels"].values, 0, -1).astype(np.float16),
        label=rasterise(inventory, grid).astype(bool),
        counts=inside & ~tiny & (features["status"].values == Status.SCORED),
    )


def _features_of(scenes: Scenes, grid: GeoBox, inputs: Inputs) -> xr.Dataset:
    """Features as a run with the default preparation makes them; lazy."""
    preparation, pixel_m = Preparation(), round(abs(float(grid.resolution.x)), 6)
    # slope and margins need more than the grid; it is read and cut off again, as a run's halo is
    halo = features_halo(preparation, pixel_m)
    cube = build_cube(
        scenes,
        grid.pad(halo),
        bands=bands_to_read(scenes, inputs, preparation),
        around_px=shadow_halo(pixel_m, preparation.shadow_reach_m),
    )
    inner = slice(halo, -halo)
    return prepare(cube, inputs, preparation).isel(y=inner, x=inner)


def trim(pixels: EventPixels, *, least_px: int) -> EventPixels:
    """The part that counts, widened with nothing where it is smaller than a patch."""
    if not pixels.counts.any():
        return pixels
    rows, cols = (np.flatnonzero(pixels.counts.any(axis=axis)) for axis in (1, 0))
    window = (slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1))
    parts = [part[window] for part in (pixels.channels, pixels.label, pixels.counts)]
    short = [max(0, least_px - extent) for extent in parts[1].shape]
    margins = ((0, short[0]), (0, short[1]))
    channels = np.pad(parts[0], (*margins, (0, 0)), constant_values=np.nan)
    label, counts = (np.pad(part, margins) for part in parts[1:])
    return EventPixels(pixels.event_id, channels, label, counts)


def check_classes(events: list[EventPixels]) -> None:
    """Raise RecipeError unless there are events, and labels of both kinds in them."""
    if not events:
        raise RecipeError("A training needs at least one event or chip; the recipe names none.")
    labels = [event.label[event.counts] for event in events]
    share = sum(int(part.sum()) for part in labels) / max(sum(part.size for part in labels), 1)
    if share in (0.0, 1.0):
        raise RecipeError(
            f"The labels of {len(events)} events are all of one class (landslide share {share:g}): "
            "a network cannot learn from them. Check inventories, areas and periods."
        )
