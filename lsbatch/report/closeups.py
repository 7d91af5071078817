"""A few places close up, before (if seen) and after: where landslides are largest and densest."""

from dataclasses import dataclass

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from lsbatch.report.canvas import NO_DATA, Extent, add_note, add_scale, blank, encode
from lsbatch.report.figures import OUTLINE, outline
from lsbatch.report.imagery import Views

MOST = 6
COARSEST_M = 40.0
"""Above this pixel side a landslide is a few pixels, and a close-up shows none of it."""
_SIDE_M = 1500.0
_SIDE_PX = 60
_PANEL_PX, _GAP_PX = 360, 8


@dataclass(frozen=True, slots=True, eq=False)
class Closeup:
    """One place, and the landslides in it."""

    extent: Extent
    landslides: GeoDataFrame
    """All whose polygon touches it."""

    @property
    def centre(self) -> tuple[float, float]:
        """(x, y) in the map's CRS."""
        left, right, bottom, top = self.extent
        return (left + right) / 2, (bottom + top) / 2


def choose_closeups(landslides: GeoDataFrame, views: Views) -> list[Closeup]:
    """Square places that do not overlap, by turns the largest landslide and the densest spot.

    Parameters
    ----------
    landslides : GeoDataFrame
        Polygons with `area_m2`, in the CRS of the views.
    views : Views

    Returns
    -------
    list of Closeup
        At most `MOST`; none without an image after the event, or where its pixels are too coarse.
    """
    if views.post is None or views.pixel_m > COARSEST_M:
        return []
    bounds = landslides.geometry.bounds.to_numpy()
    centres = (bounds[:, :2] + bounds[:, 2:]) / 2
    areas = landslides["area_m2"].to_numpy()
    least = max(_SIDE_M, _SIDE_PX * views.pixel_m)
    free = _inside(centres, views.extent)
    chosen: list[Closeup] = []
    while free.any() and len(chosen) < MOST:
        weight = _crowd(centres, free, least) if len(chosen) % 2 else areas
        pick = int(np.argmax(np.where(free, weight, -1)))
        side = max(least, 1.5 * float((bounds[pick, 2:] - bounds[pick, :2]).max()))
        extent = _place(centres[pick], side, views.extent)
        touching = landslides.sindex.query(_box(extent), predicate="intersects", sort=True)
        chosen.append(Closeup(extent, landslides.iloc[touching]))
        free &= (np.abs(centres - chosen[-1].centre) > (side + least) / 2).any(axis=1)
    return chosen


def draw_closeup(closeup: Closeup, views: Views) -> bytes:
    """Before (where there is such an image), and after with the landslides outlined, in a row."""
    panels = [(label, image) for label, image in _panels(views) if image is not None]
    width = len(panels) * (_PANEL_PX + _GAP_PX) - _GAP_PX
    figure = blank(width, _PANEL_PX)
    for column, (label, image) in enumerate(panels):
        left = column * (_PANEL_PX + _GAP_PX) / width
        axes = figure.add_axes((left, 0, _PANEL_PX / width, 1))
        axes.set(xticks=[], yticks=[], facecolor=NO_DATA)
        axes.imshow(image, extent=views.extent, interpolation="bicubic", aspect="auto")
        axes.set(xlim=closeup.extent[:2], ylim=closeup.extent[2:])
        axes.spines[:].set_visible(False)
        add_note(axes, (0.03, 0.965), label, points=11.5, va="top")
        if label == "after":
            outline(axes, closeup.landslides.geometry, colour=OUTLINE, width=1.3, casing=True)
            add_scale(axes, points=11.5)
    return encode(figure, keep=[OUTLINE])


def _panels(views: Views) -> tuple[tuple[str, NDArray[np.uint8] | None], ...]:
    return ("before", views.pre), ("after", views.post)


def _inside(centres: NDArray[np.float64], extent: Extent) -> NDArray[np.bool_]:
    x, y = centres.T
    east_west = (x > extent.left) & (x < extent.right)
    return np.asarray(east_west & (y > extent.bottom) & (y < extent.top))


def _crowd(centres: NDArray[np.float64], free: NDArray[np.bool_], side: float) -> NDArray[np.intp]:
    """How many landslides of those still free share the cell of each one."""
    cells = np.floor(centres / side).astype(np.int64)
    _, cell, count = np.unique(cells[free], axis=0, return_inverse=True, return_counts=True)
    crowd = np.zeros(len(centres), np.intp)
    crowd[free] = count[cell]
    return crowd


def _place(centre: NDArray[np.float64], side: float, whole: Extent) -> Extent:
    """Square around a point, moved to where there is an image."""
    side = min(side, whole.width, whole.height)
    left = float(np.clip(centre[0] - side / 2, whole.left, whole.right - side))
    bottom = float(np.clip(centre[1] - side / 2, whole.bottom, whole.top - side))
    return Extent(left, left + side, bottom, bottom + side)


def _box(extent: Extent) -> BaseGeometry:
    return shapely.box(extent.left, extent.bottom, extent.right, extent.top)
