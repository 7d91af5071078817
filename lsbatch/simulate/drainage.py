"""Where water goes: pits filled, steepest descent, drained area, incision. Plain arrays, numba."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

Reals = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

_STEPS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
_LENGTHS = tuple(float(np.hypot(*step)) for step in _STEPS)
"""Of the steps, in cell sides."""
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
    Pits are filled by priority flood (Barnes et al. 2014, Computers & Geosciences 62). Instead of
    a heap there are two queues that are in order by themselves: all cells by their height, and the
    raised ones by when they were reached.
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


def _flood(
    elevation: Reals, outlet: npt.NDArray[np.bool_], least_drop: float
) -> tuple[Reals, Indices]:
    """Filled elevation (H, W), and the cells from the outlets upstream, level ones in any order."""
    filled: Reals
    order: Indices
    filled, order = _climb(elevation, outlet, least_drop, np.argsort(elevation, axis=None))
    return filled, order


@njit(cache=True)
def _climb(elevation, outlet, least_drop, upward):
    rows, cols = elevation.shape
    ground, filled = elevation.ravel(), elevation.copy()
    level, seen = filled.ravel(), outlet.copy().ravel()
    order, raised = np.empty_like(upward), np.empty_like(upward)
    count = first = last = place = 0
    while count < order.size:
        if first < last and (place == order.size or level[raised[first]] <= ground[upward[place]]):
            cell = raised[first]
            first += 1
        else:
            cell = upward[place]
            place += 1
            # not seen yet: all water still to come stands higher, and will raise it
            if not seen[cell] or level[cell] > ground[cell]:
                continue
        order[count] = cell
        count += 1
        for step in _STEPS:
            row, col = cell // cols + step[0], cell % cols + step[1]
            near = row * cols + col
            if row < 0 or col < 0 or row >= rows or col >= cols or seen[near]:
                continue
            seen[near] = True
            if level[near] < level[cell] + least_drop:
                level[near] = level[cell] + least_drop
                raised[last] = near
                last += 1
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
            for turn, step in enumerate(_STEPS):
                y, x = row + step[0], col + step[1]
                if y < 0 or x < 0 or y >= rows or x >= cols:
                    continue
                drop = (filled[row, col] - filled[y, x]) / _LENGTHS[turn]
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
    cut, strength = filled.copy().ravel(), strength.ravel()
    for cell in order:
        down = receiver[cell]
        if down == cell:
            continue
        length = cell_m * np.hypot(cell // cols - down // cols, cell % cols - down % cols)
        factor = strength[cell] / length
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
    left, steepest = ground.copy().ravel(), steepest.ravel()
    for cell in order:
        down = receiver[cell]
        length = cell_m * np.hypot(cell // cols - down // cols, cell % cols - down % cols)
        left[cell] = min(left[cell], left[down] + steepest[cell] * length)
    return left.reshape(ground.shape)
