"""What grows and lies on ground that nobody tills: forests, shrub, grass, scree, cliffs, clay."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lsbatch.simulate.aspect import sunny
from lsbatch.simulate.noise import Field, fractal
from lsbatch.simulate.patches import Mask, broad, upper_share
from lsbatch.simulate.spectra import Ground
from lsbatch.simulate.style import Climate
from lsbatch.simulate.terrain import Terrain


@dataclass(frozen=True, slots=True)
class Mix:
    """Usual shares of the untilled ground below the tree line."""

    tree: Ground
    """The commonest tree; conifers, the second and bamboo take their shares from it."""
    second: Ground
    seconds: float
    conifers: float
    bamboo: float
    shrub: float
    grass: float
    bare: float
    tree_line_m: float
    """Above sea level, on mountains that do not reach it."""


MIXES: dict[Climate, Mix] = {
    "temperate": Mix(
        Ground.BROADLEAF, Ground.EVERGREEN, 0.06, 0.28, 0.06, 0.05, 0.10, 0.004, 1900.0
    ),
    "boreal": Mix(Ground.BROADLEAF, Ground.SHRUB, 0.08, 0.58, 0.0, 0.06, 0.09, 0.004, 700.0),
    "monsoon": Mix(Ground.EVERGREEN, Ground.BROADLEAF, 0.38, 0.18, 0.07, 0.12, 0.14, 0.010, 3700.0),
    "mediterranean": Mix(
        Ground.EVERGREEN, Ground.BROADLEAF, 0.30, 0.24, 0.0, 0.34, 0.27, 0.075, 2000.0
    ),
    "tropical": Mix(Ground.EVERGREEN, Ground.SHRUB, 0.05, 0.01, 0.07, 0.04, 0.08, 0.004, 3600.0),
}
_CLIFFS: dict[Climate, float] = {
    "temperate": 0.012,
    "boreal": 0.012,
    "monsoon": 0.015,
    "mediterranean": 0.025,
    "tropical": 0.004,
}
"""Largest usual share of the ground below the tree line that is cliff."""


def draw_tree_line(terrain: Terrain, climate: Climate, rng: np.random.Generator) -> float:
    """Altitude of the tree line in metres: that of the climate, or one that high ranges cross."""
    low, high = float(terrain.elevation.min()), float(terrain.elevation.max())
    usual = MIXES[climate].tree_line_m + rng.normal(0, 150.0)
    if high - low > 700.0:
        reach = rng.uniform(0.75, 1.3) if climate == "tropical" else rng.uniform(0.5, 1.05)
        return low + reach * (high - low)
    return max(usual, low + rng.uniform(450.0, 900.0))


def grow_wild(
    terrain: Terrain,
    tree_line_m: float,
    climate: Climate,
    rng: np.random.Generator,
    *,
    one_forest: bool = False,
) -> npt.NDArray[np.uint8]:
    """Values of `Ground` where neither people nor water have their place, (H, W)."""
    shape, mix = terrain.elevation.shape, MIXES[climate]
    if one_forest:
        mix = _with_one_forest(mix, rng)
    richness = rng.normal(0, 0.3, 5)
    dry = sunny(terrain) + 0.02 * (terrain.slope_deg - 18.0)
    part = (terrain.elevation - terrain.elevation.min()) / max(
        tree_line_m - float(terrain.elevation.min()), 1.0
    )
    ground = _grow_trees(terrain, mix, part, np.exp(richness), rng)
    shrub = broad(shape, rng, slope=2.0, longest_px=60) + 0.6 * dry
    ground[upper_share(shrub, mix.shrub * np.exp(richness[2]))] = Ground.SHRUB
    open_ground = fractal(shape, rng, slope=2.6, longest_px=70)
    gentle = open_ground - 0.035 * (terrain.slope_deg - 12.0) * (climate != "mediterranean")
    gentle += (0.5 * dry) * (climate == "mediterranean")
    grass = upper_share(gentle, min(mix.grass * np.exp(richness[3]), 0.7))
    ground[grass | (terrain.floor & (open_ground > -0.5))] = Ground.GRASS
    bare = upper_share(shrub - 1.2 * open_ground + 0.5 * dry, mix.bare * np.exp(richness[4]))
    ground[bare] = Ground.BARE
    if climate == "mediterranean":
        crumbling = broad(shape, rng, slope=2.5, longest_px=150) + 0.03 * (terrain.slope_deg - 22)
        ground[upper_share(crumbling, rng.uniform(0.02, 0.15)) & (shrub > -0.3)] = Ground.CLAY
    _climb(ground, terrain, tree_line_m, open_ground)
    _lay_rock(ground, terrain, _CLIFFS[climate] * float(np.exp(rng.normal(0, 0.5))), rng)
    return ground


def _with_one_forest(mix: Mix, rng: np.random.Generator) -> Mix:
    """The mix with one kind of tree nearly everywhere: its usual one, or conifers."""
    conifers = float(rng.choice([0.01, 0.05, 0.86]))
    return replace(
        mix, seconds=0.02, conifers=conifers, bamboo=0.01, shrub=0.02, grass=0.03, bare=0.002
    )


def _grow_trees(
    terrain: Terrain, mix: Mix, part: Field, rich: npt.NDArray[np.float64], rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Stands of trees: conifers higher up, the second tree and bamboo in patches."""
    shape = terrain.elevation.shape
    ground = np.full(shape, mix.tree, np.uint8)
    second = fractal(shape, rng, slope=2.7, longest_px=60)
    ground[upper_share(second, min(mix.seconds * rich[0], 0.8))] = mix.second
    conifers = fractal(shape, rng, slope=2.6, longest_px=70) + 1.3 * np.clip(part, 0, 1.2)
    # stands mix where they meet
    conifers += 0.22 * rng.standard_normal(shape, np.float32)
    ground[upper_share(conifers, min(mix.conifers * rich[1], 0.9))] = Ground.CONIFER
    bamboo = second - conifers
    ground[upper_share(bamboo, mix.bamboo)] = Ground.BAMBOO
    return ground


