"""Reflectance of the ground: seasons, scars, soils and snow."""

import dataclasses

import numpy as np
import pytest
import shapely
from odc.geo.geobox import GeoBox

from lsbatch.simulate.cover import build_cover
from lsbatch.simulate.landslides import Landslide
from lsbatch.simulate.scars import fade
from lsbatch.simulate.snow import SNOW_REACH_M, lay_snow, snow_line
from lsbatch.simulate.soils import moisten
from lsbatch.simulate.spectra import BANDS, Ground
from lsbatch.simulate.surface import draw_soil, paint_scars, reflect
from lsbatch.simulate.terrain import build_terrain

CLIMATES = ("temperate", "boreal", "monsoon", "mediterranean", "tropical")
LEFT, TOP, SIDE = 500_000, 4_702_600, 260


@pytest.fixture(scope="module")
def terrain():
    box = (LEFT, TOP - 10 * SIDE, LEFT + 10 * SIDE, TOP)
    grid = GeoBox.from_bbox(box, crs="EPSG:32654", resolution=10, tight=True)
    return build_terrain(grid, np.random.default_rng(3))


@pytest.fixture(scope="module")
def covers(terrain):
    return {
        climate: build_cover(terrain, np.random.default_rng(5), climate=climate)
        for climate in CLIMATES
    }


