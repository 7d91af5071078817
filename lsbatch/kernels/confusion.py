"""Counts of right and wrong pixels, over a whole map or cell by cell."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.errors import ContractError
from lsbatch.kernels.arrays import norm_array


def confusion(
    predicted: NDArray[np.bool_], truth: NDArray[np.bool_], counted: NDArray[np.bool_]
) -> tuple[int, int, int, int]:
    """True positives, false positives, false negatives and true negatives of a map.

    Parameters
    ----------
    predicted, truth : ndarray, bool, (H, W)
        True = landslide.
    counted : ndarray, bool, (H, W)
        Pixels that enter the counts.

    Returns
    -------
    (int, int, int, int)
        tp, fp, fn, tn in pixels; together the number of counted pixels.

    Raises
    ------
    ContractError
        For another dtype (255 = not scored must not pass for True) or shapes that differ.
    """
    cells = confusion_by_cell(predicted, truth, counted, cell_px=max(1, *predicted.shape))
    tp, fp, fn, tn = (int(count) for count in cells.sum(axis=(0, 1)))
    return tp, fp, fn, tn


def mcc(tp: int, fp: int, fn: int, tn: int) -> float | None:
    """Matthews correlation coefficient, -1 to 1; None where its denominator is 0.

    Notes
    -----
    (TP TN - FP FN) / sqrt((TP+FP)(TP+FN)(TN+FP)(TN+FN)), in whole numbers without a limit: the
    product overflows 64 bits from margins of 50,000 pixels on.
    """
    tp, fp, fn, tn = int(tp), int(fp), int(fn), int(tn)
    margins = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return (tp * tn - fp * fn) / math.sqrt(margins) if margins else None


def confusion_by_cell(
    predicted: NDArray[np.bool_],
    truth: NDArray[np.bool_],
    counted: NDArray[np.bool_],
    *,
    cell_px: int,
) -> NDArray[np.int64]:
    """The same four counts in each square cell, for block bootstraps.

    Parameters
    ----------
    predicted, truth, counted : ndarray, bool, (H, W)
        As in `confusion`.
    cell_px : int
        Side of a cell; the last row and column of cells may be smaller.

    Returns
    -------
    ndarray, int64, (rows, cols, 4)
        tp, fp, fn, tn of each cell, row 0 north.

    Raises
    ------
    ContractError
        As `confusion`, and for a cell below 1 pixel.
    """
    predicted = norm_array("predicted", predicted, dtype=np.bool_, shape=(None, None))
    truth = norm_array("truth", truth, dtype=np.bool_, shape=predicted.shape)
    counted = norm_array("counted", counted, dtype=np.bool_, shape=predicted.shape)
    if cell_px < 1:
        raise ContractError(f"A cell has a side of at least 1 pixel; received {cell_px}.")
    height, width = predicted.shape
    out = np.zeros((-(-height // cell_px), -(-width // cell_px), 4), np.int64)
    _count_cells(
        predicted.view(np.uint8), truth.view(np.uint8), counted.view(np.uint8), cell_px, out
    )
    return out


@njit(cache=True, nogil=True)
def _count_cells(
    predicted: NDArray[np.uint8],
    truth: NDArray[np.uint8],
    counted: NDArray[np.uint8],
    cell_px: int,
    out: NDArray[np.int64],
) -> None:
    for y in range(predicted.shape[0]):
        for col in range(out.shape[1]):
            run = slice(col * cell_px, (col + 1) * cell_px)
            _count_run(predicted[y, run], truth[y, run], counted[y, run], out[y // cell_px, col])


@njit(cache=True, nogil=True)
def _count_run(
    predicted: NDArray[np.uint8],
    truth: NDArray[np.uint8],
    counted: NDArray[np.uint8],
    cell: NDArray[np.int64],
) -> None:
    # narrow sums: a vector register holds twice as many as of int64, and no row is that long
    tp, marked, real, total = np.uint32(0), np.uint32(0), np.uint32(0), np.uint32(0)
    for x in range(predicted.size):
        p, t, c = predicted[x], truth[x], counted[x]
        tp = np.uint32(tp + (p & t & c))
        marked = np.uint32(marked + (p & c))
        real = np.uint32(real + (t & c))
        total = np.uint32(total + c)
    hits, marks, reals, pixels = np.int64(tp), np.int64(marked), np.int64(real), np.int64(total)
    cell[0] += hits
    cell[1] += marks - hits
    cell[2] += reals - hits
    cell[3] += pixels - marks - reals + hits