def _climb(
    ground: npt.NDArray[np.uint8], terrain: Terrain, tree_line_m: float, patches: Field
) -> None:
    """Thin the trees towards their line, and leave meadow and rock above it; in place."""
    above = terrain.elevation - tree_line_m + 70.0 * patches
    belt = (above > -110.0) & (above <= 0)
    ground[belt & (patches > 0.1)] = Ground.SHRUB
    ground[above > 0] = Ground.MEADOW
    ground[(above > 0) & (above < 160.0) & (patches < -0.9)] = Ground.SHRUB
    stony = (above - 250.0) / 300.0 + 0.05 * (terrain.slope_deg - 30.0)
    ground[(above > 60.0) & (stony - 0.5 * patches > 0.4)] = Ground.SCREE


def _lay_rock(
    ground: npt.NDArray[np.uint8], terrain: Terrain, share: float, rng: np.random.Generator
) -> None:
    """Cliffs in bands on the steepest ground, scree in aprons below some of them; in place."""
    shape = terrain.elevation.shape
    crags = fractal(shape, rng, slope=2.8, longest_px=35)
    outcrops = broad(shape, rng, slope=2.5, longest_px=120)
    steep = 0.7 * crags + 0.7 * outcrops + 0.13 * (terrain.slope_deg - 42.0)
    # where all slopes are steep, soil and trees still hold on most of them
    cliff = (steep > 1.4) & upper_share(steep, share)
    high = ground == Ground.SCREE
    cliff |= high & (terrain.slope_deg + 6.0 * crags > 42.0)
    ground[cliff] = Ground.ROCK
    apron = _below(cliff, terrain) & (outcrops + crags > 1.6) & (terrain.slope_deg > 24.0)
    apron = ndimage.binary_opening(apron) & ~cliff
    ground[apron] = Ground.SCREE


def _below(cliff: Mask, terrain: Terrain) -> Mask:
    """Ground lower than a cliff within 40 m."""
    # -9999 stands for no cliff: lower than every place
    top = ndimage.maximum_filter(np.where(cliff, terrain.elevation, -9999.0), 9)
    return np.asarray(top > terrain.elevation + 12.0)
