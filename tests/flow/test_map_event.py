"""Whole events, end to end, on a real cluster."""

import hashlib
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import odc.geo.xr  # noqa: F401
import pystac
import pytest
import rioxarray  # noqa: F401
import shapely
import xarray as xr

from lsbatch.batch import map_event
from lsbatch.domain import PRODUCT_LAYERS, Status
from lsbatch.pipeline import Plan
from lsbatch.recipe import ClusterChoice, DetectorChoice, Recipe
from lsbatch.store import open_product

RUN_FILES = {
    "plan.json",
    "ledger.jsonl",
    "summary.parquet",
    "summary.csv",
    "catalog.json",
    "run.json",
    "report.html",
}
LANDSLIDE_COUNTS = {"landslide_low", "landslide_mid", "landslide_high"}
EVENT_FILES = {"product.zarr", "landslides.parquet", "metrics.json", "report.html", "item.json"}


def recipe_of(world: Path, address: str, **changes) -> Recipe:
    event = json.loads((world / "events.geojson").read_text())["features"][0]["properties"]["id"]
    settings = {
        "event": str(world / "events.geojson"),
        "source": str(world / "catalog.json"),
        "detector": DetectorChoice(name="ndvi-change"),
        "inventory": str(world / "inventories" / f"{event}.parquet"),
        "block_px": 256,
        "cluster": ClusterChoice(name=address),
    }
    return Recipe(**{**settings, **changes})


def digest(folder: Path) -> dict[str, str]:
    """sha256 of every file that a plan decides, report.html apart."""
    files = [p for p in folder.rglob("*") if p.is_file() and p.name != "report.html"]
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(files)
    }


def interrupt_after(blocks: int, recipe: Recipe, out: Path) -> None:
    def interrupt(step):
        if step.done == blocks:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        map_event(recipe, out, tell=interrupt)


