"""Products against inventories."""

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
from scipy.ndimage import gaussian_filter
from sklearn import metrics

from lsbatch.analysis import evaluate_product, find_landslides
from lsbatch.catalog import rasterise
from lsbatch.domain import Status
from lsbatch.errors import GridMismatchError


def blobs(seed, shape, share=0.9, sigma=3):
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal(shape), sigma)
    return noise > np.quantile(noise, share)


def found_in(product):
    return find_landslides(product, event_id="e", min_area_m2=0.0, terrain=None)


def pixel_box(product, left, top, right, bottom):
    return product.odc.geobox[top:bottom, left:right].extent.geom


def inventory_of(product, *boxes):
    polygons = [pixel_box(product, *box) for box in boxes]
    return gpd.GeoDataFrame(geometry=polygons, crs=str(product.odc.geobox.crs))


@pytest.fixture(scope="module")
def world(build_product):
    """A product with clouds, and an inventory that partly agrees with it."""
    shape = (230, 310)
    status = np.where(blobs(2, shape, 0.8), Status.CLOUD, Status.SCORED).astype(np.uint8)
    score = np.random.default_rng(0).integers(0, 200, shape) / 400 + 0.5 * blobs(1, shape)
    product = build_product(score >= 0.5, status=status, score=score)
    truth = build_product(blobs(1, shape, 0.88))
    return product, found_in(truth)[["geometry"]].translate(7, -4).to_frame("geometry")


def test_pixel_scores_equal_scikit_learns_on_the_whole_raster(world):
    product, inventory = world
    pixel = evaluate_product(product, found_in(product), inventory)["pixel"]
    counted = product.status.values == Status.SCORED
    truth = rasterise(inventory, product.odc.geobox)[counted]
    score, found = product.score.values[counted], product.landslide.values[counted]
    tn, fp, fn, tp = metrics.confusion_matrix(truth, found).ravel()
    assert [pixel[name] for name in ("tp", "fp", "fn", "tn")] == [tp, fp, fn, tn]
    assert pixel["mcc"] == pytest.approx(metrics.matthews_corrcoef(truth, found))
    assert pixel["auc"] == pytest.approx(metrics.roc_auc_score(truth, score))
    assert pixel["pr_auc"] == pytest.approx(metrics.average_precision_score(truth, score))
    assert pixel["brier"] == pytest.approx(metrics.brier_score_loss(truth, score.astype(float)))
    assert pixel["mcc_low"] < pixel["mcc"] < pixel["mcc_high"]
    assert pixel["mcc_cells"] == 12


def test_windows_are_invisible(world, monkeypatch):
    product, inventory = world
    landslides = found_in(product)
    whole = evaluate_product(product, landslides, inventory)
    monkeypatch.setattr("lsbatch.analysis.evaluation.WINDOW_PX", 100)
    parts = evaluate_product(product, landslides, inventory)
    assert parts["pixel"] == pytest.approx(whole["pixel"])
    assert parts["extent"] == pytest.approx(whole["extent"])
    by_decade = parts["object"].pop("by_decade"), whole["object"].pop("by_decade")
    assert by_decade[0] == by_decade[1]
    assert parts["object"] == pytest.approx(whole["object"])


def test_a_perfect_map_is_perfect(build_product):
    product = build_product(blobs(4, (120, 120)))
    landslides = found_in(product)
    scores = evaluate_product(product, landslides, landslides.to_crs(4326))
    assert scores["pixel"]["mcc"] == scores["pixel"]["f1"] == scores["pixel"]["auc"] == 1
    assert scores["object"]["detection_rate"] == scores["object"]["detection_rate_by_area"] == 1
    assert scores["object"]["commission"] == 0
    assert scores["object"]["positional_match"] == pytest.approx(1, abs=1e-6)
    assert scores["reference_area_unobserved_km2"] == pytest.approx(0, abs=1e-6)


def test_landslides_under_cloud_are_neither_right_nor_wrong(build_product):
    raster, status = np.zeros((60, 60)), np.zeros((60, 60), np.uint8)
    raster[10:20, 10:20] = 1
    status[:, 30:] = Status.CLOUD
    product = build_product(raster, status=status)
    # found; wholly hidden; a tenth seen; nine tenths seen and missed
    boxes = (10, 10, 20, 20), (40, 10, 50, 20), (29, 30, 39, 40), (21, 45, 31, 55)
    scores = evaluate_product(product, found_in(product), inventory_of(product, *boxes))
    assert scores["object"]["reference_count"] == 2
    assert scores["object"]["detection_rate"] == 0.5
    assert scores["pixel"]["fn"] == 10 + 90
    assert scores["extent"]["inventory_count"] == 4
    assert scores["extent"]["inventory_count_unobserved"] == 2
    assert scores["extent"]["observed_fraction"] == 0.5
    unobserved = (100 + 90 + 10) * 1e-4
    assert scores["reference_area_unobserved_km2"] == pytest.approx(unobserved)
    assert scores["extent"]["inventory_area_unobserved_km2"] == pytest.approx(unobserved)


