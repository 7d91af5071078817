"""What covers the ground before the event, and what changes that is no landslide."""

import dataclasses

import numpy as np
import pytest
from odc.geo.geobox import GeoBox
from scipy import ndimage

from lsbatch.simulate.changes import change_cover
from lsbatch.simulate.cover import build_cover
from lsbatch.simulate.patches import lay_bricks, stamp, upper_share
from lsbatch.simulate.spectra import FIELDS, Ground
from lsbatch.simulate.terrain import build_terrain

CLIMATES = ("temperate", "boreal", "monsoon", "mediterranean", "tropical")


def ground_of(side_px: int, seed: int = 3):
    box = (500_000, 4_700_000, 500_000 + 10 * side_px, 4_700_000 + 10 * side_px)
    grid = GeoBox.from_bbox(box, crs="EPSG:32654", resolution=10, tight=True)
    return build_terrain(grid, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def terrain():
    return ground_of(260)


@pytest.fixture(scope="module")
def covers(terrain):
    return {
        climate: build_cover(terrain, np.random.default_rng(5), climate=climate)
        for climate in CLIMATES
    }


def share(cover, *kinds) -> float:
    return float(np.isin(cover.ground, kinds).mean())


@pytest.mark.parametrize("climate", CLIMATES)
def test_cover_is_complete_and_within_its_limits(covers, climate):
    cover = covers[climate]
    assert cover.ground.dtype == np.uint8 and cover.ground.max() < len(Ground)
    for field in (cover.canopy, cover.density, cover.timing):
        assert field.dtype == np.float32 and np.isfinite(field).all()
    assert cover.density.min() >= 0 and cover.density.max() <= 1
    assert ((cover.parcel >= 0) == np.isin(cover.ground, FIELDS)).all()


@pytest.mark.parametrize("climate", CLIMATES)
def test_same_seed_same_cover(terrain, covers, climate):
    again = build_cover(terrain, np.random.default_rng(5), climate=climate)
    assert (again.ground == covers[climate].ground).all()
    assert (again.density == covers[climate].density).all()


def test_climates_bear_their_own_plants(covers):
    assert share(covers["tropical"], Ground.EVERGREEN) > 0.5
    assert share(covers["tropical"], Ground.BROADLEAF) == 0
    assert share(covers["boreal"], Ground.CONIFER) > 0.3
    dry = [share(covers[name], Ground.GRASS, Ground.BARE, Ground.CLAY) for name in CLIMATES]
    assert np.argmax(dry) == CLIMATES.index("mediterranean")
    assert covers["temperate"].forest.mean() > 0.5


def test_no_tree_stands_above_the_tree_line(terrain):
    high = dataclasses.replace(terrain, elevation=terrain.elevation * 8)
    for seed in range(3):
        cover = build_cover(high, np.random.default_rng(seed), climate="temperate")
        assert high.elevation.min() < cover.tree_line_m < high.elevation.max() * 1.1
        above = high.elevation > cover.tree_line_m + 250
        assert not (cover.forest & above).any()
        assert share(cover, Ground.MEADOW, Ground.SCREE, Ground.ROCK) > 0


def test_monsoon_tills_steeper_ground_than_the_boreal_zone(terrain, covers):
    steep = terrain.slope_deg > 15
    tilled = {name: (covers[name].parcel >= 0) & steep for name in ("monsoon", "boreal")}
    assert tilled["monsoon"].sum() > 5 * tilled["boreal"].sum()


def test_small_ground_has_a_cover():
    small = ground_of(96, seed=0)
    cover = build_cover(small, np.random.default_rng(0))
    assert cover.forest.mean() > 0.3 and not (cover.ground == Ground.WATER).any()


@pytest.mark.parametrize("climate", CLIMATES)
def test_changes_keep_off_what_is_kept(terrain, covers, climate):
    before = covers[climate]
    kept = np.zeros(terrain.elevation.shape, bool)
    kept[60:200, 40:120] = True
    for seed in range(4):
        after = change_cover(
            before, terrain, kept=kept, climate=climate, rng=np.random.default_rng(seed)
        )
        for name in ("ground", "parcel", "density", "timing"):
            assert (getattr(after, name)[kept] == getattr(before, name)[kept]).all()
        assert ((after.parcel >= 0) == np.isin(after.ground, FIELDS)).all()
        assert np.isfinite(after.density).all()


def test_events_differ_in_how_much_changes(terrain, covers):
    before, kept = covers["boreal"], np.zeros(terrain.elevation.shape, bool)
    lost = []
    for seed in range(12):
        after = change_cover(
            before, terrain, kept=kept, climate="boreal", rng=np.random.default_rng(seed)
        )
        lost.append((before.forest & ~after.forest).sum())
    assert max(lost) > 200 and max(lost) > 3 * min(lost)


def test_some_steep_forest_is_bared_without_a_landslide(terrain, covers):
    bared = 0
    for seed in range(6):
        before = covers["temperate"]
        after = change_cover(
            before, terrain, kept=np.zeros(before.ground.shape, bool), climate="temperate",
            rng=np.random.default_rng(seed),
        )  # fmt: skip
        new = np.isin(after.ground, (Ground.CLEARCUT, Ground.TRACK, Ground.QUARRY, Ground.BURNT))
        bared += (new & before.forest & (terrain.slope_deg > 22)).sum()
    assert bared > 100


def test_same_seed_same_changes(terrain, covers):
    kept = np.zeros(terrain.elevation.shape, bool)
    one, two = (
        change_cover(covers["monsoon"], terrain, kept=kept, climate="monsoon",
                     rng=np.random.default_rng(9))
        for _ in range(2)
    )  # fmt: skip
    assert (one.ground == two.ground).all() and (one.density == two.density).all()


def test_bricks_have_about_their_size():
    bricks = lay_bricks(
        (200, 200), np.random.default_rng(0), size_px=(20, 10), angle=0.4, warp_px=5
    )
    count = len(np.unique(bricks.number))
    assert 150 < count < 450
    assert 0.02 < bricks.edge.mean() < 0.4


def test_stamp_has_its_size_and_straight_or_ragged_edges():
    rng = np.random.default_rng(0)
    rims = []
    for rough in (0.0, 0.5):
        window, inside = stamp((100, 100), (50.0, 50.0), (30, 20), angle=0.0, rough=rough, rng=rng)
        assert inside.shape == tuple(part.stop - part.start for part in window)
        rim = inside & ~ndimage.binary_erosion(inside)
        rims.append(rim.sum() / np.sqrt(inside.sum()))
        assert 250 < inside.sum() < 800
    assert rims[1] > rims[0]


def test_upper_share_takes_that_share():
    field = np.random.default_rng(0).standard_normal((90, 90)).astype(np.float32)
    assert upper_share(field, 0.25).mean() == pytest.approx(0.25, abs=0.04)
    assert not upper_share(field, 0.0).any()
