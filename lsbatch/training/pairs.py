"""From single-date chips to samples: the chip as it is, or beside an invented image before.

A chip has no image before the event. An honest stand-in: the same ground with its landslides
replaced by intact ground from elsewhere in the chip, under another light and haze. It teaches what
real scars and real unchanged ground look like in a pair; what it cannot teach (seasons, true
change of other kinds) comes from the simulated events.
"""

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lsbatch.domain import VISIBLE, Inputs

Array = npt.NDArray[np.float32]
_RIM_PX = 2
"""Around a mapped landslide: mapped edges are not exact, its glow must go as well."""
_TRIES = 12
_RGB = ("red", "green", "blue")
_SEASON_BANDS = np.array((1.0, 0.5, 0.3), np.float32)
"""How much of a seasonal change shows in red, green and blue, relative to red."""


def invent_before(image: Array, label: npt.NDArray[np.bool_], rng: np.random.Generator) -> Array:
    """The chip before its landslides: each replaced by intact ground from elsewhere in the chip.

    Parameters
    ----------
    image : ndarray, float32, (H, W, 3)
        Reflectance.
    label : ndarray, bool, (H, W)
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, float32, (H, W, 3)
        NaN where no intact ground was found to take.
    """
    hole = ndimage.binary_dilation(label, iterations=_RIM_PX)
    before = image.copy()
    missing = hole.copy()
    for _ in range(_TRIES):
        if not missing.any():
            break
        shift = tuple(int(step) for step in rng.integers(8, 64, 2) * rng.choice((-1, 1), 2))
        usable = missing & ~np.roll(hole, shift, axis=(0, 1))
        before[usable] = np.roll(image, shift, axis=(0, 1))[usable]
        missing &= ~usable
    before[missing] = np.nan
    # the seams of the patchwork must not give the landslides away
    soft = ndimage.uniform_filter(before, (3, 3, 1))
    seam = hole & ~ndimage.binary_erosion(hole) & np.isfinite(soft).all(axis=-1)
    before[seam] = soft[seam]
    return before


def chip_channels(
    image: Array,
    label: npt.NDArray[np.bool_],
    inputs: Inputs,
    *,
    pair_chance: float,
    rng: np.random.Generator,
) -> Array:
    """A chip as a detector's channels.

    Parameters
    ----------
    image : ndarray, float32, (H, W, 3)
        Reflectance of red, green, blue.
    label : ndarray, bool, (H, W)
    inputs : Inputs
    pair_chance : float
        Chance that an invented image before stands beside it.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, float32, (H, W, C)
        NaN in every channel that chips lack.
    """
    channels = np.full((*label.shape, len(inputs.channels)), np.nan, np.float32)
    sides = {"post": image}
    if rng.random() < pair_chance:
        sides["pre"] = _another_day(invent_before(image, label, rng), rng)
    for number, channel in enumerate(inputs.channels):
        if channel.layer in VISIBLE and channel.period in sides:
            channels[..., number] = sides[channel.period][..., _RGB.index(channel.layer)]
    return channels


def _another_day(image: Array, rng: np.random.Generator) -> Array:
    """The same ground in another season and sun, blurred and shifted as another image is."""
    shape = image.shape[:2]
    ground = np.nan_to_num(image, nan=float(np.nanmedian(image)))
    light = np.float32(1) + np.float32(rng.uniform(0, 0.25)) * _drift(shape, rng, 10)
    season = np.exp(np.float32(rng.uniform(0, 0.15)) * _drift(shape, rng, 16))
    hue = np.exp(rng.normal(0, 0.15, 3)).astype(np.float32)
    # contrast differs with the sun's height: about the mean, not about zero
    mean = ground.mean(axis=(0, 1))
    changed = mean + (ground - mean) * np.float32(rng.uniform(0.6, 1.2))
    changed *= hue * light[..., None] * season[..., None] ** _SEASON_BANDS
    changed = ndimage.shift(changed, (*rng.uniform(-0.7, 0.7, 2), 0), order=1, mode="nearest")
    changed += np.float32(0.0025) * rng.standard_normal(changed.shape, np.float32)
    return np.where(np.isfinite(image), changed, np.float32(np.nan))


def _drift(shape: tuple[int, int], rng: np.random.Generator, step_px: int) -> Array:
    """Smooth noise of standard deviation about 1 from one draw every `step_px`."""
    coarse = rng.standard_normal([extent // step_px + 2 for extent in shape], np.float32)
    field = ndimage.zoom(coarse, step_px, order=1)
    return np.asarray(field[: shape[0], : shape[1]] * np.float32(1.4))
