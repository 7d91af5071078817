"""Images: files on their lattices, numbers that mean reflectance, faults of each instrument."""

from dataclasses import replace

import numpy as np
import pytest
from odc.geo.geobox import GeoBox

from lsbatch.simulate.camera import lay_lattice
from lsbatch.simulate.images import take_image
from lsbatch.simulate.instruments import INSTRUMENTS
from lsbatch.simulate.noise import fractal
from lsbatch.simulate.season import choose_setting
from lsbatch.simulate.surface import Surface

MARGIN = 40
FOREST = np.array((0.022, 0.045, 0.033, 0.32, 0.15, 0.07), np.float32)
SOIL = np.array((0.10, 0.14, 0.18, 0.25, 0.33, 0.29), np.float32)


@pytest.fixture(scope="module")
def grid():
    # corners on multiples of 20 m, not of 30 m
    box = (500_020, 4_700_020, 500_020 + 2200, 4_700_020 + 2000)
    return GeoBox.from_bbox(box, crs="EPSG:32654", resolution=10, tight=True).pad(MARGIN)


@pytest.fixture(scope="module")
def elevation(grid):
    shape = tuple(grid.shape)
    return 400 + 60 * fractal(shape, np.random.default_rng(0), slope=3.6, longest_px=120)


@pytest.fixture(scope="module")
def surface(grid):
    shape = tuple(grid.shape)
    soil = np.zeros(shape, bool)
    soil[100:160, 100:160] = True
    reflectance = np.where(soil, SOIL[:, None, None], FOREST[:, None, None])
    return Surface(reflectance, np.zeros(shape, bool), np.zeros(shape, np.float32))


@pytest.fixture
def take(grid, elevation, surface):
    def taken(name, *, seed=1, **changes):
        look = choose_setting(np.random.default_rng(3), instrument=name).overpasses[0]
        wishes = {"cloud_fraction": 0.0, "is_cut": False, "sun_elevation_deg": 50.0} | changes
        return take_image(
            elevation, surface, grid=grid, margin_px=MARGIN,
            overpass=replace(look, **wishes), rng=np.random.default_rng(seed),
        )  # fmt: skip

    return taken


def measure(image, name):
    camera = INSTRUMENTS[name]
    bands = [image.layers[key] for key in camera.assets]
    return [np.where(b.numbers > 0, b.numbers * camera.scale + camera.offset, np.nan)
            for b in bands]  # fmt: skip


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_files_lie_on_their_lattices(take, grid, name):
    camera, image = INSTRUMENTS[name], take(name, cloud_fraction=0.2)
    keys = {*camera.assets, *([camera.quality] if camera.quality else [])}
    assert set(image.layers) == keys
    inner = grid.pad(-MARGIN).boundingbox
    for key, size in zip(camera.assets, camera.pixel_m, strict=True):
        layer = image.layers[key]
        assert layer.numbers.dtype == np.uint16
        assert layer.numbers.shape == tuple(layer.grid.shape)
        assert layer.grid.resolution.x == size and layer.grid.crs == grid.crs
        box = layer.grid.boundingbox
        assert all(side % size == 0 for side in box)
        assert inner.left <= box.left < inner.left + size
        assert inner.top - size < box.top <= inner.top
        assert inner.right - size < box.right <= inner.right
    if camera.quality:
        layer = image.layers[camera.quality]
        assert layer.grid.resolution.x == camera.quality_pixel_m
        assert layer.numbers.dtype == (np.uint8 if camera.quality == "scl" else np.uint16)


@pytest.mark.parametrize("name", ["s2-l2a", "tm", "oli"])
def test_numbers_mean_surface_reflectance(take, name):
    measured = np.array([np.nanmedian(band) for band in measure(take(name), name)])
    np.testing.assert_allclose(measured, FOREST, atol=0.02, rtol=0.25)


def test_soil_is_seen_where_it_is(take):
    for name in ("s2-l2a", "oli"):
        red = measure(take(name), name)[2]
        rows, cols = (slice(round(0.37 * side), round(0.5 * side)) for side in red.shape)
        assert np.nanmedian(red) < 0.07 < np.nanmedian(red[rows, cols])


def test_air_stays_in_the_numbers_at_the_top(take):
    blue = measure(take("s2-l1c", haze=0.2), "s2-l1c")[0]
    assert np.nanmedian(blue) > FOREST[0] + 0.04


