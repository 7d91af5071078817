"""Where and when: invented places, the event's day, the satellite's passes and the sun."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from lsbatch.simulate.instruments import Instrument, instrument_of
from lsbatch.simulate.places import PLACES, Place
from lsbatch.simulate.style import Climate

_LOWEST_SUN_DEG = 20.0
"""Looks under a lower sun are not taken."""
_HAZE: dict[Climate, float] = {
    "temperate": 0.08, "boreal": 0.05, "monsoon": 0.14, "mediterranean": 0.09, "tropical": 0.12,
}  # fmt: skip
"""Usual optical depth of aerosol at 550 nm."""
_WET: dict[Climate, tuple[float, float]] = {
    "temperate": (0.55, -0.10), "boreal": (0.60, -0.10), "monsoon": (0.45, 0.35),
    "mediterranean": (0.45, -0.30), "tropical": (0.70, 0.05),
}  # fmt: skip
"""Moisture of the ground through the year: mean, and how much more of it in midsummer."""


_WITH_WINTER = ("temperate", "boreal")
_MIDWINTER = 0.17
"""Years before and after midwinter that are left out under these climates: early December to late
February, when snow lies and the sun is low."""


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
    instrument: str
    """A name of `INSTRUMENTS`."""
    year_phase: float
    """0 = midwinter, 0.5 = midsummer of the hemisphere; below 1."""
    moisture: float
    """Of the ground's surface, 0 dry to 1 wet."""
    haze: float
    """Optical depth of aerosol at 550 nm."""
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
    """In order of time."""


def choose_setting(
    rng: np.random.Generator,
    *,
    climate: Climate = "temperate",
    instrument: str = "s2-l2a",
    looks: tuple[int, int] = (2, 2),
    near: tuple[float, float] | None = None,
) -> Setting:
    """An event on any day of the instrument's years, and looks before and after it.

    Parameters
    ----------
    rng : numpy.random.Generator
    climate : Climate
        Chooses among the places, unless `near` names one.
    instrument : str
        A name of `INSTRUMENTS`.
    looks : (int, int)
        Number before and after, each at least 1.
    near : (longitude, latitude), or None
        Degrees.

    Returns
    -------
    Setting
        On each side one look at least is nearly clear and whole.

    Raises
    ------
    RecipeError
        For an unknown instrument.
    """
    camera = instrument_of(instrument)
    longitude, latitude = _place(climate, near, rng)
    days: list[int] = []
    # whoever has a choice of images takes none of midwinter; now and then there is no choice
    winter = _MIDWINTER if climate in _WITH_WINTER and rng.random() > 0.12 else 0.0
    for _ in range(400):
        day = _event_day(camera, rng)
        days = _look_days(camera, looks, rng)
        if all(_is_fit(day + timedelta(n), latitude, camera, winter) for n in days):
            break
    else:
        # so far from the equator only looks about midsummer have light
        day = datetime(day.year, 7 if latitude > 0 else 1, 1, tzinfo=UTC)
        days = [-camera.revisit_days * n for n in range(looks[0], 0, -1)]
        days += [camera.revisit_days * n + 1 for n in range(looks[1])]
    time = day + timedelta(seconds=int(rng.integers(86400)))
    skies = [*_skies(looks[0], rng), *_skies(looks[1], rng)]
    passes = tuple(
        _overpass(day, offset, sky, place=(longitude, latitude), climate=climate,
                  camera=camera, rng=rng)
        for offset, sky in zip(days, skies, strict=True)
    )  # fmt: skip
    return Setting(longitude, latitude, time, passes)


def _is_fit(day: datetime, latitude: float, camera: Instrument, winter: float) -> bool:
    """Whether the sun is up enough, and the day not within `winter` years of midwinter."""
    phase = year_phase_of(day, latitude)
    return _sun_at(day, latitude, camera)[1] >= _LOWEST_SUN_DEG and min(phase, 1 - phase) >= winter


def year_phase_of(day: date, latitude: float) -> float:
    """Part of the year since midwinter of that hemisphere, 0 to below 1."""
    since = (day.timetuple().tm_yday - 355) / 365.25 + (0.5 if latitude < 0 else 0.0)
    return since % 1.0


