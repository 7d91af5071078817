"""Metrics of an event."""

import json

import numpy as np
import pytest
import shapely

from lsbatch.analysis import event_metrics, find_landslides
from lsbatch.domain import Status


def measure(product, aoi, *, complete=True, area_bounds=(0, 0, 0)):
    landslides = find_landslides(product, event_id="e", min_area_m2=0.0, terrain=None)
    return event_metrics(product, landslides, aoi=aoi, complete=complete, area_bounds=area_bounds)


def test_areas_densities_and_counts_are_those_one_counts_by_hand(build_product, aoi_of):
    raster, status = np.zeros((100, 120)), np.zeros((100, 120), np.uint8)
    raster[10:20, 10:30] = raster[60:65, 60:64] = 1
    status[:, 80:100] = Status.CLOUD
    status[90:, :80] = Status.EXCLUDED
    detectable = np.ones((100, 120))
    detectable[:, 60:] = 0
    product = build_product(raster, status=status, detectable=detectable)
    facts = measure(product, aoi_of(product), area_bounds=(110, 220, 330))
    assert facts["aoi_area_km2"] == pytest.approx(1.2, rel=1e-4)
    assert facts["observed_area_km2"] == 0.92
    assert facts["detectable_area_km2"] == 0.54
    assert facts["observed_fraction"] == pytest.approx(0.92 / 1.2, rel=1e-4)
    by_status = facts["area_by_status_km2"]
    assert (by_status["scored"], by_status["cloud"], by_status["excluded"]) == (0.92, 0.2, 0.08)
    assert sum(by_status.values()) == pytest.approx(facts["aoi_area_km2"], rel=1e-4)
    assert facts["landslide_count"] == 2
    assert facts["landslide_area_km2"] == 0.022
    assert facts["landslide_area_km2_low"] == 0.011
    assert facts["landslide_area_km2_high"] == 0.033
    assert facts["largest_m2"] == 20_000
    assert facts["landslide_density"] == pytest.approx(
        {"observed": 0.022 / 0.92, "detectable": 0.022 / 0.54, "steep": 0.022 / 0.92}
    )
    assert facts["landslide_number_density"]["observed"] == pytest.approx(2 / 0.92)
    assert facts["pixels"] == {"total": 12_000, "scored": 9_200, "landslide": 220}
    assert facts["size_frequency"]["n"] == 2


def test_only_the_aoi_is_counted_and_what_lies_beyond_the_grid_is_named(build_product, aoi_of):
    product = build_product(np.zeros((100, 100)))
    half = aoi_of(product, (50, 0, 100, 100))
    facts = measure(product, half)
    assert facts["pixels"]["total"] == pytest.approx(5000, abs=100)
    assert facts["detectable_area_km2"] == facts["observed_area_km2"]
    assert facts["area_by_status_km2"]["outside_grid"] == pytest.approx(0, abs=1e-4)
    left, bottom, right, top = aoi_of(product).bounds
    wide = shapely.box(left, bottom, right + (right - left), top)
    facts = measure(product, wide)
    beyond = facts["area_by_status_km2"]["outside_grid"]
    assert beyond == pytest.approx(facts["aoi_area_km2"] - 1, abs=0.02)
    assert facts["observed_fraction"] == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(("place", "low", "high"), [((45, 55), 0, 0.01), ((1, 8), 2.4, 3.2)])
def test_landslides_at_the_edge_of_the_aoi_are_told_from_those_in_its_middle(
    place, low, high, build_product, aoi_of
):
    raster = np.zeros((100, 100))
    raster[slice(*place), 40:60] = 1
    product = build_product(raster)
    # the band is 36 % of the ground: all landslides in it give 1 / 0.36 = 2.8
    assert low <= measure(product, aoi_of(product))["edge_density_ratio"] <= high


def test_evenly_spread_landslides_have_the_same_density_at_the_edge(build_product, aoi_of):
    raster = np.random.default_rng(0).random((150, 150)) < 0.2
    product = build_product(raster)
    assert measure(product, aoi_of(product))["edge_density_ratio"] == pytest.approx(1, abs=0.05)


def test_without_landslides_counts_are_zero_and_ratios_null(build_product, aoi_of):
    product = build_product(np.zeros((40, 40)))
    facts = measure(product, aoi_of(product), complete=False)
    assert facts["landslide_count"] == 0
    assert facts["landslide_area_km2"] == 0
    assert facts["landslide_density"]["observed"] == 0
    assert facts["complete"] is False
    for name in ("landslide_area_km2_low", "landslide_area_km2_high", "largest_m2"):
        assert facts[name] is None
    assert facts["edge_density_ratio"] is None


def test_without_a_scored_pixel_densities_are_null(build_product, aoi_of):
    product = build_product(np.ones((30, 30)), status=np.full((30, 30), 8, np.uint8))
    facts = measure(product, aoi_of(product))
    assert facts["observed_area_km2"] == facts["detectable_area_km2"] == 0
    assert set(facts["landslide_density"].values()) == {None}
    assert facts["area_by_status_km2"]["detector_failed"] == pytest.approx(0.09)


def test_metrics_are_plain_json_and_the_same_twice(build_product, aoi_of):
    product = build_product(np.random.default_rng(1).random((80, 80)) < 0.1)
    one, other = (json.dumps(measure(product, aoi_of(product)), allow_nan=False) for _ in "ab")
    assert one == other


def test_no_read_is_larger_than_a_window(build_product, aoi_of, watch):
    raster = np.zeros((1500, 1100))
    raster[1020:1030, 1020:1030] = 1
    product, reads = watch(build_product(raster))
    facts = measure(product, aoi_of(product))
    assert facts["landslide_count"] == 1
    assert max(reads) <= 1024 * 1024
