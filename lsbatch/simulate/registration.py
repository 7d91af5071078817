"""How far from its place an image shows the ground."""

from dataclasses import dataclass

import numpy as np

from lsbatch.simulate.coarse import blur_wide, smooth_noise
from lsbatch.simulate.instruments import Instrument
from lsbatch.simulate.noise import Field


@dataclass(frozen=True, slots=True)
class Shift:
    """Where each pixel of the image reads the ground; arrays (H, W), pixels of the ground."""

    down: Field
    right: Field


def draw_shift(
    elevation: Field, pixel_m: float, *, camera: Instrument, rng: np.random.Generator
) -> Shift:
    """Shift of one image: a common one, and a local one where the ground is steep.

    Orthorectification moves each pixel by its height times the tangent of the view's angle, so
    that an error of the height model moves it too: errors are larger on steep ground, where a
    coarse model cuts the ridges off and fills the valleys, and grow a little with height itself.
    """
    usual = camera.off_place_m * (2.0 if rng.random() < 0.15 else 1.0)
    common = np.clip(rng.normal(0, usual, 2), -1.0 * camera.gsd, 1.0 * camera.gsd)
    view = rng.uniform(-0.19, 0.19) if camera.gsd == 10 else rng.uniform(-0.13, 0.13)
    # a model of 90 m loses the ridges
    errors = elevation - blur_wide(elevation, 60.0 / pixel_m)
    errors *= np.float32(rng.uniform(0.2, 0.8))
    errors += np.float32(rng.uniform(2, 9)) * smooth_noise(
        elevation.shape, rng, slope=2.5, longest_px=400
    )
    errors += (elevation - elevation.mean()) * np.float32(rng.normal(0, 0.012))
    errors *= np.float32(view / pixel_m)
    # the satellite looks across its track, which runs 10 degrees off south
    limit = 1.5 * camera.gsd / pixel_m
    np.clip(errors, -limit, limit, out=errors)
    down = errors * np.float32(0.17) + np.float32(common[0] / pixel_m)
    errors += np.float32(common[1] / pixel_m)
    return Shift(down, errors)
