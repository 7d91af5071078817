"""The mapped area and what lies around it, in the map's own grid."""

import math

import numpy as np
import shapely
from geopandas import GeoSeries
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from odc.geo.crs import CRS
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from lsbatch.domain import Event, Status
from lsbatch.report.canvas import INK, Extent, Sheet, add_note, finish_map, map_sheet, round_step
from lsbatch.report.figures import outline
from lsbatch.report.locator import AREA, STAR, degrees
from lsbatch.report.overview import Overview

OBSERVED = "#a5d3c6"
_POINTS_ON_LINE = 49
_COMPASS = (
    "north",
    "north-east",
    "east",
    "south-east",
    "south",
    "south-west",
    "west",
    "north-west",
)


def draw_surroundings(
    event: Event, overview: Overview, *, aoi: BaseGeometry, landslides: GeoSeries
) -> bytes:
    """AOI, observed ground, landslides and epicentre, with a graticule.

    Parameters
    ----------
    event : Event
    overview : Overview
    aoi : polygon(s)
        The event's AOI in the CRS of the overview.
    landslides : GeoSeries
        Polygons in that CRS; shown as dots.
    """
    crs, extent = overview.crs, Extent.of(overview.geobox)
    star = _project_epicentre(event, crs)
    sheet = map_sheet(_frame_of(extent, aoi, star))
    seen = np.zeros((*overview.status.shape, 4))
    seen[overview.status == Status.SCORED] = to_rgba(OBSERVED)
    sheet.axes.imshow(seen, extent=extent, interpolation="nearest", aspect="auto")
    _add_graticule(sheet.axes, crs)
    centres = shapely.get_coordinates(shapely.centroid(np.asarray(landslides, object)))
    sheet.axes.plot(*centres.T, ".", color=INK, markersize=2.4, zorder=4)
    outline(sheet.axes, [aoi], colour=AREA, width=1.8)
    if star:
        _place_star(sheet, star)
    return finish_map(sheet, keep=[AREA, STAR])


def _project_epicentre(event: Event, crs: CRS) -> tuple[float, float] | None:
    if event.epicentre is None:
        return None
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(*event.epicentre)
    return (x, y) if math.isfinite(x) and math.isfinite(y) else None


def _frame_of(extent: Extent, aoi: BaseGeometry, star: tuple[float, float] | None) -> Extent:
    """Grid and AOI with a margin, and the epicentre too where that costs little of the map."""
    west, south, east, north = aoi.bounds
    west, east = min(west, extent.left), max(east, extent.right)
    south, north = min(south, extent.bottom), max(north, extent.top)
    reach = 0.5 * max(east - west, north - south)
    if star and shapely.box(west, south, east, north).buffer(reach).contains(shapely.Point(star)):
        west, east = min(west, star[0]), max(east, star[0])
        south, north = min(south, star[1]), max(north, star[1])
    margin = 0.06 * max(east - west, north - south)
    return Extent(west - margin, east + margin, south - margin, north + margin)


def _place_star(sheet: Sheet, star: tuple[float, float]) -> None:
    (left, right), (bottom, top) = sheet.axes.get_xlim(), sheet.axes.get_ylim()
    if left < star[0] < right and bottom < star[1] < top:
        sheet.axes.plot(*star, "*", color=STAR, markersize=19, markeredgecolor=INK, zorder=7)
        return
    east, north = star[0] - (left + right) / 2, star[1] - (bottom + top) / 2
    bearing = _COMPASS[round(math.degrees(math.atan2(east, north)) / 45) % 8]
    note = f"epicentre {math.hypot(east, north) / 1000:.0f} km to the {bearing}"
    add_note(sheet.axes, (0.04, 0.965), note, points=sheet.points, va="top")


def _add_graticule(axes: Axes, crs: CRS) -> None:
    """Lines of equal longitude and latitude, labelled where they meet the left and lower edge."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    lons, lats = _degrees_around(crs, shapely.box(left, bottom, right, top))
    step = round_step(max(np.ptp(lons), np.ptp(lats)) / 3)
    across = np.linspace(lons.min(), lons.max(), _POINTS_ON_LINE)
    along = np.linspace(lats.min(), lats.max(), _POINTS_ON_LINE)
    to_metres = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform
    places: tuple[dict[float, str], dict[float, str]] = ({}, {})
    for lon in _multiples(across, step):
        x, y = to_metres(np.full(along.size, lon), along)
        axes.plot(x, y, color=INK, linewidth=0.5, alpha=0.35, zorder=3)
        places[0][float(np.interp(bottom, y, x))] = degrees(lon, "EW")
    for lat in _multiples(along, step):
        x, y = to_metres(across, np.full(across.size, lat))
        axes.plot(x, y, color=INK, linewidth=0.5, alpha=0.35, zorder=3)
        places[1][float(np.interp(left, x, y))] = degrees(lat, "NS")
    axes.set_xticks(list(places[0]), places[0].values())
    axes.set_yticks(list(places[1]), places[1].values())


def _degrees_around(crs: CRS, box: BaseGeometry) -> tuple[np.ndarray, np.ndarray]:
    edge = shapely.get_coordinates(shapely.segmentize(box.exterior, box.length / 64))
    lons, lats = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(*edge.T)
    return np.unwrap(lons, period=360), lats


def _multiples(values: np.ndarray, step: float) -> np.ndarray:
    first, last = math.ceil(values.min() / step), math.floor(values.max() / step)
    return np.array([round(step * count, 9) for count in range(first, last + 1)])
