import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.kernels import mean_step, roughness, tpi, tri
from tests.dems import gdaldem, neighbours, rough_dem, write_dem


def by_numpy(dem):
    nine = np.stack(list(neighbours(dem).values()))
    centre = nine[4]
    step = nine - centre
    return {
        tpi: centre - (nine.sum(0) - centre) / 8,
        tri: np.sqrt((step**2).sum(0)),
        mean_step: np.abs(step).sum(0) / 8,
        roughness: nine.max(0) - nine.min(0),
    }


@given(seed=st.integers(0, 99), height=st.integers(1, 20), width=st.integers(1, 40))
def test_each_equals_numpy(seed, height, width):
    dem = rough_dem((height, width), seed=seed, holes=0.05)
    for kernel, wanted in by_numpy(dem).items():
        found = kernel(dem)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-5)


def test_a_step_of_one_metre():
    dem = np.zeros((3, 3), np.float32)
    dem[1, 1] = 1
    assert (tpi(dem)[1, 1], roughness(dem)[1, 1], mean_step(dem)[1, 1]) == (1, 1, 1)
    assert tri(dem)[1, 1] == pytest.approx(np.sqrt(8))


@pytest.mark.parametrize(
    ("kernel", "words"),
    [
        (tpi, ("TPI",)),
        (tri, ("TRI", "-alg", "Riley")),
        (mean_step, ("TRI", "-alg", "Wilson")),
        (roughness, ("roughness",)),
    ],
)
def test_each_equals_gdaldem(elevation, tmp_path, kernel, words):
    path, dem = elevation
    wanted = gdaldem(words[0], path, *words[1:])
    found = kernel(dem)
    np.testing.assert_array_equal(np.isnan(found), np.ma.getmaskarray(wanted))
    np.testing.assert_allclose(found, wanted.filled(np.nan), rtol=3e-7, atol=1e-6)
    fine = dem + np.random.default_rng(1).normal(0, 0.3, dem.shape).astype(np.float32)
    write_dem(tmp_path / "fine.tif", np.nan_to_num(fine, nan=-9999), -9999)
    wanted = gdaldem(words[0], tmp_path / "fine.tif", *words[1:])
    # gdaldem adds heights of some 1 000 m in float32
    np.testing.assert_allclose(kernel(fine), wanted.filled(np.nan), rtol=1e-4, atol=2e-3)
