import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import shapely

from lsbatch.detectors import load_detector
from lsbatch.domain import (
    Asset,
    Event,
    Granule,
    Look,
    Scene,
    Scenes,
    Sun,
    access_to,
    build_grid,
)
from lsbatch.pipeline import Plan
from lsbatch.pipeline.plan import recipe_record, scene_of, scene_record
from lsbatch.recipe import DetectorChoice, Recipe

TIME = datetime(2020, 6, 1, tzinfo=UTC)
AOI = shapely.box(85.0, 27.0, 85.2, 27.05)


def granule(name, west, east, bands):
    assets = tuple(Asset(band, f"{name}/{band}.tif") for band in bands)
    return Granule(name, shapely.box(west, 27.0, east, 27.05), assets)


def test_every_block_reads_the_same_bands_whatever_it_touches():
    """A granule without a quality band elsewhere must not change how a block is screened."""
    all_bands = ("blue", "green", "red", "nir")
    halves = (
        granule("flagged", 85.0, 85.1, (*all_bands, "quality")),
        granule("plain", 85.1, 85.2, all_bands),
    )
    looks = tuple(
        Look(Scene(name, "sentinel-2-l2a", TIME + gap, TIME + gap, halves), name, 10)
        for name, gap in (("pre", timedelta(days=-10)), ("post", timedelta(days=10)))
    )
    plan = Plan(
        recipe=Recipe(
            event="e", source="s", detector=DetectorChoice(name="ndvi-change"), block_px=256
        ),
        event=Event("e", TIME, AOI),
        scenes=Scenes(looks),
        rejected=(),
        grid=build_grid(AOI, crs="EPSG:32645", resolution=10),
        detector=load_detector("ndvi-change"),
    )
    tasks = list(plan.tasks(Path("product.zarr")))
    assert len(tasks) > 10
    assert {task.bands for task in tasks} == {("nir", "red", "green", "blue")}


@pytest.mark.parametrize("sun", [None, Sun(0.1 + 0.2, 48.123456789)])
def test_a_scene_with_its_sun_there_and_back_is_the_same_scene(sun):
    scene = Scene(
        "s", "sentinel-2-l2a", TIME, TIME, (granule("g", 85.0, 85.1, ("red",)),), 3.0, sun
    )
    record = json.loads(json.dumps(scene_record(scene)))
    assert scene_of(record) == scene
    # a scene without one is written as before there were any, so that old run keys hold
    assert ("sun" in record) == (sun is not None)


def test_choices_of_the_area_that_were_not_made_leave_the_run_key_as_it_was():
    plain = Recipe(event="e", source="s", detector=DetectorChoice(name="ndvi-change"))
    names = recipe_record(plain).keys()
    assert {"aoi", "threshold"} <= names
    assert names.isdisjoint({"aoi_level", "aoi_radius", "aoi_side", "aoi_land", "cluster", "yes"})
    made = plain.model_copy(update={"aoi_radius": "marc", "aoi_land": False, "yes": True})
    record = recipe_record(made)
    assert record["aoi_radius"] == "marc" and record["aoi_land"] is False
    assert Recipe(**record) == made.model_copy(update={"yes": False})


def test_an_asset_there_and_back_is_the_same_and_what_is_not_stated_is_not_written():
    placed = {"transform": (10.0, 0.0, 1.5, 0.0, -10.0, 2.5), "shape": (3, 4), "checksum": "1220aa"}
    assets = (Asset("red", "a.tif", **placed), Asset("nir", "b.tif"))
    whole = Scene("s", "generic", TIME, TIME, (Granule("g", AOI, assets),))
    record = json.loads(json.dumps(scene_record(whole)))
    assert scene_of(record) == whole
    first, second = record["granules"][0]["assets"]
    assert set(first) - set(second) == {"transform", "shape", "checksum"}


def test_no_signature_gets_into_a_plan():
    """It would be readable by whoever reads the plan, and give the same plan another run key."""
    records = []
    for token in ("S3CR3T", "0TH3R"):
        asset = Asset("red", f"https://a.blob.core.windows.net/c/a.tif?sv=1&sig={token}")
        signed = Scene("s", "generic", TIME, TIME, (Granule("g", AOI, (asset,)),))
        records.append(json.dumps(scene_record(signed)))
    assert records[0] == records[1]
    assert "https://a.blob.core.windows.net/c/a.tif" in records[0] and "sig" not in records[0]


@pytest.mark.parametrize(
    ("source", "hosts", "folder"),
    [
        ("/data/catalogue/catalog.json", (), "/data/catalogue"),
        ("https://stac.example.org/v1", (".cdn.example.org",), None),
    ],
)
def test_a_plan_that_is_read_again_knows_where_its_hrefs_may_lead(source, hosts, folder):
    look = Look(Scene("s", "generic", TIME, TIME, (granule("g", 85, 85.2, ("red",)),)), "pre", 3)
    recipe = Recipe(
        event="e", source=source, hosts=hosts, detector=DetectorChoice(name="brightness-change")
    )
    plan = Plan(
        recipe=recipe,
        event=Event("e", TIME, AOI),
        scenes=Scenes((look,), access=access_to(source, hosts=hosts)),
        rejected=(),
        grid=build_grid(AOI, crs="EPSG:32645", resolution=10),
        detector=load_detector("brightness-change"),
    )
    again = Plan.from_json(json.loads(json.dumps(plan.to_json())))
    assert again.scenes == plan.scenes and again.run_key == plan.run_key
    assert again.scenes.access.folder == folder
    assert set(hosts) <= set(again.scenes.access.hosts)
    assert all(task.scenes.access == plan.scenes.access for task in again.tasks(Path("p.zarr")))
