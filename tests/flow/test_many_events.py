"""Many events in one run: killed and resumed, damaged and repaired, one of them without images."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pystac
import pytest
import yaml

from lsbatch.batch import drive, map_event, run_batch, status_of
from lsbatch.batch import work as work_module
from lsbatch.batch.folder import RunFolder
from lsbatch.batch.ledger import History
from lsbatch.batch.resume import read_record, run_plan_of
from lsbatch.batch.work import MOST_TRIES, EventWork
from lsbatch.domain import Receipt
from lsbatch.errors import StoreConflictError
from lsbatch.pipeline import Plan
from lsbatch.recipe import read_batch
from lsbatch.simulate import simulate_events

NOWHERE = [[[1, 1], [1.01, 1], [1.01, 1.01], [1, 1.01], [1, 1]]]


@pytest.fixture(scope="module")
def recipe_path(tmp_path_factory):
    """A recipe of a catalogue with two invented events and one of which there is no image."""
    folder = tmp_path_factory.mktemp("many") / "worlds"
    simulate_events(folder, seed=7, events=2, side_km=1.5, instruments=["s2-l2a"])
    path = folder / "events.geojson"
    events = json.loads(path.read_text())
    nowhere = json.loads(json.dumps(events["features"][0]))
    nowhere["id"] = nowhere["properties"]["id"] = "=nowhere[/b]"
    nowhere["geometry"] = {"type": "Polygon", "coordinates": NOWHERE}
    events["features"].insert(1, nowhere)
    path.write_text(json.dumps(events))
    recipe = folder / "recipe.yaml"
    options = {**yaml.safe_load(recipe.read_text()), "resolution": 4, "block_px": 256}
    del options["events"], options["inventory"]
    recipe.write_text(yaml.safe_dump({**options, "filter": "start > 2000-01-01"}))
    return recipe


@pytest.fixture(scope="module")
def run(recipe_path, cluster_address, tmp_path_factory):
    """The folder of an undisturbed run."""
    out = tmp_path_factory.mktemp("undisturbed") / "run"
    outcomes = run_batch(read_batch(recipe_path, cluster={"name": cluster_address}), out)
    assert [outcome.metrics is None for outcome in outcomes] == [False, True, False]
    return out


@pytest.fixture
def copy(run, tmp_path):
    """A copy of the undisturbed run, to be hurt."""
    return shutil.copytree(run, tmp_path / "copy")


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def slugs(out: Path) -> list[str]:
    return sorted(path.name for path in (out / "events").iterdir())


def plans_of(out: Path) -> tuple[Plan, ...]:
    return run_plan_of(read_record(out / "plan.json"), out).plans


@contextlib.contextmanager
def without(*paths: Path):
    """As if these files were not there."""
    for path in paths:
        path.rename(path.with_name(f"{path.name}.away"))
    try:
        yield
    finally:
        for path in paths:
            path.with_name(f"{path.name}.away").rename(path)


# ---- what a run leaves


def test_an_event_that_cannot_be_planned_is_a_row_and_stops_no_other(run):
    table = pd.read_parquet(run / "summary.parquet")
    assert list(table["event_id"].str.slice(0, 4)) == ["sim-", "=now", "sim-"]
    assert table["complete"].tolist() == [True, pd.NA, True]
    assert (table["blocks"] > 1).tolist()[::2] == [True, True]
    assert "No usable scene" in table["message"][1] and not table["message"][0]
    assert str(table["landslide_count"].dtype) == "Int64"
    assert "'=nowhere" in (run / "summary.csv").read_text()
    page = (run / "report.html").read_text()
    assert "2 of 3 complete" in page and "no map" in page
    items = list(pystac.Catalog.from_file(str(run / "catalog.json")).get_items())
    assert sorted(item.id for item in items) == slugs(run)
    assert not (run / ".staging").exists()


def test_the_command_tells_of_each_event_and_leaves_with_3(run, recipe_path, lsbatch):
    before = digest(run)
    code, out, err = lsbatch("run", recipe_path, "--out", run)
    assert code == 3 and "finished here before" in out and "=nowhere[/b]" in out
    assert "Error: =nowhere[/b]: No usable scene" in " ".join(err.split())
    code, out, _ = lsbatch("run", recipe_path, "--out", run, "--json")
    told = json.loads(out)
    assert code == 3 and [one["metrics"] is None for one in told] == [False, True, False]
    assert digest(run) == before, "a finished run is left alone"


def test_an_event_alone_leaves_the_bytes_that_it_leaves_among_others(
    run, recipe_path, cluster_address, tmp_path
):
    batch = read_batch(recipe_path, cluster={"name": cluster_address})
    alone = map_event(batch.for_event(slugs(run)[0]), tmp_path / "alone")
    among = run / "events" / slugs(run)[0]
    assert digest(alone.event_folder / "product.zarr") == digest(among / "product.zarr")
    for name in ("landslides.parquet", "metrics.json", "item.json"):
        assert (alone.event_folder / name).read_bytes() == (among / name).read_bytes()


def test_pages_of_all_events_can_be_written_again(copy, lsbatch, monkeypatch):
    written = []
    monkeypatch.setattr(
        EventWork, "write_report", lambda work: written.append(work) or Path("page")
    )
    before = digest(copy)
    (copy / "report.html").unlink()
    code, out, err = lsbatch("report", copy)
    assert code == 0 and out.splitlines()[-2:] == ["page", "page"], err
    assert sorted(work.plan.event.slug for work in written) == slugs(copy)
    assert digest(copy) == before


# ---- killed and resumed


def test_a_killed_run_goes_on_from_its_plan_to_the_same_bytes(
    run, recipe_path, cluster_address, tmp_path, lsbatch
):
    out = tmp_path / "killed"
    command = [Path(sys.executable).with_name("lsbatch"), "run", recipe_path, "--out", out]
    driver = subprocess.Popen(
        [*command, "--workers", "1"],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    ledger = out / "ledger.jsonl"
    wanted = plans_of(run)[0].block_count + 1  # in the midst of the second event
    while driver.poll() is None and (
        not ledger.exists() or ledger.read_bytes().count(b"\n") < wanted
    ):
        if ledger.exists() and (running := status_of(out)).holder:
            assert running.holder.pid == driver.pid
        time.sleep(0.05)
    os.killpg(driver.pid, signal.SIGKILL)
    said = driver.communicate()[1]
    done = ledger.read_bytes().count(b"\n")
    assert done >= wanted, said
    assert not (out / "catalog.json").exists()
    code, told, _ = lsbatch("status", out, "--json")
    record = json.loads(told)
    assert code == 0 and not record["running"] and record["seconds_left"] is None
    assert record["blocks"]["done"] == done and record["blocks"]["failed"] == 0

    sources = [recipe_path.with_name(name) for name in ("catalog.json", "events.geojson")]
    with without(*sources):  # nothing is searched for again
        outcomes = run_batch(read_batch(recipe_path, cluster={"name": cluster_address}), out)
    assert [outcome.metrics is None for outcome in outcomes] == [False, True, False]
    assert digest(out / "events") == digest(run / "events")
    assert (out / "plan.json").read_bytes() == (run / "plan.json").read_bytes()
    receipts = list(RunFolder(out).ledger.entries())
    keys = [entry.key for entry in receipts]
    assert len(keys) == len(set(keys)) == sum(plan.block_count for plan in plans_of(run))


def test_status_tells_of_events_and_blocks(run, lsbatch):
    code, out, _ = lsbatch("status", run)
    assert "=nowhere[/b]" in out
    assert code == 0 and "published" in out and "Nobody works on it" in out
    assert "No usable scene" in " ".join(out.split())
    code, out, _ = lsbatch("status", run, "--json")
    record = json.loads(out)
    assert [event["state"] for event in record["events"]] == ["published", "failed", "published"]
    assert record["blocks"]["left"] == 0 and record["blocks"]["done"] > 4


def test_a_driver_that_works_is_named_to_whoever_asks(copy, recipe_path, lsbatch):
    (copy / "catalog.json").unlink()
    with RunFolder(copy).locked():
        told = json.loads(lsbatch("status", copy, "--json")[1])
        assert told["running"] and told["holder"]["pid"] == os.getpid()
        code, _, err = lsbatch("run", recipe_path, "--out", copy)
        assert code == 1 and f"process {os.getpid()} on" in err and "since 20" in err


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_whoever_ends_a_run_is_told_how_it_goes_on(
    recipe_path, lsbatch, monkeypatch, tmp_path, sign
):
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(drive, "plan_run", lambda *args, **words: os.kill(os.getpid(), sign))
    try:
        code, _, err = lsbatch("run", recipe_path, "--out", tmp_path / "ended")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert code == 130 and "The same command goes on" in err
    assert not (tmp_path / "ended").exists()


def test_an_event_that_cannot_be_finished_is_a_row_and_finished_later(
    run, copy, recipe_path, monkeypatch
):
    _, plan = staged(copy)
    (copy / "catalog.json").unlink()
    recipe = read_batch(recipe_path)

    def fail(*args):
        raise RuntimeError("no room for polygons")

    with monkeypatch.context() as patch:
        patch.setattr(work_module, "finish_event", fail)
        outcomes = run_batch(recipe, copy)
    assert "no room for polygons" in outcomes[0].message and outcomes[0].metrics is None
    assert "no room for polygons" in pd.read_parquet(copy / "summary.parquet")["message"][0]
    items = list(pystac.Catalog.from_file(str(copy / "catalog.json")).get_items())
    assert [item.id for item in items] == [slug for slug in slugs(run) if slug != plan.event.slug]
    states = [event.state for event in status_of(copy).events]
    assert states == ["unfinished", "failed", "published"]

    monkeypatch.setattr(work_module, "finish_event", lambda *args: None)  # all is made already
    outcomes = run_batch(recipe, copy)
    assert outcomes[0].metrics is not None
    assert digest(copy / "events") == digest(run / "events")
    assert len(list(pystac.Catalog.from_file(str(copy / "catalog.json")).get_items())) == 2


# ---- another recipe, another machine


def test_another_recipe_is_refused_by_what_differs(copy, recipe_path, lsbatch, monkeypatch):
    before = digest(copy)
    monkeypatch.setenv("LSBATCH_THRESHOLD", "0.7")
    monkeypatch.setenv("LSBATCH_LOOKS", "2")
    code, _, err = lsbatch("run", recipe_path, "--out", copy)
    told = " ".join(err.split())
    assert code == 1 and "looks is 3 there and 2 here; threshold is 0.5 there and 0.7" in told
    assert digest(copy) == before


@pytest.mark.parametrize(
    ("hurt", "said"),
    [
        (lambda record: record["versions"].update(zarr="2.0"), "zarr was 2.0 and is"),
        (lambda record: record["detector"].update(digest="0" * 64), "other weights or thresholds"),
        (lambda record: record["event"].update(id="x", run_key="1"), "changed by hand"),
    ],
    ids=["library", "detector", "by hand"],
)
def test_what_has_changed_since_the_plan_is_refused_by_name(copy, recipe_path, hurt, said):
    path = copy / "plan.json"
    record = json.loads(path.read_text())
    if said == "changed by hand":
        record["events"][0]["grid"]["transform"][2] += 4.0
    else:
        hurt(record["events"][0])
    path.write_text(json.dumps(record))
    (copy / "catalog.json").unlink()
    before = digest(copy)
    with pytest.raises(StoreConflictError, match=said):
        run_batch(read_batch(recipe_path), copy)
    assert digest(copy) == before


# ---- blocks that fail


def staged(copy: Path) -> tuple[RunFolder, Plan]:
    """The run as it was before its first event was published."""
    folder, plan = RunFolder(copy), plans_of(copy)[0]
    folder.staging(plan.event.slug).parent.mkdir()
    folder.published(plan.event.slug).rename(folder.staging(plan.event.slug))
    return folder, plan


def work_of(folder: RunFolder, plan: Plan, failures: int, **choices) -> EventWork:
    """The work of an event whose first block is on record as failed so often."""
    known = folder.ledger.histories()
    key = (plan.event.id, (0, 0))
    receipt = known[key].receipt
    failed = Receipt(plan.event.id, (0, 0), "failed", "no", receipt.digests, receipt.counts)
    return EventWork(plan, folder, {**known, key: History(failed, failures)}, **choices)


@pytest.mark.parametrize(
    ("failures", "choices", "tried"),
    [
        (1, {}, True),
        (MOST_TRIES - 1, {}, True),
        (MOST_TRIES, {}, False),
        (MOST_TRIES, {"most_tries": 99}, True),
    ],
)
def test_a_block_is_tried_so_often_and_then_only_on_demand(copy, failures, choices, tried):
    folder, plan = staged(copy)
    work = work_of(folder, plan, failures, **choices)
    assert [task.block.index for task in work.tasks()] == ([(0, 0)] if tried else [])
    assert work.is_mapped != tried
    assert work.step("mapping").failed == 1


def test_a_map_with_failed_blocks_is_withheld_on_demand(copy):
    folder, plan = staged(copy)
    work = work_of(folder, plan, MOST_TRIES)
    assert not list(work.tasks()) and work.is_mapped
    work.finish(strict=True)
    assert not work.is_published and "1 blocks failed" in work.fault
    assert folder.staging(plan.event.slug).is_dir() and work.step("published").stage == "failed"


def test_other_bytes_than_before_stop_the_event(copy):
    folder, plan = staged(copy)
    work = EventWork(plan, folder, folder.ledger.histories())
    assert not list(work.tasks())
    work.take(Receipt(plan.event.id, (0, 0), "ok", digests={"score/c/0/0": "0" * 64}))
    assert "other bytes than before" in work.fault and not work.is_mapped
    assert not list(work.tasks())


# ---- damaged and repaired


def hurt_chunks(product: Path) -> list[str]:
    """Flip a bit, cut one short, empty one, delete one, swap two; names of what is damaged."""
    flipped, cut, emptied, deleted = (
        product / name / "c/0/0" for name in ("score", "status", "landslide", "pre_count")
    )
    content = bytearray(flipped.read_bytes())
    content[len(content) // 2] ^= 1
    flipped.write_bytes(content)
    cut.write_bytes(cut.read_bytes()[:-1])
    emptied.write_bytes(b"")
    deleted.unlink()
    one, two = (product / "score/c" / place for place in ("0/1", "1/1"))
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    damaged = [flipped, cut, emptied, deleted, one, two]
    return sorted(str(path.relative_to(product)) for path in damaged)


def test_every_damage_is_found_and_mended_to_the_same_bytes(run, copy, lsbatch, cluster_address):
    before = digest(copy / "events")
    product = copy / "events" / slugs(copy)[0] / "product.zarr"
    hurt = hurt_chunks(product)
    (product / "score" / "zarr.json").write_text("{")
    (product / "x" / "c" / "0").unlink()
    code, out, _ = lsbatch("verify", copy, "--json")
    damaged = json.loads(out)["damaged"]
    assert code == 3
    found = [name for one in damaged if one["block"] for name in one["changed"] + one["missing"]]
    assert sorted(found) == hurt
    assert sorted(tuple(one["block"]) for one in damaged if one["block"]) == [
        (0, 0),
        (0, 1),
        (1, 1),
    ]
    (frame,) = (one for one in damaged if one["block"] is None)
    assert (frame["changed"], frame["missing"]) == (["score/zarr.json"], ["x/c/0"])
    code, _, err = lsbatch("verify", copy)
    assert code == 3 and "--repair" in err

    lines = (copy / "ledger.jsonl").read_bytes()
    code, out, err = lsbatch("verify", copy, "--repair", "--cluster", cluster_address)
    assert code == 0 and "4 mended" in out, err
    assert digest(copy / "events") == before == digest(run / "events")
    assert (copy / "ledger.jsonl").read_bytes() == lines
    assert not (copy / ".staging").exists()


def test_a_receipt_that_is_lost_is_found_and_made_again(copy, lsbatch, cluster_address):
    before = digest(copy / "events")
    ledger = copy / "ledger.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join(lines[1:]))
    code, out, _ = lsbatch("verify", copy)
    assert code == 3 and "no receipt" in out
    code, _, err = lsbatch("verify", copy, "--repair", "--cluster", cluster_address)
    assert code == 0, err
    assert len(RunFolder(copy).ledger.histories()) == len(lines)
    assert digest(copy / "events") == before


def test_chunks_are_checked_also_where_a_library_has_changed(copy, lsbatch, caplog):
    path = copy / "plan.json"
    record = json.loads(path.read_text())
    record["events"][0]["versions"]["zarr"] = "2.0"
    path.write_text(json.dumps(record))
    assert lsbatch("verify", copy)[0] == 0
    assert (
        "Metadata and coordinates are not checked" in caplog.text and "zarr was 2.0" in caplog.text
    )
    (copy / "events" / slugs(copy)[0] / "product.zarr/score/c/0/0").write_bytes(b"rot")
    before = digest(copy)
    code, _, err = lsbatch("verify", copy, "--repair")
    assert code == 1 and "zarr was 2.0" in err
    assert digest(copy) == before


def test_a_sound_run_is_found_sound(run, lsbatch):
    before = digest(run)
    code, out, err = lsbatch("verify", run)
    assert code == 0 and "as it was written" in out, err
    assert digest(run) == before


def test_damage_of_a_product_in_the_making_is_found(copy, lsbatch):
    folder, plan = staged(copy)
    chunk = folder.staging(plan.event.slug) / "product.zarr" / "score/c/0/0"
    chunk.write_bytes(b"rot")
    code, out, _ = lsbatch("verify", copy, "--json")
    (damage,) = json.loads(out)["damaged"]
    assert code == 3 and damage["changed"] == ["score/c/0/0"] and damage["block"] == [0, 0]


@pytest.mark.parametrize("command", ["status", "verify"])
def test_a_folder_without_a_run_is_told_in_a_sentence(lsbatch, tmp_path, command):
    for folder in (tmp_path, tmp_path / "absent"):
        code, _, err = lsbatch(command, folder)
        assert code == 1 and "holds no run" in err and "Traceback" not in err
