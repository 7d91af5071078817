"""Wide, smooth things made on coarse grids, where they cost little."""

import numpy as np
from scipy import ndimage

from lsbatch.simulate.noise import Field, fractal


def smooth_noise(
    shape: tuple[int, int], rng: np.random.Generator, *, slope: float, longest_px: float
) -> Field:
    """A `fractal` of mean 0 and deviation 1 without detail below 16 pixels."""
    step = 8
    small = fractal(
        (shape[0] // step + 2, shape[1] // step + 2), rng, slope=slope, longest_px=longest_px / step
    )
    return enlarge(small, step, shape)


def blur_wide(field: Field, radius_px: float) -> Field:
    """The field smoothed by a Gaussian of many pixels."""
    step = max(2, int(radius_px // 3))
    small = ndimage.gaussian_filter(pool(field, step), radius_px / step, mode="nearest")
    return enlarge(small, step, field.shape)


def pool(field: np.ndarray, step: int) -> Field:
    """Means of whole squares of pixels; what is left at the lower and right edge is dropped."""
    rows, cols = field.shape[0] // step, field.shape[1] // step
    cut = field[: rows * step, : cols * step]
    # whole rows are added first, which runs through memory in order
    lines = np.array(cut[::step], np.float32)
    for row in range(1, step):
        lines += cut[row::step]
    lines = lines.reshape(rows, cols, step)
    sums = lines.sum(axis=2) if step > 4 else sum(lines[:, :, col] for col in range(step))
    return np.asarray(sums * np.float32(step**-2), np.float32)


def enlarge(field: Field, step: int, shape: tuple[int, ...]) -> Field:
    """Field on pixels `step` times finer, linear between cell centres, cut to `shape`."""
    low, high, part = _between(field.shape[0], step, shape[0])
    part = part[:, None]
    lines = field[low] * (1 - part) + field[high] * part
    low, high, part = _between(field.shape[1], step, shape[1])
    fine = np.take(lines, low, axis=1, mode="clip")
    # "clip" spares a second look at each place; none lies outside
    rest = np.take(lines, high, axis=1, mode="clip")
    rest -= fine
    rest *= part
    fine += rest
    return fine


def _between(coarse: int, step: int, fine: int) -> tuple[np.ndarray, np.ndarray, Field]:
    at = np.clip((np.arange(fine, dtype=np.float32) + 0.5) / step - 0.5, 0, coarse - 1)
    low = np.minimum(at.astype(np.intp), max(coarse - 2, 0))
    return low, np.minimum(low + 1, coarse - 1), (at - low).astype(np.float32)
