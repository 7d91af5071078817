"""Shapes that cover and its changes are drawn with: broad fields, bricks, rectangles, tongues."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lsbatch.simulate.noise import Field, fractal

Mask = npt.NDArray[np.bool_]
Window = tuple[slice, slice]
_COARSE = 4


def broad(
    shape: tuple[int, ...], rng: np.random.Generator, *, slope: float, longest_px: float
) -> Field:
    """A `fractal` without its shortest waves: drawn on every fourth pixel and stretched."""
    coarse = tuple(max(-(-extent // _COARSE) + 2, 8) for extent in shape)
    field = fractal((coarse[0], coarse[1]), rng, slope=slope, longest_px=longest_px / _COARSE)
    wide = ndimage.zoom(field, _COARSE, order=1, mode="nearest", grid_mode=True)
    return np.asarray(wide[: shape[0], : shape[1]], np.float32)


def upper_share(field: Field, share: float) -> Mask:
    """Where a field has its highest values, so that they take about that share of it."""
    if share <= 0:
        return np.zeros(field.shape, bool)
    return np.asarray(field > np.quantile(field[::3, ::3], max(1 - share, 0.0)))


@dataclass(frozen=True, slots=True)
class Bricks:
    """A plane cut into rectangles of about one size, as land is; arrays (H, W)."""

    number: npt.NDArray[np.int32]
    """The same for all pixels of a brick, and for few others."""
    edge: Mask
    """Within about half a pixel of a border."""


def lay_bricks(
    shape: tuple[int, ...],
    rng: np.random.Generator,
    *,
    size_px: tuple[float, float],
    angle: float,
    warp_px: float,
) -> Bricks:
    """Rows of bricks along a direction, bent by the lie of the land; a third is cut in half.

    Parameters
    ----------
    shape : (rows, columns)
    rng : numpy.random.Generator
    size_px : (length, width)
    angle : float
        From the columns' axis towards the rows', radians.
    warp_px : float
        How far borders depart from straight lines over a kilometre or two.
    """
    y, x = (axis.astype(np.float32) for axis in np.ogrid[: shape[0], : shape[1]])
    bend = warp_px * broad(shape, rng, slope=4.0, longest_px=180)
    along = np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y + bend
    across = np.float32(-np.sin(angle)) * x + np.float32(np.cos(angle)) * y - 0.7 * bend
    table = rng.random(4096).astype(np.float32)
    across /= size_px[1]
    row = np.floor(across).astype(np.int32)
    along = along / np.float32(size_px[0]) + table[row & 4095]
    column = np.floor(along).astype(np.int32)
    number = (row * 7919 + column * 10473) & 0xFFFFF
    halved = table[number & 4095] < 0.33
    within, beside = along - column, across - row
    edge = np.minimum(within, 1 - within) * size_px[0] < 0.5
    edge |= np.minimum(beside, 1 - beside) * size_px[1] < 0.5
    edge |= halved & (np.abs(within - 0.5) * size_px[0] < 0.5)
    number = number * 2 + (halved & (within > 0.5))
    return Bricks(number.astype(np.int32), edge)


def stamp(
    shape: tuple[int, ...],
    place: tuple[float, float],
    size_px: tuple[float, float],
    *,
    angle: float,
    rough: float,
    rng: np.random.Generator,
) -> tuple[Window, Mask]:
    """A rectangle with straight (rough 0) to ragged (0.5) edges.

    Parameters
    ----------
    shape : (rows, columns)
        Of the whole ground.
    place : (row, column)
        Its centre.
    size_px : (length, width)
    angle : float
        Of its length, from the columns' axis towards the rows', radians.
    rough : float
    rng : numpy.random.Generator

    Returns
    -------
    window : (slice, slice)
        Of the ground.
    inside : ndarray, bool
        Over that window.
    """
    reach = 0.5 * np.hypot(*size_px) * (1 + rough) + 2
    window = tuple(
        slice(max(int(centre - reach), 0), min(int(centre + reach) + 1, extent))
        for centre, extent in zip(place, shape, strict=True)
    )
    y, x = np.ogrid[window]
    y, x = y - place[0], x - place[1]
    along = np.abs(np.cos(angle) * x + np.sin(angle) * y) / (size_px[0] / 2)
    across = np.abs(np.cos(angle) * y - np.sin(angle) * x) / (size_px[1] / 2)
    # straight edges meet in corners, ragged ones close in a round
    gap = np.maximum(along, across) if rough < 0.15 else np.hypot(along, across)
    noise = ndimage.gaussian_filter(rng.standard_normal(gap.shape), 2.0) * 7.0
    return (window[0], window[1]), np.asarray(gap + rough * noise < 1.0)


def trace_down(elevation: Field, cell: int, steps: int) -> npt.NDArray[np.float64]:
    """Path (N, 2) of row and column from a cell (flat index) down the ground, N <= steps + 1."""
    place = np.array(np.unravel_index(cell, elevation.shape), float)
    path, heading = [place], np.zeros(2)
    for _ in range(steps):
        row, col = int(place[0]), int(place[1])
        if not (2 <= row < elevation.shape[0] - 3 and 2 <= col < elevation.shape[1] - 3):
            break
        near = elevation[row - 2 : row + 3, col - 2 : col + 3]
        down = np.array([near[0].sum() - near[4].sum(), near[:, 0].sum() - near[:, 4].sum()])
        heading = 0.5 * heading + 0.5 * down / max(np.hypot(*down), 1e-6)
        place = place + heading / max(np.hypot(*heading), 1e-6)
        path.append(place)
    return np.array(path)


def tongue(
    shape: tuple[int, ...], path: npt.NDArray[np.float64], width_px: float, rng: np.random.Generator
) -> tuple[Window, Mask]:
    """A tongue along a path, broadest above its middle, with ragged edges; as `stamp` returns."""
    low = np.maximum(np.floor(path.min(axis=0) - width_px - 1), 0).astype(int)
    high = np.minimum(np.ceil(path.max(axis=0) + width_px + 2), np.array(shape)).astype(int)
    window = (slice(low[0], high[0]), slice(low[1], high[1]))
    y, x = np.mgrid[window]
    part = np.linspace(0, 1, len(path))
    half = 0.5 * width_px * np.sqrt(np.clip(4 * (part + 0.08) * (1.06 - part) * 0.8, 0, 1))
    half *= 1 + 0.25 * ndimage.gaussian_filter1d(rng.standard_normal(len(path)), 1.5)
    inside = np.zeros(y.shape, bool)
    for (row, col), radius in zip(path, half, strict=True):
        inside |= (y - row) ** 2 + (x - col) ** 2 < radius**2
    return window, inside