@pytest.fixture(scope="module")
def run(world, cluster_address, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "map"
    return map_event(recipe_of(world, cluster_address), out)


def test_a_run_leaves_what_the_contract_lists(run):
    assert {p.name for p in run.out.iterdir()} == RUN_FILES | {"events"}
    assert {p.name for p in run.event_folder.iterdir()} == EVENT_FILES


def test_product_keeps_its_contract(run):
    product = xr.open_zarr(run.event_folder / "product.zarr", decode_coords="all")
    for layer in PRODUCT_LAYERS:
        assert product[layer.name].dtype == layer.dtype
        assert product[layer.name].dims == ("y", "x")
    assert product.attrs["complete"] is True
    assert product.rio.crs == product.odc.crs
    assert product.score.rio.transform() == product.odc.geobox.affine
    status, score = product.status.values, product.score.values
    assert not (status == Status.NOT_RUN).any()
    assert np.array_equal(np.isfinite(score), status == 0)
    assert np.nanmin(score) >= 0 and np.nanmax(score) <= 1
    for name in ("landslide", "detectable"):
        values = product[name].values
        assert np.array_equal(values == 255, status != 0)
        assert set(np.unique(values)) <= {0, 1, 255}
    assert np.array_equal(product.landslide.values == 1, score >= product.attrs["threshold"])
    for side in ("pre", "post"):
        count, delay = product[f"{side}_count"].values, product[f"{side}_delay"].values
        assert np.array_equal(count == 0, delay == -1)
        assert (count[status == 0] > 0).all()


def test_nothing_of_when_or_where_is_in_the_products(run):
    text = (run.event_folder / "metrics.json").read_text()
    text += (run.event_folder / "item.json").read_text()
    text += (run.event_folder / "product.zarr" / "zarr.json").read_text()
    assert str(run.out) not in text


def test_counts_and_areas_come_from_the_polygons(run):
    landslides = gpd.read_parquet(run.event_folder / "landslides.parquet")
    metrics = json.loads((run.event_folder / "metrics.json").read_text())
    assert metrics["landslide_count"] == len(landslides) > 20
    assert metrics["landslide_area_km2"] == pytest.approx(landslides.area.sum() / 1e6)
    assert landslides.is_valid.all()
    assert (landslides.area_m2 >= 400).all()
    assert metrics["landslide_area_km2_low"] <= metrics["landslide_area_km2"]
    assert metrics["landslide_area_km2"] <= metrics["landslide_area_km2_high"]


def test_simulated_landslides_are_found(run):
    pixel = run.metrics["evaluation"]["pixel"]
    assert pixel["mcc"] > 0.5


def test_products_are_a_stac_catalogue(run):
    catalog = pystac.Catalog.from_file(str(run.out / "catalog.json"))
    (item,) = catalog.get_items()
    for asset in item.get_assets().values():
        assert Path(asset.get_absolute_href()).exists()


def test_plan_reads_back_equal(run):
    record = json.loads((run.out / "plan.json").read_text())
    (event,) = record["events"]
    plan = Plan.from_json(event)
    assert plan.run_key == event["run_key"] == record["run_key"]
    assert json.loads(json.dumps(plan.to_json())).items() <= event.items()


def test_ledger_holds_each_block_once(run):
    lines = [json.loads(line) for line in (run.out / "ledger.jsonl").read_text().splitlines()]
    plan = Plan.from_json(json.loads((run.out / "plan.json").read_text())["events"][0])
    assert sorted(tuple(line["block"]) for line in lines) == [b.index for b in plan.blocks()]


def test_same_plan_leaves_same_bytes_whatever_the_workers_and_the_loader(
    run, world, cluster_address, tmp_path
):
    alone = ClusterChoice(name="local", workers=1)
    recipe = recipe_of(world, cluster_address, cluster=alone, loader="stackstac")
    again = map_event(recipe, tmp_path / "again")
    assert digest(again.event_folder) == digest(run.event_folder)


@pytest.mark.parametrize("side", [512, 768])
def test_map_does_not_depend_on_the_block_size(run, world, cluster_address, tmp_path, side):
    other = map_event(recipe_of(world, cluster_address, block_px=side), tmp_path / "other")
    one, two = (open_product(r.event_folder / "product.zarr") for r in (run, other))
    for layer in PRODUCT_LAYERS:
        assert np.array_equal(one[layer.name], two[layer.name], equal_nan=layer.name == "score")
    polygons = [gpd.read_parquet(r.event_folder / "landslides.parquet") for r in (run, other)]
    assert polygons[0].geometry.equals(polygons[1].geometry)


def test_interrupted_run_resumes_to_the_same_bytes(run, world, cluster_address, tmp_path):
    recipe = recipe_of(world, cluster_address)
    interrupt_after(2, recipe, tmp_path / "map")
    assert not (tmp_path / "map" / "events").exists(), "half a product was published"
    seen = []
    resumed = map_event(recipe, tmp_path / "map", tell=lambda step: seen.append(step.done))
    assert seen[0] >= 2, "blocks on record were computed again"
    assert digest(resumed.event_folder) == digest(run.event_folder)


def test_damaged_block_is_computed_again_on_resume(run, world, cluster_address, tmp_path):
    recipe = recipe_of(world, cluster_address)
    interrupt_after(3, recipe, tmp_path / "map")
    line = json.loads((tmp_path / "map" / "ledger.jsonl").read_text().splitlines()[0])
    chunk = next(name for name in line["digests"] if name.startswith("score"))
    (staged,) = (tmp_path / "map" / ".staging").glob("*/product.zarr")
    (staged / chunk).write_bytes(b"rot")
    resumed = map_event(recipe, tmp_path / "map")
    assert digest(resumed.event_folder) == digest(run.event_folder)


def test_finished_run_is_left_alone(run, world, cluster_address):
    before = digest(run.out)
    again = map_event(recipe_of(world, cluster_address), run.out)
    assert again.metrics == run.metrics
    assert digest(run.out) == before


def test_pages_can_be_written_again_from_the_products(run, lsbatch):
    page = run.event_folder / "report.html"
    before = page.read_bytes()
    page.unlink()
    code, out, _ = lsbatch("report", run.out)
    assert code == 0 and str(page) in out.replace("\n", "")
    assert page.read_bytes() == before


def test_evaluate_equals_the_evaluation_of_the_run(run, world, lsbatch, tmp_path):
    inventory = next((world / "inventories").iterdir())
    product = run.event_folder / "product.zarr"
    code, out, _ = lsbatch("evaluate", product, inventory, "--out", tmp_path / "scores.json")
    assert code == 0 and "MCC" in out
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores == run.metrics["evaluation"]


def test_blocks_outside_the_area_are_not_read(world, cluster_address, tmp_path):
    """An L of two corners: the block between them lies in the grid, but outside the area."""
    event = json.loads((world / "events.geojson").read_text())["features"][0]
    west, south, east, north = shapely.geometry.shape(event["geometry"]).bounds
    side = (east - west) / 10
    corners = [
        shapely.box(west, north - side, west + side, north),
        shapely.box(east - side, south, east, south + side),
    ]
    event["geometry"] = shapely.geometry.mapping(shapely.MultiPolygon(corners))
    path = tmp_path / "event.geojson"
    path.write_text(json.dumps(event))
    recipe = recipe_of(world, cluster_address, event=str(path), inventory=None)
    # shifts between the images are measured in the area: of another one they differ a little
    recipe = recipe.model_copy(update={"registration": "off"})
    unmoved = recipe_of(world, cluster_address, registration="off")
    run = map_event(unmoved, tmp_path / "whole")
    outcome = map_event(recipe, tmp_path / "map")
    lines = (tmp_path / "map" / "ledger.jsonl").read_text().splitlines()
    receipts = [json.loads(line) for line in lines]
    untouched = [r for r in receipts if set(r["counts"]) - {"6"} <= LANDSLIDE_COUNTS]
    assert untouched and all("read" not in r["seconds"] for r in untouched)
    product = open_product(outcome.event_folder / "product.zarr").load()
    whole = open_product(run.event_folder / "product.zarr").load()
    product, again = xr.align(product, whole, join="inner")
    inside = (product.status == 0).values & (again.status == 0).values
    assert inside.sum() > 1000
    assert np.array_equal(product.score.values[inside], again.score.values[inside])
