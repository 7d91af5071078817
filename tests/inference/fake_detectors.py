"""Detectors with a known receptive field, and detectors that break their contract."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsbatch.domain import Channel, Inputs


@dataclass(frozen=True)
class PlainDetector:
    """Scores each pixel alone: its first channel, cut to [0, 1]."""

    name: str = "plain"
    halo: int = 0
    multiple: int = 1
    patch_px: int | None = None
    detectable_rule: str = "everywhere"

    @property
    def inputs(self) -> Inputs:
        return Inputs((Channel("red", "pre"), Channel("red", "post")))

    @property
    def parameters(self) -> dict[str, Any]:
        return {}

    def score(self, batch):
        return np.clip(batch[..., 0], 0, 1)

    def detectable(self, batch):
        return batch[..., 1] > 0.5


@dataclass(frozen=True)
class PoolingDetector(PlainDetector):
    """A small network in numpy: pool by 4, a 3 x 3 window of the pools, back by 4.

    What a pixel gets depends on its place in its pool, so on where a patch begins; it sees 7 pixels
    to each side, and with no data a fill of 0.
    """

    name: str = "pooling"
    halo: int = 7
    multiple: int = 4
    patch_px: int | None = 32

    def score(self, batch):
        assert batch.shape[1] % 4 == 0 and batch.shape[2] % 4 == 0
        filled = np.nan_to_num(batch, nan=0.0)
        sums = filled[..., 0] - 0.3 * filled[..., 1]
        pools = sum(sums[:, row::4, col::4] for row in range(4) for col in range(4))
        padded = np.pad(pools, ((0, 0), (1, 1), (1, 1)))
        high, wide = pools.shape[1:]
        windows = [
            np.float32(1 + row + 3 * col) * padded[:, row : row + high, col : col + wide]
            for row in range(3)
            for col in range(3)
        ]
        coarse = sum(windows)
        fine = coarse.repeat(4, axis=1).repeat(4, axis=2) + sums
        return (1 / (1 + np.exp(-fine / 50))).astype("float32")


@dataclass(frozen=True)
class BrokenDetector(PlainDetector):
    """Returns what a test gives it."""

    answer: Any = None

    def score(self, batch):
        return self.answer(batch)


@dataclass(frozen=True)
class BareNow:
    """Looks only at images from after the event; near infrared and light where they are there."""

    name: str = "bare-now"
    halo: int = 0
    multiple: int = 1
    patch_px: int | None = None
    detectable_rule: str = "wherever it is steep"

    @property
    def inputs(self) -> Inputs:
        colours = tuple(Channel(band, "post") for band in ("red", "green", "blue"))
        nir = Channel("nir", "post", optional=True)
        return Inputs((*colours, nir, Channel("slope_deg"), Channel("cos_i", "post")))

    @property
    def parameters(self) -> dict[str, Any]:
        return {}

    def score(self, batch):
        red, blue, nir = batch[..., 0], batch[..., 2], batch[..., 3]
        green = np.where(np.isfinite(nir), nir - red, 0)
        score = np.clip(5 * (red - blue) - green, 0, 1).astype("float32")
        return np.where(np.isfinite(batch[..., :3]).all(axis=-1), score, np.float32(np.nan))

    def detectable(self, batch):
        return batch[..., 4] > 10
