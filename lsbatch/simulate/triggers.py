"""What sets landslides off: how many, how large, where, and of which build, by trigger."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lsbatch.simulate.noise import Field, fractal
from lsbatch.simulate.style import Trigger
from lsbatch.simulate.terrain import Terrain

_INVERSE_GAMMA = (1.40, 1280.0, -132.0)
"""Exponent, scale and shift (m2) of landslide areas: Malamud et al. (2004), ESPL 29, 687-711."""
_LEAST_SLOPE_DEG = 16.0


@dataclass(frozen=True, slots=True)
class Triggering:
    """Numbers of one trigger; pairs are ranges, drawn for each event."""

    per_km2: tuple[float, float]
    """Landslides per square kilometre of susceptible ground."""
    areas_m2: tuple[float, float]
    """Smallest and largest."""
    slenderness: tuple[float, float]
    """Median of length over width, and its spread (standard deviation of the logarithm)."""
    stop_slope: float
    """Rise over run on which debris comes to rest."""
    longest_m: float
    """Of a path."""
    reach: float
    """Least drop over length of the whole path (Heim's angle of reach, as its tangent)."""
    likes_deg: float
    """Slope at which failure becomes likely."""
    convexity: float
    """Preference for ridges and noses; below 0 for hollows."""
    clustering: tuple[float, float]
    """Strength with which whole hillsides fail while others stand."""
    shaking: float
    """Strength of the broad pattern, kilometres wide."""
    source_share: tuple[float, float]
    """Part of the length that broke away."""
    branching: float
    """Chance that a slide above 1500 m2 has more than one head."""
    giants_per_km2: float
    """Landslides of 0.05 to 2 km2."""


TRIGGERINGS: dict[Trigger, Triggering] = {
    "earthquake": Triggering(
        per_km2=(16, 60), areas_m2=(100, 6e4), slenderness=(2.7, 0.40), stop_slope=0.09,
        reach=0.30, longest_m=800,
        likes_deg=32, convexity=1.0, clustering=(2.2, 3.5), shaking=1.0,
        source_share=(0.30, 0.75), branching=0.40, giants_per_km2=0,
    ),
    "giants": Triggering(
        per_km2=(4, 14), areas_m2=(100, 4e4), slenderness=(3.0, 0.45), stop_slope=0.09,
        reach=0.30, longest_m=800,
        likes_deg=33, convexity=0.7, clustering=(1.0, 1.8), shaking=0.8,
        source_share=(0.30, 0.70), branching=0.30, giants_per_km2=0.25,
    ),
    "rain": Triggering(
        per_km2=(14, 60), areas_m2=(100, 3e4), slenderness=(5.0, 0.45), stop_slope=0.045,
        reach=0.16, longest_m=1500,
        likes_deg=29, convexity=-1.0, clustering=(0.8, 1.8), shaking=1.2,
        source_share=(0.12, 0.35), branching=0.55, giants_per_km2=0,
    ),
}  # fmt: skip


def draw_areas(
    count: int,
    rng: np.random.Generator,
    *,
    limits_m2: tuple[float, float] = (100.0, 6e4),
    factor: float = 1.0,
) -> npt.NDArray[np.float64]:
    """Areas in m2 from the three-parameter inverse gamma times a factor, cut off at two limits.

    Notes
    -----
    If X is gamma of shape rho, a / X + s follows the law of Malamud et al. (2004).
    """
    shape, scale, shift = _INVERSE_GAMMA
    low, high = limits_m2
    areas = np.empty(0)
    while areas.size < count:
        drawn = factor * (scale / rng.gamma(shape, size=2 * count) + shift)
        areas = np.concatenate([areas, drawn[(drawn >= low) & (drawn <= high)]])
    return areas[:count]


def weigh_ground(terrain: Terrain, triggering: Triggering, rng: np.random.Generator) -> Field:
    """Relative chance (H, W) that a slide starts; 0 on gentle ground.

    Steep ground, ridges or hollows by the trigger, within a broad pattern of shaking or rain, and
    within patches a few hundred metres wide: coseismic landslides crowd on some hillsides and
    spare their neighbours (Meunier et al. 2008, Earth and Planetary Science Letters 275).
    """
    slope = ndimage.gaussian_filter(terrain.slope_deg, 1.5)
    smooth = ndimage.gaussian_filter(terrain.elevation, 2)
    bend = -ndimage.laplace(smooth)
    stand = smooth - ndimage.gaussian_filter(smooth, 18)
    shape = bend / (np.abs(bend).mean() + 1e-6) + 0.8 * stand / (np.abs(stand).mean() + 1e-6)
    score = (slope - triggering.likes_deg) / 4.5
    score = np.minimum(score, 1.5) + triggering.convexity * np.clip(shape, -2, 2) / 2
    broad = fractal(slope.shape, rng, slope=3.5, longest_px=400)
    patch = fractal(slope.shape, rng, slope=3.3, longest_px=80)
    score += triggering.shaking * broad + rng.uniform(*triggering.clustering) * patch
    south, east = np.gradient(smooth)
    towards = rng.uniform(0, 2 * np.pi)
    score += 0.6 * np.cos(np.arctan2(south, east) - towards)
    return np.where(slope > _LEAST_SLOPE_DEG, np.exp(np.minimum(score, 8.0)), 0.0)
