"""Relief: every kind of ground drains, and each has heights and slopes of its own."""

import numpy as np
import pytest
from odc.geo.geobox import GeoBox

from lsbatch.simulate.drainage import find_drainage
from lsbatch.simulate.relief import CARVINGS, outlet_of
from lsbatch.simulate.terrain import build_terrain

RELIEFS = tuple(CARVINGS)


def grid_of(side_px):
    box = (500_000, 4_700_000, 500_000 + 10 * side_px, 4_700_000 + 10 * side_px)
    return GeoBox.from_bbox(box, crs="EPSG:32654", resolution=10, tight=True)


@pytest.fixture(scope="module")
def grounds():
    return {
        name: [build_terrain(grid_of(320), np.random.default_rng(n), relief=name) for n in (1, 2)]
        for name in RELIEFS
    }


@pytest.mark.parametrize("relief", RELIEFS)
def test_every_relief_drains(grounds, relief):
    for terrain in grounds[relief]:
        ground = terrain.elevation.astype(float)
        flow = find_drainage(ground, 10.0, outlet=outlet_of(ground.shape, None))
        pits = (flow.filled - ground)[~terrain.lake]
        assert np.mean(pits > 0.2) < 0.002


@pytest.mark.parametrize("relief", RELIEFS)
def test_ground_is_finite_and_the_same_for_the_same_seed(grounds, relief):
    again = build_terrain(grid_of(320), np.random.default_rng(1), relief=relief)
    first = grounds[relief][0]
    assert (again.elevation == first.elevation).all()
    for field in (first.elevation, first.slope_deg, first.height, first.river_m):
        assert field.dtype == np.float32 and np.isfinite(field).all()
    assert not (grounds[relief][1].elevation == first.elevation).all()


@pytest.mark.parametrize(
    ("relief", "low", "high"),
    [("hills", 90, 350), ("alpine", 400, 1500), ("volcano", 250, 1500), ("badlands", 50, 300)],
)
def test_relief_is_that_of_its_kind(grounds, relief, low, high):
    for terrain in grounds[relief]:
        assert low < np.ptp(terrain.elevation[40:-40, 40:-40]) < high


def test_slopes_differ_between_kinds(grounds):
    def steep(relief):
        return np.mean([(terrain.slope_deg > 32).mean() for terrain in grounds[relief]])

    def gentle(relief):
        return np.mean([(terrain.slope_deg < 8).mean() for terrain in grounds[relief]])

    assert steep("alpine") > 0.4 > 0.2 > steep("hills")
    assert gentle("volcano") > gentle("hills") > gentle("badlands")


def test_badlands_are_cut_most_finely(grounds):
    def grain(terrain):
        """Ups and downs of the aspect: how often a row of pixels changes sides."""
        east = np.sign(np.diff(terrain.elevation, axis=1))
        return (np.diff(east, axis=1) != 0).mean()

    fineness = {name: np.mean([grain(t) for t in grounds[name]]) for name in RELIEFS}
    assert fineness["badlands"] == max(fineness.values())


def test_a_volcano_is_concave():
    """Its flank is steeper high up than low down."""
    for seed in range(3):
        terrain = build_terrain(grid_of(320), np.random.default_rng(seed), relief="volcano")
        low, high = np.percentile(terrain.elevation, (40, 90))
        slope = terrain.slope_deg
        assert slope[terrain.elevation > high].mean() > slope[terrain.elevation < low].mean()


def test_fans_dam_no_alpine_river(grounds):
    terrain = grounds["alpine"][0]
    assert (terrain.river_m == 0).any()
    assert (terrain.height[terrain.river_m == 0] < 12).mean() > 0.9
