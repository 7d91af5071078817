"""Values for JSON."""

import json

import numpy as np

from lsbatch.analysis.plain import norm_plain, ratio


def test_undefined_is_null_and_never_zero():
    assert ratio(0, 0) is None
    assert norm_plain([float("nan"), np.float32("inf"), None]) == [None, None, None]


def test_values_become_plain_and_keep_nine_digits():
    value = {"a": np.float64(1 / 3), "b": (np.int64(3), np.bool_(True)), 7: np.arange(2.0)}
    plain = norm_plain(value)
    assert plain == {"a": 0.333333333, "b": [3, True], "7": [0.0, 1.0]}
    assert json.loads(json.dumps(plain)) == plain
    assert type(plain["b"][1]) is bool
