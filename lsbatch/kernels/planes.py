"""Input planes of a network: scaled channels, a fill where a group is absent, flags."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


def fill_planes(
    values: NDArray[np.float32],
    scales: NDArray[np.float32],
    rooted: NDArray[np.bool_],
    group_of: NDArray[np.int64],
    *,
    fill: float,
) -> NDArray[np.float32]:
    """Scaled channels, then a flag for each group of channels.

    Parameters
    ----------
    values : ndarray, float32, (N, C)
        Channels of N pixels in their units; NaN = absent.
    scales : ndarray, float32, (C, 4)
        Least and largest value of each channel, and the centre and width of its scale.
    rooted : ndarray, bool, (C,)
        Whether the square root is taken before centre and width apply.
    group_of : ndarray, int64, (C,)
        Number of each channel's group, from 0.
    fill : float
        Stands for every channel of a group of which one channel is NaN.

    Returns
    -------
    ndarray, float32, (N, C + groups)
        A group's flag is 1 where all its channels are there, else 0.
    """
    out = np.empty((len(values), values.shape[1] + int(group_of.max()) + 1), np.float32)
    _fill_planes(np.ascontiguousarray(values), scales, rooted, group_of, np.float32(fill), out)
    return out


@njit(cache=True, nogil=True)
def _fill_planes(
    values: NDArray[np.float32],
    scales: NDArray[np.float32],
    rooted: NDArray[np.bool_],
    group_of: NDArray[np.int64],
    fill: np.float32,
    out: NDArray[np.float32],
) -> None:
    pixels, channels = values.shape
    for pixel in range(pixels):
        out[pixel, channels:] = np.float32(1)
        for channel in range(channels):
            value = values[pixel, channel]
            low, high, centre, width = scales[channel]
            # written so that NaN passes both limits
            if value < low:
                value = low
            if value > high:
                value = high
            if rooted[channel]:
                value = np.sqrt(value)
            value = (value - centre) / width
            out[pixel, channel] = value
            if not np.isfinite(value):
                out[pixel, channels + group_of[channel]] = np.float32(0)
        for channel in range(channels):
            if out[pixel, channels + group_of[channel]] == 0:
                out[pixel, channel] = fill
