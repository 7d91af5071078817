"""What the satellite sees on one overpass, in files' numbers."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from odc.geo.geobox import GeoBox

from lsbatch.kernels import move_pixels
from lsbatch.simulate.atmosphere import Air, add_air, believe, build_air, remove_air, skylight
from lsbatch.simulate.camera import (
    Frame,
    Lattice,
    add_faults,
    blur,
    draw_frame,
    lay_lattice,
    see_inside,
    to_numbers,
)
from lsbatch.simulate.clouds import Sky, build_sky
from lsbatch.simulate.coarse import blur_wide
from lsbatch.simulate.instruments import Instrument, instrument_of
from lsbatch.simulate.light import Light, even_out, light_ground
from lsbatch.simulate.noise import Field
from lsbatch.simulate.quality import Clues, judge, write_bits, write_classes
from lsbatch.simulate.registration import Shift, draw_shift
from lsbatch.simulate.season import Overpass
from lsbatch.simulate.spectra import BANDS
from lsbatch.simulate.surface import Surface

_NEARBY_M = 450.0
"""Radius within which ground lights other ground and mixes into its view."""
_ALBEDO_OPPOSITE = 1.2
"""Light from opposite slopes: sun on them falls more squarely than on flat ground."""
_GROUND_SPEED, _ORBIT_M = 6700.0, 786_000.0
"""Of Sentinel-2: metres of ground per second, metres above it."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One file: a band or the quality band."""

    numbers: npt.NDArray[np.uint16] | npt.NDArray[np.uint8]
    """(H, W) on `grid`; 0 = no data (in ``qa_pixel`` 1)."""
    grid: GeoBox


@dataclass(frozen=True, slots=True)
class Image:
    """One overpass."""

    layers: dict[str, Layer]
    """By asset key."""
    cloud_percent: float
    """As the quality band says, or else as a catalogue estimates it."""


@dataclass(frozen=True, slots=True)
class _View:
    """All that stands between surface and numbers, drawn once for all bands; arrays (H, W)."""

    camera: Instrument
    pixel_m: float
    light: Light
    flattened: Field | None
    """What a correction for slopes multiplies by."""
    sky: Sky
    air: Air
    believed: Air | None
    """None = the air stays in the numbers."""
    shift: Shift
    frame: Frame
    inner: tuple[slice, slice]
    """The ground without its margin."""


def take_image(
    elevation: Field,
    surface: Surface,
    *,
    grid: GeoBox,
    margin_px: int,
    overpass: Overpass,
    rng: np.random.Generator,
) -> Image:
    """Image of the ground on one overpass.

    Parameters
    ----------
    elevation : ndarray, float32, (H, W)
        Metres, true ground with its margin, row 0 north.
    surface : Surface
        On the same pixels.
    grid : GeoBox
        Of that ground, margin included: projected, square pixels of 10 m.
    margin_px : int
        Ground on each side that no file holds; hills and clouds in it still cast shadows.
    overpass : Overpass
    rng : numpy.random.Generator

    Returns
    -------
    Image
        Each file on the largest lattice of its own pixels inside the ground without margin.
    """
    camera = instrument_of(overpass.instrument)
    view = _draw_view(elevation, grid, margin_px, overpass, camera, rng)
    inner = grid.pad(-margin_px) if margin_px else grid
    lattices = {
        size: lay_lattice(inner, size) for size in {*camera.pixel_m, camera.quality_pixel_m}
    }
    layers: dict[str, Layer] = {}
    clues: list[Field] = []
    for band in range(len(BANDS)):
        seen = _expose(surface.reflectance[band], view, band)
        lattice = lattices[camera.pixel_m[band]]
        ground = _at_ground(seen, view, band)
        numbers = _develop(ground, seen, view, lattice, band, rng)
        layers[camera.assets[band]] = Layer(numbers, lattice.grid)
        clues.append(lattices[camera.quality_pixel_m].pool(ground))
    if camera.quality is None:
        sure = float(np.clip(100 * overpass.cloud_fraction * rng.uniform(0.7, 1.4), 0, 100))
        return Image(layers, sure)
    lattice = lattices[camera.quality_pixel_m]
    numbers, percent = _appraise(clues, surface, view, lattice, rng)
    layers[camera.quality] = Layer(numbers, lattice.grid)
    return Image(layers, percent)


