"""The raster maps of one event, each a PNG file as bytes."""

from typing import Any

import matplotlib
import numpy as np
from geopandas import GeoDataFrame, GeoSeries
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from shapely import get_coordinates, get_parts
from shapely.geometry.base import BaseGeometry

from lsbatch.domain import Status
from lsbatch.report.canvas import (
    FULL_PX,
    INK,
    NO_DATA,
    Extent,
    finish_map,
    map_sheet,
)
from lsbatch.report.imagery import Views
from lsbatch.report.overview import Overview

OUTLINE = "#00f0ff"
"""Landslides over an image: a colour that neither vegetation, soil, snow nor water has."""
UNSEEN = "#7d8b99"
STATUS_COLOURS: dict[Status, str] = {
    Status.SCORED: "#f3f3ee",
    Status.NO_PRE: "#44aa99",
    Status.NO_POST: "#aa4499",
    Status.CLOUD: "#ddcc77",
    Status.SNOW: "#88ccee",
    Status.WATER: "#332288",
    Status.EXCLUDED: "#bfbfbf",
    Status.READ_FAILED: "#cc6677",
    Status.DETECTOR_FAILED: "#771144",
    Status.SHADOW: "#7f7f2a",
    Status.SATURATED: "#117733",
    Status.NOT_RUN: "#2b2b2b",
}
"""After Paul Tol's muted scheme, made for colour-blind readers."""
UNDETECTABLE_COLOUR = "#e0a98a"

_STRIP_PX = 62
_VEIL = 0.8
_RAMP_STEPS = 256


def draw_image(
    image: NDArray[np.uint8], extent: Extent, *, frame: Extent, aoi: BaseGeometry
) -> bytes:
    """One true-colour image (uint8, (H, W, 3)) with the AOI (in the map's CRS) outlined."""
    sheet = map_sheet(frame)
    sheet.axes.set_facecolor(NO_DATA)
    sheet.axes.imshow(image, extent=extent, interpolation="antialiased", aspect="auto")
    outline(sheet.axes, [aoi], colour="white", width=1.0)
    return finish_map(sheet)


def draw_score(
    overview: Overview,
    views: Views | None,
    *,
    frame: Extent,
    aoi: BaseGeometry,
    threshold: float,
) -> bytes:
    """Score over hillshade, with a key that marks the threshold; unseen ground is blue-grey."""
    extent = Extent.of(overview.geobox)
    sheet = map_sheet(frame, long_px=FULL_PX, strip_px=_STRIP_PX)
    if views and views.relief is not None:
        sheet.axes.imshow(
            views.relief, extent=views.extent, interpolation="bilinear", aspect="auto"
        )
    sheet.axes.imshow(_score_colours(overview.score), extent=extent, aspect="auto", **_EXACT)
    outline(sheet.axes, [aoi], colour=INK, width=0.8)
    _add_score_key(sheet.strip, threshold, points=sheet.points)
    return finish_map(sheet, keep=_key_colours())


def draw_landslides(
    landslides: GeoDataFrame, overview: Overview, views: Views | None, *, frame: Extent
) -> bytes:
    """Landslide polygons outlined over the image after the event; unseen ground is veiled."""
    extent = Extent.of(overview.geobox)
    sheet = map_sheet(frame, long_px=FULL_PX)
    _add_ground(sheet.axes, views)
    veil = np.zeros((*overview.status.shape, 4))
    veil[overview.status != Status.SCORED] = (*to_rgb(UNSEEN), 0.6)
    sheet.axes.imshow(veil, extent=extent, aspect="auto", **_EXACT)
    outline(sheet.axes, landslides.geometry, colour=OUTLINE, width=0.8, casing=True)
    return finish_map(sheet, keep=[OUTLINE])


