"""Air between ground and satellite: what it adds, takes, mixes; and its imperfect removal."""

import math
from dataclasses import dataclass, replace

import numpy as np

from lsbatch.simulate.coarse import smooth_noise
from lsbatch.simulate.noise import Field

WAVELENGTHS_UM = (0.485, 0.56, 0.66, 0.84, 1.61, 2.2)
"""Centres of the bands of `BANDS`, micrometres."""
_PRESSURE_M = 8400.0
"""Height over which air thins to 1 / e."""
_RAYLEIGH_BACK, _AEROSOL_BACK = 0.5, 0.16
"""Part of the scattered light that turns back (Gordon et al. 1983, Applied Optics 22(1))."""
_ALBEDO, _ASYMMETRY = 0.94, 0.60
"""Single scattering albedo and Henyey-Greenstein asymmetry of continental aerosol."""


@dataclass(frozen=True, slots=True)
class Air:
    """Air above the ground; arrays (H, W), or single numbers where it is the same everywhere."""

    aerosol: Field
    """Optical depth of aerosol at 550 nm."""
    pressure: Field
    """At the ground, relative to sea level."""
    angstrom: float
    """Exponent by which the aerosol's depth falls with wavelength."""
    sun_cos: float
    """Cosine of the sun's zenith angle."""

    def factors(self, band: int) -> tuple[float, float]:
        """Optical depth in a band per unit of pressure, and per unit of aerosol.

        Molecules after Hansen and Travis (1974), Space Science Reviews 16.
        """
        square = WAVELENGTHS_UM[band] ** -2
        molecules = 0.008569 * square**2 * (1 + 0.0113 * square + 0.00013 * square**2)
        return molecules, (WAVELENGTHS_UM[band] / 0.55) ** -self.angstrom

    def mean_depths(self, band: int) -> tuple[float, float]:
        """Optical depth of molecules and of aerosol in a band, averaged over the ground."""
        gas, dust = self.factors(band)
        return gas * float(np.mean(self.pressure)), dust * float(np.mean(self.aerosol))


def build_air(
    elevation: Field, *, haze: float, sun_elevation_deg: float, rng: np.random.Generator
) -> Air:
    """Air of one look: haze lies in the valleys and varies from place to place.

    Parameters
    ----------
    elevation : ndarray, float32, (H, W)
        Metres.
    haze : float
        Optical depth of aerosol at 550 nm above the lowest ground: 0.05 clear, 0.5 murky.
    """
    patches = smooth_noise(elevation.shape, rng, slope=3.2, longest_px=1200)
    patches *= np.float32(rng.uniform(0.1, 0.3))
    patches += 1
    low = np.float32(elevation.min())
    thins = np.exp((low - elevation) * np.float32(1 / rng.uniform(900, 2500)))
    thins *= np.clip(patches, 0.4, 1.8)
    thins *= np.float32(haze)
    pressure = np.exp(elevation * np.float32(-1 / _PRESSURE_M))
    cosine = float(np.sin(np.radians(sun_elevation_deg)))
    return Air(thins, pressure, float(rng.uniform(0.9, 1.6)), cosine)


def believe(air: Air, rng: np.random.Generator) -> Air:
    """The air as a processor takes it to be: one haze for all, of a kind and amount not quite so.

    An error of 0.1 in the depth is nearly 0.01 of reflectance in blue, over dark ground.
    """
    seen = float(air.aerosol.mean())
    guess = max(seen * rng.uniform(0.75, 1.25) + 0.07 * rng.standard_normal(), 0.01)
    # some processors know the height of the ground, some take it as level
    level = rng.random() < 0.3
    pressure = np.asarray(air.pressure.mean(), np.float32) if level else air.pressure
    return replace(
        air,
        aerosol=np.asarray(guess, np.float32),
        pressure=pressure,
        angstrom=float(rng.uniform(1.1, 1.4)),
    )


