"""Clouds of one period: widened, and given back to the ground where the looks say it is ground.

A look's reason is one byte: a `Status`, and three bits beside it that only this module reads.
"""

import dask.array as da
import numpy as np

from lsbatch.domain import Preparation, Status
from lsbatch.kernels import has_twin, is_bright_brown, widen

MISTAKABLE = np.uint8(64)
"""Bit of a pixel with a flag that bright ground gets by mistake."""
SCREENED = np.uint8(32)
"""Bit of a pixel that the screen for looks without flags found: specks, around which no margin is
laid. They are snow and bright ground as often as cloud."""
_WITNESSED = np.uint8(128)
"""Bit of a pixel that another look, or its colour, shows to be ground."""
_STATUS = np.uint8(31)
_ABSOLUTE, _RELATIVE = 0.02, 0.15
"""How far the values of two looks may be apart where they show the same ground: noise, and another
sun, moisture and calibration."""
_BRIGHTEST_GROUND = 0.55
"""Reflectance above which nothing is taken for ground: snow is as steady as ground is."""


def settle(
    why: da.Array,
    bands: list[da.Array],
    visible: list[da.Array] | None,
    *,
    preparation: Preparation,
    margins_px: tuple[float, float],
) -> da.Array:
    """Status of each look of one period, uint8 (time, y, x), without the further bits.

    Parameters
    ----------
    why : dask array, uint8, (time, y, x)
        A status, with MISTAKABLE or SCREENED beside it where that is so.
    bands : list of dask array, float32, (time, y, x)
        Reflectance in which looks must be alike.
    visible : list of dask array, or None
        Red, green and blue, where there are.
    preparation : Preparation
    margins_px : tuple of float
        Its margins of clouds and of snow, in pixels.

    Notes
    -----
    Ground that is bright, such as fresh scars, gravel and roofs, is flagged as cloud. Cloud moves
    and changes from look to look; so a pixel with such a flag is held for ground where another
    look, with such a flag or without any, shows nearly the same reflectance, or where it is bright
    and brown (`kernels.is_bright_brown`). No margin is laid around it; and where no look of the
    period is usable it is used itself, and so are pixels within a margin that have a twin. A pixel
    that has a usable look is never changed: its composite rests on that look alone.

    What lies within the margin of snow is half snow: patchy and melting snow turns into ground by
    tenths, and the ground that shows first is dark, wet and new. It is snow, whatever other looks
    show.
    """
    looks = why.rechunk({0: -1})
    if preparation.steady_is_ground and bands and why.shape[0]:
        seen = [band.rechunk({0: -1}) for band in (*bands, *(visible or ()))]
        looks = da.map_blocks(
            _witness, looks, *seen, n_bands=len(bands), dtype="uint8",
            meta=np.empty((0, 0, 0), "uint8"),
        )  # fmt: skip
    reach = {axis: min(int(max(margins_px)), looks.shape[axis]) for axis in (1, 2)}
    if not any(reach.values()) or looks.npartitions == 1:
        return da.map_blocks(_settle, looks, dtype="uint8", margins_px=margins_px)
    widened = da.map_overlap(
        _settle,
        looks,
        depth={0: 0, **reach},
        boundary="none",
        dtype="uint8",
        meta=np.empty((0, 0, 0), "uint8"),
        margins_px=margins_px,
    )
    # chunks smaller than the margin were joined on the way
    return widened.rechunk(looks.chunks)


def _witness(why: np.ndarray, *bands: np.ndarray, n_bands: int) -> np.ndarray:
    """The same bytes, with _WITNESSED set where a pixel is evidently ground."""
    mistakable = (why & MISTAKABLE) != 0
    # also without a cloud of its own: one in the chunk beside it lays its margin here
    values = np.stack(bands[:n_bands])
    dim = (values < _BRIGHTEST_GROUND).all(axis=0)
    considered = (mistakable | (why == 0)) & dim
    witnessed = has_twin(values, considered, absolute=_ABSOLUTE, relative=_RELATIVE)
    if len(bands) > n_bands:
        brown = is_bright_brown(*(np.ascontiguousarray(band) for band in bands[n_bands:]))
        witnessed |= brown & mistakable & dim
    return np.where(witnessed, why | _WITNESSED, why)


def _settle(why: np.ndarray, *, margins_px: tuple[float, float]) -> np.ndarray:
    cloud_px, snow_px = margins_px
    status, mistakable, witnessed = why & _STATUS, (why & MISTAKABLE) != 0, why >= _WITNESSED
    status[_beside(status == Status.SNOW, snow_px) & (status == 0)] = Status.SNOW
    clouds = (status == Status.CLOUD) & ((why & SCREENED) == 0) & ~(mistakable & witnessed)
    near = _beside(clouds, cloud_px) & (status == 0)
    status[near] = Status.CLOUD
    lost = ~(status == 0).any(axis=0)
    status[(mistakable | near) & witnessed & lost] = 0
    return status


def _beside(marked: np.ndarray, radius_px: float) -> np.ndarray:
    """Each look's mask widened by a radius; (time, y, x)."""
    if radius_px < 1 or not marked.any():
        return marked
    return np.stack([widen(np.ascontiguousarray(layer), radius_px=radius_px) for layer in marked])
