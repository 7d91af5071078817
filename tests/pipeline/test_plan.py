import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import shapely

from lsbatch.detectors import load_detector
from lsbatch.domain import (
    Asset,
    Considered,
    Event,
    Granule,
    Look,
    Merit,
    OffsetCheck,
    Reported,
    Scene,
    Scenes,
    Sun,
    access_to,
    build_grid,
)
from lsbatch.pipeline import Plan, product_attrs
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


def test_what_is_reported_of_an_image_there_and_back_is_the_same():
    plain = granule("g", 85.0, 85.1, ("red",))
    for reported in (Reported(30.0, track="R060"), Reported(baseline=5.11, mission="sentinel-2")):
        scene = Scene("s", "sentinel-2-l2a", TIME, TIME, (replace(plain, reported=reported),))
        assert scene_of(json.loads(json.dumps(scene_record(scene)))) == scene
    silent = scene_record(Scene("s", "sentinel-2-l2a", TIME, TIME, (plain,)))
    # written as before any was read, so that old run keys hold
    assert "reported" not in silent["granules"][0]


def test_what_was_weighed_and_decided_is_in_the_plan_and_not_in_its_key():
    detector = load_detector("ndvi-change")
    merit = Merit(covered=0.9, open=None, near=0.5, season=0.25, sun=None, track=1.0, snow=0.1)
    weighed = Considered("s", "sentinel-2-l2a", TIME, TIME, "pre", 10, merit, True, "place 1 of 1")
    check = OffsetCheck("g", 0.0, -0.1, (("blue", 1012.0), ("red", 1030.5)), "corrected", "dark")
    scene = Scene("s", "sentinel-2-l2a", TIME, TIME, (granule("g", 85.0, 85.2, ("red",)),))
    plan = Plan(
        recipe=Recipe(event="e", source="s", detector=DetectorChoice(name="ndvi-change")),
        event=Event("e", TIME, AOI),
        scenes=Scenes((Look(scene, "pre", 10),), considered=(weighed,)),
        rejected=(),
        grid=build_grid(AOI, crs="EPSG:32645", resolution=10),
        detector=detector,
        offsets=(check,),
    )
    record = json.loads(json.dumps(plan.to_json()))
    assert record["considered"][0]["score"] == merit.score
    assert record["offsets"][0]["lows"] == {"blue": 1012.0, "red": 1030.5}
    again = Plan.from_json(record)
    assert (again.scenes, again.offsets) == (plan.scenes, plan.offsets)
    bare = replace(plan, scenes=replace(plan.scenes, considered=()), offsets=())
    assert bare.run_key == plan.run_key
    older = {name: value for name, value in record.items() if name not in ("considered", "offsets")}
    assert Plan.from_json(older).scenes == bare.scenes
    assert product_attrs(plan)["offsets"] == record["offsets"]


def plan_with(**choices):
    bands = ("nir", "nir08", "red", "quality")
    looks = tuple(
        Look(
            Scene(name, "sentinel-2-l2a", TIME + gap, TIME + gap,
                  (granule(f"S2A_{name}", 85.0, 85.2, bands),)),
            name,
            10,
        )
        for name, gap in (("pre", timedelta(days=-10)), ("post", timedelta(days=10)))
    )  # fmt: skip
    return Plan(
        recipe=Recipe(
            event="e", source="s", detector=DetectorChoice(name="ndvi-change"), block_px=256,
            **choices,
        ),
        event=Event("e", TIME, AOI),
        scenes=Scenes(looks),
        rejected=(),
        grid=build_grid(AOI, crs="EPSG:32645", resolution=10),
        detector=load_detector("ndvi-change"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("choices", "halo", "around"),
    [
        ({}, 3, 200),
        ({"snow_margin_m": 0}, 2, 200),
        ({"cloud_margin_m": 0, "snow_margin_m": 0}, 1, 200),
        ({"cloud_margin_m": 55, "shadow_reach_m": 0}, 5, 0),
    ],
)
def test_halo_and_surroundings_follow_the_recipe_s_margins(choices, halo, around):
    plan = plan_with(**choices)
    assert (plan.halo, plan.around_px) == (plan.detector.halo + halo, around)
    task = next(plan.tasks(Path("product.zarr")))
    assert (task.block.halo, task.around_px) == (plan.halo, around)
    assert task.preparation == plan.recipe.preparation
    record = plan.to_json()
    assert record["blocks"]["around_px"] == around
    assert set(record["screens"].values()) == {"the quality band scl"}
    assert Plan.from_json(json.loads(json.dumps(record))).run_key == plan.run_key


def test_every_choice_of_the_preparation_is_part_of_the_run_key():
    choices = [
        {},
        {"cloud_margin_m": 30},
        {"snow_margin_m": 0},
        {"shadow_reach_m": 0},
        {"steady_is_ground": False},
        {"composite": {"pre": "greenest"}},
        {"composite": {"pre": "best", "post": "best"}},
        {"harmonise": True},
    ]
    assert len({plan_with(**choice).run_key for choice in choices}) == len(choices)


def test_what_the_product_says_of_its_preparation():
    from lsbatch.pipeline.finish import product_attrs

    said = product_attrs(plan_with(composite={"pre": "greenest"}))["preparation"]
    assert said == {
        "cloud_margin_m": 20.0,
        "snow_margin_m": 30.0,
        "steady_is_ground": True,
        "shadow_reach_m": 2000.0,
        "pre": "greenest",
        "post": "median",
        "harmonise": False,
        "screens": {"pre": "the quality band scl", "post": "the quality band scl"},
    }


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


@pytest.mark.parametrize("rate", [None, 2.5])
def test_a_plan_that_is_read_again_keeps_its_rate(rate):
    look = Look(Scene("s", "generic", TIME, TIME, (granule("g", 85, 85.2, ("red",)),)), "pre", 3)
    recipe = Recipe(
        event="e", source="/c/catalog.json", detector=DetectorChoice(name="brightness-change")
    )
    plan = Plan(
        recipe=recipe,
        event=Event("e", TIME, AOI),
        scenes=Scenes((look,), access=replace(access_to(recipe.source), reads_per_second=rate)),
        rejected=(),
        grid=build_grid(AOI, crs="EPSG:32645", resolution=10),
        detector=load_detector("brightness-change"),
    )
    record = json.loads(json.dumps(plan.to_json()))
    assert Plan.from_json(record).scenes.access == plan.scenes.access
    del record["reads_per_second"]  # a plan from before it was kept
    assert Plan.from_json(record).run_key == plan.run_key


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
