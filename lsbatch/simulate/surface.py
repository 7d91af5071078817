"""Reflectance of the ground on a day: plants of the season over moist soil, scars, snow, water."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lsbatch.simulate.cover import Cover
from lsbatch.simulate.noise import Field
from lsbatch.simulate.patches import Mask, broad
from lsbatch.simulate.phenology import Season, find_season
from lsbatch.simulate.scars import Scar, paint_scars
from lsbatch.simulate.snow import lay_snow
from lsbatch.simulate.soils import Soil, draw_soil, moisten
from lsbatch.simulate.spectra import (
    BANDS,
    CLEAR_WATER,
    DEADWOOD,
    FIELDS,
    MUDDY_WATER,
    RED_LEAVES,
    SNOW,
    WEEDS,
    Ground,
    made_ground,
    plant_table,
)
from lsbatch.simulate.style import Climate
from lsbatch.simulate.terrain import Terrain

__all__ = ["Scar", "Soil", "Surface", "draw_soil", "paint_scars", "reflect"]

_DRY_KINDS = (Ground.ROAD, Ground.ROOF, Ground.PLASTIC)


@dataclass(frozen=True, slots=True)
class Surface:
    """The ground as light finds it."""

    reflectance: npt.NDArray[np.float32]
    """(6, H, W) in the order of `BANDS`, under flat light, 0 to 1."""
    water: Mask
    """Rivers, lakes and flooded fields, (H, W)."""
    snow: Field
    """Share of the pixel that shows snow, (H, W)."""


@dataclass(frozen=True, slots=True)
class _Day:
    """Conditions of one look; arrays (H, W)."""

    season: Season
    plants: Field
    """Part of the pixel that plants hide today."""
    wetness: Field
    red: Field
    """Part of the turned leaves that is red."""
    snow: Field
    age: float
    """Of the snow, 0 fresh to 1 old."""
    turbidity: float


def reflect(
    cover: Cover,
    terrain: Terrain,
    *,
    scar: Scar | None,
    soil: Soil,
    climate: Climate,
    year_phase: float,
    moisture: float,
    rng: np.random.Generator,
) -> Surface:
    """Surface reflectance on one day.

    Parameters
    ----------
    cover : Cover
    terrain : Terrain
    scar : Scar or None
        Fresh landslides; None before the event.
    soil : Soil
    climate : Climate
    year_phase : float
        0 = midwinter, 0.5 = midsummer of the ground's hemisphere.
    moisture : float
        Of the soils, 0 dry to 1 soaked.
    rng : numpy.random.Generator
    """
    bare = None if scar is None else scar.share * (1 - scar.green)
    day = _face_day(cover, terrain, climate, year_phase, moisture, bare, rng)
    reflectance = np.empty((len(BANDS), *cover.ground.shape), np.float32)
    for band in range(len(BANDS)):
        seen = _plants_and_soil(cover, day, soil, band)
        if scar is not None and bare is not None:
            seen += bare * (scar.reflect(soil, moisture, band) - seen)
        snow = SNOW[band] * np.float32(1 - 0.28 * day.age)
        seen += day.snow * (snow - seen)
        reflectance[band] = np.clip(seen, 0.001, 0.98)
    flooded = day.season.flooded * (1 - day.plants) > 0.6
    water = (cover.ground == Ground.WATER) | flooded
    if scar is not None:
        water &= scar.share < 0.5
    return Surface(reflectance, water & (day.snow < 0.5), day.snow)


def _face_day(
    cover: Cover,
    terrain: Terrain,
    climate: Climate,
    year_phase: float,
    moisture: float,
    bare: Field | None,
    rng: np.random.Generator,
) -> _Day:
    """Draw the conditions of a look; `bare` is the part of the pixel that landslides bared."""
    height_km = (terrain.elevation - terrain.elevation.min()) / np.float32(1000)
    # no two years are alike: a week earlier or later
    phase = year_phase + 0.012 * rng.standard_normal()
    season = find_season(
        cover.ground, cover.timing, height_km, climate=climate, year_phase=float(phase)
    )
    wet = broad(cover.ground.shape, rng, slope=2.5, longest_px=100)
    wet = np.clip(moisture + 0.08 * wet + 0.15 * np.exp(-terrain.height / 6.0), 0, 1)
    red = np.clip(0.45 - 22.0 * cover.timing, 0, 1) * (cover.ground == Ground.BROADLEAF)
    snow = lay_snow(cover, terrain, climate=climate, year_phase=year_phase, bare=bare, rng=rng)
    turbid = float(np.clip(cover.turbidity + 0.3 * (moisture - 0.5), 0, 1))
    return _Day(
        season, _hide(cover, season), wet.astype(np.float32), red.astype(np.float32), snow,
        float(rng.random()), turbid,
    )  # fmt: skip


def _hide(cover: Cover, season: Season) -> Field:
    """Part of each pixel that plants hide: all of it in leaf, stubble and weeds on a bare field."""
    fields = np.isin(cover.ground, FIELDS) & (cover.ground != Ground.ORCHARD)
    # each parcel has a stubble of its own; 97 spreads their numbers over 0 to 1
    stubble = ((cover.parcel * 61) % 97).astype(np.float32) / 97
    rest = np.float32(1) - season.growing - season.turned
    hidden = season.growing + season.turned + rest * np.where(fields, 0.75 * stubble**2, 1)
    return np.asarray(cover.density * hidden * (1 - 0.8 * season.flooded), np.float32)


def _plants_and_soil(cover: Cover, day: _Day, soil: Soil, band: int) -> Field:
    """One band of the cover, (H, W) float32."""
    growing, turned, dormant = plant_table()[:, :, band]
    autumn = turned[cover.ground]
    autumn += day.red * (RED_LEAVES[band] - autumn)
    plants = dormant[cover.ground]
    weedy = (cover.parcel >= 0) & ((cover.parcel * 37) % 89 < 30)
    plants[weedy] = WEEDS[band]
    plants += day.season.growing * (growing[cover.ground] - plants)
    plants += day.season.turned * (autumn - plants)
    water = CLEAR_WATER[band] + day.turbidity * (MUDDY_WATER[band] - CLEAR_WATER[band])
    below = _below_plants(soil, band)[cover.ground]
    moist = moisten(below, day.wetness, band)
    made = np.isin(cover.ground, _DRY_KINDS)
    below = np.where(made, below, moist)
    puddle = 0.6 * water + 0.4 * MUDDY_WATER[band]
    below += day.season.flooded * np.float32(0.88) * (puddle - below)
    seen = (below + day.plants * (plants - below)) * cover.canopy
    seen[cover.ground == Ground.WATER] = water
    return np.asarray(seen, np.float32)


def _below_plants(soil: Soil, band: int) -> Field:
    """One band of what lies below the plants of each kind of ground, (len(Ground),), dry."""
    table = np.full(len(Ground), soil.topsoil[band], np.float32)
    for kind in (Ground.BROADLEAF, Ground.CONIFER, Ground.EVERGREEN, Ground.BAMBOO):
        table[kind] = 0.6 * soil.humus[band] + 0.4 * DEADWOOD[band]
    for kind in (Ground.ROCK, Ground.SCREE, Ground.GRAVEL):
        table[kind] = soil.rock[band]
    for kind in (Ground.OLD_SCAR, Ground.QUARRY, Ground.TRACK):
        table[kind] = 0.8 * soil.subsoil[band] + 0.2 * soil.rock[band]
    table[Ground.CLEARCUT] = 0.5 * soil.topsoil[band] + 0.5 * DEADWOOD[band]
    table[Ground.BURNT] = 0.4 * soil.topsoil[band]
    for kind, spectrum in made_ground().items():
        table[kind] = spectrum[band]
    return table
