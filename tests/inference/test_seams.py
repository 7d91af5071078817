"""The seam law: what a pixel's score is does not depend on how the area was cut."""

import dask
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from lsbatch.detectors import load_detector
from lsbatch.domain import Preparation, blocks_of
from lsbatch.features import features_halo, prepare
from lsbatch.inference import detect, score_block
from lsbatch.inference.patches import score_in_patches
from tests.cubes import LookOf, cube_of, features_of, grid_of, hills, no_computing
from tests.detector_contract import batch_for
from tests.inference.fake_detectors import PlainDetector, PoolingDetector

DETECTORS = {
    "ndvi-change": load_detector("ndvi-change"),
    "brightness-change": load_detector("brightness-change", radius_px=9),
    "plain": PlainDetector(),
    "pooling": PoolingDetector(),
    "pooling, cores that overlap": PoolingDetector(patch_px=36, halo=8),
    "pooling, one pool a core": PoolingDetector(patch_px=20),
    "pooling, whole blocks": PoolingDetector(patch_px=None),
}
MARGIN = 40
"""Ground beyond the grid on each side that a halo may reach, pixels."""


@pytest.fixture(scope="module", autouse=True)
def small_chunks():
    """Blocks of a few pixels in place of 256: the law is the same, the sum is quicker."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lsbatch.domain.tiling.CHUNK_PX", 4)
        yield


def window_of(world, block):
    """Channels over a padded block, cut from a world that reaches `MARGIN` beyond the grid."""
    y, x = (
        slice(place.start - block.halo + MARGIN, place.stop + block.halo + MARGIN)
        for place in block.slices
    )
    return world[y, x]


@settings(max_examples=12)
@pytest.mark.parametrize("name", DETECTORS)
@given(
    height=st.integers(1, 36),
    width=st.integers(1, 36),
    side_px=st.integers(2, 10).map(lambda n: 4 * n),
    extra_halo=st.integers(0, 9),
    holes=st.sampled_from([0, 0.02, 0.5, 1]),
    seed=st.integers(0, 99),
)
def test_seam_invisible_for_any_block_and_halo(
    name, height, width, side_px, extra_halo, holes, seed
):
    detector = DETECTORS[name]
    shape = (height + 2 * MARGIN, width + 2 * MARGIN)
    world = batch_for(detector, 1, *shape, seed=seed, holes=holes)[0]
    inner = np.s_[MARGIN : MARGIN + height, MARGIN : MARGIN + width]
    whole = score_in_patches(world, detector, origin=(-MARGIN, -MARGIN))[inner]
    able = detector.detectable(world[None])[0][inner]
    grid = grid_of(height, width)
    seen = np.zeros((height, width), int)
    for block in blocks_of(grid, side_px=side_px, halo=detector.halo + extra_halo):
        features = features_of(window_of(world, block), block.padded)
        scored = score_block(features, detector, block)
        np.testing.assert_array_equal(scored["score"].values, whole[block.slices])
        np.testing.assert_array_equal(scored["detectable"].values, able[block.slices])
        seen[block.slices] += 1
    assert (seen == 1).all()


@given(
    top=st.integers(-40, 40),
    left=st.integers(-40, 40),
    height=st.integers(15, 45),
    width=st.integers(15, 45),
    patch_px=st.sampled_from([20, 24, 32, 36, 44]),
    seed=st.integers(0, 9),
)
def test_patches_equal_one_canvas(top, left, height, width, patch_px, seed):
    detector = PoolingDetector(patch_px=patch_px)
    world = batch_for(detector, 1, 160, 160, seed=seed)[0]
    # one forward pass over everything, aligned to the lattice: it begins at (-64 - halo)
    canvas = np.pad(world, ((7, 5), (7, 5), (0, 0)), constant_values=np.nan)
    whole = detector.score(canvas[None])[0][7:-5, 7:-5]
    y, x = slice(64 + top, 64 + top + height), slice(64 + left, 64 + left + width)
    score = score_in_patches(world[y, x], detector, origin=(top, left))
    inner = np.s_[7:-7, 7:-7]
    np.testing.assert_array_equal(score[inner], whole[y, x][inner])


COLOURS = ("red", "green", "blue", "nir")


PREPARATION = Preparation(cloud_margin_m=10.0, snow_margin_m=10.0)
"""One pixel: with the detectors' halos, windows begin on the lattices that these have."""


@pytest.fixture(scope="module")
def cube():
    """A pair with holes over hills, 60 x 70, as four-chunk dask arrays."""
    rng = np.random.default_rng(3)
    looks = []
    for period in ("pre", "post"):
        bands = {name: rng.uniform(0.02, 0.5, (60, 70)) for name in COLOURS}
        bands["red"][rng.random((60, 70)) < 0.05] = np.nan
        looks.append(LookOf(period, sensor="generic", bands=bands))
    return cube_of(looks, grid_of(60, 70), bands=COLOURS, elevation=hills(60, 70), chunks=(32, 40))


@pytest.mark.parametrize(
    ("name", "chunk_px"),
    [
        ("ndvi-change", None),
        ("brightness-change", None),
        ("pooling, whole blocks", None),
        ("pooling, whole blocks", 17),
        ("pooling, whole blocks", 3),
    ],
)
def test_detect_equals_blocks(cube, name, chunk_px):
    detector = DETECTORS[name]
    features = prepare(cube, detector.inputs, PREPARATION)
    lazy = detect(features.chunk(y=chunk_px, x=chunk_px) if chunk_px else features, detector)
    assert lazy.dims == ("y", "x") and lazy.dtype == np.float32
    with dask.config.set(scheduler="synchronous"):
        whole = lazy.compute()
    halo = detector.halo + features_halo(PREPARATION, 10.0)
    inner = cube.isel(y=slice(halo, -halo), x=slice(halo, -halo))
    grid = grid_of(60, 70)[halo:-halo, halo:-halo]
    for block in blocks_of(grid, side_px=16, halo=halo):
        y, x = block.slices
        padded = cube.isel(y=slice(y.start, y.stop + 2 * halo), x=slice(x.start, x.stop + 2 * halo))
        features = prepare(padded, detector.inputs, PREPARATION).compute(scheduler="synchronous")
        status = features["status"].values[block.inner]
        wanted = np.where(status == 0, score_block(features, detector, block)["score"], np.nan)
        np.testing.assert_array_equal(whole.sel(y=inner.y, x=inner.x)[block.slices], wanted)


def test_detect_has_no_score_where_status_says_so(cube):
    detector = DETECTORS["ndvi-change"]
    features = prepare(cube, detector.inputs).compute()
    score = detect(features, detector).compute()
    assert (features["status"] != 0).any()
    assert bool(score.where(features["status"] != 0).isnull().all())
    assert bool(score.where(features["status"] == 0)[1:-1, 1:-1].notnull().any())


def test_building_computes_nothing(cube):
    detector = DETECTORS["brightness-change"]
    with no_computing():
        score = detect(prepare(cube, detector.inputs), detector)
        assert isinstance(score, xr.DataArray) and score.chunks
        with pytest.raises(AssertionError):
            score.compute()