def draw_status(overview: Overview, *, frame: Extent, aoi: BaseGeometry) -> bytes:
    """Why each pixel has, or has not, a score; its key stands on the page."""
    extent = Extent.of(overview.geobox)
    sheet = map_sheet(frame)
    table = np.zeros((256, 3), np.float32)
    for status, colour in STATUS_COLOURS.items():
        table[status] = to_rgb(colour)
    colours = table[overview.status]
    untold = (overview.status == Status.SCORED) & (overview.detectable == 0)
    colours[untold] = to_rgb(UNDETECTABLE_COLOUR)
    sheet.axes.imshow(colours, extent=extent, aspect="auto", **_EXACT)
    outline(sheet.axes, [aoi], colour=INK, width=1.0)
    return finish_map(sheet, keep=[*STATUS_COLOURS.values(), UNDETECTABLE_COLOUR])


def outline(
    axes: Axes,
    shapes: GeoSeries | list[BaseGeometry],
    *,
    colour: str,
    width: float,
    casing: bool = False,
) -> None:
    """Draw the rings of polygons, all of them at least one pixel wide."""
    polygons = get_parts(np.asarray(shapes, object))
    rings = [
        get_coordinates(ring)
        for polygon in polygons
        if polygon is not None and polygon.geom_type == "Polygon" and not polygon.is_empty
        for ring in (polygon.exterior, *polygon.interiors)
    ]
    if casing:
        axes.add_collection(
            LineCollection(rings, colors="#06202c", linewidths=width + 1.1, alpha=0.55)
        )
    axes.add_collection(LineCollection(rings, colors=colour, linewidths=width), autolim=False)


_EXACT: dict[str, Any] = {"interpolation": "nearest", "resample": False}
"""Each array pixel as it is: averaging on the way to the page would fade small landslides."""


def _add_ground(axes: Axes, views: Views | None) -> None:
    axes.set_facecolor(NO_DATA)
    if views is None:
        return
    ground = views.relief if views.post is None else views.post
    if ground is not None:
        axes.imshow(ground, extent=views.extent, interpolation="antialiased", aspect="auto")


def _ramp() -> NDArray[np.float64]:
    """RGBA for scores from 0 to 1: low ones let the hillshade through."""
    level = np.linspace(0, 1, _RAMP_STEPS)
    colours = matplotlib.colormaps["inferno_r"](0.06 + 0.86 * level)
    colours[:, 3] = np.clip(0.12 + 1.7 * level, 0, 0.95)
    return colours


def _key_colours() -> list[str]:
    """The key's colours as they are on white, few enough to leave room for the map's."""
    colours = np.vstack([_ramp()[::8], (*to_rgb(UNSEEN), _VEIL)])
    alpha = colours[:, 3:]
    return [to_hex(colour) for colour in alpha * colours[:, :3] + 1 - alpha]


def _score_colours(score: NDArray[np.float32]) -> NDArray[np.float64]:
    seen = np.isfinite(score)
    level = np.where(seen, np.clip(score, 0, 1), 0) * (_RAMP_STEPS - 1)
    colours = _ramp()[level.round().astype(np.intp)]
    colours[~seen] = (*to_rgb(UNSEEN), _VEIL)
    return colours


def _add_score_key(strip: Axes, threshold: float, *, points: float) -> None:
    size: dict[str, Any] = {"fontsize": points, "color": INK}
    width = strip.get_xlim()[1]
    left, right = max(0.07 * width, 62), 0.58 * width
    strip.imshow(_ramp()[None], extent=(left, right, 20, 36), aspect="auto")
    strip.set(xlim=(0, width), ylim=(0, _STRIP_PX))
    for level in (0, 0.5, 1):
        strip.text(left + level * (right - left), 3, f"{level:g}", ha="center", **size)
    mark = left + threshold * (right - left)
    strip.plot((mark, mark), (18, 42), color=INK, linewidth=1.8)
    strip.text(mark, 45, f"threshold {threshold:g}", ha="center", **size)
    strip.text(left - 10, 28, "score", ha="right", va="center", **size)
    strip.add_patch(
        Rectangle((0.66 * width, 20), 0.04 * width, 16, facecolor=(*to_rgb(UNSEEN), _VEIL))
    )
    strip.text(0.715 * width, 28, "not observed", va="center", **size)
