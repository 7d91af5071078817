"""The main job on real imagery: Hokkaido 2018, visible bands, no dates, a swath edge."""

import numpy as np
import odc.geo.xr  # noqa: F401
import pytest
import rasterio
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT

from lsbatch.batch import map_event
from lsbatch.domain import Status
from lsbatch.recipe import ClusterChoice, DetectorChoice, Recipe
from lsbatch.store import open_product

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def outcome(shared_data, cluster_address, tmp_path_factory):
    recipe = Recipe(
        event="hokkaido-2018",
        source=str(shared_data / "hokkaido-2018" / "catalog.json"),
        detector=DetectorChoice(name="brightness-change"),
        cluster=ClusterChoice(name=cluster_address),
    )
    return map_event(recipe, tmp_path_factory.mktemp("hokkaido") / "map")


@pytest.fixture(scope="module")
def product(outcome):
    return open_product(outcome.event_folder / "product.zarr").load()


def _has_data(product, name, shared_data):
    """Where an image has data on the product's grid, by GDAL alone."""
    grid = product.odc.geobox
    path = shared_data / "hokkaido-2018" / "sentinel-2-l1c" / f"S2_ATSUMA_2018_{name}" / "red.tif"
    with (
        rasterio.open(path) as source,
        WarpedVRT(
            source,
            crs="EPSG:32654",
            transform=grid.affine,
            height=grid.shape[0],
            width=grid.shape[1],
            resampling=Resampling.nearest,
        ) as warped,
    ):
        return warped.read(1) > 0


def test_absent_pre_image_is_said_to_be_absent(product, shared_data):
    pre, post = (_has_data(product, name, shared_data) for name in ("PRE", "POST"))
    status = product.status.values
    blank = status[~pre & post]
    # the bands end at different cells along the swath edge, and resampling moves it by a pixel
    assert np.isin(blank, [Status.NO_PRE, Status.EXCLUDED]).mean() > 0.995
    assert (status[pre & post] == Status.NO_PRE).mean() < 0.02


def test_scars_are_found_where_nothing_flat_is(outcome, product):
    metrics = outcome.metrics
    assert metrics["complete"] is True
    assert 100 < metrics["landslide_count"] < 2000
    assert 0.003 < metrics["landslide_density"]["observed"] < 0.10
    share_seen = metrics["observed_area_km2"] / (product.status.size * 1e-4)
    assert 0.3 < share_seen < 0.6


def test_undated_images_give_the_longest_delays_and_a_warning(outcome, product):
    seen = product.status.values == 0
    assert set(np.unique(product.pre_delay.values[seen])) == {188}
    assert set(np.unique(product.post_delay.values[seen])) == {101}
    assert sum("only known as" in warning for warning in outcome.warnings) == 2
