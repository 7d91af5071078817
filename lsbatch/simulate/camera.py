"""From brightness at the satellite to a file's numbers: sharpness, lattice, stripes, gaps, bits."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from affine import Affine
from odc.geo.geobox import GeoBox
from scipy import ndimage

from lsbatch.simulate.coarse import pool
from lsbatch.simulate.instruments import Instrument
from lsbatch.simulate.noise import Field

Mask = npt.NDArray[np.bool_]
_BANDS = 6
_LARGEST = 65535
_GAP_PERIOD, _GAP_WIDEST = 33.0, 14.5
"""Rows between the gaps of a failed scan line corrector and the widest gap, pixels of 30 m: about
22 % of a scene (Markham et al. 2004, IEEE Trans. Geoscience and Remote Sensing 42(12))."""
_TILT = 0.17
"""Rows by which a scan line falls per column to the east: the orbits run 10 degrees off south."""


@dataclass(frozen=True, slots=True)
class Lattice:
    """The pixels of a file within the ground's pixels."""

    grid: GeoBox
    step: int
    """Pixels of the ground per side of a pixel."""
    top: int
    left: int
    """First row and column of the ground that belong to it."""

    def pool(self, field: npt.NDArray[np.generic]) -> Field:
        """Means over each pixel of a field of the ground."""
        rows, cols = self.grid.shape
        cut = field[self.top : self.top + rows * self.step]
        cut = cut[:, self.left : self.left + cols * self.step]
        return np.array(cut, np.float32) if self.step == 1 else pool(cut, self.step)


