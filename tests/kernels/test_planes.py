import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lsbatch.kernels import fill_planes

SCALES = np.array([(0, 1.6, 0.25, 0.2), (0, 90, 20, 15), (-1, 1, 0.6, 0.4)], np.float32)
ROOTED = np.array([True, False, False])
GROUPS = np.array([0, 1, 0])


@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 9), st.just(3)),
        elements=st.floats(-2, 100, width=32) | st.sampled_from([np.nan, np.inf, -np.inf]),
    )
)
def test_planes_equal_numpy(values):
    low, high, centre, width = SCALES.T
    clipped = np.clip(values, low, high)
    shown = (np.where(ROOTED, np.sqrt(np.abs(clipped)), clipped) - centre) / width
    there = np.stack([np.isfinite(shown[:, g == GROUPS]).all(axis=1) for g in (0, 1)], axis=1)
    wanted = np.concatenate([np.where(there[:, GROUPS], shown, -7), there], axis=1)
    np.testing.assert_array_equal(
        fill_planes(values, SCALES, ROOTED, GROUPS, fill=-7), wanted.astype(np.float32)
    )
