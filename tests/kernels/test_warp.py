"""Moved pixels: whole shifts are exact, planes stay planes, equal to Keys's kernel in numpy."""

import numpy as np

from lsbatch.kernels import move_pixels


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
