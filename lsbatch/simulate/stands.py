"""Forestry and old wounds of the forest, all there before the event."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lsbatch.simulate.noise import Field
from lsbatch.simulate.patches import Bricks, broad, lay_bricks, tongue, trace_down, upper_share
from lsbatch.simulate.spectra import FOREST, Ground
from lsbatch.simulate.style import Climate, Land
from lsbatch.simulate.terrain import PIXEL_M, Terrain

_MANAGED: dict[Climate, tuple[float, Ground]] = {
    "temperate": (0.35, Ground.CONIFER),
    "boreal": (0.50, Ground.CONIFER),
    "monsoon": (0.08, Ground.CONIFER),
    "mediterranean": (0.12, Ground.CONIFER),
    "tropical": (0.18, Ground.EVERGREEN),
}
"""Usual share of the forest that is planted and cut in stands, and the tree planted."""
_LITTLE_MANAGED = 0.25
"""Part of that share where one forest stands."""


def plant_stands(
    ground: npt.NDArray[np.uint8],
    terrain: Terrain,
    density: Field,
    *,
    climate: Climate,
    land: Land,
    rng: np.random.Generator,
) -> Field:
    """Plant and cut the managed part of the forest, in place.

    Returns
    -------
    ndarray, float32, (H, W)
        Brightness of each stand relative to its kind, 0 where nothing is planted.
    """
    share, tree = _MANAGED[climate]
    share = min(share * float(np.exp(rng.normal(0, 0.5))), 0.8)
    if land.one_forest:
        share *= _LITTLE_MANAGED
    bricks = lay_bricks(
        ground.shape, rng, size_px=(rng.uniform(22, 42), rng.uniform(14, 26)),
        angle=rng.uniform(0, np.pi), warp_px=26,
    )  # fmt: skip
    managed = np.isin(ground, FOREST) & (ndimage.gaussian_filter(terrain.slope_deg, 4) < 36)
    managed &= upper_share(broad(ground.shape, rng, slope=3.0, longest_px=150), share)
    _set_ages(ground, density, managed, bricks, tree, rng)
    tint = 0.07 * rng.standard_normal(4096).astype(np.float32)
    return np.where(managed, tint[bricks.number & 4095], np.float32(0))


def _set_ages(
    ground: npt.NDArray[np.uint8],
    density: Field,
    managed: npt.NDArray[np.bool_],
    bricks: Bricks,
    tree: Ground,
    rng: np.random.Generator,
) -> None:
    """A stand stays wild, is planted, young, or cut in one of the last years."""
    age = rng.random(4096).astype(np.float32)[(bricks.number * 31) & 4095]
    cut = rng.uniform(0.02, 0.10)
    young = cut + rng.uniform(0.05, 0.18)
    ground[managed & (age > 0.6)] = tree
    here = managed & (age < young)
    ground[here] = Ground.YOUNG
    density[here] = 0.50 + 0.45 * (age[here] - cut) / (young - cut)
    here = managed & (age < cut)
    ground[here] = Ground.CLEARCUT
    density[here] = 0.30 + 0.45 * age[here] / cut


def scar_forest(
    ground: npt.NDArray[np.uint8], terrain: Terrain, density: Field, *, rng: np.random.Generator
) -> None:
    """Landslides of earlier years, bare or overgrown: they look the same before and after."""
    steep = np.flatnonzero((terrain.slope_deg > 24) & ~np.isin(ground, (Ground.ROCK, Ground.WATER)))
    per_km2 = float(rng.choice([0.2, 1.0, 3.0]))
    count = int(rng.poisson(per_km2 * steep.size * (PIXEL_M / 1000) ** 2)) if steep.size else 0
    for cell in rng.choice(steep, count) if count else ():
        length = int(np.clip(np.exp(rng.normal(2.2, 0.6)), 3, 60))
        path = trace_down(terrain.elevation, int(cell), length)
        width = np.clip(1.2 + 0.32 * len(path) * rng.uniform(0.4, 1.3), 1.5, 14)
        window, inside = tongue(ground.shape, path, float(width), rng)
        inside &= ground[window] != Ground.WATER
        age = rng.random()
        patchy = 0.25 * ndimage.gaussian_filter(rng.standard_normal(inside.shape), 1.0)
        ground[window][inside] = Ground.OLD_SCAR if age < 0.65 else Ground.YOUNG
        density[window][inside] = np.clip(0.03 + 1.1 * age + patchy, 0.02, 0.96)[inside]
