"""Changes between the looks that are no landslides: fields, forestry, fire, roads, floods."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lsbatch.simulate.built import draw_tracks
from lsbatch.simulate.channels import draw_lake, draw_rivers
from lsbatch.simulate.cover import Cover, spread_plants
from lsbatch.simulate.noise import Field, fractal
from lsbatch.simulate.parcels import draw_crops
from lsbatch.simulate.patches import Mask, broad, stamp
from lsbatch.simulate.spectra import FIELDS, FOREST, Ground
from lsbatch.simulate.style import Climate
from lsbatch.simulate.terrain import PIXEL_M, Terrain


@dataclass(frozen=True, slots=True)
class _Works:
    """One kind of change that takes patches of ground."""

    becomes: Ground
    per_km2: float
    """Usual number on the ground that it may take; an event has none to three times as many."""
    size_px: tuple[float, float]
    """Shortest and longest length; the width is 0.4 to 1 of it."""
    slopes_deg: tuple[float, float]
    rough: float
    """Of the edges: 0 straight, 0.5 ragged."""
    density: tuple[float, float]
    """Part hidden by plants or ash afterwards, from one patch to the next."""
    covered: float
    """Part of the patch that it takes: fire leaves some."""


_FORESTRY: dict[Climate, float] = {
    "temperate": 1.0, "boreal": 1.5, "monsoon": 0.4, "mediterranean": 0.4, "tropical": 0.7,
}  # fmt: skip
_FIRE: dict[Climate, float] = {
    "temperate": 0.3, "boreal": 0.8, "monsoon": 0.8, "mediterranean": 2.0, "tropical": 0.7,
}  # fmt: skip
_WORKS: dict[str, _Works] = {
    "clear-cut": _Works(Ground.CLEARCUT, 0.25, (10, 42), (0, 40), 0.03, (0.1, 0.8), 0.99),
    "landing": _Works(Ground.TRACK, 0.12, (3, 8), (4, 32), 0.2, (0.0, 0.4), 1.0),
    "windthrow": _Works(Ground.CLEARCUT, 0.05, (8, 50), (8, 45), 0.45, (0.6, 0.95), 0.7),
    "dieback": _Works(Ground.DEAD, 0.06, (5, 40), (0, 45), 0.5, (0.7, 0.95), 0.75),
    "fire": _Works(Ground.BURNT, 0.03, (25, 110), (0, 50), 0.4, (0.6, 0.95), 0.8),
    "slash and burn": _Works(Ground.BURNT, 0.08, (6, 16), (0, 33), 0.2, (0.2, 0.85), 0.9),
    "quarry": _Works(Ground.QUARRY, 0.02, (7, 24), (4, 38), 0.2, (0.0, 0.1), 1.0),
    "building site": _Works(Ground.QUARRY, 0.05, (4, 16), (0, 10), 0.02, (0.0, 0.2), 1.0),
    "greenhouses": _Works(Ground.PLASTIC, 0.04, (3, 12), (0, 7), 0.02, (0.0, 0.1), 0.8),
    "new roofs": _Works(Ground.ROOF, 0.06, (2, 6), (0, 10), 0.02, (0.0, 0.2), 0.7),
    "bare pasture": _Works(Ground.GRASS, 0.25, (3, 20), (0, 34), 0.5, (0.1, 0.6), 0.8),
}
_TAKES = {
    "clear-cut": FOREST, "landing": FOREST, "windthrow": FOREST, "dieback": (Ground.CONIFER,),
    "fire": (*FOREST, Ground.SHRUB, Ground.GRASS, Ground.YOUNG),
    "slash and burn": (*FOREST, Ground.SHRUB), "quarry": (*FOREST, Ground.SHRUB, Ground.ROCK),
    "building site": (Ground.GRASS, *FIELDS), "greenhouses": FIELDS,
    "new roofs": (Ground.GRASS, *FIELDS), "bare pasture": (Ground.GRASS, Ground.MEADOW),
}  # fmt: skip


def change_cover(
    cover: Cover,
    terrain: Terrain,
    *,
    kept: Mask,
    climate: Climate = "temperate",
    rng: np.random.Generator,
) -> Cover:
    """Land cover after the event, landslides apart.

    Parameters
    ----------
    cover : Cover
        Before the event.
    terrain : Terrain
    kept : ndarray, bool, (H, W)
        Ground that stays as it was, such as landslides and the rim.
    climate : Climate
    rng : numpy.random.Generator
        Each event draws how much of each kind of change it has, often none.
    """
    ground = cover.ground.copy()
    # NaN: plants as dense as their kind of ground has them
    density = cover.density.copy()
    timing = cover.timing.copy()
    _rotate_crops(ground, timing, cover.parcel, terrain.floor, climate, rng)
    _do_works(ground, density, terrain, ~_widened(kept), climate, rng)
    _cut_roads(ground, density, terrain, rng)
    _move_rivers(ground, terrain, rng)
    moved = ground != cover.ground
    density[moved & (density == cover.density)] = np.nan
    density = spread_plants(ground, density, climate, rng)
    for field, old in ((ground, cover.ground), (density, cover.density), (timing, cover.timing)):
        field[kept] = old[kept]
    parcel = np.where(np.isin(ground, FIELDS), cover.parcel, np.int32(-1))
    turbidity = float(np.clip(cover.turbidity + rng.normal(0.15, 0.3), 0, 1))
    return replace(
        cover, ground=ground, parcel=parcel, density=density, timing=timing, turbidity=turbidity
    )


def _widened(kept: Mask) -> Mask:
    return np.asarray(ndimage.binary_dilation(kept, iterations=2))


def _rotate_crops(
    ground: npt.NDArray[np.uint8],
    timing: Field,
    parcel: npt.NDArray[np.int32],
    floor: Mask,
    climate: Climate,
    rng: np.random.Generator,
) -> None:
    """Sow some parcels with another crop, and all of them earlier or later; in place."""
    count = int(parcel.max()) + 1
    rotated = np.append(rng.random(count) < rng.uniform(0.05, 0.6), False)
    shift = np.append(0.02 * rng.standard_normal(count, np.float32), np.float32(0))
    crops = draw_crops(parcel, floor, climate, rng)
    here = (parcel >= 0) & rotated[parcel] & (ground != Ground.ORCHARD)
    ground[here] = crops[parcel[here]]
    timing += shift[parcel]


def _do_works(
    ground: npt.NDArray[np.uint8],
    density: Field,
    terrain: Terrain,
    free: Mask,
    climate: Climate,
    rng: np.random.Generator,
) -> None:
    """Every kind of `_WORKS`, in place."""
    slope = ndimage.gaussian_filter(terrain.slope_deg, 3)
    down, right = np.gradient(ndimage.gaussian_filter(terrain.elevation, 5))
    activity = {"clear-cut": _FORESTRY[climate], "landing": _FORESTRY[climate]}
    activity |= {"fire": _FIRE[climate], "slash and burn": 4.0 * (climate in _BURNERS)}
    for name, works in _WORKS.items():
        low, high = works.slopes_deg
        fit = free & np.isin(ground, _TAKES[name]) & (slope >= low) & (slope <= high)
        sites = np.flatnonzero(fit)
        rate = 0.7 * works.per_km2 * activity.get(name, 1.0) * rng.gamma(1.2, 1 / 1.2)
        count = int(rng.poisson(rate * sites.size * (PIXEL_M / 1000) ** 2))
        for cell in rng.choice(sites, count) if count else ():
            place = np.unravel_index(cell, ground.shape)
            across = np.arctan2(down[place], right[place]) + np.pi / 2
            angle = across if rng.random() < 0.6 else rng.uniform(0, np.pi)
            length = np.exp(rng.uniform(*np.log(works.size_px)))
            size = (float(length), float(length * rng.uniform(0.4, 1.0)))
            spot = (float(place[0]), float(place[1]))
            window, inside = stamp(
                ground.shape, spot, size, angle=float(angle), rough=works.rough, rng=rng
            )
            inside &= fit[window] & _mottled(inside.shape, works.covered, rng)
            ground[window][inside] = works.becomes
            part = rng.uniform(*works.density) + 0.08 * rng.standard_normal(inside.shape)
            density[window][inside] = np.clip(part, 0, 0.97)[inside]
            fit[window] &= ~inside


_BURNERS = ("tropical", "monsoon")


def _mottled(shape: tuple[int, ...], share: float, rng: np.random.Generator) -> Mask:
    """Clumps of a few pixels that take a share of a window."""
    field = ndimage.gaussian_filter(rng.standard_normal(shape), 1.6)
    return np.asarray(field <= np.quantile(field, share))


def _cut_roads(
    ground: npt.NDArray[np.uint8], density: Field, terrain: Terrain, rng: np.random.Generator
) -> None:
    """New roads along the slopes, bright lines with soil tipped below; in place."""
    area_km2 = ground.size * (PIXEL_M / 1000) ** 2
    count = int(rng.poisson(0.10 * area_km2 * rng.gamma(0.8, 1.2)))
    track, spoil = draw_tracks(terrain, count, (20, 160), rng)
    wild = ~np.isin(ground, (Ground.WATER, Ground.ROOF, Ground.ROAD, *FIELDS))
    ground[(track | spoil) & wild] = Ground.TRACK
    for cells, low, high in ((spoil, 0.1, 0.8), (track, 0.0, 0.45)):
        here = cells & wild
        density[here] = rng.uniform(low, high, int(here.sum()))


def _move_rivers(ground: npt.NDArray[np.uint8], terrain: Terrain, rng: np.random.Generator) -> None:
    """A flood moves the bars and may widen the channels; the lake falls or stays; in place."""
    bars = fractal(ground.shape, rng, slope=3.2, longest_px=16)
    ground[
        (ground == Ground.GRAVEL) & (broad(ground.shape, rng, slope=2, longest_px=20) > -0.3)
    ] = Ground.GRASS
    flood = float(rng.choice([0.9, 1.2, 2.5], p=[0.4, 0.4, 0.2]))
    draw_rivers(ground, terrain, bars, flood=flood)
    draw_lake(ground, terrain, int(rng.choice([0, 0, 1, 2, 4])))
