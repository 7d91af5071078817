import numpy as np
import pytest
import rasterio

from lsbatch.detectors import load_detector
from tests.cubes import hills, slope_and_aspect
from tests.detector_contract import DetectorContract

SIDE = 160
PATCH = np.s_[60:76, 70:84]
FOREST = (0.030, 0.050, 0.036)
DRY_GRASS = (0.16, 0.13, 0.10)
FRESH_SOIL = (0.17, 0.13, 0.09)
CHANNELS = ("red", "green", "blue")


@pytest.fixture
def detector():
    return load_detector("brightness-change")


def world(colour, *, seed=0, relief_m=120.0):
    """One image (1, H, W, 8) of hills, the same before and after but for 5 % of noise."""
    slope_deg, aspect_deg = slope_and_aspect(hills(SIDE + 2, SIDE + 2, relief_m=relief_m))
    noise = np.random.default_rng(seed).normal(1, 0.05, (6, SIDE, SIDE))
    bands = [value * noise[n] for n, value in enumerate((*colour, *colour))]
    return np.stack([*bands, slope_deg, aspect_deg], axis=-1).astype("float32")[None]


class TestBrightnessChange(DetectorContract):
    @pytest.fixture
    def detector(self):
        return load_detector("brightness-change", radius_px=8)

    def test_no_score_exactly_where_a_channel_is_missing(self, detector, batch):
        wanted = np.isnan(batch).any(axis=-1)
        np.testing.assert_array_equal(np.isnan(detector.score(batch)), wanted)


@pytest.mark.parametrize("haze", [(0, 0, 0), (0.03, 0.05, 0.08)])
def test_a_fresh_scar_on_one_hillside_is_found_and_nothing_else(detector, haze):
    batch = world(FOREST)
    batch[(0, *PATCH)][..., 3:6] = FRESH_SOIL
    batch[..., 3:6] += np.float32(haze)
    found = detector.score(batch)[0] >= 0.5
    steep = batch[0, ..., 6] >= 9
    assert steep[PATCH].mean() > 0.9
    assert found[PATCH][steep[PATCH]].mean() > 0.95
    found[PATCH] = False
    assert not found.any()


@pytest.mark.parametrize("sun_deg", [0, 100, 190])
def test_light_and_season_find_nothing(detector, sun_deg):
    batch = world(DRY_GRASS)
    aspect_deg = batch[0, ..., 7]
    brighter = 1.3 + 0.3 * np.cos(np.radians(aspect_deg - sun_deg))
    batch[0, ..., 3:6] *= brighter[..., None]
    # a plain threshold of 0.4 on the same change would find whole hillsides
    assert (np.log(brighter) > 0.4).mean() > 0.1
    assert (detector.score(batch) >= 0.5).mean() < 2e-4, "no more than lone pixels of noise"


def test_a_white_cloud_finds_nothing(detector):
    batch = world(FOREST)
    y, x = np.mgrid[:SIDE, :SIDE]
    batch[0, (y - 80) ** 2 + (x - 80) ** 2 < 30**2, 3:6] = 0.5
    assert not (detector.score(batch) >= 0.5).any()


@pytest.mark.parametrize("relief_m", [0.0, 1.0])
def test_flat_ground_finds_nothing(detector, relief_m):
    batch = world(FOREST, relief_m=relief_m)
    batch[(0, *PATCH)][..., 3:6] = FRESH_SOIL
    assert not (detector.score(batch) >= 0.5).any()


def test_too_few_neighbours_is_a_score_of_0_and_not_a_fault(detector):
    batch = world(FOREST)
    batch[0, :, :, :3] = np.nan
    batch[0, 80, 80, :3] = FOREST
    score = detector.score(batch)[0]
    assert score[80, 80] == 0 and np.isnan(score).sum() == SIDE**2 - 1


def test_detectable_is_dark_before(detector):
    batch = world(FOREST)[:, :1, :4]
    batch[..., 0] = [0.03, 0.179, 0.181, np.nan]
    assert detector.detectable(batch)[0, 0].tolist() == [True, True, False, False]


@pytest.mark.real
@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_harvest_on_flat_fields_finds_nothing(detector, shared_data, order):
    images = []
    for date in order:
        with rasterio.open(shared_data / f"sentinel2-bitemporal-fields/date-{date}.tif") as file:
            images.append(file.read([1, 2, 3]).astype("float32") / 1e4)
    height, width = images[0].shape[1:]
    slope_deg, aspect_deg = slope_and_aspect(hills(height + 2, width + 2, relief_m=2.0))
    assert 2 < slope_deg.max() < 3
    batch = np.stack([*images[0], *images[1], slope_deg, aspect_deg], axis=-1)[None]
    changed = np.log(images[1][0] / images[0][0]) > 0.4
    assert changed.mean() > 0.02, "the fields do change"
    assert (detector.score(batch) >= 0.5).mean() < 1e-3
