"""Moved pixels: whole shifts are exact, planes stay planes, equal to Keys's kernel in numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.errors import ContractError
from lsbatch.kernels import move_flags, move_image, move_pixels


def keys(distance):
    x = np.abs(distance)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


def test_moved_pixels_equal_keys_in_numpy():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(9, 11)).astype(np.float32)
    down, right = (rng.uniform(-1.5, 1.5, values.shape).astype(np.float32) for _ in range(2))
    padded, (rows, cols) = np.pad(values, 6, mode="edge"), np.indices((21, 23)) - 6
    wanted = [
        (padded * keys(rows - y - down[y, x]) * keys(cols - x - right[y, x])).sum()
        for y, x in np.ndindex(values.shape)
    ]
    found = move_pixels(values, down, right)
    np.testing.assert_allclose(found.ravel(), wanted, atol=1e-5)


def test_whole_shift_takes_the_pixel_below_and_to_the_right():
    values = np.random.default_rng(1).normal(size=(12, 12)).astype(np.float32)
    found = move_pixels(values, np.full_like(values, 2), np.full_like(values, 1))
    np.testing.assert_array_equal(found[:-2, :-1], values[2:, 1:])


def test_plane_stays_a_plane():
    rows, cols = np.indices((14, 14)).astype(np.float32)
    found = move_pixels(3 * rows - cols, np.full_like(rows, 0.3), np.full_like(rows, -0.6))
    inner = np.s_[3:-3, 3:-3]
    np.testing.assert_allclose(found[inner], (3 * rows - cols + 1.5)[inner], atol=1e-4)


def test_without_gaps_an_image_moves_as_pixels_do():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(20, 17)).astype(np.float32)
    down, right = (rng.uniform(-2, 2, values.shape).astype(np.float32) for _ in range(2))
    np.testing.assert_array_equal(move_image(values, down, right), move_pixels(values, down, right))
    still = np.zeros_like(values)
    np.testing.assert_array_equal(move_image(values, still, still), values)


@given(st.integers(0, 10_000))
def test_gaps_move_with_their_pixels_and_neither_grow_nor_close(seed):
    rng = np.random.default_rng(seed)
    values = rng.uniform(1, 2, size=(15, 18)).astype(np.float32)
    values[rng.random(values.shape) < 0.2] = np.nan
    down, right = (np.full(values.shape, shift, np.float32) for shift in rng.uniform(-1.6, 1.6, 2))
    gaps = move_flags(np.isnan(values).astype(np.uint16), down, right) == 1
    found = move_image(values, down, right)
    np.testing.assert_array_equal(np.isnan(found), gaps)
    # Keys's kernel overshoots by no more than an eighth of a step on each axis
    assert np.nanmin(found) > 0.5 and np.nanmax(found) < 2.5


def test_beside_a_gap_the_mean_is_that_of_the_pixels_with_data():
    values = np.array([[1, 2, 3, 4]] * 4, np.float32)
    values[:, 3] = np.nan
    down, right = np.zeros_like(values), np.full_like(values, 0.25)
    found = move_image(values, down, right)
    # the third column lies a quarter of the way into the gap: only its own pixel has data
    np.testing.assert_allclose(found[:, 2], 3)
    np.testing.assert_allclose(found[:, 1], 2.25)
    assert np.isnan(found[:, 3]).all()


def test_flags_are_those_of_the_nearest_pixel():
    rng = np.random.default_rng(5)
    flags = rng.integers(0, 9, (12, 14)).astype(np.uint16)
    down, right = (rng.uniform(-2, 2, flags.shape).astype(np.float32) for _ in range(2))
    rows, cols = np.indices(flags.shape)
    row = np.clip(rows + np.floor(down + np.float32(0.5)).astype(int), 0, 11)
    col = np.clip(cols + np.floor(right + np.float32(0.5)).astype(int), 0, 13)
    np.testing.assert_array_equal(move_flags(flags, down, right), flags[row, col])
    with pytest.raises(ContractError, match="uint16"):
        move_flags(flags.astype(np.uint8), down, right)
    with pytest.raises(ContractError, match="right"):
        move_image(flags.astype(np.float32), down, right[1:])
