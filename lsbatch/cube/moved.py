"""A scene's local shift taken out of its pixels; lazy."""

import math
from typing import Any

import dask.array as da
import numpy as np
from odc.geo.geobox import GeoBox

from lsbatch.domain import LocalShift, Scene, Shift
from lsbatch.kernels import move_flags, move_image

_KERNEL_PX = 2
"""What cubic convolution reaches beyond a place."""


def uneven_shift(scene: Scene) -> Shift | None:
    """A scene's shift if it differs from place to place; one for all is the reader's work."""
    return scene.shift if scene.shift is not None and scene.shift.local is not None else None


def reach_of(shift: Shift, geobox: GeoBox) -> int:
    """Pixels on each side of a grid that are read to take a shift out of it."""
    return math.ceil(shift.reach_m / abs(float(geobox.resolution.x))) + _KERNEL_PX


def take_out(layer: da.Array, shift: Shift, geobox: GeoBox, reach: int) -> da.Array:
    """A layer without the shift, and without the margin that was read for it.

    Parameters
    ----------
    layer : dask array, float32 (NaN = no data) or uint16, (y, x)
        On `geobox`.
    shift : Shift
        With a local field.
    geobox : GeoBox
        Projected, square pixels, margin included.
    reach : int
        As `reach_of` finds it.

    Notes
    -----
    Places are worked out from whole numbers of pixels counted from the CRS's origin, each by
    itself: a window's pixels are those of the whole, bit for bit.
    """
    pixel = abs(float(geobox.resolution.x))
    # as the reader counts them: origins of two windows of one grid differ by rounding only
    left, top = (round(v / pixel, 6) for v in (geobox.affine.c, -geobox.affine.f))
    rows = da.arange(geobox.shape.y, chunks=(layer.chunks[0],))[:, None] + (top + 0.5)
    cols = da.arange(geobox.shape.x, chunks=(layer.chunks[1],))[None, :] + (left + 0.5)
    down, right = (
        da.map_blocks(_pixels_off, rows, cols, shift, axis, pixel, dtype="float32", meta=_EMPTY)
        for axis in ("north", "east")
    )
    move = move_image if layer.dtype.kind == "f" else move_flags
    meta = np.empty((0, 0), layer.dtype)
    if layer.npartitions == 1:
        moved = da.map_blocks(move, layer, down, right, dtype=layer.dtype, meta=meta)
    else:
        moved = da.map_overlap(
            move, layer, down, right, depth=reach, boundary="none", dtype=layer.dtype, meta=meta
        )
    return moved[reach:-reach, reach:-reach]


_EMPTY = np.empty((0, 0), "float32")


def _pixels_off(
    rows: np.ndarray, cols: np.ndarray, shift: Shift, axis: str, pixel: float
) -> np.ndarray:
    """How far off its place each pixel is read, pixels down or to the right; float32 (y, x)."""
    local: Any = shift.local
    y = (local.north / pixel + rows) * pixel / local.spacing_m
    x = (cols - local.west / pixel) * pixel / local.spacing_m
    whole = shift.north_m if axis == "north" else shift.east_m
    metres = whole + _between(local, axis, y, x)
    return ((-metres if axis == "north" else metres) / pixel).astype("float32")


def _between(local: LocalShift, axis: str, y: np.ndarray, x: np.ndarray) -> Any:
    """The field between its nodes, at rows and columns counted in nodes."""
    nodes = np.array(local.north_m if axis == "north" else local.east_m)
    y, x = np.clip(y, 0, nodes.shape[0] - 1), np.clip(x, 0, nodes.shape[1] - 1)
    row = np.minimum(y.astype("int64"), max(nodes.shape[0] - 2, 0))
    col = np.minimum(x.astype("int64"), max(nodes.shape[1] - 2, 0))
    below, beside = np.minimum(row + 1, nodes.shape[0] - 1), np.minimum(col + 1, nodes.shape[1] - 1)
    fy, fx = y - row, x - col
    upper = nodes[row, col] * (1 - fx) + nodes[row, beside] * fx
    lower = nodes[below, col] * (1 - fx) + nodes[below, beside] * fx
    return upper * (1 - fy) + lower * fy
