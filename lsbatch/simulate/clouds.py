"""Clouds and the shadows they cast."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from lsbatch.simulate.noise import Field, fractal
from lsbatch.simulate.season import Overpass
from lsbatch.simulate.spectra import BANDS

_HEIGHT_PX = 110.0
"""Cloud base above ground in pixels of 10 m: fair-weather cumulus."""
_DARKEST = 0.85
"""Part of the direct sunlight that a dense cloud takes."""


@dataclass(frozen=True, slots=True)
class Sky:
    """What lies between the ground and the satellite, and the sun; arrays (H, W)."""

    opacity: Field
    """Of the cloud, 0 to 1."""
    shadow: Field
    """Part of the direct sunlight lost, 0 to 1."""
    brightness: Field
    """Reflectance of the cloud, (band, H, W)."""


def build_sky(shape: tuple[int, int], overpass: Overpass, *, rng: np.random.Generator) -> Sky:
    """Clouds over a given part of the grid, their shadows away from the sun, softened."""
    if overpass.cloud_fraction == 0:
        none = np.zeros(shape, np.float32)
        return Sky(none, none, np.zeros((len(BANDS), *shape), np.float32))
    # made wide enough that clouds outside the image cast shadows into it
    away = np.radians(overpass.sun_azimuth_deg + 180.0)
    reach = _HEIGHT_PX / np.tan(np.radians(overpass.sun_elevation_deg))
    drop = np.rint(reach * np.array([-np.cos(away), np.sin(away)])).astype(int)
    pad = int(np.abs(drop).max())
    wide = (shape[0] + 2 * pad, shape[1] + 2 * pad)
    billows = fractal(wide, rng, slope=2.9, longest_px=130)
    thick = np.quantile(billows, 1 - overpass.cloud_fraction)
    density = np.clip((billows - thick + 0.15) / 0.55, 0.0, 1.0)
    opacity = density * density * (3 - 2 * density)
    cast = ndimage.gaussian_filter(np.roll(opacity, tuple(drop), axis=(0, 1)), 1.5)
    view = (slice(pad, pad + shape[0]), slice(pad, pad + shape[1]))
    tops = 0.50 + 0.16 * np.clip((billows[view] - thick), 0, 1.5)
    tint = np.array((1.0, 0.97, 0.96, 1.0, 0.72), np.float32)[:, None, None]
    return Sky(opacity[view], _DARKEST * cast[view], (tint * tops).astype(np.float32))
