"""A smooth field of places, between the nodes of a lattice."""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.errors import ContractError
from lsbatch.kernels.arrays import norm_array


@dataclass(frozen=True, slots=True)
class Places:
    """Rows and columns at every pixel of an image, from those at the nodes of a lattice.

    Between nodes lies the polynomial of degree 3 through four of them along each axis (Lagrange).
    A pixel has the same place, bit for bit, whichever is the first one.
    """

    rows: NDArray[np.float64]
    cols: NDArray[np.float64]
    """At every `step`-th pixel, (M, N): a node more before, and two after, those between which the
    pixels lie."""
    step: int
    first: tuple[int, int]
    """Row and column of the first pixel, counted from the second node; in [0, step)."""
    shape: tuple[int, int]
    """Pixels."""

    def __post_init__(self) -> None:
        pairs = list(zip(self.first, self.shape, strict=True))
        needed = tuple((first + side - 1) // self.step + 4 for first, side in pairs)
        if not all(0 <= first < self.step and side > 0 for first, side in pairs):
            raise ContractError(
                f"An image of shape {self.shape} cannot begin at {self.first} of cells of "
                f"{self.step} pixels."
            )
        for name in ("rows", "cols"):
            nodes = norm_array(name, getattr(self, name), dtype=np.float64, shape=needed)
            object.__setattr__(self, name, nodes)

    def extent(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Least and largest row, least and largest column; a smooth field has them at its rim."""
        found = [
            _extent(nodes, cubic_weights(self.step), *self.first, *self.shape)
            for nodes in (self.rows, self.cols)
        ]
        return found[0], found[1]


def cubic_weights(step: int) -> NDArray[np.float64]:
    """Weights of four nodes at each of `step` places between the inner two, (step, 4)."""
    t = np.arange(step) / step
    before, after = -t * (t - 1) * (t - 2) / 6, (t + 1) * t * (t - 1) / 6
    inner = (t + 1) * (t - 1) * (t - 2) / 2, -(t + 1) * t * (t - 2) / 2
    return np.stack([before, *inner, after], axis=1)


@njit(cache=True, nogil=True)
def line_of(
    nodes: NDArray[np.float64],
    weights: NDArray[np.float64],
    row: int,
    line: NDArray[np.float64],
) -> None:
    """The field along a row of pixels, at the nodes of each column: fills `line`, (N,)."""
    step = weights.shape[0]
    cell, w = row // step, weights[row % step]
    for n in range(line.size):
        if step == 1:
            line[n] = nodes[cell + 1, n]
        else:
            line[n] = (
                w[0] * nodes[cell, n]
                + w[1] * nodes[cell + 1, n]
                + w[2] * nodes[cell + 2, n]
                + w[3] * nodes[cell + 3, n]
            )


@njit(cache=True, nogil=True)
def fill_row(
    nodes: NDArray[np.float64],
    weights: NDArray[np.float64],
    row: int,
    left: int,
    line: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """The field along a row of pixels, from the column `left` on: fills `out`, (W,)."""
    line_of(nodes, weights, row, line)
    step = weights.shape[0]
    if step == 1:
        out[:] = line[left + 1 : left + 1 + out.size]
        return
    begun, cell, part = 0, left // step, left % step
    while begun < out.size:
        count = min(step - part, out.size - begun)
        a, b, c, d = line[cell], line[cell + 1], line[cell + 2], line[cell + 3]
        for k in range(count):
            w = weights[part + k]
            out[begun + k] = w[0] * a + w[1] * b + w[2] * c + w[3] * d
        begun, cell, part = begun + count, cell + 1, 0


@njit(cache=True, nogil=True)
def at_col(line: NDArray[np.float64], weights: NDArray[np.float64], col: int) -> float:
    """The field at a pixel of a row that `line_of` has filled."""
    step = weights.shape[0]
    if step == 1:
        return float(line[col + 1])
    cell, w = col // step, weights[col % step]
    return float(
        w[0] * line[cell] + w[1] * line[cell + 1] + w[2] * line[cell + 2] + w[3] * line[cell + 3]
    )


@njit(cache=True, nogil=True)
def _extent(
    nodes: NDArray[np.float64],
    weights: NDArray[np.float64],
    top: int,
    left: int,
    height: int,
    width: int,
) -> tuple[float, float]:
    line = np.empty(nodes.shape[1], np.float64)
    least, most = np.inf, -np.inf
    for i in range(height):
        line_of(nodes, weights, top + i, line)
        rim = i == 0 or i == height - 1 or weights.shape[0] == 1
        for j in range(0, width, 1 if rim else max(width - 1, 1)):
            value = at_col(line, weights, left + j)
            if value < least:
                least = value
            if value > most:
                most = value
    return least, most
