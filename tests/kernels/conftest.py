import numpy as np
import pytest
import rasterio

from tests.dems import write_dem


@pytest.fixture(params=["invented", "big-tujunga"])
def elevation(request, tmp_path):
    """A GeoTIFF in whole metres on a 30 m grid with holes, and the same as the kernels take it."""
    path = tmp_path / "dem.tif"
    if request.param == "invented":
        rng = np.random.default_rng(5)
        whole = (rng.normal(0, 3, (80, 120)).cumsum(0).cumsum(1) + 900).astype(np.int16)
        whole[rng.random(whole.shape) < 0.005] = 32767
    else:
        shared_data = request.getfixturevalue("shared_data")
        with rasterio.open(shared_data / "dem-bigtujunga" / "bigtujunga.tif") as source:
            assert (source.nodata, source.res) == (32767, (30.0, 30.0))
            whole = source.read(1)
    write_dem(path, whole, 32767)
    return path, np.where(whole == 32767, np.nan, whole).astype(np.float32)
