import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lsbatch.detectors import load_detector
from tests.detector_contract import DetectorContract, batch_for

ndvi = st.one_of(
    st.floats(-1, 1, width=32), st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.5]), st.just(np.nan)
)
slope_deg = st.one_of(st.floats(0, 90, width=32), st.sampled_from([9.0, 10.0, 11.0]))


class TestNdviChange(DetectorContract):
    @pytest.fixture
    def detector(self):
        return load_detector("ndvi-change")

    def test_no_score_exactly_where_a_channel_is_missing(self, detector, batch):
        wanted = np.isnan(batch).any(axis=-1)
        np.testing.assert_array_equal(np.isnan(detector.score(batch)), wanted)


@given(
    pre=hnp.arrays(np.float32, 24, elements=ndvi),
    post=hnp.arrays(np.float32, 24, elements=ndvi),
    slope=hnp.arrays(np.float32, 24, elements=slope_deg),
)
def test_a_half_is_the_published_rule(pre, post, slope):
    # NDVI before >= 0.30, change <= -0.20, NDVI after <= 0.40, slope >= 10 degrees
    limit = np.float32
    wanted = (
        (pre >= limit(0.30))
        & (post - pre <= limit(-0.20))
        & (post <= limit(0.40))
        & (slope >= limit(10))
    )
    score = load_detector("ndvi-change").score(np.stack([pre, post, slope], axis=-1)[None, None])
    np.testing.assert_array_equal(score[0, 0] >= 0.5, wanted)


@pytest.mark.parametrize(
    ("pre", "post", "slope"),
    [(0.301, 0.05, 20), (0.9, 0.399, 20), (0.5, 0.299, 20), (0.8, 0.1, 10.01)],
)
def test_each_criterion_alone_decides(pre, post, slope):
    steps = np.array([[0, 0, 0], [-0.002, 0, 0], [0, 0.002, 0], [0, 0, -0.02]])
    scores = load_detector("ndvi-change").score(
        (np.array([pre, post, slope]) + steps).astype("float32")[None, None]
    )[0, 0]
    assert scores[0] >= 0.5 and (scores < 0.5).any()


@given(step=st.floats(0.001, 0.3))
def test_clearer_landslides_score_higher(step):
    plain = np.array([0.6, 0.3, 20.0], "float32")
    clearer = plain + np.array([step, -step, 10 * step], "float32")
    low, high = load_detector("ndvi-change").score(np.stack([plain, clearer])[None, None])[0, 0]
    assert 0.5 <= low <= high


def test_detectable_is_vegetated_before():
    batch = np.zeros((1, 1, 4, 3), "float32")
    batch[..., 0] = [0.29, 0.30, 0.8, np.nan]
    assert load_detector("ndvi-change").detectable(batch)[0, 0].tolist() == [
        False,
        True,
        True,
        False,
    ]


def test_thresholds_are_the_caller_s():
    strict = load_detector("ndvi-change", slope_min_deg=89)
    loose = load_detector("ndvi-change", slope_min_deg=0)
    batch = batch_for(loose, 1, 40, 40)
    assert (strict.score(batch) >= 0.5).sum() == 0 < (loose.score(batch) >= 0.5).sum()
