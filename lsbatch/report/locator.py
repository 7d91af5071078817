"""Where on the globe an event lies."""

import json
import math
from pathlib import Path

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from lsbatch.domain import Event
from lsbatch.report.canvas import HALF_PX, INK, MUTED, add_north, blank, encode
from lsbatch.report.figures import outline

AREA, STAR = "#b3261e", "#f59e0b"
_LAND, _SEA, _COAST = "#dcd9cf", "#eaf2f7", "#a9a597"
_REACH_DEG = 9.0
"""Latitudes north and south of the event on the regional map."""
_HEIGHT_PX = 620


def draw_locator(event: Event, land_file: Path | None) -> bytes:
    """Region of the event, and a small world beside it, in degrees.

    Parameters
    ----------
    event : Event
    land_file : Path or None
        GeoJSON features of the world's land; where it is absent only the graticule is drawn.
    """
    aoi = unwrap(event.aoi)
    lon, lat = aoi.centroid.x, float(np.clip(aoi.centroid.y, -78, 78))
    land = _read_land(land_file)
    figure = blank(HALF_PX, _HEIGHT_PX)
    region = figure.add_axes((0.05, 0.05, 0.94, 0.94))
    reach = _REACH_DEG * HALF_PX / _HEIGHT_PX / math.cos(math.radians(lat))
    _add_land(region, land, lon=lon)
    region.set(xlim=(lon - reach, lon + reach), ylim=(lat - _REACH_DEG, lat + _REACH_DEG))
    _add_degrees(region)
    outline(region, [aoi], colour=AREA, width=1.8)
    _add_star(region, event, lon=lon)
    add_north(region, points=11)
    world = figure.add_axes((0.07, 0.075, 0.36, 0.18 * HALF_PX / _HEIGHT_PX))
    _add_land(world, land, lon=lon)
    world.set(xlim=(lon - 180, lon + 180), ylim=(-90, 90), xticks=[], yticks=[])
    corner = (lon - reach, lat - _REACH_DEG)
    box = Rectangle(corner, 2 * reach, 2 * _REACH_DEG, edgecolor=AREA, linewidth=1.6)
    box.set_fill(False)
    world.add_patch(box)
    return encode(figure, keep=[AREA, STAR])


def unwrap(area: BaseGeometry) -> BaseGeometry:
    """Area (EPSG:4326) with its parts beyond the 180th meridian beside those before it."""
    west, _, east, _ = area.bounds
    if east - west <= 180:
        return area
    parts = shapely.get_parts(area)
    return shapely.MultiPolygon([translate(p, 360.0) if p.centroid.x < 0 else p for p in parts])


def degrees(value: float, signs: str) -> str:
    """Write an angle as in ``142\u00b0E``; `signs` are the letters for above and below zero."""
    value = (value + 180) % 360 - 180 if signs == "EW" else value
    size = f"{abs(value):.6g}\u00b0"
    return size if value in (0, -180) else size + signs[int(value < 0)]


def _read_land(path: Path | None) -> list[NDArray[np.float64]]:
    if path is None or not path.is_file():
        return []
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    shapes = np.array([shape(feature["geometry"]) for feature in features], object)
    return [shapely.get_coordinates(part.exterior) for part in shapely.get_parts(shapes)]


def _add_land(axes: Axes, land: list[NDArray[np.float64]], *, lon: float) -> None:
    axes.set_facecolor(_SEA if land else "white")
    turn = 360.0 if lon > 0 else -360.0
    rings = [ring + np.array([shift, 0]) for shift in (0.0, turn) for ring in land]
    axes.add_collection(PolyCollection(rings, facecolor=_LAND, edgecolor=_COAST, linewidth=0.5))
    for spine in axes.spines.values():
        spine.set(linewidth=0.6, color=MUTED)


def _add_degrees(axes: Axes) -> None:
    for axis, signs in ((axes.xaxis, "EW"), (axes.yaxis, "NS")):
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda value, _, s=signs: degrees(value, s)))
    axes.tick_params(labelsize=9.5, colors=MUTED, length=0, pad=3)
    axes.tick_params(axis="y", labelrotation=90)
    axes.grid(color="white", linewidth=0.8)


def _add_star(axes: Axes, event: Event, *, lon: float) -> None:
    if event.epicentre:
        x, y = event.epicentre
        x += 360 * round((lon - x) / 360)
        axes.plot(x, y, "*", color=STAR, markersize=19, markeredgecolor=INK, zorder=7)
