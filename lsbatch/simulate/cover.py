"""Land cover before the event, as climate, altitude, slope and people have it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from lsbatch.simulate.built import draw_houses, draw_road, draw_tracks
from lsbatch.simulate.channels import draw_lake, draw_rivers
from lsbatch.simulate.noise import Field, fractal
from lsbatch.simulate.parcels import draw_crops, draw_parcels
from lsbatch.simulate.patches import Mask, broad
from lsbatch.simulate.spectra import FIELDS, FOREST, Ground
from lsbatch.simulate.stands import plant_stands, scar_forest
from lsbatch.simulate.style import Climate, Land
from lsbatch.simulate.terrain import PIXEL_M, Terrain
from lsbatch.simulate.wild import draw_tree_line, grow_wild

_DENSITY = {
    Ground.SHRUB: 0.86, Ground.GRASS: 0.93, Ground.MEADOW: 0.84, Ground.ORCHARD: 0.55,
    Ground.YOUNG: 0.85, Ground.CLEARCUT: 0.6, Ground.DEAD: 0.9, Ground.BURNT: 0.88,
    Ground.OLD_SCAR: 0.3, Ground.BARE: 0.12, Ground.CLAY: 0.06, Ground.ROCK: 0.10,
    Ground.SCREE: 0.12, Ground.GRAVEL: 0.05, Ground.QUARRY: 0.02, Ground.TRACK: 0.35,
    Ground.ROAD: 0.12, Ground.ROOF: 0.25, Ground.PLASTIC: 0.02, Ground.WATER: 0.0,
}  # fmt: skip
"""Part of the ground that plants hide in a usual place; 0.96 for those not named."""
_DRY_DENSITY = {
    Ground.CONIFER: 0.80, Ground.EVERGREEN: 0.82, Ground.BROADLEAF: 0.86, Ground.SHRUB: 0.58,
    Ground.GRASS: 0.70, Ground.YOUNG: 0.6,
}  # fmt: skip
"""The same where summers are dry."""


@dataclass(frozen=True, slots=True)
class Cover:
    """What covers the ground; arrays (H, W) on the terrain's grid."""

    ground: npt.NDArray[np.uint8]
    """Values of `Ground`."""
    parcel: npt.NDArray[np.int32]
    """Number of the field, -1 outside fields."""
    canopy: Field
    """Brightness relative to the kind of ground: tree crowns, stands, soils."""
    density: Field
    """Part of the ground that plants hide when they are in leaf, 0 to 1."""
    timing: Field
    """Years by which plants are later than others of their kind."""
    tree_line_m: float
    """Altitude on the terrain's scale."""
    turbidity: float
    """Of rivers and lakes, 0 clear to 1 muddy."""

    @property
    def forest(self) -> Mask:
        """Where trees stand."""
        return np.isin(self.ground, FOREST)


def build_cover(
    terrain: Terrain,
    rng: np.random.Generator,
    *,
    climate: Climate = "temperate",
    land: Land = Land(),
) -> Cover:
    """Land cover that follows the terrain and the climate.

    Wild growth first; then stands, old landslides, fields, roads, houses, rivers and the lake, each
    over what was there.
    """
    shape = terrain.elevation.shape
    tree_line = draw_tree_line(terrain, climate, rng)
    ground = grow_wild(terrain, tree_line, climate, rng, one_forest=land.one_forest)
    # NaN: not yet known, so that the kind of ground decides
    density = np.full(shape, np.nan, np.float32)
    tint = plant_stands(ground, terrain, density, climate=climate, land=land, rng=rng)
    scar_forest(ground, terrain, density, rng=rng)
    parcel = draw_parcels(terrain, tree_line, climate, rng, tilled=land.tilled)
    ground = np.where(parcel >= 0, draw_crops(parcel, terrain.floor, climate, rng)[parcel], ground)
    _build(ground, terrain, rng)
    draw_rivers(ground, terrain, fractal(shape, rng, slope=3.2, longest_px=16))
    draw_lake(ground, terrain, 0)
    parcel[~np.isin(ground, FIELDS)] = -1
    tint += 0.035 * broad(shape, rng, slope=1.8, longest_px=60)
    return Cover(
        ground, parcel, _draw_canopy(ground, parcel, tint, rng),
        spread_plants(ground, density, climate, rng), _draw_timing(ground, parcel, rng),
        tree_line, float(rng.beta(1.3, 3.0)),
    )  # fmt: skip


