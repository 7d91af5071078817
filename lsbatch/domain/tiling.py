"""Grids and blocks: integers on one fixed lattice, the rest is odc-geo's algebra."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from pyproj import CRS
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info
from shapely.geometry.base import BaseGeometry

from lsbatch.errors import GridMismatchError

CHUNK_PX = 256
"""Side of a stored chunk. Grids start on multiples of it, so that neither the place of a pixel nor
the phase of a network's stride depends on the area asked for or on the size of a block."""


_MOST_PIXELS = 1e11


def utm_of(area: BaseGeometry) -> str:
    """UTM zone of an area's centre, as ``EPSG:…``.

    Raises
    ------
    GridMismatchError
        Beyond 84 degrees north or 80 degrees south, where UTM ends, and for an area on both sides
        of the 180th meridian.
    """
    _check_one_side(area)
    lon, lat = area.centroid.x, area.centroid.y
    found = query_utm_crs_info(
        datum_name="WGS 84", area_of_interest=AreaOfInterest(lon, lat, lon, lat)
    )
    if not found:
        raise GridMismatchError(
            f"UTM ends at 84 N and 80 S; the area's centre is at latitude {lat:.2f}. "
            "Name a projected CRS with --crs."
        )
    return f"EPSG:{found[0].code}"


def build_grid(area: BaseGeometry, *, crs: str, resolution: float) -> GeoBox:
    """The pixel grid over an area, its origin snapped to the lattice of chunks.

    Parameters
    ----------
    area : polygon(s), EPSG:4326
    crs : str
        A projected CRS in metres.
    resolution : float
        Pixel side in metres.

    Raises
    ------
    GridMismatchError
        For a CRS that is not projected in metres, an area without a single pixel or one on both
        sides of the 180th meridian.
    """
    _check_projected(crs)
    _check_one_side(area)
    if not (math.isfinite(resolution) and resolution > 0):
        raise GridMismatchError(f"A resolution must be above 0 m; received {resolution}.")
    projected = project_area(area, crs)
    west, south, east, north = projected.bounds
    if projected.area < resolution**2:
        raise GridMismatchError(
            f"The area to map covers {projected.area:.1f} m2, less than one pixel of "
            f"{resolution:g} m. Draw a larger area or choose a finer --resolution."
        )
    pixels = projected.envelope.area / resolution**2
    if pixels > _MOST_PIXELS:
        raise GridMismatchError(
            f"A grid of {pixels:.0e} pixels of {resolution:g} m is beyond all use (the limit is "
            f"{_MOST_PIXELS:.0e}). A resolution is given in metres."
        )
    lattice = CHUNK_PX * resolution
    left = math.floor(west / lattice) * lattice
    top = math.ceil(north / lattice) * lattice
    right = math.ceil(east / resolution) * resolution
    bottom = math.floor(south / resolution) * resolution
    return GeoBox.from_bbox((left, bottom, right, top), crs=crs, resolution=resolution, tight=True)


def project_area(area: BaseGeometry, crs: Any) -> BaseGeometry:
    """Polygon(s) in EPSG:4326 as polygon(s) in another CRS, such as a grid's.

    Edges get a corner every 0.01 degrees first: straight in longitude and latitude is not straight
    on the map.
    """
    return Geometry(area, "EPSG:4326").to_crs(crs, resolution=0.01).geom


def _check_one_side(area: BaseGeometry) -> None:
    west, _, east, _ = area.bounds
    if east - west > 180:
        raise GridMismatchError(
            f"A map lies on one side of the 180th meridian; the area reaches from longitude "
            f"{west:g} to {east:g}. Make each side an event of its own."
        )


def _check_projected(crs: str) -> None:
    try:
        parsed = CRS.from_user_input(crs)
    except Exception as error:
        raise GridMismatchError(
            f"{crs!r} is not a coordinate system; write one as EPSG:32654."
        ) from error
    metres = all(axis.unit_name == "metre" for axis in parsed.axis_info)
    if not (parsed.is_projected and metres and parsed.to_epsg()):
        raise GridMismatchError(
            f"Maps are made in a projected CRS in metres with an EPSG code; {crs!r} is not one. "
            "Leave --crs out for the UTM zone of the event."
        )


@dataclass(frozen=True, slots=True)
class Block:
    """The unit of work: a core of whole chunks, plus its halo."""

    grid: GeoBox
    """The event's whole grid."""
    row: int
    col: int
    side_px: int
    """Side of a full core; cores at the right and bottom edges are smaller, never dropped."""
    halo: int
    """Pixels added on each side."""

    def __post_init__(self) -> None:
        if self.side_px < CHUNK_PX or self.side_px % CHUNK_PX or self.halo < 0:
            raise GridMismatchError(
                f"A block is whole chunks of {CHUNK_PX} pixels and a halo of at least 0; received "
                f"a side of {self.side_px} and a halo of {self.halo}."
            )

    @property
    def index(self) -> tuple[int, int]:
        """(row, column) among the blocks of the grid."""
        return self.row, self.col

    @property
    def slices(self) -> tuple[slice, slice]:
        """The core's (y, x) place in the event's arrays."""
        y, x = self.row * self.side_px, self.col * self.side_px
        height, width = self.grid.shape
        return slice(y, min(y + self.side_px, height)), slice(x, min(x + self.side_px, width))

    @property
    def core(self) -> GeoBox:
        """Grid of the pixels this block owns."""
        return self.grid[self.slices]

    @property
    def padded(self) -> GeoBox:
        """Grid of the pixels this block reads: core and halo, beyond the grid's edge too."""
        return self.core.pad(self.halo)

    @property
    def inner(self) -> tuple[slice, slice]:
        """The core's (y, x) place in an array over `padded`."""
        height, width = self.core.shape
        return slice(self.halo, self.halo + height), slice(self.halo, self.halo + width)


def blocks_of(grid: GeoBox, *, side_px: int, halo: int) -> Iterator[Block]:
    """All blocks of a grid, row by row; together their cores are the grid, once each."""
    rows, cols = (math.ceil(extent / side_px) for extent in grid.shape)
    for row in range(rows):
        for col in range(cols):
            yield Block(grid, row, col, side_px, halo)