def _place(
    climate: Climate, near: tuple[float, float] | None, rng: np.random.Generator
) -> tuple[float, float]:
    if near is not None:
        return near
    fitting: list[Place] = [place for place in PLACES if climate in place.climates]
    place = fitting[int(rng.integers(len(fitting)))]
    # clear of the edge of the place's UTM zone, and of the equator between two of them
    longitude = place.longitude + rng.uniform(-0.4, 0.4)
    latitude = place.latitude + rng.uniform(-0.4, 0.4)
    return float(longitude), float(latitude)


def _event_day(camera: Instrument, rng: np.random.Generator) -> datetime:
    first, last = camera.first + timedelta(430), camera.last - timedelta(75)
    day = first + timedelta(int(rng.integers((last - first).days)))
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _look_days(camera: Instrument, looks: tuple[int, int], rng: np.random.Generator) -> list[int]:
    """Days from the event to each look, in order, on the orbit's cycle."""
    cycle, start = camera.revisit_days, int(rng.integers(camera.revisit_days))
    # the last season's end, the same season a year before, or another season altogether
    newest, oldest = ((-100, -2), (-360, -300), (-290, -110))[
        int(rng.choice(3, p=(0.55, 0.35, 0.10)))
    ]
    if looks[0] > 3:
        newest, oldest = -360, -2
    before = _draw_days(looks[0], min(newest, oldest), max(newest, oldest), cycle, start, rng)
    after = _draw_days(looks[1], 2, 62 if looks[1] <= 3 else 75, cycle, start, rng)
    return before + after


def _draw_days(
    count: int, low: int, high: int, cycle: int, start: int, rng: np.random.Generator
) -> list[int]:
    days = [day for day in range(low, high + 1) if (day - start) % cycle == 0]
    if count > len(days):
        # more looks than passes: neighbouring orbits overlap
        days = list(range(low, high + 1))
    return sorted(int(day) for day in rng.choice(days, size=count, replace=count > len(days)))


def _skies(count: int, rng: np.random.Generator) -> list[tuple[float, bool]]:
    """(cloud fraction, whether the swath is cut) of each look on one side."""
    clear = int(rng.integers(count))
    skies = []
    for number in range(count):
        if number == clear:
            skies.append((0.0 if rng.random() < 0.5 else float(rng.uniform(0, 0.03)), False))
        elif rng.random() < 0.65:
            skies.append((float(rng.uniform(0.06, 0.32)), rng.random() < 0.2))
        else:
            skies.append((float(rng.uniform(0, 0.05)), rng.random() < 0.4))
    return skies


def _overpass(
    day: datetime,
    offset: int,
    sky: tuple[float, bool],
    *,
    place: tuple[float, float],
    climate: Climate,
    camera: Instrument,
    rng: np.random.Generator,
) -> Overpass:
    date_ = day + timedelta(offset)
    time = date_ + timedelta(hours=camera.hours - place[0] / 15.0, minutes=rng.uniform(-8, 8))
    phase = year_phase_of(date_, place[1])
    mean, swing = _WET[climate]
    summer = 0.5 - 0.5 * math.cos(2 * math.pi * phase)
    azimuth, elevation = _sun_at(date_, place[1], camera)
    return Overpass(
        time=time.replace(microsecond=0),
        is_after=offset > 0,
        cloud_fraction=sky[0],
        is_cut=sky[1],
        instrument=camera.name,
        year_phase=phase,
        moisture=float(np.clip(mean + swing * (summer - 0.5) + rng.normal(0, 0.18), 0, 1)),
        haze=float(np.clip(_HAZE[climate] * rng.lognormal(0, 0.5), 0.02, 0.6)),
        sun_azimuth_deg=azimuth,
        sun_elevation_deg=elevation,
    )


def _sun_at(day: datetime, latitude: float, camera: Instrument) -> tuple[float, float]:
    """Sun's azimuth and elevation in degrees at the overpass; declination after Cooper (1969)."""
    year_day = day.timetuple().tm_yday
    tilt = math.radians(23.45) * math.sin(2 * math.pi * (284 + year_day) / 365)
    hour, lat = math.radians(15.0 * (camera.hours - 12.0)), math.radians(latitude)
    up = math.sin(lat) * math.sin(tilt) + math.cos(lat) * math.cos(tilt) * math.cos(hour)
    east = -math.cos(tilt) * math.sin(hour)
    north = math.cos(lat) * math.sin(tilt) - math.sin(lat) * math.cos(tilt) * math.cos(hour)
    return math.degrees(math.atan2(east, north)) % 360.0, math.degrees(math.asin(up))