def test_nothing_outside_the_mapped_extent_is_counted(build_product, aoi_of):
    raster = np.zeros((60, 100))
    raster[10:20, 10:20] = raster[10:20, 70:90] = 1
    product = build_product(raster)
    inventory = inventory_of(product, (10, 10, 20, 20), (70, 40, 90, 50))
    west = aoi_of(product, (0, 0, 50, 60))
    scores = evaluate_product(product, found_in(product), inventory, extent=west)
    assert scores["pixel"]["mcc"] == 1
    assert scores["object"]["detection_rate"] == 1
    assert scores["object"]["commission"] == 0
    assert scores["object"]["predicted_count"] == scores["extent"]["inventory_count"] == 1
    assert scores["extent"]["area_km2"] == pytest.approx(0.3, rel=1e-3)
    everywhere = evaluate_product(product, found_in(product), inventory)
    assert everywhere["object"]["detection_rate"] == everywhere["object"]["commission"] == 0.5


def test_inventory_beyond_the_grid_was_not_observed(build_product, aoi_of):
    product = build_product(np.zeros((50, 50)))
    wide = aoi_of(product).buffer(0.01)
    beyond = inventory_of(product, (45, 10, 65, 20))
    scores = evaluate_product(product, found_in(product), beyond, extent=wide)
    assert scores["extent"]["observed_fraction"] < 0.2
    assert scores["reference_area_unobserved_km2"] == pytest.approx(150e-4)
    assert scores["object"]["reference_count"] == 0


def test_an_edge_in_common_with_the_extent_is_no_landslide(build_product):
    product = build_product(np.zeros((50, 50)))
    crossing, beyond = (
        shapely.box(599_950, 4_700_010, 600_050, 4_700_060),
        shapely.box(599_950, 4_699_860, 600_000, 4_700_010),
    )
    bent = gpd.GeoDataFrame(geometry=[crossing | beyond], crs="EPSG:32654")
    assert evaluate_product(product, found_in(product), bent)["pixel"]["fn"] == 25


@pytest.mark.parametrize("mapped", [True, False])
def test_an_empty_inventory_leaves_null_what_it_cannot_say(mapped, build_product):
    raster = np.zeros((40, 40))
    raster[5:9, 5:9] = mapped
    product = build_product(raster)
    scores = evaluate_product(product, found_in(product), inventory_of(product))
    assert scores["pixel"]["recall"] is scores["pixel"]["auc"] is None
    assert scores["pixel"]["mcc_defined"] is False
    assert scores["object"]["detection_rate"] is None
    assert scores["object"]["commission"] == (1 if mapped else None)
    json.dumps(scores, allow_nan=False)


def test_no_landslides_found_is_recall_zero(build_product):
    product = build_product(np.zeros((40, 40)))
    scores = evaluate_product(product, found_in(product), inventory_of(product, (3, 3, 9, 9)))
    assert scores["pixel"]["recall"] == 0
    assert scores["pixel"]["precision"] is None
    assert scores["object"]["omission"] == 1


@pytest.mark.parametrize("status", [Status.SCORED, Status.DETECTOR_FAILED])
def test_a_product_without_any_score_has_none(status, build_product):
    nothing = np.full((40, 40), np.nan)
    product = build_product(
        np.zeros((40, 40)), status=np.full((40, 40), status, np.uint8), score=nothing
    )
    scores = evaluate_product(product, found_in(product), inventory_of(product, (3, 3, 9, 9)))
    assert scores["pixel"]["n"] == 0
    assert scores["pixel"]["brier"] is scores["pixel"]["f1"] is None
    assert scores["extent"]["inventory_count_unobserved"] == 1
    assert scores["reference_area_unobserved_km2"] == pytest.approx(0.0036)


def test_an_inventory_without_crs_is_refused(build_product):
    product = build_product(np.zeros((10, 10)))
    nowhere = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)])
    with pytest.raises(GridMismatchError, match="needs a CRS"):
        evaluate_product(product, found_in(product), nowhere)


@pytest.mark.real
def test_a_real_inventory_on_its_own_grid_is_found_again(shared_data, build_product):
    inventory = gpd.read_parquet(next((shared_data / "kashmir-2005").rglob("*landslide*.parquet")))
    inventory = inventory.to_crs(32654)
    left, _, _, top = inventory.total_bounds
    # moved to the corner of the test grid: its shapes matter here, not its place
    inventory.geometry = inventory.translate(600_000 - left, 4_700_160 - top)
    grid = build_product(np.zeros((1200, 1200)), pixel_m=20.0)
    product = build_product(rasterise(inventory, grid.odc.geobox), pixel_m=20.0)
    scores = evaluate_product(product, found_in(product), inventory)
    assert scores["pixel"]["mcc"] == 1
    assert scores["object"]["detection_rate_by_area"] > 0.95
    assert 0.9 < scores["object"]["area_ratio"] < 1.1
