"""What is varied at random in training: place, light, haze, and which inputs are there at all."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lsbatch.domain import Inputs

Array = npt.NDArray[np.float32]
_HAZE_SLOPE = {"blue": 1.5, "green": 1.0, "red": 0.75, "nir": 0.4, "swir16": 0.1}
"""Path light of each band relative to green: falls with the wavelength."""
_PALER = 0.1
"""Mean of the logarithm of the scars' gain: what lies in the sun and dries gets paler, and a pale
scar on dark ground is the one that nobody may miss."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """Chances that a group of inputs is taken away from a patch."""

    pre: float = 0.15
    infrared: float = 0.35
    """NIR and SWIR of both dates."""
    swir: float = 0.08
    terrain: float = 0.12
    """Slope and illumination."""
    sun: float = 0.30
    """Illumination alone: the sun is unknown."""


WITHHELD = Withheld()


def turn(array: npt.NDArray, quarter: int, *, mirrored: bool) -> npt.NDArray:
    """An (H, W, ...) patch by quarter turns, mirrored before where asked.

    Slope and the illumination cosine are scalars of the ground, so they turn with it unchanged.
    """
    return np.rot90(array[:, ::-1] if mirrored else array, quarter)


def crop_and_zoom(
    image: Array, label: npt.NDArray[np.bool_], side: int, rng: np.random.Generator
) -> tuple[Array, npt.NDArray[np.bool_]]:
    """A square part of an image and its labels at (side, side), half the time enlarged up to 1.6 x.

    Slides of another inventory are as much larger or smaller. Values are interpolated between the
    four nearest, NaN where one of them is; labels (H, W, ...) are those of the nearest.
    """
    zoom = float(np.exp(rng.uniform(0, np.log(1.6)))) if rng.random() < 0.5 else 1.0
    part = max(int(side / zoom), 8)
    top, left = (int(rng.integers(extent - part + 1)) for extent in label.shape[:2])
    window = (slice(top, top + part), slice(left, left + part))
    if part == side:
        return image[window], label[window]
    place = np.clip((np.arange(side, dtype=np.float32) + 0.5) * part / side - 0.5, 0, part - 1)
    nearest = np.rint(place).astype(int)
    return _between(image[window], place), label[window][np.ix_(nearest, nearest)]


def _between(image: Array, place: Array) -> Array:
    """Bilinear values of a square (S, S, C) at the same places along both axes; inside [0, S-1]."""
    first = np.minimum(place.astype(int), len(image) - 2)
    share = place - first
    for axis, weight in ((0, share[:, None, None]), (1, share[None, :, None])):
        low, high = image.take(first, axis), image.take(first + 1, axis)
        image = low + weight * (high - low)
    return image


def resoil(
    channels: Array, label: npt.NDArray[np.bool_], inputs: Inputs, rng: np.random.Generator
) -> Array:
    """Other soil in the scars after the event: paler or darker, redder or greyer, half the time.

    A network that has met a dozen soils must not know scars by the tone of one of them.

    Parameters
    ----------
    channels : ndarray, float32, (H, W, C)
    label : ndarray, bool, (H, W)
    inputs : Inputs
        Says what the channels are.
    rng : numpy.random.Generator
    """
    tone = rng.normal(_PALER, 0.25)
    hues = rng.normal(0.0, 0.06, len(inputs.channels))
    if rng.random() < 0.5 or not label.any():
        return channels
    changed = channels.copy()
    # as soft as a sensor draws an edge
    scar = ndimage.gaussian_filter(label.astype(np.float32), 0.7)
    for number, channel in enumerate(inputs.channels):
        if channel.period == "post" and channel.layer in _HAZE_SLOPE:
            gain = np.float32(np.exp(tone + hues[number]))
            changed[..., number] *= 1 + (gain - 1) * scar
    return changed


def retint(channels: Array, inputs: Inputs, rng: np.random.Generator) -> Array:
    """Another sensor, sun and haze: gains and offsets drawn for each date apart.

    Parameters
    ----------
    channels : ndarray, float32, (H, W, C)
        Reflectance channels are changed, terrain is left as it is.
    inputs : Inputs
        Says what the channels are.
    rng : numpy.random.Generator
    """
    changed = channels.copy()
    for period in ("pre", "post"):
        common, haze = rng.normal(0.0, 0.12), rng.normal(0.0, 0.008)
        for number, channel in enumerate(inputs.channels):
            slope = _HAZE_SLOPE.get(channel.layer)
            if channel.period != period or slope is None:
                continue
            gain = np.float32(np.exp(common + rng.normal(0.0, 0.05)))
            changed[..., number] = changed[..., number] * gain + np.float32(haze * slope)
    return changed


def withhold(channels: Array, inputs: Inputs, chances: Withheld, rng: np.random.Generator) -> None:
    """Take groups of inputs away at random, in place: NaN, as where a sensor lacks them."""
    names = [(channel.layer, channel.period) for channel in inputs.channels]
    draw = rng.random(5)

    def drop(chance: float, drawn: float, chosen: list[bool]) -> None:
        if drawn < chance:
            channels[..., np.array(chosen)] = np.nan

    drop(chances.pre, draw[0], [period == "pre" for _, period in names])
    drop(chances.infrared, draw[1], [layer in ("nir", "swir16") for layer, _ in names])
    drop(chances.swir, draw[2], [layer == "swir16" for layer, _ in names])
    drop(chances.sun, draw[3], [layer == "cos_i" for layer, _ in names])
    drop(chances.terrain, draw[4], [layer in ("cos_i", "slope_deg") for layer, _ in names])
