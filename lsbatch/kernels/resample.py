"""Pixels of a raster at places within it, by nearest neighbour or a separable kernel."""

import math
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.errors import ContractError
from lsbatch.kernels.lattice import Places, cubic_weights, fill_row

Resampling = Literal["nearest", "bilinear", "cubic", "cubic_spline"]

_REACH = {"nearest": 0.5, "bilinear": 1.0, "cubic": 2.0, "cubic_spline": 2.0}
"""Half a kernel's width, in source pixels at full resolution."""
_ROUNDING_PX = 1e-10
"""A place that close to a pixel's edge lies on it."""
_LEAST_WEIGHT = 1e-5
"""Pixels with data that weigh less make no number."""
_WIDENED_BELOW = 0.95
"""Target pixels per source pixel from which on "bilinear" is of 4 pixels, "cubic" of 16."""
_TRIANGLE, _CUBIC, _SPLINE = 0, 1, 2
_KERNELS = {"bilinear": _TRIANGLE, "cubic": _CUBIC, "cubic_spline": _SPLINE}


def kernel_reach(resampling: Resampling, scale: float) -> int:
    """Source pixels on each side of a place that count.

    Parameters
    ----------
    resampling : str
    scale : float
        Target pixels per source pixel; below 0.95 the kernel is widened.

    Returns
    -------
    int
    """
    return math.ceil(_REACH[resampling] / min(scale, 1.0))


def resample(
    values: NDArray[np.generic],
    origin: tuple[int, int],
    places: Places,
    out: NDArray[np.generic],
    *,
    resampling: Resampling,
    scale: tuple[float, float],
    nodata: float | None,
    fill: float,
) -> None:
    """Write a raster's numbers at given places.

    Parameters
    ----------
    values : ndarray, integers or floats, (H, W)
        The raster, or what counts of it.
    origin : (int, int)
        Row and column of its first pixel in the whole raster.
    places : Places
        Rows and columns in the whole raster: 0 is the outer edge of its first pixel, 0.5 that
        pixel's centre. Not a number, or outside `values` = no data.
    out : ndarray, (M, N)
        Where to; float32 but for "nearest".
    resampling : "nearest", "bilinear", "cubic" or "cubic_spline"
        "cubic" is cubic convolution (Keys 1981, a = -1/2); beside pixels without data and at the
        raster's rim, where 16 pixels are not to be had, it is bilinear.
    scale : (float, float)
        Target pixels per source pixel in y and x; below 0.95, for the spline below 1, the kernel
        is widened, so that every source pixel counts.
    nodata : float or None
        Value of the raster's pixels without data; they weigh nothing, and a place on one of them
        has none. Another NaN makes one of all that it weighs in.
    fill : float
        What is written where there is no data.

    Raises
    ------
    ContractError
        For arrays of other shapes.

    Notes
    -----
    The numbers of GDAL's warper: its nearest, its bilinear of 4 pixels, its cubic of 16 and its
    widened kernels (gdalwarpkernel.cpp), but for widened splines, which GDAL follows beyond their
    end. Sums are float64 and run row by row.
    """
    if out.shape != places.shape or values.ndim != 2:
        raise ContractError(
            f"Places of shape {places.shape} in a raster of 2 axes; received an output of shape "
            f"{out.shape} and a raster of {values.ndim} axes."
        )
    source = np.ascontiguousarray(values), nodata is not None, float(nodata or 0.0)
    where = places.rows, places.cols, cubic_weights(places.step), *places.first, *origin
    into = out, out.dtype.type(fill)
    if resampling == "nearest":
        _nearest(*source, *where, *into)
        return
    kernel = _KERNELS[resampling]
    if kernel != _SPLINE and min(scale) >= _WIDENED_BELOW:
        _few(*source, *where, *into, kernel == _CUBIC)
        return
    yscale, xscale = (min(value, 1.0) for value in scale)
    reach = kernel_reach(resampling, yscale), kernel_reach(resampling, xscale)
    _widened(*source, *where, *into, yscale, xscale, *reach, kernel)


@njit(cache=True, nogil=True)
def _has_data(values, marks, none, y, x):  # type: ignore[no-untyped-def]
    """Whether a place is in the raster, on a pixel with data."""
    height, width = values.shape
    if not (y >= 0.0 and x >= 0.0 and y <= height and x <= width):
        return False
    value = values[min(int(y + _ROUNDING_PX), height - 1), min(int(x + _ROUNDING_PX), width - 1)]
    return value == value and not (marks and value == none)


@njit(cache=True, nogil=True)
def _weighs(value, marks, none):  # type: ignore[no-untyped-def]
    return not marks or (value != none and (value == value or none == none))


@njit(cache=True, nogil=True)
def _nearest(  # type: ignore[no-untyped-def]
    values, marks, none, rows, cols, lattice, top, left, first_row, first_col, out, fill
):
    height, width = values.shape
    line, ys, xs = np.empty(rows.shape[1]), np.empty(out.shape[1]), np.empty(out.shape[1])
    for i in range(out.shape[0]):
        fill_row(rows, lattice, top + i, left, line, ys)
        fill_row(cols, lattice, top + i, left, line, xs)
        for j in range(out.shape[1]):
            y, x = ys[j] - first_row, xs[j] - first_col
            out[i, j] = fill
            if _has_data(values, marks, none, y, x):
                row, col = int(y + _ROUNDING_PX), int(x + _ROUNDING_PX)
                out[i, j] = values[min(row, height - 1), min(col, width - 1)]


