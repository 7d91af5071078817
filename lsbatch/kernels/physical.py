"""Stored numbers in physical units."""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.errors import ContractError
from lsbatch.kernels.arrays import norm_array


def copy_stored(
    values: NDArray[np.generic],
    out: NDArray[np.generic],
    *,
    nodata: float | None,
    fill: float,
) -> None:
    """Copy a raster's numbers to an image of the same pixels.

    Parameters
    ----------
    values : ndarray, integers or floats, (H, W)
        NaN is no data in every raster of floats.
    out : ndarray, (H, W)
        Where to.
    nodata : float or None
        Value of pixels without data.
    fill : float
        What is written where there is no data.

    Raises
    ------
    ContractError
        For arrays of other shapes.
    """
    if values.ndim != 2 or values.shape != out.shape:
        raise ContractError(
            f"A raster of shape {values.shape} cannot be copied to an image of {out.shape}."
        )
    marks = nodata is not None and not math.isnan(nodata)
    none = float(nodata) if nodata is not None and marks else 0.0
    _copy(values, out, marks, none, out.dtype.type(fill))


def scale_stored(
    values: NDArray[np.float32], *, scale: float, offset: float, most: float
) -> NDArray[np.float32]:
    """Physical units in place of stored numbers, in the same array.

    Parameters
    ----------
    values : ndarray, float32, (H, W)
        Stored numbers; NaN = no data. Overwritten.
    scale, offset : float
        As the sensor's definition has them: number * scale + offset.
    most : float
        Numbers as large, and infinity, are no measurement and become NaN.

    Returns
    -------
    ndarray, float32, (H, W)
        `values`.

    Raises
    ------
    ContractError
        For another dtype or shape.
    """
    values = norm_array("values", values, dtype=np.float32, shape=(None, None))
    _scale(values, np.float32(scale), np.float32(offset), np.float32(most))
    return values


@njit(cache=True, nogil=True)
def _copy(values: Any, out: Any, marks: bool, none: float, fill: Any) -> None:
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            value = values[i, j]
            has_data = value == value and not (marks and value == none)
            out[i, j] = value if has_data else fill


@njit(cache=True, nogil=True)
def _scale(
    values: NDArray[np.float32], scale: np.float32, offset: np.float32, most: np.float32
) -> None:
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            value = values[i, j]
            values[i, j] = value * scale + offset if abs(value) < most else np.float32(np.nan)
