"""Outlines of landslides: traced window by window, whole again across the borders."""

import numpy as np
import shapely
import xarray as xr
from numpy.typing import NDArray
from rasterio.features import shapes
from rasterio.transform import Affine
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from lsbatch.analysis.windows import windows_of
from lsbatch.domain import LANDSLIDE


def trace_outlines(product: xr.Dataset, *, side_px: int) -> NDArray[np.object_]:
    """Polygons of connected landslide pixels, whatever the windows they were read by.

    Pixels belong together where they share an edge: with corners too, rings would touch
    themselves and polygons would not be valid.

    Parameters
    ----------
    product : Dataset, (y, x)
        With `landslide`, uint8; read one window at a time.
    side_px : int
        Side of a window.

    Returns
    -------
    ndarray of shapely Polygon, (N,)
        In pixel units (x = column, y = row, corners whole numbers): unions are exact. In the order
        of their top-most, then left-most corner; no corner lies on a straight line.
    """
    landslide = product["landslide"]
    pieces = [
        piece
        for rows, cols in windows_of(product.odc.geobox, side_px=side_px)
        for piece in trace_true(
            landslide[rows, cols].values == LANDSLIDE, Affine.translation(cols.start, rows.start)
        )
    ]
    if not pieces:
        return np.empty(0, object)
    whole = shapely.normalize(shapely.simplify(_merge(np.array(pieces, object), side_px), 0))
    left, top = shapely.bounds(whole)[:, :2].T
    # two outlines may have one corner of their bounds in common, never all their bytes
    return np.asarray(whole[np.lexsort((shapely.to_wkb(whole), left, top))])


def trace_true(pixels: NDArray[np.bool_], transform: Affine) -> list[shapely.Polygon]:
    """Polygons around the edge-connected True pixels of an array, (H, W)."""
    traced = shapes(pixels.view(np.uint8), mask=pixels, connectivity=4, transform=transform)
    return [shapely.geometry.shape(outline) for outline, _ in traced]


def _merge(pieces: NDArray[np.object_], side_px: int) -> NDArray[np.object_]:
    """Union of the pieces that share an edge across a border; the others as they are."""
    at_border = (shapely.bounds(pieces) % side_px == 0).any(axis=1)
    near = pieces[at_border]
    one, other = shapely.STRtree(near).query(near, predicate="touches")
    shared = shapely.length(shapely.intersection(near[one], near[other])) > 0
    links = coo_matrix((shared[shared], (one[shared], other[shared])), shape=(near.size, near.size))
    _, group = connected_components(links, directed=False)
    members = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
    merged = [
        near[member[0]] if len(member) == 1 else shapely.union_all(near[member])
        for member in members
        if len(member)
    ]
    return np.concatenate([pieces[~at_border], np.array(merged, object)])