def spread_plants(
    ground: npt.NDArray[np.uint8], known: Field, climate: Climate, rng: np.random.Generator
) -> Field:
    """Density of the plants: `known` where it is not NaN, else by kind of ground, uneven."""
    table = np.full(len(Ground), 0.96, np.float32)
    for kinds in (_DENSITY, _DRY_DENSITY if climate == "mediterranean" else {}):
        for kind, part in kinds.items():
            table[kind] = part
    usual = table[ground]
    uneven = 0.6 * rng.standard_normal(ground.shape, np.float32)
    uneven += broad(ground.shape, rng, slope=1.8, longest_px=50)
    usual += (0.05 + 0.28 * usual * (1 - usual)) * uneven
    if climate == "mediterranean":
        # woods there thin out towards their edge
        trees = ndimage.gaussian_filter(np.isin(ground, FOREST).astype(np.float32), 3.5)
        usual *= np.where(np.isin(ground, FOREST), 0.55 + 0.5 * trees, 1.0)
    density = np.where(np.isnan(known), usual, known)
    density[ground == Ground.WATER] = 0.0
    return np.asarray(np.clip(density, 0.0, 1.0), np.float32)


def _build(ground: npt.NDArray[np.uint8], terrain: Terrain, rng: np.random.Generator) -> None:
    """Roads, tracks, houses and greenhouses, in place."""
    area_km2 = ground.size * (PIXEL_M / 1000) ** 2
    track, spoil = draw_tracks(
        terrain, int(rng.poisson(0.35 * area_km2 * rng.uniform(0.2, 2.0))), (40, 220), rng
    )
    ground[track] = Ground.TRACK
    ground[spoil & (rng.random(ground.shape) < 0.4)] = Ground.YOUNG
    road = draw_road(terrain)
    ground[road] = Ground.ROAD
    draw_houses(ground, terrain, road, rng)


def _draw_canopy(
    ground: npt.NDArray[np.uint8],
    parcel: npt.NDArray[np.int32],
    tint: Field,
    rng: np.random.Generator,
) -> Field:
    """Crowns on forest, stands, and a tone of its own for each field; smooth water."""
    crowns = ndimage.gaussian_filter(rng.standard_normal(ground.shape, np.float32), 0.5)
    depth = np.full(len(Ground), 0.07, np.float32)
    for kinds, strength in (((Ground.ROOF,), 0.5), (FIELDS, 0.04), ((Ground.WATER,), 0.0)):
        depth[list(kinds)] = strength
    # broadleaf crowns are wider than a pixel, needles make an even canopy
    depth[Ground.EVERGREEN], depth[Ground.BROADLEAF], depth[Ground.CONIFER] = 0.16, 0.12, 0.09
    by_parcel = 0.11 * rng.standard_normal(int(parcel.max()) + 2, np.float32)
    by_parcel[-1] = 0
    canopy = 1 + crowns * depth[ground] + by_parcel[parcel] + tint * (ground != Ground.WATER)
    return np.asarray(np.clip(canopy, 0.6, 1.6), np.float32)


def _draw_timing(
    ground: npt.NDArray[np.uint8], parcel: npt.NDArray[np.int32], rng: np.random.Generator
) -> Field:
    """Stands differ by a week or two, fields by three, plots by any part of the year."""
    timing = 0.014 * broad(ground.shape, rng, slope=1.5, longest_px=60)
    timing += 0.008 * rng.standard_normal(ground.shape, np.float32)
    count = int(parcel.max()) + 2
    late = 0.022 * rng.standard_normal(count, np.float32)
    any_time = rng.random(count, np.float32)
    here = parcel >= 0
    timing[here] = 0.3 * timing[here] + late[parcel[here]]
    plot = here & (ground == Ground.PLOT)
    timing[plot] = any_time[parcel[plot]]
    return timing