def test_same_seed_gives_the_same_image(take):
    first, second = take("s2-l2a", cloud_fraction=0.3), take("s2-l2a", cloud_fraction=0.3)
    for key, layer in first.layers.items():
        np.testing.assert_array_equal(layer.numbers, second.layers[key].numbers)
    assert first.cloud_percent == second.cloud_percent


def test_clouds_are_bright_and_mostly_found(take):
    clear = measure(take("s2-l2a"), "s2-l2a")[0]
    assert (clear > 0.25).mean() < 0.01
    shares, found, said = [], [], []
    for seed in range(8):
        image = take("s2-l2a", seed=seed, cloud_fraction=0.3)
        blue = measure(image, "s2-l2a")[0]
        shares.append((blue > 0.25).mean())
        found.append(np.isin(image.layers["scl"].numbers[blue[::2, ::2] > 0.3], (8, 9, 10)))
        said.append(image.cloud_percent)
    assert np.mean(shares) > 0.1 and max(said) > 20
    assert 0.75 < np.concatenate(found).mean() < 1.0


def test_cut_swath_leaves_no_data_at_slightly_different_cells(take):
    image = take("s2-l2a", is_cut=True)
    empty = [image.layers[key].numbers == 0 for key in ("blue", "green", "red")]
    assert 0.02 < empty[0].mean() < 0.4
    assert any((empty[0] != other).any() for other in empty[1:])
    assert (image.layers["scl"].numbers[empty[0][::2, ::2] & empty[0][1::2, 1::2]] == 0).all()


def test_failed_scan_line_corrector_leaves_about_a_fifth_out(take):
    images = [take("etm-slc-off", seed=seed) for seed in range(16)]
    lost = [np.mean(image.layers["red"].numbers == 0) for image in images]
    assert 0.12 < np.mean(lost) < 0.32 and max(lost) < 0.55
    for image in images:
        gaps = image.layers["red"].numbers == 0
        assert (image.layers["qa_pixel"].numbers[gaps] == 1).all()
    assert not (take("etm").layers["red"].numbers == 0).any()


def test_qa_bits_agree_with_each_other(take):
    for name in ("tm", "oli"):
        bits = take(name, cloud_fraction=0.3).layers["qa_pixel"].numbers.astype(int)
        cloud, dilated, clear = bits >> 3 & 1, bits >> 1 & 1, bits >> 6 & 1
        assert cloud.any() and not (clear & (cloud | dilated)).any()
        assert ((bits >> 8 & 3 == 3) == (cloud == 1)).all()
        assert (bits >> 14 & 3 > 0).all() == (name == "oli")


def test_eight_bits_end_on_bright_ground(take, grid, elevation):
    shape = tuple(grid.shape)
    snow = Surface(
        np.full((6, *shape), 0.9, np.float32), np.zeros(shape, bool), np.ones(shape, np.float32)
    )
    look = choose_setting(np.random.default_rng(3), instrument="tm").overpasses[0]
    look = replace(look, cloud_fraction=0.0, is_cut=False, sun_elevation_deg=50.0)
    ends = []
    for seed in range(6):
        image = take_image(
            elevation, snow, grid=grid, margin_px=MARGIN, overpass=look,
            rng=np.random.default_rng(seed),
        )  # fmt: skip
        ends.append(np.median(image.layers["blue"].numbers))
    assert 65535 in ends and min(ends) < 30000


def test_images_lie_off_place_by_up_to_a_pixel(take):
    def edge(image):
        red = image.layers["red"].numbers[75:105].astype(float).mean(axis=0)
        return np.average(np.arange(50, 75), weights=np.abs(np.diff(red))[50:75] ** 2)

    places = [edge(take("s2-l2a", seed=seed)) for seed in range(10)]
    assert 0.1 < np.std(places) < 1.0


def test_lattice_drops_what_is_not_whole():
    grid = GeoBox.from_bbox((20, 40, 180, 170), crs="EPSG:32654", resolution=10, tight=True)
    lattice = lay_lattice(grid, 30)
    assert tuple(lattice.grid.boundingbox) == (30, 60, 180, 150)
    assert (lattice.top, lattice.left) == (2, 1)
    rows, cols = np.indices((13, 16)).astype(np.float32)
    assert lattice.pool(rows)[0, 0] == 3 and lattice.pool(cols)[0, 0] == 2
