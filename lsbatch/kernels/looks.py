"""What several looks at one place say together, and how far a look's clouds are widened."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lsbatch.errors import ContractError
from lsbatch.kernels.arrays import norm_array


def has_twin(
    values: NDArray[np.float32],
    considered: NDArray[np.bool_],
    *,
    absolute: float,
    relative: float,
) -> NDArray[np.bool_]:
    """Whether another look shows nearly the same values at the same place.

    Parameters
    ----------
    values : ndarray, float32, (bands, T, H, W)
        Reflectance at T looks.
    considered : ndarray, bool, (T, H, W)
        Looks that take part, on either side of a comparison.
    absolute, relative : float
        Two looks are twins where each band differs by at most ``absolute + relative * mean`` of
        the two.

    Returns
    -------
    ndarray, bool, (T, H, W)
        False where a look is not considered, or not finite in every band.

    Raises
    ------
    ContractError
        For another dtype or shape.
    """
    values = norm_array("values", values, dtype=np.float32, shape=(None, None, None, None))
    considered = norm_array("considered", considered, dtype=np.bool_, shape=values.shape[1:])
    out = np.zeros(values.shape[1:], np.bool_)
    _has_twin(values, considered, absolute, relative, out)
    return out


@njit(cache=True, nogil=True)
def _has_twin(
    values: NDArray[np.float32],
    considered: NDArray[np.bool_],
    absolute: float,
    relative: float,
    out: NDArray[np.bool_],
) -> None:
    bands, looks, height, width = values.shape
    for first in range(looks):
        for second in range(first + 1, looks):
            for y in range(height):
                for x in range(width):
                    if not (considered[first, y, x] and considered[second, y, x]):
                        continue
                    alike = True
                    for band in range(bands):
                        a = np.float64(values[band, first, y, x])
                        b = np.float64(values[band, second, y, x])
                        # so put that NaN is never alike
                        if not abs(a - b) <= absolute + relative * 0.5 * (a + b):
                            alike = False
                            break
                    if alike:
                        out[first, y, x] = True
                        out[second, y, x] = True


def widen(mask: NDArray[np.bool_], *, radius_px: float) -> NDArray[np.bool_]:
    """A mask, and all pixels whose centre is no further than a radius from one of its centres.

    Parameters
    ----------
    mask : ndarray, bool, (H, W)
    radius_px : float
        In pixels, 0 or more; below 1 nothing is added.

    Returns
    -------
    ndarray, bool, (H, W)

    Raises
    ------
    ContractError
        For another dtype or shape, a radius below 0 or not finite.

    Notes
    -----
    Needs halo ``int(radius_px)``.
    """
    mask = norm_array("mask", mask, dtype=np.bool_, shape=(None, None))
    if not (math.isfinite(radius_px) and radius_px >= 0):
        raise ContractError(f"A radius must be 0 pixels or more; received {radius_px}.")
    reach = int(radius_px)
    # a hair more: a radius of 30 m / 10 m reaches the third pixel whatever the quotient's last bit
    square = (radius_px + 1e-6) ** 2
    half = np.array([int(math.sqrt(square - y * y)) for y in range(reach + 1)], np.int64)
    out = np.zeros(mask.shape, np.bool_)
    _widen(mask, half, out)
    return out


@njit(cache=True, nogil=True)
def _widen(mask: NDArray[np.bool_], half: NDArray[np.int64], out: NDArray[np.bool_]) -> None:
    """Each pixel of the mask paints the lines of its disc, but for those its neighbour painted."""
    height, width = mask.shape
    reach = len(half) - 1
    for y in range(height):
        for x in range(width):
            if not mask[y, x]:
                continue
            inside = x > 0 and mask[y, x - 1]
            for step in range(-reach, reach + 1):
                line = y + step
                if line < 0 or line >= height:
                    continue
                side = half[abs(step)]
                # the pixel before has painted all but the last pixel of this line
                first = x + side if inside else max(0, x - side)
                for at in range(first, min(width, x + side + 1)):
                    out[line, at] = True
