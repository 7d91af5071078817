"""What is varied at random in training: place, light, haze, and which inputs are there at all."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lsbatch.domain import Inputs

Array = npt.NDArray[np.float32]
_HAZE_SLOPE = {"blue": 1.5, "green": 1.0, "red": 0.75, "nir": 0.4, "swir16": 0.1}
"""Path light of each band relative to green: falls with the wavelength."""


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

    Slides of another inventory are as much larger or smaller; nearest neighbours for labels.
    """
    zoom = float(np.exp(rng.uniform(0, np.log(1.6)))) if rng.random() < 0.5 else 1.0
    part = max(int(side / zoom), 8)
    top, left = (int(rng.integers(extent - part + 1)) for extent in label.shape)
    window = (slice(top, top + part), slice(left, left + part))
    if part == side:
        return image[window], label[window]
    place = (np.arange(side, dtype=np.float32) + 0.5) * part / side - 0.5
    nearest = np.clip(np.rint(place).astype(int), 0, part - 1)
    smooth = [
        ndimage.map_coordinates(
            band, np.meshgrid(place, place, indexing="ij"), order=1, mode="nearest"
        )
        for band in np.moveaxis(image[window], -1, 0)
    ]
    return np.stack(smooth, axis=-1), label[window][np.ix_(nearest, nearest)]


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
