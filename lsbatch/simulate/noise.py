"""Reproducible randomness: one stream for each part of the world, and fractal fields."""

import zlib

import numpy as np
import numpy.typing as npt
from scipy import fft

Field = npt.NDArray[np.float32]


def stream(seed: int, part: str) -> np.random.Generator:
    """Generator of one part of a world.

    Parts draw from streams of their own, so that one more draw in the clouds moves no landslide.
    """
    return np.random.default_rng([seed, zlib.crc32(part.encode())])


def fractal(
    shape: tuple[int, int], rng: np.random.Generator, *, slope: float, longest_px: float
) -> Field:
    """Random field whose power falls with frequency, of mean 0 and standard deviation 1.

    Parameters
    ----------
    shape : (rows, columns)
    rng : numpy.random.Generator
    slope : float
        Power is proportional to frequency ** -slope; 0 = white, about 3.5 = a landscape.
    longest_px : float
        Wavelengths above this, in pixels, are as weak as this one.

    Returns
    -------
    ndarray, float32, (rows, columns)
        Made on a somewhat larger field and cropped: opposite edges do not continue each other.
    """
    rows, cols = (fft.next_fast_len(extent + extent // 4, real=True) for extent in shape)
    frequency = np.hypot(fft.fftfreq(rows)[:, None], fft.rfftfreq(cols)[None, :])
    amplitude = np.maximum(frequency, 1.0 / longest_px) ** (-slope / 2)
    amplitude[0, 0] = 0.0
    spectrum = fft.rfft2(rng.standard_normal((rows, cols), dtype=np.float32))
    spectrum *= amplitude.astype(np.float32)
    field = fft.irfft2(spectrum, s=(rows, cols))[: shape[0], : shape[1]]
    return np.asarray((field - field.mean()) / field.std(), np.float32)
