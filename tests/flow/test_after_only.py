"""A whole event through a detector that needs no image from before it."""

import json

import dask
import numpy as np
import pytest
from distributed import LocalCluster

from lsbatch.batch import build_plan, map_event
from lsbatch.catalog import find_event
from lsbatch.detectors import registry
from lsbatch.domain import Status
from lsbatch.errors import NoScenesError
from lsbatch.pipeline import Plan
from lsbatch.recipe import ClusterChoice, DetectorChoice, Recipe
from lsbatch.search.items import read_items
from lsbatch.search.links import resolve
from lsbatch.store import open_product
from tests.inference.fake_detectors import BareNow


@pytest.fixture
def bare_now(monkeypatch):
    monkeypatch.setitem(registry._RULES, "bare-now", BareNow)


@pytest.fixture
def threads():
    """A cluster in this process, whose workers know the detector too."""
    with (
        # the suite's cluster has its workers leave Ctrl-C alone, which a thread may not ask for
        dask.config.set({"distributed.worker.preload": []}),
        LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            processes=False,
            protocol="tcp",
            dashboard_address="127.0.0.1:0",
        ) as cluster,
    ):
        yield cluster.scheduler_address


def write_source(world, path, *, keep=lambda item, time: True, without=()):
    """The items of a world that `keep` takes, without some bands, as a file."""
    event = find_event(str(world / "events.geojson"))
    found = read_items(str(world / "catalog.json"), area=event.aoi, periods=())
    items = [resolve(item, place) for item, place in found.placed]
    kept = [item for item in items if keep(item, event.time.isoformat())]
    for item in kept:
        for band in without:
            item["assets"].pop(band, None)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": kept}))
    return str(path)


def is_after_or_terrain(item, time):
    return item["properties"]["datetime"] > time[:19] or "dem" in item["collection"]


def recipe_of(world, source, **changes):
    return Recipe(
        event=str(world / "events.geojson"),
        source=source,
        detector=DetectorChoice(name="bare-now"),
        block_px=256,
        **changes,
    )


def test_an_event_is_mapped_without_any_image_before(bare_now, threads, world, tmp_path):
    source = write_source(world, world / "after.json", keep=is_after_or_terrain)
    recipe = recipe_of(world, source, cluster=ClusterChoice(name=threads))
    outcome = map_event(recipe, tmp_path / "map")
    assert not outcome.failed
    assert any(said.startswith("No image before the event was used") for said in outcome.warnings)
    product = open_product(outcome.event_folder / "product.zarr").load()
    status = product["status"].values
    assert (status == Status.SCORED).mean() > 0.3 and Status.NO_PRE not in status
    assert np.array_equal(np.isfinite(product["score"].values), status == Status.SCORED)
    assert (product["pre_count"] == 0).all() and (product["pre_delay"] == -1).all()
    assert (product["post_count"].values[status == Status.SCORED] > 0).all()
    assert set(np.unique(product["detectable"])) == {0, 1, 255}
    assert product.attrs["scenes"]["pre"] == []
    page = (outcome.event_folder / "report.html").read_text()
    assert "No image before the event was used." in page
    assert "from satellite images after the event; no image before the event was used" in page
    assert "before and after the event" not in page
    assert "scored before" not in page and "but bare before" not in page


def test_images_before_are_left_out_with_a_reason_and_change_nothing(bare_now, world):
    alone = build_plan(
        recipe_of(world, write_source(world, world / "after.json", keep=is_after_or_terrain))
    )
    among = build_plan(recipe_of(world, write_source(world, world / "all.json")))
    assert among.scenes == alone.scenes and among.scenes.pre == ()
    assert among.grid == alone.grid
    assert any("looks only at images from after it" in r.reason for r in among.rejected)


def test_a_plan_with_suns_reads_back_equal(bare_now, world, tmp_path):
    plan = build_plan(recipe_of(world, str(world / "catalog.json")))
    assert all(look.scene.sun is not None for look in plan.scenes.looks)
    record = json.loads(json.dumps(plan.to_json()))
    again = Plan.from_json(record)
    assert again.scenes == plan.scenes and again.run_key == plan.run_key
    assert "nir" in next(plan.tasks(tmp_path)).bands


def test_what_the_detector_does_without_is_said(bare_now, world, tmp_path):
    path = world / "items.json"
    write_source(world, path, without=("nir", "nir08", "B08"))
    record = json.loads(path.read_text())
    for item in record["features"]:
        for name in ("view:sun_azimuth", "view:sun_elevation"):
            item["properties"].pop(name, None)
    path.write_text(json.dumps(record))
    plan = build_plan(recipe_of(world, str(path)))
    assert any(said.startswith("Without nir, the sun's position: ") for said in plan.warnings)
    assert "nir" not in next(plan.tasks(tmp_path)).bands


def test_a_broken_file_of_an_optional_band_is_found_before_work_starts(bare_now, world):
    path = world / "items.json"
    write_source(world, path)
    record = json.loads(path.read_text())
    bad = world / "bad.tif"
    bad.write_bytes(b"no image")
    for item in record["features"]:
        if "nir" in item["assets"]:
            item["assets"]["nir"]["href"] = str(bad)
    path.write_text(json.dumps(record))
    with pytest.raises(NoScenesError, match=r"band nir: .*bad\.tif cannot be opened"):
        build_plan(recipe_of(world, str(path)))
