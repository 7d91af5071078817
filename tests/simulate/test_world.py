"""The ground, its cover, the sun and the sky."""

from datetime import UTC, datetime

import numpy as np
import pytest
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from scipy import ndimage

from lsbatch.simulate.cover import build_cover
from lsbatch.simulate.images import take_image
from lsbatch.simulate.noise import fractal, stream
from lsbatch.simulate.season import Overpass, choose_setting
from lsbatch.simulate.spectra import FIELDS, Ground
from lsbatch.simulate.terrain import build_terrain
from lsbatch.simulate.world import MARGIN_PX, build_world, photograph, survey


@pytest.fixture(scope="module")
def world():
    return build_world(11, 3.0)


def grid_of(side_px):
    box = (500_000, 4_700_000, 500_000 + 10 * side_px, 4_700_000 + 10 * side_px)
    return GeoBox.from_bbox(box, crs="EPSG:32654", resolution=10, tight=True)


def test_streams_of_two_parts_differ():
    assert stream(0, "terrain").random() != stream(0, "cover").random()
    assert stream(0, "terrain").random() == stream(0, "terrain").random()


def test_fractal_is_standard_and_smoother_with_more_slope():
    roughness = []
    for slope in (0.0, 1.0, 2.0, 3.5):
        field = fractal((90, 70), np.random.default_rng(0), slope=slope, longest_px=40)
        assert field.dtype == np.float32 and field.shape == (90, 70)
        assert field.mean() == pytest.approx(0, abs=1e-3)
        assert field.std() == pytest.approx(1, abs=1e-3)
        roughness.append(np.diff(field).std())
    assert roughness == sorted(roughness, reverse=True)


def test_relief_and_slopes_are_those_of_hills(world):
    inner = world.terrain.elevation[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]
    assert 100 < np.ptp(inner) < 450
    assert 12 < world.terrain.slope_deg.mean() < 25
    assert np.percentile(world.terrain.slope_deg, 99) < 50


def test_valleys_connect(world):
    for river in world.terrain.rivers:
        row, col = np.rint(river.path).astype(int).T
        inside = (row >= 0) & (col >= 0)
        inside &= (row < world.terrain.elevation.shape[0]) & (
            col < world.terrain.elevation.shape[1]
        )
        bed = world.terrain.elevation[row[inside], col[inside]]
        assert bed[0] > bed[-1]
        assert (np.diff(river.area_m2) >= 0).all()


def test_small_ground_has_no_river():
    terrain = build_terrain(grid_of(96), np.random.default_rng(0))
    assert terrain.rivers == () and not terrain.floor.any()
    cover = build_cover(terrain, np.random.default_rng(0))
    assert cover.forest.mean() > 0.5 and not (cover.ground == Ground.WATER).any()


def test_cover_is_mostly_forest_with_fields_on_flat_ground(world):
    ground, slope = world.before.ground, world.terrain.slope_deg
    assert world.before.forest.mean() > 0.6
    fields = np.isin(ground, FIELDS)
    assert fields.any() and slope[fields].mean() < 6
    for kind in (Ground.WATER, Ground.GRASS, Ground.ROAD, Ground.GRAVEL):
        assert (ground == kind).any()


def test_changes_that_are_no_landslides_keep_off_the_landslides(world):
    changed = world.before.ground != world.after.ground
    new = np.isin(world.after.ground, (Ground.CLEARCUT, Ground.QUARRY))
    assert new.any() and not (new & (world.scar.share > 0)).any()
    assert changed[world.before.parcel >= 0].mean() > 0.2


def test_elevation_model_sees_treetops_and_little_else(world):
    model = survey(world)
    assert str(model.grid.crs) == "EPSG:4326" and model.elevation.dtype == np.float32
    lon, lat = np.meshgrid(*(model.grid.coords[axis].values for axis in ("longitude", "latitude")))
    to_ground = Transformer.from_crs(4326, str(world.grid.crs), always_xy=True)
    col, row = world.terrain.grid.wld2pix(*to_ground.transform(lon, lat))
    cell = np.floor(row).astype(int), np.floor(col).astype(int)
    error = model.elevation - world.terrain.elevation[cell]
    deep = ndimage.binary_erosion(world.before.forest, iterations=5)[cell]
    bare = ndimage.binary_erosion(~world.before.forest, iterations=5)[cell]
    assert 8 < error[deep].mean() < 12 and error[deep].std() < 4
    assert bare.sum() > 20 and abs(error[bare].mean()) < 2


def test_sun_is_on_the_side_of_the_equator():
    settings = [choose_setting(np.random.default_rng(seed)) for seed in range(40)]
    assert {setting.latitude > 0 for setting in settings} == {True, False}
    for setting in settings:
        for look in setting.overpasses:
            assert 38 < look.sun_elevation_deg < 80
            if abs(setting.latitude) > 25:
                southern = 90 < look.sun_azimuth_deg < 180
                assert southern == (setting.latitude > 0)
        assert [look.is_after for look in setting.overpasses] == [False, False, True, True]
        assert all((look.time > setting.time) == look.is_after for look in setting.overpasses)


def look(cloud_fraction: float = 0.0) -> Overpass:
    return Overpass(
        time=datetime(2023, 7, 1, tzinfo=UTC),
        is_after=False,
        cloud_fraction=cloud_fraction,
        is_cut=False,
        dryness=0.0,
        sun_azimuth_deg=150.0,
        sun_elevation_deg=50.0,
    )


def snap(world, overpass, seed):
    rng = np.random.default_rng(seed)
    return take_image(world.terrain, world.before, scar=None, overpass=overpass, rng=rng)


def test_slopes_toward_the_sun_are_brighter(world):
    image = snap(world, look(), 0)
    south, east = np.gradient(world.terrain.elevation)
    toward = south * np.cos(np.radians(150)) - east * np.sin(np.radians(150))
    forest = world.before.forest
    nir = image.bands["nir"].astype(float)
    assert nir[forest & (toward > 2)].mean() > nir[forest & (toward < -2)].mean() + 400


def test_clouds_and_shadows_are_flagged_but_for_their_rim(world):
    clear = snap(world, look(), 5)
    cloudy = snap(world, look(cloud_fraction=0.2), 5)
    assert not np.isin(clear.classes, (3, 8, 9)).any()
    assert 0.08 < np.isin(cloudy.classes, (8, 9)).mean() < 0.3
    assert 0.03 < (cloudy.classes == 3).mean() < 0.3
    blue = cloudy.bands["blue"][::2, ::2].astype(float) * 1e-4 - 0.1
    assert np.median(blue[cloudy.classes == 9]) > 0.35
    missed = np.isin(cloudy.classes, (4, 5, 7)) & (blue > 0.1)
    assert 0 < missed.mean() < 0.1


def test_cut_image_has_no_data_in_every_band_and_class(world):
    image = photograph(world, world.overpasses[0])
    empty = image.bands["red"] == 0
    assert world.overpasses[0].is_cut and 0.02 < empty.mean() < 0.3
    assert all(((numbers == 0) == empty).all() for numbers in image.bands.values())
    coarse = empty.reshape(empty.shape[0] // 2, 2, -1, 2).any(axis=(1, 3))
    assert ((image.classes == 0) == coarse).all()


def test_images_of_a_world_are_on_its_grid(world):
    image = photograph(world, world.overpasses[2])
    assert image.bands["red"].shape == tuple(world.grid.shape)
    assert image.classes.shape == (world.grid.shape.y // 2, world.grid.shape.x // 2)
    left, bottom, right, top = world.grid.boundingbox.bbox
    assert left % 20 == top % 20 == 0 and right - left == top - bottom == 3000
