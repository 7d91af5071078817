"""Quality bands, with the mistakes that real processors make."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lsbatch.simulate.noise import Field, fractal

Mask = npt.NDArray[np.bool_]
_BLUE, _GREEN, _RED, _NIR, _SWIR = range(5)


@dataclass(frozen=True, slots=True)
class Clues:
    """What a processor sees, and what is so; arrays (H, W) on the quality band's pixels."""

    reflectance: npt.NDArray[np.float32]
    """(band, H, W) in order of `BANDS`."""
    cloud: Field
    """Opacity of low clouds."""
    cirrus: Field
    """Opacity of high clouds."""
    shadow: Field
    """Part of the direct sunlight that clouds take."""
    sunlight: Field
    """Direct sunlight relative to flat ground, clouds apart: 0 in the shadow of ridges."""
    water: Field
    snow: Field
    """Parts of the pixel."""
    valid: Mask


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a processor takes each pixel for; arrays (H, W)."""

    cloud: Mask
    surely_cloud: Mask
    cirrus: Mask
    shadow: Mask
    snow: Mask
    water: Mask
    near_cloud: Mask
    """Not cloud, but so close to it that it is set aside."""


def judge(clues: Clues, rng: np.random.Generator) -> Verdict:
    """Cloud, shadow, snow and water as a processor finds them.

    It misses thin cloud and part of the shadows, takes bright gravel, roofs and fresh scars for
    cloud now and then, dark slopes for shadow or water, and thin or shaded snow for nothing.
    """
    blue, green, red, nir, swir = clues.reflectance[:5]
    doubt = np.clip(fractal(blue.shape, rng, slope=2.0, longest_px=60), -2.2, 2.2)
    thick = rng.uniform(0.22, 0.5)
    cloud = clues.cloud > thick + 0.08 * doubt
    # bright and not green: what tests of brightness and whiteness cannot tell from cloud
    bright = (blue + green + red) / 3
    grey = nir < 1.45 * red
    limit = rng.uniform(0.13, 0.24) + 0.02 * doubt
    mistaken = (bright > limit) & grey & (clues.snow < 0.3)
    mistaken = ndimage.binary_opening(mistaken) | (mistaken & (bright > limit + 0.08))
    mistaken &= doubt > rng.uniform(-1.5, 1.5)
    ndsi = (green - swir) / np.maximum(green + swir, 0.02)
    snow = (ndsi > rng.uniform(0.35, 0.5)) & (green > rng.uniform(0.1, 0.25))
    snow &= ~cloud & (clues.cloud < 0.2)
    cloud |= mistaken & ~snow
    # snow on some slopes passes for cloud
    confused = snow & (doubt > rng.uniform(1.0, 2.2))
    cloud, snow = cloud | confused, snow & ~confused
    surely = cloud & ((clues.cloud > 0.6) | (bright > limit + 0.06))
    widened = ndimage.binary_dilation(cloud, iterations=int(rng.integers(1, 4)))
    shadow = _find_shadow(clues, doubt, rng) & ~cloud
    cirrus = (clues.cirrus > rng.uniform(0.08, 0.25)) & ~cloud
    water = _find_water(clues, doubt, rng) & ~(cloud | snow | shadow)
    return Verdict(cloud, surely, cirrus, shadow, snow, water, widened & ~cloud)


def write_classes(
    verdict: Verdict, clues: Clues, rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Sentinel-2's scene classes, uint8 (H, W): ESA's numbers from 0 (no data) to 11 (snow).

    Fresh scars become 5 (bare) or 7 (unclassified), where they are not 8 or 9 (cloud).
    """
    blue, red, nir = clues.reflectance[[_BLUE, _RED, _NIR]]
    ndvi = (nir - red) / np.maximum(nir + red, 0.01)
    dark = (nir < rng.uniform(0.05, 0.11)) & (blue < 0.07)
    classes = np.full(ndvi.shape, 7, np.uint8)
    classes[(ndvi < rng.uniform(0.22, 0.36)) & (red < rng.uniform(0.13, 0.22))] = 5
    classes[ndvi > rng.uniform(0.36, 0.46)] = 4
    classes[dark] = 2
    classes[verdict.water] = 6
    classes[verdict.shadow] = 3
    classes[verdict.snow] = 11
    classes[verdict.cirrus] = 10
    # the rim of clouds often stays unclassified
    classes[verdict.near_cloud & (classes != 11)] = 7 if rng.random() < 0.25 else 8
    classes[verdict.cloud] = 8
    classes[verdict.surely_cloud] = 9
    classes[~clues.valid] = 0
    return classes


def write_bits(verdict: Verdict, clues: Clues, *, has_cirrus_band: bool) -> npt.NDArray[np.uint16]:
    """Landsat's QA_PIXEL, uint16 (H, W), by the bits of the USGS Collection 2 guide.

    Bits: 0 fill, 1 dilated cloud, 2 cirrus, 3 cloud, 4 cloud shadow, 5 snow, 6 clear, 7 water, and
    pairs of confidence (1 low, 2 medium, 3 high) from 8 cloud, 10 shadow, 12 snow, 14 cirrus.
    """
    cirrus = verdict.cirrus & has_cirrus_band
    sure = np.where(verdict.cloud, 3, np.where(verdict.near_cloud, 2, 1)).astype(np.uint16)
    bits = sure << 8
    bits |= np.where(verdict.shadow, 3, 1).astype(np.uint16) << 10
    bits |= np.where(verdict.snow, 3, 1).astype(np.uint16) << 12
    if has_cirrus_band:
        bits |= np.where(cirrus, 3, 1).astype(np.uint16) << 14
    clear = ~(verdict.cloud | verdict.near_cloud)
    flags = (verdict.near_cloud, cirrus, verdict.cloud, verdict.shadow, verdict.snow, clear)
    for bit, flag in enumerate((*flags, verdict.water), 1):
        bits |= flag.astype(np.uint16) << bit
    bits[~clues.valid] = 1
    return bits


def _find_shadow(clues: Clues, doubt: Field, rng: np.random.Generator) -> Mask:
    """Cloud shadow: found where it is dark, in part, a little off its place."""
    cast = clues.shadow > rng.uniform(0.3, 0.55) + 0.12 * doubt
    cast &= doubt < rng.uniform(0.3, 2.4)
    cast = np.roll(cast, tuple(rng.integers(-3, 4, 2)), axis=(0, 1))
    cast = ndimage.binary_dilation(cast, iterations=int(rng.integers(1, 3)))
    # slopes without sun pass for it on some images
    unlit = (clues.sunlight < 0.15) & (clues.reflectance[_NIR] < 0.09)
    return cast | (unlit & (doubt > rng.uniform(-1.0, 2.5)))


def _find_water(clues: Clues, doubt: Field, rng: np.random.Generator) -> Mask:
    green, nir, swir = clues.reflectance[[_GREEN, _NIR, _SWIR]]
    found = (green > nir) & (swir < 0.06) & (nir < rng.uniform(0.07, 0.12))
    found |= (clues.water > 0.9) & (doubt < 2.0)
    unlit = (clues.sunlight < 0.2) & (nir < 0.06)
    return found | (unlit & (doubt > rng.uniform(0.3, 2.2)))
