"""Outlines of landslides: traced window by window, whole again across the borders."""

from typing import Any, NamedTuple

import numpy as np
import shapely
import xarray as xr
from numpy.typing import NDArray
from rasterio.features import shapes
from rasterio.transform import Affine
from scipy.ndimage import label
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from lsbatch.analysis.windows import windows_of
from lsbatch.domain import LANDSLIDE


class Outlines(NamedTuple):
    """Landslides on the pixel grid, in the order of their first pixels."""

    polygons: NDArray[np.object_]
    """(N,), in pixel units: x = column, y = row; corners are whole numbers."""
    first: NDArray[np.int64]
    """(N, 2): row and column of the left-most pixel in the top row of each."""

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> "Outlines":
        """Some of them."""
        return Outlines(self.polygons[which], self.first[which])


def trace_outlines(product: xr.Dataset, *, side_px: int) -> Outlines:
    """Polygons of connected landslide pixels, whatever the windows they were read by.

    Pixels belong together where they share an edge: with corners too, rings would touch
    themselves and polygons would not be valid. No corner lies on a straight line.

    Parameters
    ----------
    product : Dataset, (y, x)
        With `landslide`, uint8; read one window at a time, and again around each landslide that
        crosses a border.
    side_px : int
        Side of a window.
    """
    geobox = product.odc.geobox
    pieces: list[shapely.Polygon] = []
    firsts, links = [np.empty((0, 2), np.int64)], [np.empty((2, 0), np.int64)]
    # pieces along the borders of the windows seen so far, -1 = none
    above, beside = np.full(geobox.shape.x, -1), np.empty(0, np.int64)
    for rows, cols in windows_of(geobox, side_px=side_px):
        pixels = product["landslide"][rows, cols].values == LANDSLIDE
        labels, count = label(pixels)
        number = np.where(pixels, labels + (len(pieces) - 1), -1)
        _, at = np.unique(labels[pixels], return_index=True)
        firsts.append(np.argwhere(pixels)[at] + (rows.start, cols.start))
        pieces += trace_labels(labels, count, Affine.translation(cols.start, rows.start))
        left = number[:, 0] if cols.start == 0 else beside
        links += [_meeting(above[cols], number[0]), _meeting(left, number[:, 0])]
        above[cols], beside = number[-1], number[:, -1]
    numbered = np.array(pieces, object), np.concatenate(firsts), np.concatenate(links, axis=1)
    return _join(product["landslide"], *numbered)


def trace_labels(
    labels: NDArray[np.integer[Any]], count: int, transform: Affine
) -> list[shapely.Polygon]:
    """Polygons around the labels 1 to `count` of an array, (H, W), each edge-connected."""
    traced = {
        int(number): shapely.geometry.shape(outline)
        for outline, number in shapes(labels, mask=labels > 0, connectivity=4, transform=transform)
    }
    return [traced[number] for number in range(1, count + 1)]


def _meeting(ones: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pairs of pieces that share an edge across a border, (2, M)."""
    both = (ones >= 0) & (others >= 0)
    return np.stack([ones[both], others[both]])


def _join(
    landslide: xr.DataArray,
    pieces: NDArray[np.object_],
    first: NDArray[np.int64],
    links: NDArray[np.int64],
) -> Outlines:
    """Linked pieces as one landslide, traced again as a whole; the others as they are."""
    order = np.lexsort(first.T[::-1])  # a group's first piece then has its first pixel
    place = np.argsort(order)
    graph = coo_matrix((np.ones(links.shape[1]), tuple(place[links])), shape=(len(pieces),) * 2)
    _, group = connected_components(graph, directed=False)
    _, heads, sizes = np.unique(group, return_index=True, return_counts=True)
    members = np.split(order[np.argsort(group, kind="stable")], np.cumsum(sizes)[:-1])
    whole = pieces[order[heads]]
    for n in np.flatnonzero(sizes > 1):
        whole[n] = _trace_again(landslide, pieces[members[n]], first[order[heads[n]]])
    rank = np.argsort(heads)
    return Outlines(whole[rank], first[order[heads[rank]]])


def _trace_again(
    landslide: xr.DataArray, pieces: NDArray[np.object_], first: NDArray[np.int64]
) -> shapely.Polygon:
    """The landslide that holds a pixel, traced in one window around its pieces.

    A union of the pieces would do, but takes minutes where a noisy detector marks most of the map.
    """
    left, top, right, bottom = shapely.total_bounds(pieces).astype(int)
    labels, _ = label(landslide[top:bottom, left:right].values == LANDSLIDE)
    own = labels == labels[tuple(first - (top, left))]
    (polygon,) = trace_labels(own.view(np.uint8), 1, Affine.translation(left, top))
    return polygon
