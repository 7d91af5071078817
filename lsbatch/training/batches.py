"""Batches of patches, drawn at random from events and chips; the same for the same seed."""

import os
from dataclasses import dataclass
from typing import Any, Protocol

import keras
import numpy as np
import numpy.typing as npt

from lsbatch.domain import Inputs
from lsbatch.networks import encode
from lsbatch.training.augment import WITHHELD, Withheld, crop_and_zoom, retint, turn, withhold
from lsbatch.training.pairs import chip_channels
from lsbatch.training.pixels import EventPixels

_DRAWERS = max(2, min(os.cpu_count() or 2, 16))
"""Threads that draw patches while the network learns from the last ones."""
Groups = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Patch:
    """A square of (side, side) pixels."""

    channels: npt.NDArray[np.float32]
    """(side, side, C), NaN = absent."""
    label: npt.NDArray[np.bool_]
    counts: npt.NDArray[np.bool_]
    """Where the label holds."""


class PatchSource(Protocol):
    """Something to draw training patches from."""

    def draw(self, side: int, rng: np.random.Generator) -> Patch:
        """A patch, augmented."""


@dataclass(frozen=True, slots=True)
class EventPatches:
    """Patches of events, every event as likely as the next."""

    events: tuple[EventPixels, ...]
    inputs: Inputs
    withheld: Withheld = WITHHELD
    on_landslide: float = 0.5
    """Share of the patches drawn about a landslide pixel; the rest fall anywhere."""
    varied: bool = True
    """False: patches as a run sees them, neither turned nor retinted."""

    def draw(self, side: int, rng: np.random.Generator) -> Patch:
        """A window about a landslide or anywhere, with inputs withheld; turned and retinted."""
        event = self.events[int(rng.integers(len(self.events)))]
        window = _window(event, side, self.on_landslide, rng)
        parts = [part[window] for part in (event.channels, event.label, event.counts)]
        channels = parts[0].astype(np.float32)
        if self.varied:
            mirrored, quarter = bool(rng.random() < 0.5), int(rng.integers(4))
            parts = [turn(part, quarter, mirrored=mirrored) for part in parts]
            channels = retint(parts[0].astype(np.float32), self.inputs, rng)
        withhold(channels, self.inputs, self.withheld, rng)
        return Patch(channels, *parts[1:])


@dataclass(frozen=True, slots=True)
class ChipPatches:
    """Chips, whole; each alone or beside an invented image before."""

    image: npt.NDArray[np.float32]
    """(N, H, W, 3) reflectance of red, green, blue, as `reflectance_of` makes it."""
    label: npt.NDArray[np.bool_]
    inputs: Inputs
    pair_chance: float = 0.5
    varied: bool = True
    """False: chips as they are, each alone."""

    def draw(self, side: int, rng: np.random.Generator) -> Patch:
        """A chip or a part of it; in training turned, enlarged and retinted."""
        number = int(rng.integers(len(self.image)))
        image, label = self.image[number], self.label[number]
        if not self.varied:
            image, label = image[:side, :side], label[:side, :side]
            channels = chip_channels(image, label, self.inputs, pair_chance=0.0, rng=rng)
            return Patch(channels, label, np.ones_like(label))
        mirrored, quarter = bool(rng.random() < 0.5), int(rng.integers(4))
        image, label = (turn(part, quarter, mirrored=mirrored) for part in (image, label))
        image, label = crop_and_zoom(image, label, side, rng)
        # the gain of a chip is unknown: more of it is varied than of calibrated images
        gain = np.exp(rng.normal(0, 0.15) + rng.normal(0, 0.07, 3)).astype(np.float32)
        channels = chip_channels(
            image * gain, label, self.inputs, pair_chance=self.pair_chance, rng=rng
        )
        channels = retint(channels, self.inputs, rng)
        channels += np.float32(0.003) * rng.standard_normal(channels.shape, np.float32)
        return Patch(channels, label, np.ones_like(label))


class Batches(keras.utils.PyDataset):
    """A fixed number of batches; batch n of epoch e depends on the seed, e and n alone."""

    def __init__(
        self,
        sources: tuple[tuple[PatchSource, float], ...],
        *,
        inputs: Inputs,
        groups: Groups,
        length: int,
        size: int = 16,
        side: int = 128,
        seed: int = 0,
        heads: int = 5,
    ) -> None:
        """Batches of `size` patches from sources with their shares."""
        super().__init__(workers=_DRAWERS)
        self._sources, shares = zip(*sources, strict=True)
        self._shares = np.array(shares) / np.sum(shares)
        self._layers = tuple(channel.layer for channel in inputs.channels)
        self._groups, self._length = groups, length
        self._size, self._side, self._seed, self._heads = size, side, seed, heads
        self.epoch = 0

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, number: int) -> tuple[Any, tuple[Any, ...]]:
        rng = np.random.default_rng((self._seed, self.epoch, number))
        picks = rng.choice(len(self._sources), self._size, p=self._shares)
        patches = [self._sources[pick].draw(self._side, rng) for pick in picks]
        planes = encode(np.stack([p.channels for p in patches]), self._layers, self._groups)
        target = np.stack([np.stack([p.label, p.counts], axis=-1) for p in patches])
        return planes, (target.astype(np.float32),) * self._heads

    def on_epoch_end(self) -> None:
        """Go on to other patches."""
        self.epoch += 1


def _window(
    event: EventPixels, side: int, on_landslide: float, rng: np.random.Generator
) -> tuple[slice, slice]:
    shape = np.array(event.label.shape)
    places = np.flatnonzero(event.label & event.counts)
    if places.size and rng.random() < on_landslide:
        centre = np.array(np.unravel_index(places[rng.integers(places.size)], event.label.shape))
        corner = centre - rng.integers(0, side, 2)
    else:
        corner = rng.integers(0, shape - side + 1)
    top, left = np.clip(corner, 0, shape - side)
    return slice(int(top), int(top) + side), slice(int(left), int(left) + side)
