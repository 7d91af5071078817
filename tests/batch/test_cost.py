"""What a plan says a run would cost, against what a run then does."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lsbatch.batch import build_plan, cost_of, map_event
from lsbatch.batch.cost import _bytes_a_look
from lsbatch.batch.queue import sharing
from lsbatch.domain import blocks_of
from lsbatch.errors import ReadError
from lsbatch.recipe import Recipe
from lsbatch.store import open_product


def recipe_on(world, **changes) -> Recipe:
    options = {"detector": "ndvi-change", "block_px": 256, **changes}
    return Recipe(
        event=str(world / "events.geojson"), source=str(world / "catalog.json"), **options
    )


@pytest.fixture(scope="module")
def plan(world):
    return build_plan(recipe_on(world, cluster={"workers": 1}))


@pytest.fixture(scope="module")
def run(plan, tmp_path_factory):
    """The folder of a run of the plan, one worker of its own."""
    out = tmp_path_factory.mktemp("cost") / "run"
    map_event(plan.recipe, out)
    return out


def test_files_written_are_counted_to_the_last(plan, run):
    assert cost_of(plan).files_written == sum(path.is_file() for path in run.rglob("*"))


def test_memory_of_a_worker_is_at_most_as_planned_and_not_beyond_use(plan, run):
    (peak,) = json.loads((run / "run.json").read_text())["peak_rss_mb"].values()
    planned = cost_of(plan).peak_bytes_per_worker
    assert peak * 2**20 <= planned <= 2 * peak * 2**20


def test_what_is_there_is_told_as_it_is(plan, run):
    cost = cost_of(plan)
    product = open_product(run / "events" / cost.slug / "product.zarr")
    assert cost.shape == (product.sizes["y"], product.sizes["x"])
    assert cost.blocks == len((run / "ledger.jsonl").read_text().splitlines())
    metrics = json.loads((run / "events" / cost.slug / "metrics.json").read_text())
    assert cost.area_km2 == pytest.approx(metrics["aoi_area_km2"], rel=0.01)
    assert (cost.looks_pre, cost.looks_post) == (len(plan.scenes.pre), len(plan.scenes.post))
    assert cost.requests == (0, 0), "all files are local"
    assert cost.workers == 1 and cost.seconds > 0
    json.dumps(cost.to_json(), allow_nan=False)


def test_the_least_is_no_more_than_the_files_hold_and_the_most_no_less(plan):
    every = [*(look.scene for look in plan.scenes.looks), *plan.scenes.terrain]
    held = 0
    for scene in every:
        for granule in scene.granules:
            for asset in granule.assets:
                held += Path(asset.href).stat().st_size
    cost = cost_of(plan)
    least, most = cost.bytes_to_read
    assert least <= held and least <= most
    assert most < cost.bytes_decoded, "the files are compressed"


def test_smaller_blocks_read_more_and_hold_less(world):
    small, large = (cost_of(build_plan(recipe_on(world, block_px=px))) for px in (256, 1024))
    assert small.bytes_to_read[0] == large.bytes_to_read[0], "each part once: the same files"
    assert small.bytes_to_read[1] > large.bytes_to_read[1]
    assert small.peak_bytes_per_worker < large.peak_bytes_per_worker
    assert small.files_written == large.files_written, "chunks, not blocks"


def test_a_network_holds_more_and_takes_longer_and_workers_share_the_work(world):
    rule, network, shared = (
        cost_of(build_plan(recipe_on(world, detector=name, cluster={"workers": workers})))
        for name, workers in (("ndvi-change", 1), ("unet", 1), ("unet", 4))
    )
    assert network.peak_bytes_per_worker > rule.peak_bytes_per_worker + 500e6
    assert rule.seconds < network.seconds > shared.seconds
    assert network.peak_bytes_per_worker == shared.peak_bytes_per_worker, "of each worker"


def test_blocks_outside_the_area_of_interest_are_written_and_not_read(plan):
    whole = cost_of(plan)
    first = next(blocks_of(plan.grid, side_px=256, halo=0)).core
    corner = first.extent.to_crs("EPSG:4326").geom.centroid.buffer(1e-4)
    part = cost_of(replace(plan, event=replace(plan.event, aoi=corner)))
    assert (part.blocks, part.blocks_to_read) == (whole.blocks, 1)
    assert part.bytes_to_read[1] < whole.bytes_to_read[1]
    assert part.files_written == whole.files_written


def test_images_that_lack_a_visible_band_make_no_pictures_and_cost_none(plan):
    def without(look, band):
        granules = tuple(
            replace(g, assets=tuple(a for a in g.assets if a.band != band))
            for g in look.scene.granules
        )
        return replace(look, scene=replace(look.scene, granules=granules))

    looks = tuple(without(look, "blue") for look in plan.scenes.looks)
    blind = replace(plan, scenes=replace(plan.scenes, looks=looks))
    assert cost_of(blind).bytes_to_read[0] < cost_of(plan).bytes_to_read[0]


def test_a_file_that_has_gone_since_is_told(plan, tmp_path):
    model = plan.scenes.terrain[0]
    granule = model.granules[0]
    gone = replace(granule.assets[0], href=str(tmp_path / "gone.tif"))
    scenes = replace(
        plan.scenes,
        terrain=(replace(model, granules=(replace(granule, assets=(gone,)),)),),
    )
    with pytest.raises(ReadError, match="gone"):
        cost_of(replace(plan, scenes=scenes))


def test_pixels_of_a_look_are_float32_and_flags_uint16():
    assert _bytes_a_look(("red", "nir")) == 4 + 4 + 2
    assert _bytes_a_look(("red", "saturation")) == 4 + 2 + 2


def test_each_worker_is_handed_its_share_of_the_rate(plan, tmp_path):
    task = next(plan.tasks(tmp_path / "product.zarr"))
    assert sharing(task, 4) is task, "no rate, nothing to share"
    access = replace(task.scenes.access, reads_per_second=100.0)
    paced = replace(task, scenes=replace(task.scenes, access=access))
    assert sharing(paced, 4).scenes.access.reads_per_second == 25.0
    assert sharing(paced, 4).scenes.looks == task.scenes.looks
