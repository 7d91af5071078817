"""Kinds of relief: how steep, how finely cut, how rounded, how filled a landscape is."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lsbatch.simulate.drainage import Drainage, Reals, find_drainage, incise, shed
from lsbatch.simulate.noise import fractal
from lsbatch.simulate.style import Relief

PIXEL_M = 10.0
"""Pixel side of every invented ground."""
_ROUGHNESS = 0.03
"""White noise of the ground before streams, of the cell side: it sows their heads."""


@dataclass(frozen=True, slots=True)
class Carving:
    """Numbers of one kind of relief; pairs are ranges, drawn for each landscape.

    Notes
    -----
    Steady streams have slope = steepness * area ** -concavity (Whipple 2004, Annual Review of
    Earth and Planetary Sciences 32); hillsides end at the slope on which regolith fails.
    """

    slope_at_1ha: tuple[float, float]
    """Rise over run of a steady stream where 1 ha drains."""
    concavity: float
    steepest_deg: tuple[float, float]
    """Slope along the flow that no hillside exceeds."""
    creep_m: float
    """Soil creep over uplift, metres: the radius of the ridges."""
    fill_m: tuple[float, float]
    """Depth of alluvium where 10 km2 drain; it grows with the square root of that area."""
    texture_m: float
    """Standard deviation of what streams did not make: blocks, terracettes, old scars."""
    stages: tuple[tuple[float, int, float], ...]
    """(cell side m, steps, uplift per step m): streams grow on a coarse grid and are refined."""


CARVINGS: dict[Relief, Carving] = {
    "hills": Carving(
        (0.22, 0.36), 0.60, (34, 38), 26.0, (9, 16), 0.8,
        ((80.0, 70, 5.0), (40.0, 16, 4.0), (20.0, 6, 3.0), (10.0, 2, 2.0)),
    ),
    "alpine": Carving(
        (1.0, 1.6), 0.45, (36, 43), 8.0, (55, 95), 1.8,
        ((80.0, 70, 25.0), (40.0, 16, 16.0), (20.0, 6, 10.0), (10.0, 2, 6.0)),
    ),
    "volcano": Carving(
        (1.0, 2.0), 0.45, (33, 38), 5.0, (6, 12), 1.2,
        ((80.0, 14, 5.0), (40.0, 10, 5.0), (20.0, 6, 5.0), (10.0, 2, 5.0)),
    ),
    "badlands": Carving(
        (0.10, 0.17), 0.50, (36, 42), 1.5, (5, 10), 0.5,
        ((80.0, 60, 3.0), (40.0, 16, 3.0), (20.0, 7, 4.0), (10.0, 3, 4.0)),
    ),
    "plain": Carving(
        (0.008, 0.035), 0.50, (6, 11), 60.0, (2, 6), 0.25,
        ((80.0, 40, 0.8), (40.0, 10, 0.6), (20.0, 4, 0.5), (10.0, 2, 0.4)),
    ),
}  # fmt: skip
"""In a volcano nothing rises: streams cut into a cone that stands, for as long as the steps say."""


def carve(
    shape: tuple[int, int], relief: Relief, *, rng: np.random.Generator
) -> tuple[Reals, Drainage, float]:
    """Landscape of one kind.

    Returns
    -------
    ground : ndarray, float64, (H, W)
        Metres; water leaves by one side, from a volcano by all four.
    drainage : Drainage
    fill_m : float
        Depth of alluvium where 10 km2 drain.
    """
    carving, is_cone = CARVINGS[relief], relief == "volcano"
    side = int(rng.integers(4))
    rock = _stretch(fractal((64, 64), rng, slope=2.0, longest_px=24), shape)
    uplift = 0 * rock if is_cone else 1 + 0.12 * _stretch(_broad(rng), shape)
    ground = (_pile_cone if is_cone else _lay_plain)(shape, rng)
    slope, concavity = rng.uniform(*carving.slope_at_1ha), carving.concavity
    steepest = float(np.tan(np.radians(rng.uniform(*carving.steepest_deg))))
    for cell_m, steps, rise in carving.stages:
        reduced = (round(shape[0] * PIXEL_M / cell_m), round(shape[1] * PIXEL_M / cell_m))
        ground = _stretch(ground, reduced)
        ground += _ROUGHNESS * cell_m * rng.standard_normal(reduced)
        outlet = outlet_of(reduced, None if is_cone else side)
        lift = rise * _stretch(uplift, reduced)
        # bands and blocks of hard rock: without them all failing hillsides would be planes
        hold = steepest * np.exp(0.16 * fractal(reduced, rng, slope=1.6, longest_px=600 / cell_m))
        pace = rise * np.exp(0.35 * _stretch(rock, reduced)) / (slope * 1e4**concavity)
        for _ in range(steps):
            level = ground if is_cone else np.where(outlet, 0.0, ground + lift)
            flow = find_drainage(level, cell_m, outlet=outlet)
            strength = pace * flow.area**concavity
            ground = incise(flow.filled, flow.order, flow.receiver, strength, cell_m)
            ground = shed(ground, flow.order, flow.receiver, hold, cell_m)
            ground = ndimage.gaussian_filter(ground, np.sqrt(2 * carving.creep_m * rise) / cell_m)
    ground += carving.texture_m * fractal(shape, rng, slope=2.4, longest_px=30)
    outlet = outlet_of(shape, None if is_cone else side)
    return ground, find_drainage(ground, PIXEL_M, outlet=outlet), rng.uniform(*carving.fill_m)


def outlet_of(shape: tuple[int, int], side: int | None) -> npt.NDArray[np.bool_]:
    """One side of a grid (0 to 3, counter-clockwise from the last row), or all four."""
    outlet = np.zeros(shape, bool)
    if side is None:
        outlet[[0, -1]] = outlet[:, [0, -1]] = True
    else:
        np.rot90(outlet, side)[-1] = True
    return outlet


def _lay_plain(shape: tuple[int, int], rng: np.random.Generator) -> Reals:
    return 40 * _stretch(fractal((256, 256), rng, slope=3.0, longest_px=64), shape)


def _pile_cone(shape: tuple[int, int], rng: np.random.Generator) -> Reals:
    """A volcano whose summit lies on the ground or beyond its edge, with cinder cones on its foot.

    The flank steepens towards the summit as that of stratovolcanoes does, up to 33 degrees
    (Karatson et al. 2010, Journal of Volcanology and Geothermal Research 193).
    """
    centre = rng.uniform(-0.15, 1.15, 2) * shape
    y, x = ((np.arange(n) - c) * PIXEL_M for n, c in zip(shape, centre, strict=True))
    squeeze = rng.uniform(0.8, 1.0)
    away = np.hypot(y[:, None], x[None, :] * squeeze)
    away *= 1 + 0.08 * _stretch(_broad(rng), shape)
    reach = max(shape) * PIXEL_M * rng.uniform(0.30, 0.45)
    height = reach * rng.uniform(0.40, 0.55)
    ground = height * np.exp(-away / reach)
    # a crater open to the sky would hold a lake: the summit is a dome instead
    ground = np.minimum(ground, 0.93 * height - 0.1 * away)
    ground += 9 * _stretch(fractal((256, 256), rng, slope=3.0, longest_px=40), shape)
    for _ in range(int(rng.integers(0, 5))):
        row, col = rng.uniform(0.1, 0.9, 2) * shape
        near = np.hypot((np.arange(shape[0]) - row)[:, None], (np.arange(shape[1]) - col)[None, :])
        ground += np.maximum(0.0, rng.uniform(50, 110) - 0.45 * PIXEL_M * near)
    return ground


def _broad(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    return fractal((64, 64), rng, slope=4.0, longest_px=64)


def _stretch(field: npt.NDArray[np.floating], shape: tuple[int, int]) -> Reals:
    """Resample over the same ground, spline through cell centres."""
    if field.shape == shape:
        return field.astype(np.float64)
    axes = [
        (np.arange(new) + 0.5) * old / new - 0.5
        for new, old in zip(shape, field.shape, strict=True)
    ]
    places = np.meshgrid(*axes, indexing="ij")
    return ndimage.map_coordinates(field.astype(np.float64), places, order=3, mode="nearest")
