"""Placing: where the pixels of a grid lie in a file, to the rounding of projected coordinates.

A projection is smooth: computed at every 64th pixel and interpolated by polynomials of degree 3 it
is off by less than 1e-9 pixel. The nodes are counted from the projection's origin, so that a pixel
has the same place, bit for bit, whichever window asks; GDAL's own approximation depends on the
window and is allowed an eighth of a pixel.
"""

import functools
import math
from dataclasses import dataclass, replace

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio import CRS
from rasterio.warp import transform as transform_points

from lsbatch.kernels import Places

_APART_M = 1280.0
"""Nodes are no farther apart; 64 pixels at most."""
_MOST_PX = 64
_ROUNDING_PX = 1e-9
"""What is left of a whole number of pixels by rounding."""
_BEND_PX = 0.01
"""Third difference between nodes up to which a field passes for smooth. Where longitudes start
anew, or beyond the domain of a projection, every pixel is computed."""

Field = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lattice:
    """A grid's pixels, and nodes among them, counted from its projection's origin."""

    crs: CRS
    pixel: float
    """Side, metres."""
    part: tuple[float, float]
    """What the origins of rows and columns are past a whole pixel, in [0, 1)."""
    first: tuple[int, int]
    """Row and column of the upper left pixel."""
    shape: tuple[int, int]

    @classmethod
    def of(cls, geobox: GeoBox) -> "Lattice":
        """The lattice of a north-up grid of square pixels."""
        pixel = abs(geobox.resolution.x)
        # a millionth of a pixel: what the origins of two windows of one grid may differ by
        origin = [round(v / pixel, 6) for v in (-geobox.affine.f, geobox.affine.c)]
        first = [math.floor(v) for v in origin]
        part = [round(v - whole, 6) for v, whole in zip(origin, first, strict=True)]
        return cls(crs_of(str(geobox.crs)), pixel, tuple(part), tuple(first), tuple(geobox.shape))

    def shift(self, crs: CRS, transform: Affine) -> tuple[int, int] | None:
        """Row and column of the first pixel in a file of the same pixels, None in another file."""
        if crs != self.crs or (transform.b, transform.d) != (0, 0):
            return None
        if (transform.a, transform.e) != (self.pixel, -self.pixel):
            return None
        origin = -transform.f / self.pixel, transform.c / self.pixel
        steps = [n + part - o for n, part, o in zip(self.first, self.part, origin, strict=True)]
        if any(abs(step - round(step)) > _ROUNDING_PX for step in steps):
            return None
        return round(steps[0]), round(steps[1])

    @property
    def step(self) -> int:
        """Pixels from node to node, a power of 2."""
        fitting = min(_APART_M / self.pixel, _MOST_PX)
        return 1 << max(math.floor(math.log2(fitting)), 0)

    def xy(self, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> tuple[Field, Field]:
        """Centres of pixels, counted from the projection's origin."""
        x = (cols + (self.part[1] + 0.5)) * self.pixel
        return x, -(rows + (self.part[0] + 0.5)) * self.pixel


def place_pixels(geobox: GeoBox, crs: CRS, transform: Affine, width: int) -> Places:
    """Rows and columns in a file of the centres of a grid's pixels.

    Parameters
    ----------
    geobox : GeoBox
        North up, square pixels, projected CRS.
    crs, transform : CRS, Affine
        Of the file.
    width : int
        Columns of the file.

    Returns
    -------
    Places
        0 is the outer edge of the file's first pixel. Not finite where the file's CRS cannot say.
    """
    lattice = Lattice.of(geobox)
    middle = (transform * (width / 2, 0))[0] if crs.is_geographic else None
    for step in (lattice.step, 1):
        nodes = _nodes(lattice, crs, step, transform, middle)
        if all(_is_smooth(field) for field in nodes):
            break
    first = tuple(first % step for first in lattice.first)
    return Places(*nodes, step, first, lattice.shape)


@functools.lru_cache(maxsize=64)
def crs_of(text: str) -> CRS:
    """The CRS as rasterio has it."""
    return CRS.from_user_input(text)


def _nodes(
    lattice: Lattice, crs: CRS, step: int, transform: Affine, middle: float | None
) -> tuple[Field, Field]:
    """Rows and columns of the nodes; longitudes are counted on from the file's `middle`."""
    spans = tuple(
        (first // step - 1, (first + side - 1) // step + 3)
        for first, side in zip(lattice.first, lattice.shape, strict=True)
    )
    x, y = _nodes_xy(replace(lattice, first=(0, 0), shape=(0, 0)), crs, step, *spans)
    with np.errstate(invalid="ignore"):
        if middle is not None:
            x = x - 360.0 * np.round((x - middle) / 360.0)
        inverse = ~transform
        cols = inverse.a * x + inverse.b * y + inverse.c
        rows = inverse.d * x + inverse.e * y + inverse.f
    return rows, cols


@functools.lru_cache(maxsize=64)
def _nodes_xy(
    lattice: Lattice, crs: CRS, step: int, row_span: tuple[int, int], col_span: tuple[int, int]
) -> tuple[Field, Field]:
    """Coordinates x and y of nodes in a file's CRS; kept, since most files of a block share it."""
    rows, cols = np.meshgrid(
        *(np.arange(*span) * step for span in (row_span, col_span)), indexing="ij"
    )
    x, y = lattice.xy(rows, cols)
    if lattice.crs == crs:
        return x, y
    found = transform_points(lattice.crs, crs, x.ravel(), y.ravel())
    x, y = (np.asarray(values).reshape(rows.shape) for values in found)
    return x, y


def _is_smooth(field: Field) -> bool:
    """Whether a field may be interpolated."""
    with np.errstate(invalid="ignore"):
        return all((np.abs(np.diff(field, 3, axis=axis)) <= _BEND_PX).all() for axis in (0, 1))
