"""Where water goes: pits filled, steepest descent, drained area, incision. Plain arrays, numba."""

import heapq
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

Reals = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

_STEPS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
_TILT = 1e-4
"""Least drop from a cell to the next, of the cell side: it gives flats a way out."""


@dataclass(frozen=True, slots=True)
class Drainage:
    """Flow over a grid, cells by their flat index."""

    filled: Reals
    """(H, W) metres; every cell off the outlets has a lower neighbour."""
    order: Indices
    """(H * W,) cells from the outlets upstream."""
    receiver: Indices
    """(H * W,) the neighbour that a cell drains to; an outlet drains to itself."""
    area: Reals
    """(H, W) square metres drained through a cell, itself counted."""


def find_drainage(elevation: Reals, cell_m: float, *, outlet: npt.NDArray[np.bool_]) -> Drainage:
    """Flow along the steepest of eight neighbours.

    Parameters
    ----------
    elevation : ndarray, float64, (H, W)
        Metres, no NaN.
    cell_m : float
        Cell side in metres.
    outlet : ndarray, bool, (H, W)
        Where water leaves; at least one cell. All other edges are closed.

    Notes
    -----
    Pits are filled by priority flood (Barnes et al. 2014, Computers & Geosciences 62).
    """
    filled, order = _flood(elevation, outlet, _TILT * cell_m)
    receiver = _find_receivers(filled, outlet)
    area = _accumulate(order, receiver, cell_m**2).reshape(elevation.shape)
    return Drainage(filled, order, receiver, area)


def fill_pits(elevation: Reals, cell_m: float, *, outlet: npt.NDArray[np.bool_]) -> Reals:
    """Elevation with every pit filled to its lowest rim; see `find_drainage`."""
    filled: Reals = _flood(elevation, outlet, _TILT * cell_m)[0]
    return filled


def find_upstream(drainage: Drainage, cell: int) -> npt.NDArray[np.bool_]:
    """Cells that drain through one cell (flat index), itself included; (H, W)."""
    return _mark_upstream(drainage.order, drainage.receiver, cell).reshape(drainage.area.shape)


@njit(cache=True)
def _flood(elevation, outlet, least_drop):
    rows, cols = elevation.shape
    filled = elevation.copy()
    order = np.empty(rows * cols, np.int64)
    seen = outlet.copy()
    heap = [(elevation.flat[cell], cell) for cell in np.flatnonzero(outlet)]
    heapq.heapify(heap)
    count = 0
    while len(heap) > 0:
        level, cell = heapq.heappop(heap)
        order[count] = cell
        count += 1
        for step in _STEPS:
            row, col = cell // cols + step[0], cell % cols + step[1]
            if row < 0 or col < 0 or row >= rows or col >= cols or seen[row, col]:
                continue
            seen[row, col] = True
            filled[row, col] = max(filled[row, col], level + least_drop)
            heapq.heappush(heap, (filled[row, col], row * cols + col))
    return filled, order


@njit(cache=True)
def _find_receivers(filled, outlet):
    rows, cols = filled.shape
    receiver = np.arange(rows * cols)
    for row in range(rows):
        for col in range(cols):
            steepest = 0.0
            if outlet[row, col]:
                continue
            for step in _STEPS:
                y, x = row + step[0], col + step[1]
                if y < 0 or x < 0 or y >= rows or x >= cols:
                    continue
                drop = (filled[row, col] - filled[y, x]) / np.hypot(step[0], step[1])
                if drop > steepest:
                    steepest = drop
                    receiver[row * cols + col] = y * cols + x
    return receiver


@njit(cache=True)
def _accumulate(order, receiver, cell_area):
    area = np.full(order.size, cell_area)
    for place in range(order.size - 1, -1, -1):
        cell = order[place]
        if receiver[cell] != cell:
            area[receiver[cell]] += area[cell]
    return area


@njit(cache=True)
def _mark_upstream(order, receiver, outlet):
    upstream = np.zeros(order.size, np.bool_)
    for cell in order:
        upstream[cell] = cell == outlet or (receiver[cell] != cell and upstream[receiver[cell]])
    return upstream


@njit(cache=True)
def incise(filled, order, receiver, strength, cell_m):
    """Elevation after one implicit step of stream-power incision.

    Parameters
    ----------
    filled, order, receiver
        As in `Drainage`.
    strength : ndarray, float64, (H, W)
        Time step times erodibility times drained area to its exponent, metres.
    cell_m : float
        Cell side in metres.

    Returns
    -------
    ndarray, float64, (H, W)
        Metres; outlets keep their height.

    Notes
    -----
    Braun and Willett (2013), Geomorphology 180-181, slope exponent 1.
    """
    cols = filled.shape[1]
    cut = filled.copy().ravel()
    for cell in order:
        down = receiver[cell]
        if down == cell:
            continue
        length = cell_m * np.hypot(cell // cols - down // cols, cell % cols - down % cols)
        factor = strength[cell // cols, cell % cols] / length
        cut[cell] = (cut[cell] + factor * cut[down]) / (1.0 + factor)
    return cut.reshape(filled.shape)


@njit(cache=True)
def shed(ground, order, receiver, steepest, cell_m):
    """Elevation after ground steeper than it can stand has failed and been carried away.

    Parameters
    ----------
    ground : ndarray, float64, (H, W)
        Metres.
    order, receiver
        As in `Drainage`.
    steepest : ndarray, float64, (H, W)
        Rise over run along the flow that a cell can bear.
    cell_m : float
        Cell side in metres.
    """
    cols = ground.shape[1]
    left = ground.copy().ravel()
    for cell in order:
        down = receiver[cell]
        length = cell_m * np.hypot(cell // cols - down // cols, cell % cols - down % cols)
        left[cell] = min(left[cell], left[down] + steepest[cell // cols, cell % cols] * length)
    return left.reshape(ground.shape)
