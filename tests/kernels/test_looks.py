import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lsbatch.errors import ContractError
from lsbatch.kernels import has_twin, widen

reflectance = st.one_of(st.integers(0, 40).map(lambda n: n / 64), st.just(np.nan))


@given(
    values=hnp.arrays(np.float32, (2, 4, 2, 3), elements=reflectance),
    considered=hnp.arrays(bool, (4, 2, 3)),
)
def test_twins_equal_a_walk_over_pairs(values, considered):
    found = has_twin(values, considered, absolute=0.03, relative=0.1)
    for look, y, x in np.ndindex(found.shape):
        wanted = False
        for other in set(range(4)) - {look}:
            a, b = values[:, look, y, x].astype("f8"), values[:, other, y, x].astype("f8")
            alike = bool((np.abs(a - b) <= 0.03 + 0.1 * 0.5 * (a + b)).all())
            wanted |= alike and considered[look, y, x] and considered[other, y, x]
        assert found[look, y, x] == wanted


def test_a_look_alone_has_no_twin():
    assert not has_twin(
        np.full((3, 1, 2, 2), 0.2, "f4"), np.ones((1, 2, 2), bool), absolute=1, relative=1
    ).any()


@given(mask=hnp.arrays(bool, (9, 11)), radius=st.floats(0, 6))
def test_widen_is_a_disc_about_every_pixel(mask, radius):
    rows, cols = np.nonzero(mask)
    y, x = np.mgrid[:9, :11]
    gap = np.hypot(y[..., None] - rows, x[..., None] - cols)
    np.testing.assert_array_equal(
        widen(mask, radius_px=radius), (gap <= radius + 1e-6).any(axis=-1)
    )


@given(
    radius=st.floats(0, 6), top=st.integers(0, 12), left=st.integers(0, 12), side=st.integers(1, 9)
)
def test_widen_has_no_seam_with_its_halo(radius, top, left, side):
    mask = np.random.default_rng(4).random((34, 34)) < 0.05
    halo = int(radius)
    window = (slice(top, top + side + 2 * halo), slice(left, left + side + 2 * halo))
    core = (slice(halo, halo + side), slice(halo, halo + side))
    np.testing.assert_array_equal(
        widen(mask[window], radius_px=radius)[core], widen(mask, radius_px=radius)[window][core]
    )


@pytest.mark.parametrize("radius", [-1.0, np.nan, np.inf])
def test_a_radius_that_is_no_length_is_refused(radius):
    with pytest.raises(ContractError, match="A radius must be 0 pixels or more"):
        widen(np.ones((2, 2), bool), radius_px=radius)