def skylight(air: Air, band: int) -> float:
    """Share of flat ground's light that comes from the sky rather than straight from the sun."""
    molecules, aerosol = air.mean_depths(band)
    direct = np.exp(-(molecules + 0.6 * aerosol) / air.sun_cos)
    total = np.exp(-(_RAYLEIGH_BACK * molecules + _AEROSOL_BACK * aerosol) / air.sun_cos)
    return float(np.clip(1 - direct / total, 0.02, 0.7))


def add_air(ground: Field, air: Air, band: int, *, nearby: Field | None = None) -> Field:
    """Reflectance at the top of the atmosphere.

    Parameters
    ----------
    ground : ndarray, float32, (H, W)
        Brightness at the ground as reflectance.
    nearby : ndarray, float32, (H, W), or None
        The same, averaged over about a kilometre: part of it is scattered into the view.
    """
    path, through, sphere, straight = _air_terms(air, band)
    if nearby is None:
        seen = ground * through
        seen /= 1 - np.float32(sphere) * ground
    else:
        seen = ground - nearby
        seen *= np.float32(straight)
        seen += nearby
        seen *= through
        seen *= 1 + np.float32(sphere) * nearby
    seen += path
    return seen


def remove_air(seen: Field, air: Air, band: int) -> Field:
    """Reflectance at the ground, for air known or believed: undoes `add_air` without `nearby`."""
    path, through, sphere, _ = _air_terms(air, band)
    bare = seen - path
    bare /= through
    bare /= 1 + np.float32(sphere) * bare
    return bare


def _air_terms(air: Air, band: int) -> tuple[Field, Field, float, float]:
    """Path reflectance, two-way transmission, spherical albedo, share seen straight.

    Over the depths that one image holds, the first two run nearly straight: they are worked out
    at three points and laid as planes over the image. The last two are small effects and one
    number each.
    """
    gas, dust = air.factors(band)
    clean, murky = float(np.min(air.aerosol)), float(np.max(air.aerosol)) + 1e-3
    thin, thick = float(np.min(air.pressure)), float(np.max(air.pressure)) + 1e-3
    corner = _escape(gas * thin, dust * clean, air.sun_cos)
    hazy = _escape(gas * thin, dust * murky, air.sun_cos)
    deep = _escape(gas * thick, dust * clean, air.sun_cos)
    planes = []
    for start, with_haze, with_air in zip(corner, hazy, deep, strict=True):
        by_haze, by_air = (with_haze - start) / (murky - clean), (with_air - start) / (thick - thin)
        plane = air.aerosol * np.float32(by_haze)
        plane = plane + air.pressure * np.float32(by_air)
        plane += np.float32(start - by_haze * clean - by_air * thin)
        planes.append(plane)
    molecules, aerosol = air.mean_depths(band)
    sphere = 0.7 * molecules + 0.12 * aerosol
    scattered = (1 - _RAYLEIGH_BACK) * molecules + (0.6 - _AEROSOL_BACK) * aerosol
    return planes[0], planes[1], sphere, math.exp(-scattered)


def _escape(molecules: float, aerosol: float, sun_cos: float) -> tuple[float, float]:
    """Path reflectance and two-way transmission for one pair of optical depths.

    Single scattering as of Chandrasekhar (1960), Radiative Transfer, seen from the zenith.
    """
    angle = -sun_cos
    rayleigh = 0.75 * (1 + angle * angle)
    square = _ASYMMETRY**2
    mie = (1 - square) / (1 + square - 2 * _ASYMMETRY * angle) ** 1.5
    depth = molecules + aerosol
    scattered = (molecules * rayleigh + aerosol * _ALBEDO * mie) / depth
    slant = 1 / sun_cos + 1
    path = scattered * -math.expm1(-depth * slant) / (4 * (sun_cos + 1))
    lost = _RAYLEIGH_BACK * molecules + _AEROSOL_BACK * aerosol
    # light scattered twice and more adds about the depth's own share
    return path * (1 + depth), math.exp(-lost * slant)
