"""The elevation model: the ground before the event, with trees, smoothing, noise and a shift."""

from itertools import pairwise

import numpy as np
import pytest
from odc.geo.geobox import GeoBox
from scipy import ndimage

from lsbatch.simulate.elevation_model import observe_elevation
from lsbatch.simulate.terrain import build_terrain

SEEDS = range(6)


@pytest.fixture(scope="module")
def terrain():
    grid = GeoBox.from_bbox(
        (500_000, 4_700_000, 503_000, 4_703_000), crs="EPSG:32654", resolution=10, tight=True
    )
    return build_terrain(grid, np.random.default_rng(1))


def observe(terrain, seed, *, forest=False):
    trees = np.full(terrain.elevation.shape, forest)
    return observe_elevation(terrain, trees, rng=np.random.default_rng(seed))


@pytest.fixture(scope="module")
def models(terrain):
    return [observe(terrain, seed) for seed in SEEDS]


def test_cells_are_one_arc_second_inside_the_ground(models, terrain):
    grid = models[0].grid
    assert grid.crs.to_epsg() == 4326
    assert abs(grid.affine.a) == pytest.approx(1 / 3600)
    assert models[0].elevation.shape == grid.shape
    assert models[0].elevation.dtype == np.float32
    assert np.isfinite(models[0].elevation).all()
    box = grid.boundingbox.to_crs(terrain.grid.crs)
    assert terrain.grid.boundingbox.bbox[0] < box.bbox[0]


def test_heights_are_those_of_the_ground(models, terrain):
    for model in models:
        assert model.elevation.mean() == pytest.approx(terrain.elevation.mean(), abs=12)
        assert 0.6 < np.ptp(model.elevation) / np.ptp(terrain.elevation) < 1.1


def test_trees_raise_the_surface(terrain):
    for seed in SEEDS:
        rise = observe(terrain, seed, forest=True).elevation - observe(terrain, seed).elevation
        assert 3 < rise.mean() < 20 and rise.min() > 0


def test_models_of_other_events_differ_by_metres(models):
    for first, second in pairwise(models):
        assert 1.0 < np.std(first.elevation - second.elevation) < 25


def test_models_are_shifted_by_up_to_two_cells(models):
    """The best match between two models lies off by cells, not always in the same way."""
    offsets = []
    for model in models[1:]:
        pair = [m.elevation - ndimage.gaussian_filter(m.elevation, 15) for m in (models[0], model)]
        spectra = [np.fft.rfft2(m) for m in pair]
        match = np.fft.irfft2(spectra[0] * np.conj(spectra[1]), s=pair[0].shape)
        best = np.array(np.unravel_index(match.argmax(), match.shape))
        half = np.array(match.shape) // 2
        offsets.append((best + half) % np.array(match.shape) - half)
    offsets = np.array(offsets)
    assert np.abs(offsets).max() <= 6 and len(np.unique(offsets, axis=0)) > 1


def test_the_same_seed_gives_the_same_model(models, terrain):
    assert (observe(terrain, 0).elevation == models[0].elevation).all()
