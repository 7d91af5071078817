"""Where and when: invented places, the event's day, the satellite's passes and the sun."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

_PLACES = ((142.05, 42.75), (85.62, 27.95), (172.55, -42.6), (-73.95, 18.42))
"""(longitude, latitude) of forested hills on four continents' margins; the ground is invented."""
_OVERPASS_HOURS = 10.5
"""Local mean solar time of Sentinel-2 at its descending node."""


@dataclass(frozen=True, slots=True)
class Overpass:
    """One look of the satellite at the world."""

    time: datetime
    is_after: bool
    """Whether the event has happened."""
    cloud_fraction: float
    """Share of the sky that clouds are to cover."""
    is_cut: bool
    """Whether the edge of the swath cuts a corner off the image."""
    dryness: float
    """0 = the greenest day of the season, 1 = senescent."""
    sun_azimuth_deg: float
    """Clockwise from north."""
    sun_elevation_deg: float


@dataclass(frozen=True, slots=True)
class Setting:
    """Place, time and looks of one event."""

    longitude: float
    latitude: float
    time: datetime
    """Of the event, UTC."""
    overpasses: tuple[Overpass, ...]


def choose_setting(rng: np.random.Generator) -> Setting:
    """An event late in a growing season, with two looks before and two after it.

    In each pair one look is partly cloudy; the swath ends inside the earliest.
    """
    place = _PLACES[int(rng.integers(len(_PLACES)))]
    longitude, latitude = (degrees + rng.uniform(-0.05, 0.05) for degrees in place)
    midsummer = datetime(int(rng.integers(2022, 2026)), 7 if latitude > 0 else 1, 15, tzinfo=UTC)
    day = midsummer + timedelta(days=int(rng.integers(25, 50)))
    time = day + timedelta(seconds=int(rng.integers(86400)))
    cloudy = [float(rng.uniform(0.10, 0.20)) for _ in range(2)]
    plan = (
        (-60, 0.0, True, 0.0),
        (-20, cloudy[0], False, 0.12),
        (6, cloudy[1], False, 0.30),
        (25, 0.0, False, 0.45),
    )
    looks = tuple(
        _overpass(day + timedelta(days=days), (longitude, latitude), days > 0, clouds, cut, dry)
        for days, clouds, cut, dry in plan
    )
    return Setting(longitude, latitude, time, looks)


def _overpass(
    day: datetime,
    place: tuple[float, float],
    is_after: bool,
    cloud_fraction: float,
    is_cut: bool,
    dryness: float,
) -> Overpass:
    time = day + timedelta(hours=_OVERPASS_HOURS - place[0] / 15.0)
    azimuth, elevation = _sun_at(day, place[1])
    return Overpass(
        time.replace(microsecond=0), is_after, cloud_fraction, is_cut, dryness, azimuth, elevation
    )


def _sun_at(day: datetime, latitude: float) -> tuple[float, float]:
    """Sun's azimuth and elevation in degrees at the overpass; declination after Cooper (1969)."""
    year_day = day.timetuple().tm_yday
    tilt = math.radians(23.45) * math.sin(2 * math.pi * (284 + year_day) / 365)
    hour, lat = math.radians(15.0 * (_OVERPASS_HOURS - 12.0)), math.radians(latitude)
    up = math.sin(lat) * math.sin(tilt) + math.cos(lat) * math.cos(tilt) * math.cos(hour)
    east = -math.cos(tilt) * math.sin(hour)
    north = math.cos(lat) * math.sin(tilt) - math.sin(lat) * math.cos(tilt) * math.cos(hour)
    return math.degrees(math.atan2(east, north)) % 360.0, math.degrees(math.asin(up))