def _draw_view(
    elevation: Field,
    grid: GeoBox,
    margin_px: int,
    overpass: Overpass,
    camera: Instrument,
    rng: np.random.Generator,
) -> _View:
    pixel_m = float(grid.resolution.x)
    sun = (overpass.sun_azimuth_deg, overpass.sun_elevation_deg)
    sky = build_sky(elevation, pixel_m, cloud_fraction=overpass.cloud_fraction, sun=sun, rng=rng)
    light = light_ground(elevation, pixel_m, sun=sun, clouded=sky.shadow, rng=rng)
    air = build_air(elevation, haze=overpass.haze, sun_elevation_deg=sun[1], rng=rng)
    believed = believe(air, rng) if camera.level == "surface" else None
    # ESA's processor evens slopes out, with a coarse model; Landsat's leaves them
    evened = camera.quality == "scl" and rng.random() < 0.25
    strength = float(rng.uniform(0.3, 1.0))
    flattened = even_out(elevation, pixel_m, sun=sun, strength=strength) if evened else None
    shift = draw_shift(elevation, pixel_m, camera=camera, rng=rng)
    rows, cols = elevation.shape
    inner = (slice(margin_px, rows - margin_px), slice(margin_px, cols - margin_px))
    frame = draw_frame(
        (rows - 2 * margin_px, cols - 2 * margin_px),
        camera=camera, ground_px=pixel_m, is_cut=overpass.is_cut, rng=rng,
    )  # fmt: skip
    return _View(camera, pixel_m, light, flattened, sky, air, believed, shift, frame, inner)


def _expose(ground: Field, view: _View, band: int) -> Field:
    """Reflectance at the top of the atmosphere, blurred and moved, without the margin."""
    bright = view.light.shine(ground, band, skylight=skylight(view.air, band))
    nearby = blur_wide(bright, _NEARBY_M / view.pixel_m)
    hidden = 1 - view.light.sky
    hidden *= nearby
    hidden *= ground
    hidden *= np.float32(_ALBEDO_OPPOSITE)
    bright += hidden
    parallax = view.camera.delay_s[band] * _GROUND_SPEED / _ORBIT_M / view.pixel_m
    seen = add_air(bright, view.air, band, nearby=nearby)
    seen = view.sky.cover(seen, band, parallax=parallax)
    seen = move_pixels(seen, view.shift.down, view.shift.right)
    return blur(seen, view.camera, band, view.pixel_m)[view.inner]


def _at_ground(seen: Field, view: _View, band: int) -> Field:
    """Reflectance at the ground as a processor works it out."""
    if view.believed is None:
        return seen
    pressure = view.believed.pressure
    if np.ndim(pressure):
        pressure = pressure[view.inner]
    air = Air(view.believed.aerosol, pressure, view.believed.angstrom, view.believed.sun_cos)
    ground = remove_air(seen, air, band)
    if view.flattened is not None:
        ground *= view.flattened[view.inner]
    return ground


def _develop(
    ground: Field,
    seen: Field,
    view: _View,
    lattice: Lattice,
    band: int,
    rng: np.random.Generator,
) -> npt.NDArray[np.uint16]:
    """Numbers of one band, from what the processor found and what the detector saw."""
    camera = view.camera
    pooled = lattice.pool(ground)
    saturated = None
    if camera.saturation is not None:
        end = camera.saturation[band] / view.air.sun_cos
        full = lattice.pool(seen) > end
        if view.frame.ends_at_full:
            saturated = full
        pooled = np.minimum(pooled, np.float32(1.05 * end))
    pooled = add_faults(pooled, view.frame, camera, band, rng)
    return to_numbers(pooled, see_inside(view.frame, lattice, camera, band), camera, saturated)


def _appraise(
    clues: list[Field],
    surface: Surface,
    view: _View,
    lattice: Lattice,
    rng: np.random.Generator,
) -> tuple[npt.NDArray[np.uint16] | npt.NDArray[np.uint8], float]:
    """The quality band, and how much of its valid pixels it calls cloud, percent."""
    camera = view.camera

    def reduce(field: npt.NDArray[np.generic] | None) -> Field:
        shape = (lattice.grid.shape.y, lattice.grid.shape.x)
        return np.zeros(shape, np.float32) if field is None else lattice.pool(field[view.inner])

    clouded = view.sky.shadow
    sunlight = view.light.visible
    if clouded is not None:
        sunlight = sunlight / np.maximum(1 - clouded, 0.05)
    valid = np.ones((lattice.grid.shape.y, lattice.grid.shape.x), bool)
    for band in range(len(BANDS)):
        valid &= see_inside(view.frame, lattice, camera, band)
    found = Clues(
        np.stack(clues), reduce(view.sky.opacity(high=False)), reduce(view.sky.opacity(high=True)),
        reduce(clouded), reduce(sunlight), reduce(surface.water), reduce(surface.snow), valid,
    )  # fmt: skip
    verdict = judge(found, rng)
    cloud = (verdict.cloud | verdict.cirrus) & valid
    percent = 100 * float(cloud.sum()) / max(int(valid.sum()), 1)
    if camera.quality == "scl":
        return write_classes(verdict, found, rng), percent
    return write_bits(verdict, found, has_cirrus_band=camera.name == "oli"), percent
