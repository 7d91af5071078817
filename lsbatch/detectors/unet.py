"""unet and unet-post: the shipped network, with an image before the event and without one."""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lsbatch import networks
from lsbatch.domain import Channel, Inputs
from lsbatch.errors import RecipeError, WeightsError
from lsbatch.networks import SCALINGS, check_digest, count_planes, encode, read_sidecar

SHIPPED = Path(__file__).parent / "weights" / "unet.json"
"""Sidecar of the network that comes with lsbatch."""
_VEGETATED_NDVI, _DARK_RED = 0.30, 0.18
_BANDS = ("blue", "green", "red", "nir", "swir16")
_INFRARED = ("nir", "swir16")
_ABOUT = {
    "unet": "Network for an image pair: change of visible bands, infrared and terrain where known.",
    "unet-post": "The same network without an image before: bare slides, old and fresh alike.",
}
UNET_INPUTS = Inputs(
    (
        *(Channel(band, "pre", optional=band in _INFRARED) for band in _BANDS),
        *(Channel(band, "post", optional=band in _INFRARED) for band in _BANDS),
        Channel("slope_deg", optional=True),
        Channel("cos_i", "pre", optional=True),
        Channel("cos_i", "post", optional=True),
    )
)
"""What the network is trained to see: visible bands of every image, the rest where there is any."""
UNET_GROUPS = ((0, 1, 2), (3,), (4,), (5, 6, 7), (8,), (9,), (10,), (11,), (12,))
"""Channels that are there or not there together, each group with its flag plane."""


@dataclass(frozen=True, slots=True)
class Unet:
    """A network's sidecar as a detector; its weights are loaded where it first scores.

    The pickled form is a path and a digest, so every worker needs the same file; a worker that
    has another one refuses.
    """

    name: str
    """``unet``, or ``unet-post`` for the same weights told that no earlier image exists."""
    sidecar: str
    """Path of the network's sidecar."""
    sha256: str
    """Of the weights."""

    @property
    def about(self) -> str:
        """What it is, in a line."""
        return _ABOUT[self.name]

    @property
    def sees_pre(self) -> bool:
        """Whether it looks at images from before the event."""
        return not self.name.endswith("-post")

    @property
    def inputs(self) -> Inputs:
        """Reflectance of every date, slope, and the sun's cosine on the ground."""
        return Inputs(tuple(c for c in self._channels if self.sees_pre or c.period != "pre"))

    @property
    def halo(self) -> int:
        """Radius of what a pixel's score depends on."""
        return int(self._record["halo"])

    @property
    def multiple(self) -> int:
        """Side of the coarsest cell."""
        return int(self._record["multiple"])

    @property
    def patch_px(self) -> None:
        """A block of any size is taken whole."""

    @property
    def pixel_m(self) -> tuple[float, float]:
        """Smallest and largest pixel side that it was trained on, metres."""
        low, high = self._record["admits"]["pixel_m"]
        return float(low), float(high)

    @property
    def detectable_rule(self) -> str:
        """Where a fresh scar could be told from what was there."""
        if not self.sees_pre:
            return "everywhere: no image before the event tells what was bare already"
        return (
            f"NDVI before the event >= {_VEGETATED_NDVI:g}; where near infrared is missing, red "
            f"reflectance before the event < {_DARK_RED:g}"
        )

    @property
    def parameters(self) -> dict[str, Any]:
        """The network's version and digest; nothing can be set."""
        return {"version": self._record["version"], "sha256": self.sha256}

    @property
    def card(self) -> dict[str, Any]:
        """The whole sidecar: inputs, scaling, training and skill."""
        return self._record

    def score(self, batch: np.ndarray) -> np.ndarray:
        """Score of each pixel, (N, H, W) float32; a number wherever a patch has any data.

        Channels that are NaN are filled and flagged, as in training.
        """
        layers = tuple(channel.layer for channel in self._channels)
        planes = encode(self._complete(batch), layers, self._groups)
        # named here, not above: this is what needs Keras, whose import takes seconds
        scores: np.ndarray = networks.score_planes(
            Path(self.sidecar), self.sha256, planes, offset=self._offset
        )
        return scores

    def detectable(self, batch: np.ndarray) -> np.ndarray:
        """Vegetated, or at least dark, before the event, (N, H, W) bool."""
        if not self.sees_pre:
            return np.ones(batch.shape[:3], bool)
        names = [channel.name for channel in self._channels]
        red, nir = (batch[..., names.index(name)] for name in ("pre_red", "pre_nir"))
        with np.errstate(invalid="ignore", divide="ignore"):
            green = (nir - red) / (nir + red) >= _VEGETATED_NDVI
        return np.where(np.isfinite(nir), green, red < _DARK_RED)

    def _complete(self, batch: np.ndarray) -> np.ndarray:
        """The batch with all channels of the network, NaN where this detector does not look."""
        if self.sees_pre:
            return batch
        whole = np.full((*batch.shape[:3], len(self._channels)), np.nan, np.float32)
        asked = [n for n, channel in enumerate(self._channels) if channel.period != "pre"]
        whole[..., asked] = batch
        return whole

    @property
    def _offset(self) -> float:
        return float(self._record.get("logit_offset", {}).get(self.name, 0.0))

    @property
    def _record(self) -> dict[str, Any]:
        return _read_card(self.sidecar)

    @property
    def _channels(self) -> tuple[Channel, ...]:
        return tuple(Channel(**record) for record in self._record["channels"])

    @property
    def _groups(self) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(group) for group in self._record["groups"])


def load_unet(name: str, *, sidecar: str | None = None) -> Unet:
    """The shipped network, or another one of the same form.

    Parameters
    ----------
    name : str
        ``unet`` or ``unet-post``.
    sidecar : str, optional
        A sidecar written by `lsbatch train`; default: the shipped one.

    Raises
    ------
    WeightsError
        If a file cannot be read, the weights are not the sidecar's, or it contradicts itself.
    RecipeError
        If it asks for a layer that this version does not know.
    """
    path = Path(sidecar).resolve() if sidecar else SHIPPED
    record = read_sidecar(path)
    _check_channels(path, record)
    # a damaged file must not surface after the work
    check_digest(path.with_suffix(".npz"), record["sha256"])
    return Unet(name, str(path), record["sha256"])


def _check_channels(path: Path, record: dict[str, Any]) -> None:
    layers = [channel["layer"] for channel in record["channels"]]
    unknown = sorted(set(layers) - set(SCALINGS))
    if unknown:
        raise RecipeError(f"The network {path} asks for unknown layers: {', '.join(unknown)}.")
    planes = count_planes(tuple(layers), tuple(record["groups"]))
    drawn = record["design"].get("planes")
    if planes != drawn:
        raise WeightsError(
            f"The sidecar {path} does not fit its own channels: it names {len(layers)} in "
            f"{len(record['groups'])} groups, and a network of {drawn} planes. Copy it again."
        )


@functools.lru_cache(maxsize=8)
def _read_card(sidecar: str) -> dict[str, Any]:
    return read_sidecar(Path(sidecar))
