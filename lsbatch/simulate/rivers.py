"""Rivers as smooth lines along the drainage, and a lake behind a natural dam."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lsbatch.simulate.drainage import Drainage, find_upstream

_RIVER_M2 = 2.0e6
"""Drained area from which a stream is a river with a floor of its own."""
_SHORTEST_PX = 20


@dataclass(frozen=True, slots=True)
class River:
    """One stem, from its head to its mouth or the stem that takes it in."""

    path: npt.NDArray[np.float64]
    """(N, 2) row and column in pixels, about one pixel apart."""
    area_m2: npt.NDArray[np.float64]
    """(N,) drained area."""

    @property
    def width_m(self) -> npt.NDArray[np.float64]:
        """(N,) wet width, by hydraulic geometry: 12 m where 10 km2 drain."""
        return 12.0 * np.sqrt(self.area_m2 / 1e7)


def trace_rivers(drainage: Drainage) -> tuple[River, ...]:
    """Every stem that drains more than 2 km2, the longest first.

    Lines are smoothed along their length: eight directions of flow would leave straight rivers on
    flat ground.
    """
    area, receiver = drainage.area.ravel(), drainage.receiver
    wet = np.flatnonzero(area > _RIVER_M2)
    fed = np.zeros(area.size, bool)
    fed[receiver[wet][receiver[wet] != wet]] = True
    heads = sorted(wet[~fed[wet]].tolist(), key=lambda cell: _length(cell, receiver), reverse=True)
    taken = np.zeros(area.size, bool)
    rivers = []
    for head in heads:
        cells = _walk(head, receiver, taken)
        taken[cells] = True
        if len(cells) >= _SHORTEST_PX:
            path = np.column_stack(np.unravel_index(cells, drainage.area.shape)).astype(float)
            rivers.append(River(_smooth(path), np.maximum.accumulate(area[cells])))
    return tuple(rivers)


def _walk(head: int, receiver: npt.NDArray[np.int64], taken: npt.NDArray[np.bool_]) -> list[int]:
    cells = [head]
    while receiver[cells[-1]] != cells[-1] and not taken[cells[-1]]:
        cells.append(int(receiver[cells[-1]]))
    return cells


def _length(head: int, receiver: npt.NDArray[np.int64]) -> int:
    steps = 0
    while receiver[head] != head:
        head, steps = int(receiver[head]), steps + 1
    return steps


def _smooth(path: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Low-pass a line whose two ends stay in place."""
    mirrored = np.concatenate([2 * path[0] - path[:0:-1], path, 2 * path[-1] - path[-2::-1]])
    smooth = ndimage.gaussian_filter1d(mirrored, 7.0, axis=0)
    return smooth[len(path) - 1 : 2 * len(path) - 1]


def find_lake(
    elevation: npt.NDArray[np.float64], drainage: Drainage, *, rng: np.random.Generator
) -> tuple[npt.NDArray[np.bool_], float]:
    """A side valley drowned behind a dam.

    Returns
    -------
    lake : ndarray, bool, (H, W)
        All False where no side valley is large enough.
    level : float
        Its surface, metres.
    """
    rows, cols = elevation.shape
    inland = np.zeros(elevation.shape, bool)
    inland[rows // 4 : -rows // 4, cols // 4 : -cols // 4] = True
    dams = np.flatnonzero((drainage.area > 2.5e5) & (drainage.area < 1.2e6) & inland)
    for dam in rng.permutation(dams)[:12]:
        level = float(elevation.flat[dam] + 16.0)
        lake = find_upstream(drainage, int(dam)) & (elevation < level)
        if 500 < lake.sum() < 3000:
            return lake, level
    return np.zeros(elevation.shape, bool), 0.0
