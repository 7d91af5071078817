"""The way down: paths of debris from where it starts to where it comes to rest."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lsbatch.simulate.relief import PIXEL_M
from lsbatch.simulate.terrain import Terrain

STEP_M = 5.0
"""Between two points of a path."""
_MOMENTUM = 0.6
"""Debris does not follow every bend of the ground."""
_WIND = 0.35
"""Unevenness of the ground that 10 m do not show, as part of the heading."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Ways down from many sites; N paths of P points."""

    place: npt.NDArray[np.float32]
    """(N, P, 2) row and column, pixels."""
    slope_deg: npt.NDArray[np.float32]
    """(N, P) of the ground under each point."""
    run_m: npt.NDArray[np.float64]
    """(N,) length to where debris comes to rest; points beyond it mean nothing."""


def trace_down(
    terrain: Terrain,
    sites: npt.NDArray[np.int64],
    *,
    longest_m: float,
    stop_slope: float,
    reach: float,
    rng: np.random.Generator,
) -> Paths:
    """Follow the steepest descent from each site (flat indices).

    A path ends where the ground flattens below `stop_slope` over 40 m, or where the whole drop
    falls below `reach` times the length.
    """
    smooth = ndimage.gaussian_filter(terrain.elevation, 1.2)
    fall = [-part / PIXEL_M for part in np.gradient(smooth)]
    place = np.array(np.unravel_index(sites, smooth.shape), np.float64)
    place += rng.uniform(-0.5, 0.5, place.shape)
    heading, track, steep = np.zeros_like(place), [], []
    for _ in range(int(longest_m / STEP_M) + 1):
        down = np.array([ndimage.map_coordinates(f, place, order=1, mode="nearest") for f in fall])
        track.append(place.astype(np.float32))
        steep.append(np.hypot(*down).astype(np.float32))
        turn = down / np.maximum(steep[-1], 1e-9) + _WIND * rng.standard_normal(down.shape)
        heading = _MOMENTUM * heading + (1 - _MOMENTUM) * turn
        place = place + STEP_M / PIXEL_M * heading / np.maximum(np.hypot(*heading), 1e-9)
    points, slope = np.stack(track), np.stack(steep)
    level = ndimage.map_coordinates(smooth, points.transpose(1, 0, 2), order=1, mode="nearest")
    far = STEP_M * np.arange(len(points))[:, None]
    going = ndimage.uniform_filter1d(slope, 9, axis=0, mode="nearest") > stop_slope
    going &= (level[0] - level >= reach * far) & (np.diff(level, axis=0, prepend=level[:1]) < 3.0)
    run = STEP_M * (np.logical_and.accumulate(going, axis=0).sum(axis=0) - 1.0)
    angle = np.degrees(np.arctan(slope.T))
    return Paths(points.transpose(2, 0, 1), angle, np.maximum(run, 0.0))


def resample(paths: Paths, length_m: npt.NDArray[np.float64], count: int) -> Paths:
    """The first `length_m` (N,) of each path as `count` evenly spaced points."""
    at = np.linspace(0, 1, count)[None, :] * length_m[:, None] / STEP_M
    low = np.minimum(at.astype(int), paths.place.shape[1] - 2)
    part = (at - low)[..., None]
    row = np.arange(len(low))[:, None]
    place = paths.place[row, low] * (1 - part) + paths.place[row, low + 1] * part
    return Paths(place.astype(np.float32), paths.slope_deg[row, low], length_m)
