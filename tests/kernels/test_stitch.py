import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.errors import ContractError
from lsbatch.kernels import blend_weights, stitch_patches

SIDE = 6


def lattice(places, *, seed=0, holes=0.1):
    rng = np.random.default_rng(seed)
    tops, lefts = np.array(places, np.int64).reshape(-1, 2).T.copy()
    patches = rng.random((tops.size, SIDE, SIDE), np.float32)
    patches[rng.random(patches.shape) < holes] = np.nan
    return patches, tops, lefts


def summed(patches, tops, lefts, weights, shape):
    big = np.zeros((2, shape[0] + 4 * SIDE, shape[1] + 4 * SIDE))
    for n in np.lexsort((lefts, tops)):
        window = np.s_[tops[n] + 2 * SIDE :, lefts[n] + 2 * SIDE :]
        known = ~np.isnan(patches[n])
        big[0][window][:SIDE, :SIDE] += np.where(known, patches[n], 0) * weights.astype(float)
        big[1][window][:SIDE, :SIDE] += np.where(known, weights, 0)
    with np.errstate(invalid="ignore"):
        mean = (big[0] / big[1]).astype(np.float32)
    return mean[2 * SIDE : 2 * SIDE + shape[0], 2 * SIDE : 2 * SIDE + shape[1]]


places = st.lists(
    st.tuples(st.integers(-SIDE - 2, 14), st.integers(-SIDE - 2, 16)), unique=True, max_size=25
)


@given(places=places, seed=st.integers(0, 99))
def test_stitching_equals_numpy_wherever_patches_lie(places, seed):
    patches, tops, lefts = lattice(places, seed=seed)
    weights = blend_weights(SIDE)
    wanted = summed(patches, tops, lefts, weights, (11, 13))
    found = stitch_patches(patches, tops, lefts, weights, (11, 13))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, wanted)


@given(places=places, order=st.randoms(use_true_random=False))
def test_order_of_patches_changes_no_bit(places, order):
    patches, tops, lefts = lattice(places)
    weights = blend_weights(SIDE)
    mixed = list(range(len(places)))
    order.shuffle(mixed)
    np.testing.assert_array_equal(
        stitch_patches(patches[mixed], tops[mixed], lefts[mixed], weights, (11, 13)),
        stitch_patches(patches, tops, lefts, weights, (11, 13)),
    )


@given(row=st.integers(0, 14), col=st.integers(0, 14))
def test_seam_invisible_where_all_patches_over_a_window_are_given(row, col):
    starts = range(-3, 24, 3)
    patches, tops, lefts = lattice([(top, left) for top in starts for left in starts])
    weights = blend_weights(SIDE)
    whole = stitch_patches(patches, tops, lefts, weights, (22, 22))
    over = (abs(tops + 3 - row - 4) < 7) & (abs(lefts + 3 - col - 4) < 7)
    part = stitch_patches(patches[over], tops[over] - row, lefts[over] - col, weights, (8, 8))
    np.testing.assert_array_equal(part, whole[row : row + 8, col : col + 8])


def test_value_not_known_contributes_nothing():
    patches, tops, lefts = lattice([(0, 0), (0, 1)], holes=0)
    patches[1] = np.nan
    weights = blend_weights(SIDE)
    found = stitch_patches(patches, tops, lefts, weights, (SIDE, SIDE + 2))
    np.testing.assert_array_equal(found[:, :SIDE], patches[0])
    assert np.isnan(found[:, SIDE:]).all()


def test_agreeing_patches_keep_their_score():
    patches, tops, lefts = lattice([(0, 0), (2, 1), (-3, -2), (1, -4)])
    patches[:] = np.float32(0.1)
    found = stitch_patches(patches, tops, lefts, blend_weights(SIDE), (3, 3))
    assert np.all(found == np.float32(0.1))


@given(side=st.integers(1, 130))
def test_blend_weights_never_vanish_and_have_all_symmetries(side):
    weights = blend_weights(side)
    assert weights.shape == (side, side) and weights.dtype == np.float32
    assert weights.min() >= 0.0025 and weights.max() <= 1
    assert weights.max() == weights[side // 2, side // 2]
    for same in (weights[::-1], weights[:, ::-1], weights.T):
        np.testing.assert_array_equal(same, weights)


def test_blend_weights_are_smooth():
    assert np.abs(np.diff(blend_weights(64), axis=0)).max() < 0.06


@pytest.mark.parametrize("weight", [0.0, -1.0, np.nan])
def test_weight_not_above_zero_is_refused(weight):
    patches, tops, lefts = lattice([(0, 0)])
    weights = blend_weights(SIDE)
    weights[0, 0] = weight
    with pytest.raises(ContractError, match="above 0"):
        stitch_patches(patches, tops, lefts, weights, (3, 3))


def test_two_patches_in_one_place_are_refused():
    patches, tops, lefts = lattice([(4, 2), (0, 0), (4, 2)])
    with pytest.raises(ContractError, match="row 4, column 2"):
        stitch_patches(patches, tops, lefts, blend_weights(SIDE), (3, 3))


def test_patch_without_a_side_is_refused():
    with pytest.raises(ContractError, match="received 0"):
        blend_weights(0)
