"""Agreement of two maps from four counts of pixels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lsbatch.analysis.plain import ratio
from lsbatch.kernels import mcc

_DRAWS = 1000
_SEED = 20180906


def pixel_scores(cells: NDArray[np.int64]) -> dict[str, Any]:
    """Scores of a map from its confusion counts.

    Parameters
    ----------
    cells : ndarray, int64, (N, 4)
        tp, fp, fn, tn of each cell of ground; cells without a counted pixel say nothing.

    Returns
    -------
    dict
        - `n`, `tp`, `fp`, `fn`, `tn`, `prevalence`; `accuracy` beside `null_accuracy`, that of a
          map without landslides;
        - `precision`, `recall`, `specificity`, `balanced_accuracy`, `f1`, `f2`, `iou`;
        - `mcc`, -1 to 1; 0 with `mcc_defined` False where its denominator is 0;
        - `mcc_low`, `mcc_high`: 95 % interval from 1000 seeded draws of cells with replacement,
          since neighbouring pixels are no independent witnesses; None below two cells; `mcc_cells`.

        None where undefined.
    """
    cells = cells[cells.sum(axis=1) > 0]
    tp, fp, fn, tn = (int(count) for count in cells.sum(axis=0))
    n = tp + fp + fn + tn
    recall, specificity = ratio(tp, tp + fn), ratio(tn, tn + fp)
    correlation = mcc(tp, fp, fn, tn)
    low, high = _mcc_interval(cells)
    return {
        "n": n,
        "tp": tp,
        "fp": fp,
        "fn": fn,
        "tn": tn,
        "prevalence": ratio(tp + fn, n),
        "accuracy": ratio(tp + tn, n),
        "null_accuracy": ratio(fp + tn, n),
        "precision": ratio(tp, tp + fp),
        "recall": recall,
        "specificity": specificity,
        "balanced_accuracy": (
            None if recall is None or specificity is None else (recall + specificity) / 2
        ),
        "f1": ratio(2 * tp, 2 * tp + fp + fn),
        "f2": ratio(5 * tp, 5 * tp + 4 * fn + fp),
        "iou": ratio(tp, tp + fp + fn),
        "mcc": correlation or 0.0,
        "mcc_defined": correlation is not None,
        "mcc_low": low,
        "mcc_high": high,
        "mcc_cells": len(cells),
    }


def _mcc_interval(cells: NDArray[np.int64]) -> tuple[float | None, float | None]:
    if len(cells) < 2:
        return None, None
    random = np.random.default_rng(_SEED)
    drawn = np.empty((_DRAWS, 4))
    for draw in range(_DRAWS):
        times = np.bincount(random.integers(len(cells), size=len(cells)), minlength=len(cells))
        drawn[draw] = times @ cells
    tp, fp, fn, tn = drawn.T
    margins = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    mcc = np.where(margins > 0, (tp * tn - fp * fn) / np.sqrt(np.maximum(margins, 1)), 0)
    low, high = np.quantile(mcc, (0.025, 0.975))
    return float(low), float(high)
