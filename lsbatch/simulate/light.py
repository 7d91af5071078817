"""Light on tilted ground: sun, skylight, shadows of ridges, light from opposite slopes."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from lsbatch.kernels import shadow_depth
from lsbatch.simulate.coarse import blur_wide
from lsbatch.simulate.noise import Field

_PENUMBRA_M = 6.0
"""Depth over which a ridge's shadow darkens: the sun's disc is half a degree wide, which is 4 m at
a distance of 450 m."""
_VISIBLE = 3
"""Bands before this one are visible light."""


@dataclass(frozen=True, slots=True)
class Light:
    """Light on each pixel relative to flat open ground in the sun; arrays (H, W)."""

    visible: Field
    """Direct sunlight, by the visible bands' law of reflection."""
    infrared: Field
    sky: Field
    """Part of the sky that the ground sees, 0 to 1."""

    def shine(self, ground: Field, band: int, *, skylight: float) -> Field:
        """Brightness of ground under this light.

        Parameters
        ----------
        ground : ndarray, float32, (H, W)
            Reflectance under flat light.
        band : int
            Position in `BANDS`.
        skylight : float
            Share of the flat ground's light that comes from the sky, in this band.
        """
        direct = self.visible if band < _VISIBLE else self.infrared
        bright = direct * np.float32(1 - skylight)
        bright += self.sky * np.float32(skylight)
        bright *= ground
        return bright


def light_ground(
    elevation: Field,
    pixel_m: float,
    *,
    sun: tuple[float, float],
    clouded: Field | None,
    rng: np.random.Generator,
) -> Light:
    """Light on the ground.

    Parameters
    ----------
    elevation : ndarray, float32, (H, W)
        Metres, row 0 north.
    pixel_m : float
    sun : (azimuth, elevation)
        Degrees: clockwise from north, above the horizon.
    clouded : ndarray, float32, (H, W), or None
        Part of the direct sunlight that clouds take.
    rng : numpy.random.Generator
        Draws how far this image departs from Lambert's law.

    Notes
    -----
    Direct light goes with (cos i / cos s) ** k of Minnaert (1941): k = 1 is Lambert's law, and
    rough ground such as a canopy lies below (Smith, Lin and Ranson 1980).
    """
    facing, upright = _face(elevation, pixel_m, sun)
    depth = shadow_depth(elevation, pixel_m, azimuth_deg=sun[0], altitude_deg=sun[1])
    lit = np.clip(0.5 - depth / _PENUMBRA_M, 0, 1).astype(np.float32)
    if clouded is not None:
        lit *= 1 - clouded
    exponent = rng.uniform(0.62, 1.0)
    visible = np.power(facing, np.float32(exponent)) * lit
    # the canopy's leaves are bright in the infrared and fill each other's shade
    facing = np.power(facing, np.float32(exponent - rng.uniform(0.0, 0.12)))
    facing *= lit
    return Light(visible, facing, _open_sky(elevation, pixel_m, upright, clouded))


def even_out(
    elevation: Field, pixel_m: float, *, sun: tuple[float, float], strength: float
) -> Field:
    """What a processor multiplies a pixel by to make its slope flat, from a blurred model.

    Parameters
    ----------
    strength : float
        1 = as Lambert's law asks: more than most ground needs, so that slopes away from the sun
        come out too bright.
    """
    facing, _ = _face(ndimage.gaussian_filter(elevation, 2.5, truncate=2.5), pixel_m, sun)
    facing += 0.12
    facing /= 1.12
    return np.power(np.clip(facing, 0.35, 2.0), np.float32(-strength))


def _face(elevation: Field, pixel_m: float, sun: tuple[float, float]) -> tuple[Field, Field]:
    """Both cos i / cos s, not below 0, and the upward part of the ground's normal."""
    azimuth, height = np.radians(sun)
    south, east = np.gradient(elevation, np.float32(pixel_m))
    upright = 1 / np.sqrt(1 + south * south + east * east)
    east *= np.float32(-np.sin(azimuth) / np.tan(height))
    south *= np.float32(np.cos(azimuth) / np.tan(height))
    east += south
    east += 1
    east *= upright
    return np.clip(east, 0, None, out=east), upright


def _open_sky(elevation: Field, pixel_m: float, upright: Field, clouded: Field | None) -> Field:
    """Part of the sky above each pixel: less on steep ground and in the depth of valleys."""
    reach = 300.0 / pixel_m
    sunk = blur_wide(elevation, reach)
    sunk -= elevation
    sunk *= np.float32(1 / 450.0)
    sky = (1 + upright) * 0.5
    sky *= 1 - np.clip(sunk, 0, 0.35, out=sunk)
    if clouded is not None:
        sky *= 1 - 0.25 * clouded
    return sky
