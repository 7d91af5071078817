import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lsbatch.kernels import median_of_looks, normalised_difference

reflectance = st.one_of(
    st.floats(-0.5, 2, width=32), st.sampled_from([np.nan, 0.0, -0.0, np.inf, -np.inf])
)
shapes = hnp.array_shapes(min_dims=1, max_dims=3, max_side=6)


@given(pair=shapes.flatmap(lambda s: hnp.arrays(np.float32, (2, *s), elements=reflectance)))
def test_normalised_difference_equals_numpy(pair):
    a, b = pair.astype(np.float64)
    with np.errstate(all="ignore"):
        wanted = np.where(a + b > 0, (a - b) / (a + b), np.nan).astype(np.float32)
    found = normalised_difference(*pair)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, wanted)


def test_normalised_difference_is_unknown_where_the_sum_is_not_above_zero():
    a = np.array([0.4, 0.0, -0.3, np.nan, 0.1], np.float32)
    b = np.array([0.2, 0.0, 0.1, 0.1, np.nan], np.float32)
    found = normalised_difference(a, b)
    np.testing.assert_allclose(found[0], 1 / 3, rtol=1e-6)
    assert np.isnan(found[1:]).all()


@given(
    looks=st.integers(0, 17).flatmap(
        lambda t: st.tuples(
            hnp.arrays(np.float32, (t, 3, 5), elements=reflectance),
            hnp.arrays(np.bool_, (t, 3, 5)),
        )
    )
)
def test_median_equals_numpy_pixel_by_pixel(looks):
    values, usable = looks
    found = median_of_looks(values, usable)
    assert found.shape == (3, 5) and found.dtype == np.float32
    for y, x in np.ndindex(found.shape):
        kept = values[usable[:, y, x] & np.isfinite(values[:, y, x]), y, x].astype(np.float64)
        wanted = np.float32(np.median(kept)) if kept.size else np.nan
        np.testing.assert_array_equal(found[y, x], wanted)


def test_median_does_not_depend_on_the_order_of_looks():
    rng = np.random.default_rng(2)
    values = rng.random((23, 8, 9), np.float32)
    usable = rng.random(values.shape) < 0.7
    order = rng.permutation(23)
    np.testing.assert_array_equal(
        median_of_looks(values, usable), median_of_looks(values[order], usable[order])
    )
