"""Areas at the 180th meridian: cut in two there, one side of them, and their box."""

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from lsbatch.errors import CatalogError

SIDES = ("east", "west")
"""Eastern longitudes, which end at the 180th meridian, and western ones, which begin there."""


def cut_at_180(area: BaseGeometry) -> BaseGeometry:
    """The area with every part on one side of the 180th meridian.

    Parameters
    ----------
    area : polygon(s), EPSG:4326
        A ring that jumps by more than 180 degrees from one corner to the next is meant to cross
        the meridian the short way: from 179 to -179 it goes 2 degrees, not 358. Longitudes beyond
        180 are counted on from the other side.

    Returns
    -------
    Polygon or MultiPolygon
        In longitude -180 to 180 (RFC 7946, 3.1.9); the area itself where no ring crosses.

    Raises
    ------
    CatalogError
        For a ring around a pole.
    """
    parts = shapely.get_parts(area)
    if not any(_reaches_over(part) for part in parts):
        return area
    return shapely.union_all([piece for part in parts for piece in _cut(part)])


def side_of(area: BaseGeometry, side: str | None) -> BaseGeometry:
    """The area, or the part of it on one side of the 180th meridian.

    Parameters
    ----------
    area : polygon(s), EPSG:4326
        As `cut_at_180` gives it.
    side : str, optional
        east: eastern longitudes, west: western ones. To be named only where there are both.

    Raises
    ------
    CatalogError
        For an area with two sides without a word which, and the other way round.
    """
    west, _, east, _ = area.bounds
    if east - west <= 180:
        if side is None:
            return area
        raise CatalogError(
            f"The area lies between longitude {west:g} and {east:g}, not on both sides of the "
            "180th meridian; leave --aoi-side out."
        )
    if side is None:
        raise CatalogError(
            "A map lies on one side of the 180th meridian, and the area on both. Make two maps: "
            "one with --aoi-side east, one with --aoi-side west, each with its own --out."
        )
    parts = shapely.get_parts(area)
    eastern = shapely.bounds(parts)[:, 0] >= 0
    return shapely.union_all(parts[eastern if side == "east" else ~eastern])


def box_of(area: BaseGeometry) -> tuple[float, float, float, float]:
    """West, south, east and north of an area that `cut_at_180` gave, degrees.

    Of one on both sides of the 180th meridian west is greater than east (RFC 7946, 5.2).
    """
    west, south, east, north = area.bounds
    if east - west <= 180:
        return west, south, east, north
    parts = shapely.bounds(shapely.get_parts(area))
    eastern = parts[:, 0] >= 0
    return float(parts[eastern, 0].min()), south, float(parts[~eastern, 2].max()), north


def _cut(part: BaseGeometry) -> list[BaseGeometry]:
    """Pieces of one polygon, each within -180 to 180."""
    if not _reaches_over(part):
        return [part]
    rings = [_unwound(ring) for ring in (part.exterior, *part.interiors)]
    whole = shapely.Polygon(rings[0])
    middle = whole.centroid.x
    holes = [_moved(ring, round((middle - ring[:, 0].mean()) / 360)) for ring in rings[1:]]
    whole = shapely.make_valid(shapely.Polygon(rings[0], holes))
    pieces = []
    for turn in (-1, 0, 1):
        moved = shapely.transform(whole, lambda corners, turn=turn: _moved(corners, turn))
        cut = shapely.intersection(moved, shapely.box(-180, -90, 180, 90))
        pieces += [piece for piece in shapely.get_parts(cut) if piece.area > 0]
    return pieces


def _reaches_over(part: BaseGeometry) -> bool:
    """Whether one polygon is written across the 180th meridian, in either way."""
    west, _, east, _ = part.bounds
    return bool(east - west > 180 or west < -180 or east > 180)


def _unwound(ring: BaseGeometry) -> NDArray[np.float64]:
    """Corners of a ring, moved by whole turns so that none lies 180 degrees from the one before."""
    corners: NDArray[np.float64] = shapely.get_coordinates(ring)
    turns = np.cumsum(np.round(np.diff(corners[:, 0], prepend=corners[0, 0]) / 360))
    if turns[-1] != 0:
        raise CatalogError(
            "The ring of an area goes around a pole; no map is made there. Draw it on one side."
        )
    return _moved(corners, -turns)


def _moved(corners: NDArray[np.float64], turns: NDArray[np.float64] | int) -> NDArray[np.float64]:
    """Corners moved east by whole turns around the Earth."""
    return np.column_stack([corners[:, 0] + 360 * turns, corners[:, 1]])
