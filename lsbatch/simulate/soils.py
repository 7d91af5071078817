"""Soils: what this event's slides lay bare, and how water darkens it."""

from dataclasses import dataclass

import numpy as np

from lsbatch.simulate.noise import Field
from lsbatch.simulate.style import Climate

_SUBSOILS = {
    "brown earth": (0.070, 0.102, 0.142, 0.215, 0.305, 0.265),
    "loess": (0.098, 0.142, 0.195, 0.275, 0.355, 0.310),
    "laterite": (0.046, 0.078, 0.165, 0.250, 0.330, 0.260),
    "pumice": (0.190, 0.240, 0.285, 0.335, 0.370, 0.330),
    "marl": (0.185, 0.232, 0.270, 0.325, 0.375, 0.310),
    "granite grus": (0.125, 0.165, 0.215, 0.285, 0.365, 0.325),
    "schist": (0.108, 0.130, 0.150, 0.190, 0.240, 0.210),
    "slate": (0.082, 0.097, 0.112, 0.140, 0.180, 0.165),
    "volcanic ash": (0.052, 0.070, 0.092, 0.140, 0.205, 0.185),
}
_ROCKS = {
    "brown earth": (0.115, 0.140, 0.160, 0.200, 0.240, 0.215),
    "loess": (0.150, 0.185, 0.215, 0.270, 0.320, 0.280),
    "laterite": (0.080, 0.100, 0.135, 0.190, 0.250, 0.215),
    "pumice": (0.140, 0.160, 0.175, 0.200, 0.220, 0.205),
    "marl": (0.245, 0.290, 0.325, 0.375, 0.400, 0.340),
    "granite grus": (0.175, 0.205, 0.230, 0.270, 0.310, 0.285),
    "schist": (0.130, 0.148, 0.160, 0.185, 0.215, 0.195),
    "slate": (0.085, 0.095, 0.102, 0.115, 0.135, 0.125),
    "volcanic ash": (0.060, 0.068, 0.076, 0.095, 0.120, 0.115),
}
_HUMUS = np.array((0.036, 0.048, 0.062, 0.115, 0.185, 0.160), np.float32)
_CHANCES: dict[Climate, tuple[float, ...]] = {
    "temperate": (5, 1, 0, 3, 1, 2, 2, 2, 3),
    "boreal": (4, 0, 0, 1, 0, 3, 3, 3, 1),
    "monsoon": (3, 2, 2, 0, 1, 2, 4, 3, 0),
    "mediterranean": (2, 3, 2, 0, 4, 2, 2, 1, 0),
    "tropical": (2, 0, 6, 1, 1, 1, 1, 1, 3),
}
_BROKEN = 1.25
_DRYING = np.array((0.46, 0.45, 0.43, 0.42, 0.52, 0.60), np.float32)
"""Part of its dry reflectance that a soil loses when it is soaked."""


@dataclass(frozen=True, slots=True)
class Soil:
    """The soils of one event's ground; spectra (6,), float32, dry, in the order of `BANDS`."""

    name: str
    subsoil: Field
    """What slides lay bare and drop."""
    rock: Field
    """Bedrock: cliffs, scree, gravel, the deep part of a slide's source."""
    topsoil: Field
    """Of fields and under sparse plants."""
    humus: Field
    """Of forest floors: dark."""


def draw_soil(rng: np.random.Generator, *, climate: Climate = "temperate") -> Soil:
    """Soils of an event: brown, red, pale, grey or dark as its climate and its luck have it.

    Notes
    -----
    Typical values, chosen, of the soil and rock classes in ECOSTRESS (Meerdink et al. 2019); each
    event departs from its class in brightness (17 %) and in slope over wavelength (6 % a band).
    """
    names = tuple(_SUBSOILS)
    chances = np.array(_CHANCES[climate], float)
    name = names[int(rng.choice(len(names), p=chances / chances.sum()))]
    subsoil, rock = (_vary(np.array(kind[name], np.float32), rng) for kind in (_SUBSOILS, _ROCKS))
    # broken ground is rougher and drier than the sample in the laboratory's dish, and paler
    subsoil = np.minimum(subsoil * np.float32(_BROKEN), 0.62)
    humus = _vary(_HUMUS, rng)
    topsoil = (0.62 * subsoil + 0.38 * humus) * np.float32(rng.uniform(0.75, 1.05))
    return Soil(name, subsoil, rock, topsoil.astype(np.float32), humus)


def moisten(dry: Field, wetness: Field | float, band: int) -> Field:
    """Reflectance of one band of a soil that holds water, wetness 0 (dry) to 1 (soaked).

    Notes
    -----
    Falls exponentially with water and most in the shortwave infrared, as Lobell and Asner (2002,
    SSSAJ 66) measured; depths typical, chosen.
    """
    lost = 1 - np.exp(-2.2 * np.asarray(wetness, np.float32))
    return np.asarray(dry * (1 - _DRYING[band] * lost / (1 - np.exp(-2.2))), np.float32)


def _vary(spectrum: Field, rng: np.random.Generator) -> Field:
    brightness, tilt = rng.normal(0, 0.17), rng.normal(0, 0.06)
    factor = np.exp(brightness + tilt * (np.arange(spectrum.size) - 2.0))
    return np.clip(spectrum * factor, 0.02, 0.62).astype(np.float32)
