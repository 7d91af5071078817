"""How far two images are shifted against each other: phase correlation, place by place.

What is compared is where edges run, not how bright anything is. Light, leaves and snow change the
contrast of an edge, and may turn it round; its line stays. So each pixel becomes the direction of
its gradient as a unit vector of twice the angle, in which an edge and its opposite are the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from lsbatch.errors import ContractError

PLACE_PX = 128
"""Side of the square in which one shift is measured."""
MOST_SHIFT_PX = 4
"""Larger shifts are not looked for: no sensor of ours is as far off."""
_LEAST_PLACE_PX = 48
_LEAST_USABLE = 0.4
"""Share of a place that must be usable in both images."""
_SIGMA_PX = 0.8
"""Of the Gaussian whose derivative is the gradient."""
_EDGE_PX = 3
"""Reach of that derivative: so near to what is not usable it is not known."""
_STEPS = 25
"""Parts of a pixel that the peak is found to."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """The shift at one place in one band."""

    row: float
    """Centre of the place, pixels from the images' upper edge."""
    col: float
    down: float
    """So many pixels further down than the reference does the image show the ground."""
    right: float
    likeness: float
    """Correlation of the edges at that shift, 0 to 1."""
    surface: np.ndarray
    """Correlation at whole shifts from -MOST_SHIFT_PX - 2 to +MOST_SHIFT_PX + 2, (down, right)."""

    def likeness_at(self, down: float, right: float) -> float:
        """Correlation of the edges at another shift, pixels."""
        centre = MOST_SHIFT_PX + 2
        place = [[centre + down], [centre + right]]
        return float(ndimage.map_coordinates(self.surface, place, order=3, mode="nearest")[0])


def measure_shifts(
    reference: Sequence[np.ndarray],
    image: Sequence[np.ndarray],
    usable: np.ndarray,
    *,
    place_px: int = PLACE_PX,
) -> list[Measurement]:
    """Shifts of an image against a reference, at every place of a window and in every band.

    Parameters
    ----------
    reference, image : sequence of ndarray, float32, (H, W)
        The same bands of both, any unit, NaN = no data.
    usable : ndarray, bool, (H, W)
        Ground that is usable in both.
    place_px : int
        Side of a place; a window smaller than it is one place.

    Returns
    -------
    list of Measurement
        Nothing for places of which less than 40 % are usable, without any edge, or with their peak
        beyond `MOST_SHIFT_PX`.

    Raises
    ------
    ContractError
        If shapes or numbers of bands differ.

    Notes
    -----
    Gradients as complex numbers: orientation correlation, Fitch et al. (2002), BMVC; the doubled
    angle as in structure tensors. The peak is found by the upsampled discrete Fourier transform
    of Guizar-Sicairos et al. (2008), Optics Letters 33, as scikit-image has it.
    """
    shapes = {usable.shape, *(band.shape for band in (*reference, *image))}
    if len(shapes) != 1 or len(reference) != len(image):
        raise ContractError(
            "Two images are compared band by band on one grid; received "
            f"{len(reference)} and {len(image)} bands of shapes {sorted(shapes)}."
        )
    found = []
    for row, col, place in _places(usable.shape, place_px):
        if usable[place].mean() < _LEAST_USABLE:
            continue
        for one, other in zip(reference, image, strict=True):
            measured = _measure(one[place], other[place], usable[place])
            if measured is not None:
                found.append(Measurement(row, col, *measured))
    return found


def _places(shape: tuple[int, ...], side: int) -> Iterator[tuple[float, float, tuple]]:
    """Centres and slices of the places of a window, side by side as far as they fit."""
    spans = []
    for extent in shape:
        length = min(side, extent)
        count = extent // length if length >= _LEAST_PLACE_PX else 0
        margin = (extent - count * length) // 2
        spans.append([slice(margin + n * length, margin + (n + 1) * length) for n in range(count)])
    for rows in spans[0]:
        for cols in spans[1]:
            yield (rows.start + rows.stop) / 2, (cols.start + cols.stop) / 2, (rows, cols)


def _measure(
    reference: np.ndarray, image: np.ndarray, usable: np.ndarray
) -> tuple[float, float, float, np.ndarray] | None:
    """(down, right, likeness, surface) of one place and band; None without a peak near by."""
    # only plans measure shifts: workers do without it
    from skimage.registration import phase_cross_correlation

    known = usable & np.isfinite(reference) & np.isfinite(image)
    first, second = (np.fft.fft2(_edges(band, known)) for band in (reference, image))
    norm = float(np.sqrt((np.abs(first) ** 2).sum() * (np.abs(second) ** 2).sum())) / first.size
    if not norm > 0:
        return None
    # whitening would give the finest waves, all noise, as much say as the edges have
    moved, _, _ = phase_cross_correlation(
        first, second, space="fourier", upsample_factor=_STEPS, normalization=None
    )
    # the library tells how to move the image back onto the reference
    down, right = -float(moved[0]), -float(moved[1])
    if max(abs(down), abs(right)) > MOST_SHIFT_PX:
        return None
    whole = np.fft.fftshift(np.fft.ifft2(second * first.conj()).real) / norm
    centre, reach = [extent // 2 for extent in whole.shape], MOST_SHIFT_PX + 2
    surface = whole[tuple(slice(at - reach, at + reach + 1) for at in centre)].copy()
    likeness = Measurement(0.0, 0.0, down, right, 0.0, surface).likeness_at(down, right)
    return down, right, likeness, surface


def _edges(band: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Directions of the gradient, complex (H, W), faint where it is; 0 where not known."""
    inside = ndimage.binary_erosion(known, iterations=_EDGE_PX, border_value=1)
    if not inside.any():
        return np.zeros(band.shape, complex)
    filled = np.where(known, band, np.median(band[known])).astype("float64")
    down, right = (
        ndimage.gaussian_filter(filled, _SIGMA_PX, order=order) for order in ((1, 0), (0, 1))
    )
    gradient = right + 1j * down
    steepness = np.abs(gradient)
    usual = np.median(steepness[inside])
    if not usual > 0:
        return np.zeros(band.shape, complex)
    turned = gradient * gradient / (np.maximum(steepness, 1e-30) * (steepness + usual))
    taper = np.outer(*(np.hanning(extent + 2)[1:-1] for extent in band.shape)) * inside
    # without its mean, which would fix the peak to where the tapers lie upon each other
    return (turned - (turned * taper).sum() / taper.sum()) * taper
