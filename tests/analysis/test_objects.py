"""Object by object."""

import numpy as np
import pytest
import shapely
from shapely import box

from lsbatch.analysis.objects import object_scores


def compare(references, predictions, ground=None):
    references, predictions = (np.array(side, object) for side in (references, predictions))
    ground = shapely.union_all(references) if ground is None else ground
    return object_scores(references, predictions, ground=ground)


def test_a_map_equal_to_the_reference_is_perfect():
    slides = [box(0, 0, 30, 30), box(100, 0, 150, 20), box(0, 200, 200, 400)]
    scores = compare(slides, slides)
    for name in (
        "detection_rate",
        "detection_rate_10",
        "detection_rate_any",
        "detection_rate_by_area",
        "amalgamation_index",
        "split_index",
        "area_ratio",
        "count_ratio",
        "positional_match",
    ):
        assert scores[name] == pytest.approx(1)
    for name in ("omission", "commission", "commission_by_area", "positional_mismatch"):
        assert scores[name] == pytest.approx(0)


def test_thresholds_of_overlap():
    references = [box(0, y, 100, y + 10) for y in (0, 100, 200, 300)]
    # a half, a fifth, a twentieth, nothing
    predictions = [box(0, 0, 50, 10), box(0, 100, 20, 110), box(0, 200, 5, 210)]
    scores = compare(references, predictions)
    assert scores["detection_rate"] == 0.25
    assert scores["detection_rate_10"] == 0.5
    assert scores["detection_rate_any"] == 0.75
    assert scores["omission"] == 0.75
    assert scores["commission"] == 0
    assert scores["count_ratio"] == 0.75
    assert scores["area_ratio"] == pytest.approx(750 / 4000)
    assert scores["positional_match"] == pytest.approx(750 / 4000)


def test_a_neighbour_that_only_touches_is_no_overlap():
    scores = compare([box(0, 0, 10, 10)], [box(10, 0, 20, 10)])
    assert scores["detection_rate_any"] == 0
    assert scores["commission"] == 1
    assert scores["positional_mismatch"] == 1


def test_amalgamation_and_splits_are_counted():
    references = [box(x, 0, x + 10, 10) for x in (0, 20, 40)] + [box(0, 100, 90, 110)]
    predictions = [box(0, 0, 50, 10), box(0, 100, 30, 110), box(40, 100, 60, 110)]
    scores = compare(references, predictions)
    assert scores["amalgamation_index"] == pytest.approx((3 + 1 + 1) / 3)
    assert scores["split_index"] == pytest.approx((1 + 1 + 1 + 2) / 4)


def test_rates_by_decade_and_by_area():
    references = [box(0, 0, 20, 20), box(100, 0, 120, 20), box(0, 100, 100, 200)]
    predictions = [box(0, 0, 20, 15), box(500, 0, 600, 40)]
    scores = compare(references, predictions)
    assert scores["by_decade"] == [
        {
            "from_m2": 100.0,
            "to_m2": 1000.0,
            "reference_count": 2,
            "detection_rate": 0.5,
            "predicted_count": 1,
            "commission": 0.0,
        },
        {
            "from_m2": 1000.0,
            "to_m2": 10000.0,
            "reference_count": 0,
            "detection_rate": None,
            "predicted_count": 1,
            "commission": 1.0,
        },
        {
            "from_m2": 10000.0,
            "to_m2": 100000.0,
            "reference_count": 1,
            "detection_rate": 0.0,
            "predicted_count": 0,
            "commission": None,
        },
    ]
    assert scores["detection_rate_by_area"] == pytest.approx(400 / 10_800)
    assert scores["commission_by_area"] == pytest.approx(4000 / 4300)


def test_overlapping_references_are_not_counted_twice():
    scores = compare([box(0, 0, 10, 10), box(2, 0, 10, 10)], [box(0, 0, 40, 10)])
    assert scores["commission"] == 1
    assert scores["positional_match"] == pytest.approx(0.25)


def test_ground_beyond_the_judged_objects_makes_predictions_right():
    scores = compare(
        [box(0, 0, 10, 10)], [box(0, 0, 10, 10), box(50, 0, 60, 10)], box(0, 0, 60, 10)
    )
    assert scores["reference_count"] == 1
    assert scores["commission"] == 0


@pytest.mark.parametrize(
    ("references", "predictions", "defined"),
    [
        ([], [], {"reference_count": 0, "predicted_count": 0}),
        ([box(0, 0, 9, 9)], [], {"detection_rate": 0, "area_ratio": 0, "positional_match": 0}),
        ([], [box(0, 0, 9, 9)], {"commission": 1, "positional_match": 0}),
    ],
)
def test_an_empty_side_leaves_null_what_it_cannot_say(references, predictions, defined):
    scores = compare(references, predictions)
    assert {name: scores[name] for name in defined} == defined
    assert (scores["detection_rate"] is None) == (not references)
    assert (scores["commission"] is None) == (not predictions)
    assert scores["amalgamation_index"] is scores["split_index"] is None