def lay_lattice(grid: GeoBox, pixel_m: int) -> Lattice:
    """The largest lattice inside a grid whose edges lie on whole multiples of its pixel."""
    side = float(grid.resolution.x)
    step = round(pixel_m / side)
    left, bottom, right, top = grid.boundingbox.bbox
    west, north = np.ceil(left / pixel_m - 1e-6), np.floor(top / pixel_m + 1e-6)
    east, south = np.floor(right / pixel_m + 1e-6), np.ceil(bottom / pixel_m - 1e-6)
    shape = (int(north - south), int(east - west))
    affine = Affine(pixel_m, 0, west * pixel_m, 0, -pixel_m, north * pixel_m)
    return Lattice(
        GeoBox(shape, affine, grid.crs),
        step,
        round((top - north * pixel_m) / side),
        round((west * pixel_m - left) / side),
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """What of the ground one image holds, and its faults; drawn once for all its bands."""

    inside: Mask | None
    """Within the swath, on the ground's pixels; None = everywhere."""
    off_edge: tuple[int, ...]
    """Pixels of the ground by which the swath of each band is moved."""
    gap_start: float
    gap_width: float
    """Of the gaps at the left edge and what they gain to the right edge, pixels of 30 m."""
    gap_gain: float
    gains: Field
    """Error of each band's calibration, near 1."""
    offsets: Field
    stripe: float
    """Deviation of the gains of neighbouring detectors."""
    ends_at_full: bool
    """Whether saturated pixels become the largest number, rather than keep the level."""


def draw_frame(
    shape: tuple[int, int],
    *,
    camera: Instrument,
    ground_px: float,
    is_cut: bool,
    rng: np.random.Generator,
) -> Frame:
    """Frame of one image.

    Parameters
    ----------
    shape : (rows, columns)
        Of the ground.
    ground_px : float
        Side of its pixels, metres.
    is_cut : bool
        Whether the swath ends inside.
    """
    inside = _cut_swath(shape, rng) if is_cut else None
    edges = rng.integers(-4, 5, _BANDS) if camera.gsd == 10 else 3 * rng.integers(-8, 9, _BANDS)
    # the image lies anywhere in a swath of 185 km; gaps vanish in its middle
    start, reach = rng.uniform(-1.0, 1.0), shape[1] * ground_px / 92_500.0
    return Frame(
        inside=inside,
        off_edge=tuple(int(edge) for edge in edges),
        gap_start=float(rng.uniform(0, _GAP_PERIOD)),
        gap_width=float(_GAP_WIDEST * start),
        gap_gain=float(_GAP_WIDEST * reach),
        gains=(1 + rng.normal(0, 0.015) + rng.normal(0, 0.012, _BANDS)).astype(np.float32),
        offsets=np.clip(rng.normal(0, 0.003, _BANDS), -0.01, 0.01).astype(np.float32),
        stripe=float(rng.uniform(0.0005, 0.003 if camera.stripes == "detectors" else 0.006)),
        ends_at_full=bool(rng.random() < 0.7),
    )


def blur(brightness: Field, camera: Instrument, band: int, ground_px: float) -> Field:
    """The field as the optics and the detector spread it, the pixel's own square apart."""
    spread = camera.blur_m[band] / ground_px
    return ndimage.gaussian_filter(brightness, spread, mode="nearest", truncate=3.0)


def see_inside(frame: Frame, lattice: Lattice, camera: Instrument, band: int) -> Mask:
    """Which pixels of a lattice hold data in a band."""
    rows, cols = lattice.grid.shape
    inside = np.ones((rows, cols), bool)
    if frame.inside is not None:
        width = frame.inside.shape[1]
        moved = np.clip(np.arange(width) - frame.off_edge[band], 0, width - 1)
        inside = lattice.pool(frame.inside[:, moved]) > 0.999
    if camera.has_gaps:
        inside &= ~_gaps((rows, cols), frame, band)
    return inside


def add_faults(
    reflectance: Field, frame: Frame, camera: Instrument, band: int, rng: np.random.Generator
) -> Field:
    """Errors of calibration, stripes and noise."""
    shape = reflectance.shape
    if camera.stripes == "scans":
        # sixteen detectors sweep across the track together; the scan runs a little downhill
        gains = rng.normal(0, frame.stripe, 16).astype(np.float32)
        lines = np.arange(shape[0])[:, None] - (np.arange(shape[1]) * _TILT).astype(int)[None, :]
        gain = 1 + gains[lines % 16]
    else:
        # a detector for each column; two chips meet somewhere in some images
        gain = 1 + frame.stripe * rng.standard_normal(shape[1], dtype=np.float32)
        gain[: int(rng.integers(1, 2 * shape[1]))] *= np.float32(1 + rng.normal(0, 0.004))
    out = reflectance * (gain * frame.gains[band])
    out += frame.offsets[band]
    noise = rng.standard_normal(shape, dtype=np.float32)
    # a part of the noise grows with the light
    noise *= np.float32(camera.noise[band]) + np.float32(0.004) * np.clip(out, 0, 1)
    out += noise
    return out


def to_numbers(
    reflectance: Field, valid: Mask, camera: Instrument, saturated: Mask | None
) -> npt.NDArray[np.uint16]:
    """Numbers of a file: 0 where not valid, else at least 1."""
    numbers = (reflectance - np.float32(camera.offset)) * np.float32(1 / camera.scale)
    numbers += np.float32(0.5)
    numbers = np.clip(numbers, 1, _LARGEST).astype(np.uint16)
    if saturated is not None:
        numbers[saturated] = _LARGEST
    numbers[~valid] = camera.nodata
    return numbers


def _cut_swath(shape: tuple[int, int], rng: np.random.Generator) -> Mask:
    """Ground on one side of a line near a corner, which slants as the orbits do."""
    rows = np.arange(shape[0], dtype=np.float32)[:, None] / max(shape)
    cols = np.arange(shape[1], dtype=np.float32)[None, :] / max(shape)
    slant, part = rng.uniform(_TILT, 0.35), rng.uniform(0.12, 0.32)
    across = cols + np.float32(slant) * rows
    # the orbits run from north-north-east to south-south-west, and so do both edges
    return across > part if rng.random() < 0.5 else across < 1 + slant - part


def _gaps(shape: tuple[int, int], frame: Frame, band: int) -> Mask:
    """Wedges without data, widening away from the middle of the swath."""
    rows, cols = np.arange(shape[0])[:, None], np.arange(shape[1])[None, :] / shape[1]
    width = np.abs(frame.gap_width + frame.gap_gain * cols)
    # scans overlap near the middle and leave nothing out
    width = np.where(width < 1.2, 0.0, width)
    lines = rows - _TILT * cols * shape[1] + frame.gap_start + 0.5 * (band % 3)
    return np.abs((lines % _GAP_PERIOD) - _GAP_PERIOD / 2) < width / 2