@njit(cache=True, nogil=True)
def _few(  # type: ignore[no-untyped-def]
    values, marks, none, rows, cols, lattice, top, left, first_row, first_col, out, fill, cubic
):
    line, ys, xs = np.empty(rows.shape[1]), np.empty(out.shape[1]), np.empty(out.shape[1])
    for i in range(out.shape[0]):
        fill_row(rows, lattice, top + i, left, line, ys)
        fill_row(cols, lattice, top + i, left, line, xs)
        for j in range(out.shape[1]):
            y, x = ys[j] - first_row, xs[j] - first_col
            out[i, j] = fill
            if _has_data(values, marks, none, y, x):
                total = weight = 0.0
                if cubic:
                    total, weight = _of_sixteen(values, marks, none, y, x)
                if weight == 0.0:
                    total, weight = _of_four(values, marks, none, y, x)
                if weight == 1.0:
                    out[i, j] = total
                elif weight >= _LEAST_WEIGHT:
                    out[i, j] = total / weight


@njit(cache=True, nogil=True)
def _of_four(values, marks, none, y, x):  # type: ignore[no-untyped-def]
    """Weighted sum of the pixels about a place, and the sum of their weights."""
    height, width = values.shape
    top, left = math.floor(y - 0.5), math.floor(x - 0.5)
    upper, nearer = 1.5 - (y - top), 1.5 - (x - left)
    if top < 0:
        top, upper = 0, 1.0
    if left < 0:
        left, nearer = 0, 1.0
    total = weight = 0.0
    for m in range(2):
        if top + m >= height:
            break
        share = upper if m == 0 else 1.0 - upper
        for n in range(2):
            if left + n >= width:
                break
            value = values[top + m, left + n]
            part = (nearer if n == 0 else 1.0 - nearer) * share
            if part > 0.0 and _weighs(value, marks, none):
                weight += part
                total += value * part
    return total, weight


@njit(cache=True, nogil=True)
def _of_sixteen(values, marks, none, y, x):  # type: ignore[no-untyped-def]
    """Cubic convolution at a place and the weight 1; 0, 0 where a pixel that it needs is none."""
    height, width = values.shape
    top, left = math.floor(y - 0.5) - 1, math.floor(x - 0.5) - 1
    if top < 0 or left < 0 or top + 4 > height or left + 4 > width:
        return 0.0, 0.0
    below, right = y - 1.5 - top, x - 1.5 - left
    total = 0.0
    for m in range(4):
        part = 0.0
        for n in range(4):
            value = values[top + m, left + n]
            if not _weighs(value, marks, none):
                return 0.0, 0.0
            part += value * _weight(n - 1 - right, _CUBIC)
        total += part * _weight(m - 1 - below, _CUBIC)
    return total, 1.0


@njit(cache=True, nogil=True)
def _weight(distance, kernel):  # type: ignore[no-untyped-def]
    """Of a triangle, of cubic convolution, or six times the cubic B-spline."""
    x = abs(distance)
    if kernel == _TRIANGLE:
        return max(1.0 - x, 0.0)
    if x >= 2.0:
        return 0.0
    if kernel == _CUBIC:
        return (1.5 * x - 2.5) * x * x + 1.0 if x < 1.0 else ((2.5 - 0.5 * x) * x - 4.0) * x + 2.0
    far = (2.0 - x) ** 3
    return far if x >= 1.0 else far - 4.0 * (1.0 - x) ** 3


@njit(cache=True, nogil=True)
def _widened(  # type: ignore[no-untyped-def]
    values, marks, none, rows, cols, lattice, top, left, first_row, first_col, out, fill,
    yscale, xscale, yreach, xreach, kernel,
):  # fmt: skip
    height, width = values.shape
    line, ys, xs = np.empty(rows.shape[1]), np.empty(out.shape[1]), np.empty(out.shape[1])
    weights = np.empty(2 * xreach + 1)
    for i in range(out.shape[0]):
        fill_row(rows, lattice, top + i, left, line, ys)
        fill_row(cols, lattice, top + i, left, line, xs)
        for j in range(out.shape[1]):
            y, x = ys[j] - first_row, xs[j] - first_col
            out[i, j] = fill
            if not _has_data(values, marks, none, y, x):
                continue
            row, col = math.floor(y - 0.5), math.floor(x - 0.5)
            below, right = y - 0.5 - row, x - 0.5 - col
            first, last = max(col - xreach, 0), min(col + xreach, width - 1)
            for k in range(first, last + 1):
                weights[k - first] = _weight((k - col - right) * xscale, kernel)
            total = weight = 0.0
            for m in range(max(row - yreach, 0), min(row + yreach, height - 1) + 1):
                share = _weight((m - row - below) * yscale, kernel)
                if share == 0.0:
                    continue
                part = part_weight = 0.0
                for k in range(first, last + 1):
                    value = values[m, k]
                    if weights[k - first] != 0.0 and _weighs(value, marks, none):
                        part += value * weights[k - first]
                        part_weight += weights[k - first]
                total += part * share
                weight += part_weight * share
            if abs(weight - 1.0) <= _LEAST_WEIGHT:
                out[i, j] = total
            elif weight >= 1e-6:
                out[i, j] = total / weight
