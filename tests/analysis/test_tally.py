"""Ranks and calibration of scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from lsbatch.analysis.tally import ScoreTally


def tallied(score, truth, pieces=1):
    tally = ScoreTally()
    for part in np.array_split(np.arange(len(score)), pieces):
        tally.add(score[part], truth[part])
    return tally.scores()


@given(seed=st.integers(0, 999), levels=st.sampled_from([1, 2, 5, 1000]), pieces=st.integers(1, 4))
def test_ranks_and_ties_equal_scikit_learns(seed, levels, pieces):
    random = np.random.default_rng(seed)
    score = (random.integers(0, levels + 1, 300) / levels).astype(np.float32)
    truth = random.random(300) < 0.1 + 0.5 * score
    truth[:2] = True, False
    found = tallied(score, truth, pieces)
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(truth, score), rel=1e-12)
    assert found["pr_auc"] == pytest.approx(
        metrics.average_precision_score(truth, score), rel=1e-12
    )
    assert found["brier"] == pytest.approx(metrics.brier_score_loss(truth, score.astype(float)))


def test_scores_that_all_differ_equal_scikit_learns_to_six_digits():
    random = np.random.default_rng(1)
    truth = random.random(200_000) < 0.03
    score = random.beta(1, 30, truth.size) + truth * random.beta(2, 2, truth.size) * 0.5
    score = np.clip(score, 0, 1).astype(np.float32)
    found = tallied(score, truth)
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(truth, score), abs=1e-6)
    assert found["pr_auc"] == pytest.approx(metrics.average_precision_score(truth, score), abs=1e-4)


def test_calibration_error_is_guos_with_fifteen_bins():
    random = np.random.default_rng(2)
    score = random.random(5000).astype(np.float32)
    truth = random.random(5000) < score**2
    place = np.minimum(np.floor(score.astype(float) * 15), 14)
    expected = sum(
        (place == b).mean() * abs(truth[place == b].mean() - score[place == b].mean(dtype=float))
        for b in range(15)
    )
    assert tallied(score, truth, 3)["ece"] == pytest.approx(expected, rel=1e-9)


def test_the_ends_of_the_scale_are_counted():
    score = np.array([0.0, -0.0, 1.0, 1.0], np.float32)
    found = tallied(score, np.array([False, False, True, True]))
    assert found == {"auc": 1.0, "pr_auc": 1.0, "brier": 0.0, "ece": 0.0}


@pytest.mark.parametrize("only", [True, False])
def test_one_class_has_no_ranking(only):
    found = tallied(np.array([0.2, 0.7], np.float32), np.array([only, only]))
    assert found["auc"] is None
    assert found["brier"] is not None


def test_without_pixels_nothing_is_defined():
    assert set(ScoreTally().scores().values()) == {None}
