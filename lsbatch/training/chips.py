"""Real chips with expert masks: three visible bands of one date, each with an unknown gain."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lsbatch.errors import CatalogError

_KEYS = ("id", "image", "label")
TYPICAL_MEDIAN = (0.055, 0.070, 0.060)
"""Reflectance of red, green and blue that the median of a chip is taken to be: vegetated hills."""


@dataclass(frozen=True, slots=True)
class Chips:
    """Chips in the order of their numbers, which is an order on the ground."""

    numbers: npt.NDArray[np.int64]
    image: npt.NDArray[np.uint8]
    """(N, H, W, 3) red, green, blue; unit unknown."""
    label: npt.NDArray[np.bool_]
    """(N, H, W) mapped landslides."""

    def __len__(self) -> int:
        return len(self.numbers)

    def part(self, start: float, stop: float) -> "Chips":
        """The contiguous part between two shares of the whole, such as 0.8 and 1."""
        cut = slice(round(start * len(self)), round(stop * len(self)))
        return Chips(self.numbers[cut], self.image[cut], self.label[cut])


def read_chips(folder: Path) -> Chips:
    """All chips of a folder of ``.npz`` shards.

    Parameters
    ----------
    folder : Path
        Shards with ``id`` (n), ``image`` uint8 (n, H, W, 3) red green blue, ``label`` (n, H, W)
        bool or packed bits (n, H, W / 8).

    Raises
    ------
    CatalogError
        If there is no shard, or one is not of this form.
    """
    shards = sorted(Path(folder).glob("*.npz"))
    if not shards:
        raise CatalogError(f"The folder of chips {folder} holds no .npz file.")
    parts = [_read_shard(shard) for shard in shards]
    numbers, image, label = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(numbers, kind="stable")
    return Chips(numbers[order], image[order], label[order])


def _read_shard(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as shard:
            numbers, image, label = (shard[key] for key in _KEYS)
    except (OSError, ValueError, KeyError) as error:
        raise CatalogError(
            f"{path} is not a shard of chips: it must hold {', '.join(_KEYS)} ({error})."
        ) from error
    if label.shape[-1] * 8 == image.shape[2]:
        label = np.unpackbits(label, axis=-1)
    if image.dtype != np.uint8 or image.shape[3:] != (3,) or label.shape != image.shape[:3]:
        raise CatalogError(
            f"{path}: chips are uint8 (n, height, width, 3) with a label for each pixel; received "
            f"image {image.dtype} {image.shape} and label {label.shape}."
        )
    return numbers.astype(np.int64), image, label.astype(bool)


def reflectance_of(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Reflectance of chips, to within an unknown factor near 1 for each band and chip.

    Each chip's numbers have a gain of their own; the median of each band is set to that of
    vegetated hills. This belongs to the chips, which state no scale; images with a scale are
    never stretched.

    Parameters
    ----------
    image : ndarray, uint8, (N, H, W, 3)

    Returns
    -------
    ndarray, float32, (N, H, W, 3)
        Red, green, blue.
    """
    median = np.median(image, axis=(1, 2), keepdims=True).astype(np.float32)
    gain = np.array(TYPICAL_MEDIAN, np.float32) / np.maximum(median, 1)
    return image.astype(np.float32) * gain
