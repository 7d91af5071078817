"""What the satellite sees on one overpass: L2A reflectance of five bands and the scene classes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lsbatch.simulate.clouds import Sky, build_sky
from lsbatch.simulate.cover import Cover
from lsbatch.simulate.noise import Field, fractal
from lsbatch.simulate.season import Overpass
from lsbatch.simulate.spectra import BANDS, SCAR, reflectance_table
from lsbatch.simulate.terrain import PIXEL_M, Terrain

SCALE, OFFSET = 1e-4, -0.1
"""Reflectance = SCALE * number + OFFSET, as ESA delivers since January 2022; number 0 = no data."""

_DIFFUSE = np.array((0.28, 0.20, 0.15, 0.08, 0.05), np.float32)
"""Share of skylight on flat ground in each band: shadows are blue."""
_BLUR_PX = np.array((0.60, 0.60, 0.60, 0.62, 0.95), np.float32)
"""Spread of the sensor's point response, pixels."""
_NOISE = np.array((0.0012, 0.0012, 0.0014, 0.0030, 0.0025), np.float32)
_HAZE = np.array((0.0060, 0.0035, 0.0020, 0.0010, 0.0), np.float32)


@dataclass(frozen=True, slots=True)
class Scar:
    """Fresh landslide soil in the pixels; arrays (H, W)."""

    share: Field
    """Part of the pixel that slid, 0 to 1."""
    brightness: Field
    """Of the soil, relative to `SCAR`."""


@dataclass(frozen=True, slots=True)
class Image:
    """One overpass in files' numbers."""

    bands: dict[str, npt.NDArray[np.uint16]]
    """By name of `BANDS`, (H, W); 0 = no data."""
    classes: npt.NDArray[np.uint8]
    """Scene classification, (H / 2, W / 2)."""


def take_image(
    terrain: Terrain,
    cover: Cover,
    *,
    scar: Scar | None,
    overpass: Overpass,
    rng: np.random.Generator,
) -> Image:
    """Image of the ground under one sky, on the terrain's grid (even sides).

    Light falls on tilted ground by Lambert's law with a diffuse part; hills cast no shadows on
    each other. The image lies up to 0.3 pixel off its place, as real ones do.
    """
    surface = _reflect(cover, scar, overpass.dryness, rng)
    shape = terrain.elevation.shape
    sky = build_sky(shape, overpass, rng=rng)
    light = _light(terrain, overpass, sky.shadow)
    haze = np.clip(1 + 0.5 * fractal(shape, rng, slope=3.5, longest_px=400), 0.2, 2.0)
    off_place = rng.uniform(-0.3, 0.3, 2)
    reflectance = np.empty_like(surface)
    for number in range(len(BANDS)):
        seen = surface[number] * light[number]
        seen = (1 - sky.opacity) * seen + sky.opacity * sky.brightness[number]
        seen = ndimage.shift(seen, off_place, order=1, mode="nearest")
        seen = ndimage.gaussian_filter(seen, _BLUR_PX[number]) + _HAZE[number] * haze
        gain = 1 + 0.008 * rng.standard_normal()
        noise = _NOISE[number] * rng.standard_normal(shape)
        reflectance[number] = gain * seen * (1 + 0.006 * rng.standard_normal(shape)) + noise
    numbers = np.clip(np.rint((reflectance - OFFSET) / SCALE), 1, 65535)
    bands = {name: numbers[n].astype(np.uint16) for n, name in enumerate(BANDS)}
    return Image(bands, _classify(reflectance, sky))


def cut_swath(image: Image, rng: np.random.Generator) -> Image:
    """The image without its north-west or north-east corner, where the slanting swath ends."""
    shape = next(iter(image.bands.values())).shape
    rows, cols = np.indices(shape) / max(shape)
    across = cols if rng.random() < 0.5 else 1 - cols
    inside = across + 0.35 * rows > 0.25
    bands = {name: np.where(inside, numbers, 0) for name, numbers in image.bands.items()}
    return Image(bands, np.where(_halve(inside) == 1, image.classes, 0).astype(np.uint8))


def _reflect(
    cover: Cover, scar: Scar | None, dryness: float, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Surface reflectance under flat light, (band, H, W)."""
    surface = np.moveaxis(reflectance_table(dryness)[cover.ground], -1, 0) * cover.canopy
    drift = fractal(cover.ground.shape, rng, slope=2.0, longest_px=120)
    surface[3] *= 1 + 0.015 * drift
    if scar is not None:
        soil = SCAR[:, None, None] * scar.brightness
        surface = (1 - scar.share) * surface + scar.share * soil
    return surface.astype(np.float32)


def _light(terrain: Terrain, overpass: Overpass, shadow: Field) -> npt.NDArray[np.float32]:
    """Light on each pixel relative to flat ground in the sun, (band, H, W)."""
    south, east = np.gradient(terrain.elevation, PIXEL_M)
    azimuth, elevation = np.radians([overpass.sun_azimuth_deg, overpass.sun_elevation_deg])
    upright = 1 / np.sqrt(1 + south**2 + east**2)
    toward = -east * np.sin(azimuth) + south * np.cos(azimuth)
    facing = upright * (np.sin(elevation) + toward * np.cos(elevation)) / np.sin(elevation)
    direct = np.clip(facing, 0, None) * (1 - shadow)
    diffuse = _DIFFUSE[:, None, None]
    return ((1 - diffuse) * direct + diffuse * (1 + upright) / 2).astype(np.float32)


def _classify(reflectance: npt.NDArray[np.float32], sky: Sky) -> npt.NDArray[np.uint8]:
    """Scene classes at 20 m, by thresholds in the manner of ESA's processor.

    Clouds and shadows are flagged where they are dense; their thin rim is missed.
    """
    blue, green, red, nir, _ = (_halve(band) for band in reflectance)
    opacity, shadow = _halve(sky.opacity), _halve(sky.shadow)
    ndvi = (nir - red) / np.maximum(nir + red, 1e-3)
    classes = np.full(ndvi.shape, 7, np.uint8)
    classes[ndvi < 0.30] = 5
    classes[ndvi > 0.42] = 4
    classes[(red > 0.19) & (ndvi < 0.2)] = 7
    classes[(nir < 0.09) & (blue < 0.06)] = 2
    classes[(nir < 0.07) & (green > nir)] = 6
    classes[shadow > 0.40] = 3
    classes[opacity > 0.30] = 8
    classes[opacity > 0.65] = 9
    return classes


def _halve(field: npt.NDArray[np.generic]) -> Field:
    """Means of 2 by 2 pixels."""
    rows, cols = field.shape
    return field.reshape(rows // 2, 2, cols // 2, 2).mean(axis=(1, 3), dtype=np.float32)
