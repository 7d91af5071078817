"""Scores from confusion counts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from lsbatch.analysis.pixel_scores import pixel_scores


def cells(*rows):
    return np.array(rows, np.int64).reshape(-1, 4)


@given(
    st.tuples(*[st.integers(0, 40)] * 4).filter(
        lambda c: min(c[0] + c[1], c[0] + c[2], c[3] + c[1], c[3] + c[2]) > 0
    )
)
def test_scores_equal_scikit_learns(counts):
    truth = np.repeat([1, 0, 1, 0], counts)
    found = np.repeat([1, 1, 0, 0], counts)
    scores = pixel_scores(cells(counts))
    expected = {
        "accuracy": metrics.accuracy_score(truth, found),
        "precision": metrics.precision_score(truth, found),
        "recall": metrics.recall_score(truth, found),
        "specificity": metrics.recall_score(truth, found, pos_label=0),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, found),
        "f1": metrics.f1_score(truth, found),
        "f2": metrics.fbeta_score(truth, found, beta=2),
        "iou": metrics.jaccard_score(truth, found),
        "mcc": metrics.matthews_corrcoef(truth, found),
        "prevalence": truth.mean(),
        "null_accuracy": 1 - truth.mean(),
    }
    assert {name: scores[name] for name in expected} == pytest.approx(expected)
    assert scores["n"] == sum(counts)


def test_mcc_does_not_overflow_where_64_bits_do():
    counts = np.array([60_000, 55_000, 70_000, 3_000_000_000])
    with np.errstate(over="ignore"):
        tp, fp, fn, tn = counts
        assert (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn) != math.prod(
            [115_000, 130_000, 3_000_055_000, 3_000_070_000]
        )
    expected = (60_000 * 3_000_000_000 - 55_000 * 70_000) / math.sqrt(
        115_000 * 130_000 * 3_000_055_000 * 3_000_070_000
    )
    assert pixel_scores(cells(counts))["mcc"] == pytest.approx(expected, rel=1e-12)


def test_a_map_without_landslides_has_mcc_zero_and_says_it_is_not_defined():
    scores = pixel_scores(cells([0, 0, 10, 90]))
    assert (scores["mcc"], scores["mcc_defined"]) == (0.0, False)
    assert scores["precision"] is None
    assert scores["recall"] == 0.0
    assert scores["accuracy"] == scores["null_accuracy"] == 0.9


def test_without_pixels_nothing_is_defined():
    scores = pixel_scores(cells([0, 0, 0, 0]))
    undefined = {name for name, value in scores.items() if value is None}
    assert undefined == set(scores) - {
        "n",
        "tp",
        "fp",
        "fn",
        "tn",
        "mcc",
        "mcc_defined",
        "mcc_cells",
    }


def test_interval_holds_the_value_repeats_itself_and_ignores_empty_cells():
    rows = np.random.default_rng(0).integers(0, 200, (60, 4))
    scores = pixel_scores(rows)
    assert scores["mcc_low"] < scores["mcc"] < scores["mcc_high"]
    assert pixel_scores(np.vstack([rows, np.zeros((9, 4), int)])) == scores


def test_interval_widens_when_errors_come_in_clumps():
    even = np.tile([8, 2, 2, 88], (50, 1))
    clumped = np.vstack([np.tile([10, 0, 0, 90], (40, 1)), np.tile([0, 10, 10, 80], (10, 1))])
    one, other = pixel_scores(even), pixel_scores(clumped)
    assert one["mcc"] == pytest.approx(other["mcc"])
    assert one["mcc_high"] - one["mcc_low"] < 1e-9 < 0.1 < other["mcc_high"] - other["mcc_low"]


def test_one_cell_gives_no_interval():
    assert pixel_scores(cells([5, 1, 1, 5]))["mcc_low"] is None
