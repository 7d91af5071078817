"""Composites: from the usable looks of a period to one value of each band at each pixel; eager.

All take arrays (looks, y, x), the look nearest to the event first.
"""

import numpy as np

from lsbatch.kernels import median_of_looks, normalised_difference

NONE = -1
"""Place of the look chosen at a pixel without one."""


def nearest_look(usable: np.ndarray) -> np.ndarray:
    """Place of the first usable look of each pixel, int16 (y, x)."""
    chosen = np.full(usable.shape[1:], NONE, "int16")
    for look in reversed(range(len(usable))):
        chosen[usable[look]] = look
    return chosen


def greenest_look(usable: np.ndarray, nir: np.ndarray, red: np.ndarray) -> np.ndarray:
    """Place of the usable look with the largest NDVI, the nearest of equal ones, int16 (y, x).

    The nearest usable look where none of them has an NDVI.
    """
    chosen = nearest_look(usable)
    largest = np.full(usable.shape[1:], -np.inf, "float32")
    for look in range(len(usable)):
        ndvi = normalised_difference(*map(np.ascontiguousarray, (nir[look], red[look])))
        # NaN is never larger
        better = usable[look] & (ndvi > largest)
        chosen[better] = look
        largest[better] = ndvi[better]
    return chosen


def look_chosen(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The value of each pixel's chosen look, float32 (y, x); NaN without one."""
    if not len(values):
        return np.full(chosen.shape, np.nan, "float32")
    taken = np.take_along_axis(values, np.maximum(chosen, 0)[None].astype("int64"), axis=0)[0]
    return np.where(chosen == NONE, np.float32(np.nan), taken)


def median_look(values: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Median of the usable looks that have a value, float32 (y, x); NaN without any."""
    return median_of_looks(np.ascontiguousarray(values), np.ascontiguousarray(usable))


def delay_of(chosen: np.ndarray, *, delays: np.ndarray) -> np.ndarray:
    """Delay of each pixel's chosen look, int16 days (y, x); -1 without one."""
    delay = np.full(chosen.shape, -1, "int16")
    for look, days in enumerate(delays):
        delay[chosen == look] = days
    return delay


def reason_of(why: np.ndarray, *, absent: int) -> np.ndarray:
    """0 where a look is usable, else the reason of the nearest look that has data at all."""
    reason = np.full(why.shape[1:], absent, "uint8")
    for look in reversed(range(len(why))):
        here = why[look] != absent
        reason[here] = why[look][here]
    return np.where((why == 0).any(axis=0), np.uint8(0), reason)
