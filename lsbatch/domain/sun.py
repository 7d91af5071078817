"""Sun: where the light of an image came from."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lsbatch.errors import CatalogError

_FARTHEST_APART_DEG = 10.0
"""Images of one pass differ by a few degrees at most; beyond it a mean would be of no image."""


@dataclass(frozen=True, slots=True)
class Sun:
    """Position of the sun's centre, as seen from the ground of an image."""

    azimuth_deg: float
    """Clockwise from north, [0, 360)."""
    elevation_deg: float
    """Above the horizon, (0, 90]: without light there is no reflectance."""

    def __post_init__(self) -> None:
        if not 0 <= self.azimuth_deg < 360:
            raise CatalogError(
                f"The sun's azimuth must be from 0 to below 360 degrees; it is {self.azimuth_deg}."
            )
        if not 0 < self.elevation_deg <= 90:
            raise CatalogError(
                "The sun's elevation must be above 0 and at most 90 degrees; it is "
                f"{self.elevation_deg}."
            )

    @property
    def direction(self) -> tuple[float, float, float]:
        """Unit vector towards it: east, north, up."""
        azimuth, elevation = math.radians(self.azimuth_deg), math.radians(self.elevation_deg)
        level = math.cos(elevation)
        return level * math.sin(azimuth), level * math.cos(azimuth), math.sin(elevation)


def mean_sun(suns: Sequence[Sun]) -> Sun | None:
    """Mean direction of several suns, so that 359 and 1 degrees are north.

    None without any, or where one lies more than 10 degrees from the mean: they are then of
    different passes. One sun is given back as it is.
    """
    if len(set(suns)) <= 1:
        return suns[0] if suns else None
    east, north, up = (math.fsum(axis) for axis in zip(*(s.direction for s in suns), strict=True))
    level = math.hypot(east, north)
    # a hair below 360 may round to 360
    azimuth = math.degrees(math.atan2(east, north)) % 360 % 360
    mean = Sun(azimuth, math.degrees(math.atan2(up, level)))
    nearest = math.cos(math.radians(_FARTHEST_APART_DEG))
    apart = any(_cosine(mean, sun) < nearest for sun in suns)
    return None if apart else mean


def _cosine(one: Sun, other: Sun) -> float:
    """Cosine of the angle between two suns."""
    return math.fsum(a * b for a, b in zip(one.direction, other.direction, strict=True))
