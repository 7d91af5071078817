"""Scores against truth, gathered window by window in memory that does not grow."""

import numpy as np
from numpy.typing import NDArray

from lsbatch.analysis.plain import ratio

ECE_BINS = 15
_DROPPED_BITS = 8
_KEYS = (0x3F800000 >> _DROPPED_BITS) + 1
"""Scores are ranked by the leading bits of their float32 pattern, which orders like the numbers:
4 million steps from 0 to 1, each within 1/32768 of its value."""


class ScoreTally:
    """Ranks and calibration of scores, added up over windows."""

    def __init__(self) -> None:
        self._ranked = np.zeros((2, _KEYS), np.int64)
        self._bins = np.zeros((3, ECE_BINS))
        self._squares = 0.0

    def add(self, score: NDArray[np.float32], truth: NDArray[np.bool_]) -> None:
        """Count pixels.

        Parameters
        ----------
        score : ndarray, float32, (N,)
            In [0, 1], no NaN.
        truth : ndarray, bool, (N,)
            True = landslide.
        """
        score = np.clip(score, 0, 1) + np.float32(0)  # -0.0 becomes 0.0
        keys = score.view(np.uint32) >> _DROPPED_BITS
        for kind, own in enumerate((~truth, truth)):
            self._ranked[kind] += np.bincount(keys[own], minlength=_KEYS)
        exact = score.astype(np.float64)
        self._squares += float(np.sum((exact - truth) ** 2))
        place = np.minimum((exact * ECE_BINS).astype(np.int64), ECE_BINS - 1)
        for row, weights in enumerate((None, exact, truth)):
            self._bins[row] += np.bincount(place, weights, minlength=ECE_BINS)

    def scores(self) -> dict[str, float | None]:
        """`auc`, `pr_auc`, `brier` and `ece`; None where undefined.

        Notes
        -----
        AUC by mid-ranks of ties; PR-AUC is average precision, the sum of precision times the step
        in recall. Both are exact up to scores that agree within 1/32768 of their value, which tie.
        ECE has 15 equal bins, closed below: Guo et al. (2017), ICML 70, 1321-1330.
        """
        negative, positive = self._ranked
        count, confidence, hits = self._bins
        total = int(count.sum())
        below = np.cumsum(negative) - negative
        beaten = float(np.sum(positive * (below + negative / 2)))
        pairs = float(positive.sum()) * float(negative.sum())
        true = np.cumsum(positive[::-1])
        all_above = true + np.cumsum(negative[::-1])
        precision = true / np.maximum(all_above, 1)
        return {
            "auc": ratio(beaten, pairs),
            "pr_auc": ratio(float(np.sum(precision * positive[::-1])), float(positive.sum())),
            "brier": ratio(self._squares, total),
            "ece": ratio(float(np.abs(hits - confidence).sum()), total),
        }