@pytest.fixture(scope="module")
def slides():
    made = []
    for number in range(30):
        x, y = LEFT + 200 + 400 * (number % 6), TOP - 200 - 450 * (number // 6)
        outline = shapely.box(x + 3, y - 153, x + 83, y)
        made.append(Landslide(outline, shapely.box(x + 3, y - 53, x + 83, y)))
    return tuple(made)


def look(cover, terrain, climate, phase, *, scar=None, soil_seed=0, seed=1, moisture=0.3):
    soil = draw_soil(np.random.default_rng(soil_seed), climate=climate)
    return reflect(
        cover, terrain, scar=scar, soil=soil, climate=climate, year_phase=phase,
        moisture=moisture, rng=np.random.default_rng(seed),
    )  # fmt: skip


def ndvi(surface):
    red, nir = (surface.reflectance[BANDS.index(name)] for name in ("red", "nir"))
    return (nir - red) / (nir + red)


@pytest.mark.parametrize("climate", CLIMATES)
@pytest.mark.parametrize("phase", [0.0, 0.3, 0.5, 0.75])
def test_reflectance_is_a_part_of_the_light(terrain, covers, climate, phase):
    surface = look(covers[climate], terrain, climate, phase)
    assert surface.reflectance.shape == (6, SIDE, SIDE)
    assert surface.reflectance.dtype == surface.snow.dtype == np.float32
    assert surface.reflectance.min() > 0 and surface.reflectance.max() < 1
    assert surface.snow.min() >= 0 and surface.snow.max() <= 1
    assert not (surface.water & (surface.snow >= 0.5)).any()


def test_same_seed_same_surface(terrain, covers):
    one, two = (look(covers["boreal"], terrain, "boreal", 0.2) for _ in range(2))
    assert (one.reflectance == two.reflectance).all() and (one.snow == two.snow).all()


def test_deciduous_forest_is_leafless_in_winter_and_conifers_are_not(terrain, covers):
    cover = covers["temperate"]
    winter, summer = (look(cover, terrain, "temperate", phase) for phase in (0.02, 0.5))
    bare = (cover.ground == Ground.BROADLEAF) & (winter.snow == 0)
    needles = (cover.ground == Ground.CONIFER) & (winter.snow == 0)
    assert np.median(ndvi(winter)[bare]) < 0.45 < 0.75 < np.median(ndvi(summer)[bare])
    assert np.median(ndvi(winter)[needles]) > 0.65


def test_autumn_stands_differ_in_their_colours(terrain, covers):
    cover = covers["temperate"]
    trees = cover.ground == Ground.BROADLEAF
    spread = []
    for phase in (0.5, 0.76):
        bands = look(cover, terrain, "temperate", phase).reflectance
        spread.append((bands[2] / bands[1])[trees].std())
    assert spread[1] > 3 * spread[0]


def test_grass_dries_in_the_season_of_its_climate(terrain, covers):
    for climate, green, dry in (("mediterranean", 0.15, 0.55), ("monsoon", 0.6, 0.15)):
        grass = covers[climate].ground == Ground.GRASS
        greens, dries = (
            np.median(ndvi(look(covers[climate], terrain, climate, phase))[grass])
            for phase in (green, dry)
        )
        assert greens > dries + 0.15


def test_paddies_stand_under_water_before_the_monsoon_crop(terrain, covers):
    cover = covers["monsoon"]
    paddy = cover.ground == Ground.PADDY
    flooded = look(cover, terrain, "monsoon", 0.45).water[paddy].mean()
    ripe = look(cover, terrain, "monsoon", 0.75).water[paddy].mean()
    assert flooded > 0.3 > ripe


@pytest.mark.parametrize("climate", ["temperate", "boreal", "tropical"])
def test_greenness_falls_on_scars_in_forest_and_nowhere_else(terrain, covers, slides, climate):
    cover = covers[climate]
    rng = np.random.default_rng(2)
    scar = paint_scars(slides, terrain, soil=draw_soil(rng, climate=climate), rng=rng)
    before = look(cover, terrain, climate, 0.5)
    after = look(cover, terrain, climate, 0.5, scar=scar)
    fall = ndvi(before) - ndvi(after)
    slid = (scar.share > 0.95) & cover.forest
    assert slid.sum() > 300 and np.median(fall[slid]) > 0.3
    assert (before.reflectance == after.reflectance)[:, scar.share == 0].all()


def test_share_counts_the_area_of_the_slides(terrain, slides):
    rng = np.random.default_rng(0)
    scar = paint_scars(slides, terrain, soil=draw_soil(rng), rng=rng)
    area = sum(slide.outline.area for slide in slides)
    assert scar.share.sum() * 100 == pytest.approx(area, rel=0.02)
    assert ((scar.share > 0) & (scar.share < 1)).any()
    for field in (scar.green, scar.rock, scar.wood):
        assert field.min() >= 0 and field.max() <= 1 and not field[scar.share == 0].any()


def test_slides_differ_and_some_keep_their_plants(terrain, slides):
    rng = np.random.default_rng(0)
    scar = paint_scars(slides * 4, terrain, soil=draw_soil(rng), rng=rng)
    whole = scar.share == 1
    assert scar.brightness[whole].std() > 0.08
    assert 0 < (scar.green[whole] > 0.3).mean() < 0.4


def test_no_slides_no_scars(terrain):
    rng = np.random.default_rng(0)
    scar = paint_scars((), terrain, soil=draw_soil(rng), rng=rng)
    assert not scar.share.any() and not scar.green.any()


def test_scars_grow_over_with_the_years(terrain, slides):
    rng = np.random.default_rng(0)
    scar = paint_scars(slides, terrain, soil=draw_soil(rng), rng=rng)
    slid = scar.share > 0
    green = [fade(scar, years, rng=np.random.default_rng(1)).green for years in (0, 1, 5, 30)]
    means = [field[slid].mean() for field in green]
    assert means == sorted(means) and means[-1] > 0.8
    assert green[0] == pytest.approx(scar.green) and max(f.max() for f in green) <= 1


def test_soils_vary_and_are_not_always_brighter_than_forest():
    soils = [draw_soil(np.random.default_rng(seed), climate="temperate") for seed in range(60)]
    red = np.array([soil.subsoil[2] for soil in soils])
    nir = np.array([soil.subsoil[3] for soil in soils])
    assert len({soil.name for soil in soils}) > 4
    assert red.min() < 0.08 and red.max() > 0.25 and (nir < 0.2).any()
    for soil in soils:
        for spectrum in (soil.subsoil, soil.rock, soil.topsoil, soil.humus):
            assert spectrum.shape == (6,) and spectrum.min() > 0 and spectrum.max() < 0.7


def test_water_darkens_soil_most_in_the_shortwave_infrared():
    dry = np.full(3, 0.3, np.float32)
    losses = [float(1 - moisten(dry, 1.0, band)[0] / 0.3) for band in range(6)]
    assert min(losses) > 0.3 and losses[5] == max(losses)
    assert moisten(dry, 0.0, 2) == pytest.approx(dry)


def test_snow_lies_above_its_line_only(terrain, covers):
    high = dataclasses.replace(terrain, elevation=terrain.elevation * 10)
    cover = dataclasses.replace(covers["temperate"], tree_line_m=1800.0)
    for phase in (0.1, 0.35, 0.5):
        line = snow_line(1800.0, "temperate", phase)
        for seed in range(3):
            snow = lay_snow(
                cover, high, climate="temperate", year_phase=phase,
                rng=np.random.default_rng(seed),
            )  # fmt: skip
            assert not snow[high.elevation < line - SNOW_REACH_M].any()
            if phase == 0.1:
                open_ground = np.isin(cover.ground, (Ground.GRASS, Ground.MEADOW))
                sure = open_ground & (high.elevation > line + SNOW_REACH_M + 160)
                assert (snow[sure & (high.slope_deg < 40)] > 0.9).all() and snow.any()


def test_slides_lay_snow_open_in_evergreen_forest(terrain, covers, slides):
    rng = np.random.default_rng(0)
    scar = paint_scars(slides, terrain, soil=draw_soil(rng), rng=rng)
    cover = dataclasses.replace(covers["boreal"], tree_line_m=500.0)
    forest, slid = cover.ground == Ground.CONIFER, scar.share > 0.95
    snow = look(cover, terrain, "boreal", 0.09, scar=scar).snow
    assert np.median(snow[forest & slid]) > 0.8 > 0.5 > np.median(snow[forest & ~slid])


def test_snow_line_is_lowest_in_late_winter():
    for climate in CLIMATES:
        lines = [snow_line(2000.0, climate, phase) for phase in (0.09, 0.3, 0.59)]
        assert lines == sorted(lines)


def test_snow_lies_longer_on_the_shady_side(terrain, covers):
    cover = dataclasses.replace(
        covers["temperate"], ground=np.full(terrain.elevation.shape, Ground.GRASS, np.uint8),
        tree_line_m=float(np.median(terrain.elevation)) + 750.0,
    )  # fmt: skip
    north = np.gradient(terrain.elevation, 10.0, axis=0)
    difference = 0.0
    for seed in range(4):
        snow = lay_snow(
            cover, terrain, climate="temperate", year_phase=0.09, rng=np.random.default_rng(seed)
        )
        difference += snow[north > 0.3].mean() - snow[north < -0.3].mean()
    assert difference > 0.2
