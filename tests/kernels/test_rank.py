import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.errors import ContractError
from lsbatch.kernels import NO_GROUP, local_quantile


def world(height, width, *, n_groups, seed=0):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 256, (height, width), np.uint8)
    codes[rng.random(codes.shape) < 0.2] = 0
    groups = rng.integers(0, n_groups, (height, width), np.uint8)
    groups[rng.random(groups.shape) < 0.1] = NO_GROUP
    return codes, groups


def slow_quantile(codes, groups, *, radius, quantile, n_groups, min_count):
    out = np.zeros_like(codes)
    for y, x in zip(*np.nonzero(groups != NO_GROUP), strict=True):
        window = np.s_[max(y - radius, 0) : y + radius + 1, max(x - radius, 0) : x + radius + 1]
        near = [(int(groups[y, x]) + turn) % n_groups for turn in (-1, 0, 1)]
        kept = np.sort(codes[window][np.isin(groups[window], near) & (codes[window] > 0)])
        if kept.size >= min_count:
            out[y, x] = kept[max(math.ceil(quantile * kept.size), 1) - 1]
    return out


@given(
    height=st.integers(1, 13),
    width=st.integers(1, 13),
    radius=st.integers(0, 8),
    quantile=st.one_of(st.floats(0.001, 1), st.sampled_from([0.5, 0.9, 1.0])),
    n_groups=st.sampled_from([3, 4, 16, 255]),
    min_count=st.integers(1, 6),
    seed=st.integers(0, 99),
)
def test_quantile_equals_sorting_each_window(
    height, width, radius, quantile, n_groups, min_count, seed
):
    codes, groups = world(height, width, n_groups=n_groups, seed=seed)
    settings = {
        "radius": radius,
        "quantile": quantile,
        "n_groups": n_groups,
        "min_count": min_count,
    }
    wanted = slow_quantile(codes, groups, **settings)
    np.testing.assert_array_equal(local_quantile(codes, groups, **settings), wanted)


@given(top=st.integers(0, 15), left=st.integers(0, 15), side=st.integers(1, 12))
def test_seam_invisible_with_a_halo_of_the_radius(top, left, side):
    radius = 6
    codes, groups = world(40, 40, n_groups=8, seed=4)
    settings = {"radius": radius, "quantile": 0.8, "n_groups": 8, "min_count": 3}
    whole = local_quantile(codes, groups, **settings)
    padded = np.s_[top : top + side + 2 * radius, left : left + side + 2 * radius]
    part = local_quantile(codes[padded], groups[padded], **settings)
    inner = np.s_[radius : radius + side, radius : radius + side]
    np.testing.assert_array_equal(part[inner], whole[padded][inner])


def test_groups_are_circular_and_others_do_not_count():
    codes = np.array([[10, 20, 30, 40]], np.uint8)
    groups = np.array([[0, 1, 7, 4]], np.uint8)
    found = local_quantile(codes, groups, radius=3, quantile=1.0, n_groups=8, min_count=1)
    np.testing.assert_array_equal(found, [[30, 20, 30, 40]])


def test_pixel_without_a_group_is_neither_counted_nor_answered():
    codes = np.array([[10, 200]], np.uint8)
    groups = np.array([[0, NO_GROUP]], np.uint8)
    found = local_quantile(codes, groups, radius=1, quantile=1.0, n_groups=3, min_count=1)
    np.testing.assert_array_equal(found, [[10, 0]])


def test_pixel_that_is_not_usable_is_answered_by_its_neighbours():
    codes = np.array([[0, 7]], np.uint8)
    groups = np.zeros((1, 2), np.uint8)
    found = local_quantile(codes, groups, radius=1, quantile=0.5, n_groups=3, min_count=1)
    np.testing.assert_array_equal(found, [[7, 7]])


def test_too_few_neighbours_give_no_answer():
    codes = np.full((3, 3), 9, np.uint8)
    groups = np.zeros((3, 3), np.uint8)
    found = local_quantile(codes, groups, radius=1, quantile=0.5, n_groups=3, min_count=6)
    np.testing.assert_array_equal(found, [[0, 9, 0], [9, 9, 9], [0, 9, 0]])


@pytest.mark.parametrize(
    "wrong",
    [
        {"radius": -1},
        {"quantile": 0.0},
        {"quantile": 1.1},
        {"quantile": math.nan},
        {"n_groups": 2},
        {"n_groups": 256},
        {"min_count": 0},
    ],
)
def test_setting_out_of_range_is_refused(wrong):
    codes, groups = world(3, 3, n_groups=3)
    settings = {"radius": 1, "quantile": 0.5, "n_groups": 3, "min_count": 1} | wrong
    with pytest.raises(ContractError, match="local_quantile needs"):
        local_quantile(codes, groups, **settings)


def test_group_beyond_their_number_is_refused():
    groups = np.array([[0, 5]], np.uint8)
    with pytest.raises(ContractError, match=r"below n_groups = 5.* received 5"):
        local_quantile(groups, groups, radius=1, quantile=0.5, n_groups=5, min_count=1)
