"""Bad input: a clear sentence, the contract's exit code, nothing half-written."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from lsbatch.batch.folder import RunFolder
from lsbatch.domain import Status
from lsbatch.store import open_product


@pytest.fixture
def mapping(world, cluster_address, tmp_path):
    """Words of a good command on a copy of the world's records, changeable by a test."""
    words = {
        "event": world / "events.geojson",
        "--source": world / "catalog.json",
        "--detector": "ndvi-change",
        "--out": tmp_path / "out",
        "--cluster": cluster_address,
        "--block": 256,
    }

    def build(**changes):
        given = {**words, **{name: value for name, value in changes.items() if name == "event"}}
        given |= {f"--{k.replace('_', '-')}": v for k, v in changes.items() if k != "event"}
        event = given.pop("event")
        return ["map", event, *(str(w) for pair in given.items() for w in pair)]

    build.out = tmp_path / "out"
    return build


@pytest.fixture
def copied(world, tmp_path):
    """A copy of the world that a test may damage."""
    copy = tmp_path / "copy"
    shutil.copytree(world, copy)
    return copy


def refuses(result, *words, code=1):
    """One sentence or two on stderr that hold these words; no traceback."""
    got, _, err = result
    assert got == code, err
    assert "Traceback" not in err
    assert sum(line.startswith("Error: ") for line in err.splitlines()) == 1, err
    for word in words:
        assert word in err.replace("\n", " "), err


def event_file(tmp_path, coordinates, **properties):
    path = tmp_path / "event.geojson"
    feature = {
        "type": "Feature",
        "properties": {"id": "mine", "time": "2018-09-05T18:07:59Z", **properties},
        "geometry": {"type": "Polygon", "coordinates": [coordinates]},
    }
    path.write_text(json.dumps(feature))
    return path


def box(west, south, east, north):
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def test_unknown_event(lsbatch, mapping):
    refuses(lsbatch(*mapping(event="hokaido-2018")), "hokaido-2018", "hokkaido-2018")
    assert not mapping.out.exists()


def test_event_with_crossing_ring(lsbatch, mapping, tmp_path):
    bow_tie = [[10, 10], [11, 11], [11, 10], [10, 11], [10, 10]]
    refuses(lsbatch(*mapping(event=event_file(tmp_path, bow_tie))), "mine", "not a valid polygon")


def test_event_with_swapped_coordinates(lsbatch, mapping, tmp_path):
    swapped = box(42.5, 141.5, 42.9, 142.3)
    refuses(lsbatch(*mapping(event=event_file(tmp_path, swapped))), "swapped")


def test_event_without_time(lsbatch, mapping, tmp_path):
    path = event_file(tmp_path, box(10, 10, 11, 11), time=None)
    refuses(lsbatch(*mapping(event=path)), "time", "ISO 8601")


def test_empty_catalogue(lsbatch, mapping, tmp_path):
    empty = {"type": "Catalog", "stac_version": "1.1.0", "id": "e", "description": "e", "links": []}
    (tmp_path / "catalog.json").write_text(json.dumps(empty))
    refuses(lsbatch(*mapping(source=tmp_path / "catalog.json")), "holds no items")


@pytest.mark.parametrize("text", ["not json", "[]", '{"type": "Topology"}', ""])
def test_source_that_is_not_stac(lsbatch, mapping, tmp_path, text):
    (tmp_path / "catalog.json").write_text(text)
    refuses(lsbatch(*mapping(source=tmp_path / "catalog.json")), "catalog.json")


def test_source_that_is_not_there(lsbatch, mapping, tmp_path):
    refuses(lsbatch(*mapping(source=tmp_path / "no.json")), "no.json", "neither an existing file")


def test_no_scene_before(lsbatch, mapping):
    refuses(lsbatch(*mapping(pre="1999-01-01/1999-02-01")), "No usable scene before")


def test_no_scene_after(lsbatch, mapping, world):
    feature = json.loads((world / "events.geojson").read_text())["features"][0]
    year = int(feature["properties"]["time"][:4]) + 3
    result = lsbatch(*mapping(post=f"{year}-01-01/{year}-02-01"))
    refuses(result, "No usable scene after", "--pre and --post")


def test_periods_on_the_wrong_side(lsbatch, mapping):
    refuses(lsbatch(*mapping(pre="2050-01-01/2050-02-01")), "not before event")
    refuses(lsbatch(*mapping(post="1990-01-01/1990-02-01")), "not after event")
    refuses(lsbatch(*mapping(post="yesterday")), "FROM/TO", "yesterday")


@pytest.mark.real
def test_missing_band_names_the_band(lsbatch, mapping, shared_data):
    source = shared_data / "hokkaido-2018" / "catalog.json"
    result = lsbatch(*mapping(event="hokkaido-2018", source=source))
    refuses(result, "nir", "it has blue, green, red")
    assert not mapping.out.exists()


def _truncate(path, share):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])


def _post_red(folder):
    found = sorted(p for p in folder.rglob("*red*.tif"))
    assert found
    return found


def test_missing_file_is_named_before_work_starts(lsbatch, mapping, copied):
    for path in _post_red(copied):
        path.unlink()
    result = lsbatch(*mapping(source=copied / "catalog.json"))
    refuses(result, "red", "does not exist")
    assert not mapping.out.exists()


@pytest.mark.parametrize("content", [b"", b"<html>log in</html>"])
def test_file_that_is_no_tiff_is_named_before_work_starts(lsbatch, mapping, copied, content):
    for path in _post_red(copied):
        path.write_bytes(content)
    refuses(lsbatch(*mapping(source=copied / "catalog.json")), "cannot be opened as a GeoTIFF")
    assert not mapping.out.exists()


def test_truncated_file_becomes_status_and_exit_3(lsbatch, mapping, copied):
    for path in _post_red(copied):
        _truncate(path, 0.5)
    result = lsbatch(*mapping(source=copied / "catalog.json"))
    refuses(result, "blocks failed", "cannot be read", "--out", code=3)
    (event,) = (mapping.out / "events").iterdir()
    product = open_product(event / "product.zarr")
    status = product.status.values
    assert (status == Status.READ_FAILED).any()
    assert np.isnan(product.score.values[status == Status.READ_FAILED]).all()
    assert product.attrs["complete"] is False
    assert json.loads((event / "metrics.json").read_text())["complete"] is False


def _rewrite_items(folder, change):
    for path in folder.rglob("*.json"):
        record = json.loads(path.read_text())
        if record.get("type") == "Feature":
            change(record)
            path.write_text(json.dumps(record))


def test_wrong_crs_in_the_record_is_named(lsbatch, mapping, copied):
    def lie(item):
        for place in (item["properties"], *item["assets"].values()):
            if "proj:code" in place:
                place["proj:code"] = "EPSG:32601"

    _rewrite_items(copied, lie)
    refuses(lsbatch(*mapping(source=copied / "catalog.json")), "its record says EPSG:32601")
    assert not mapping.out.exists()


def test_crs_that_is_not_projected(lsbatch, mapping):
    refuses(lsbatch(*mapping(crs="EPSG:4326")), "projected CRS in metres", "EPSG:4326")
    refuses(lsbatch(*mapping(crs="nonsense")), "not a coordinate system")


def test_area_outside_the_scenes(lsbatch, mapping, tmp_path):
    path = event_file(tmp_path, box(-60, -10, -59, -9))
    refuses(lsbatch(*mapping(event=path)), "does not meet the area of interest")
    assert not mapping.out.exists()


def _inside(world, tmp_path, metres):
    """An event file with a square of that side amid the world's own area."""
    feature = json.loads((world / "events.geojson").read_text())["features"][0]
    ring = np.array(feature["geometry"]["coordinates"][0])
    lon, lat = ring[:-1].mean(axis=0)
    half = metres / 2 / 111_000
    return event_file(
        tmp_path,
        box(lon - half, lat - half, lon + half, lat + half),
        time=feature["properties"]["time"],
    )


def test_area_below_one_pixel(lsbatch, mapping, world, tmp_path):
    refuses(lsbatch(*mapping(event=_inside(world, tmp_path, 4))), "less than one pixel")
    assert not mapping.out.exists()


def test_area_smaller_than_the_halo_is_mapped(lsbatch, mapping, world, tmp_path):
    event = _inside(world, tmp_path, 300)
    code, _, err = lsbatch(*mapping(event=event, detector="brightness-change"))
    assert code == 0, err
    product = open_product(mapping.out / "events" / "mine" / "product.zarr")
    assert (product.status.values != Status.EXCLUDED).any()


def test_unknown_detector(lsbatch, mapping):
    refuses(lsbatch(*mapping(detector="magic")), "magic", "brightness-change, ndvi-change")


def test_unknown_parameter_and_value_out_of_range(lsbatch, mapping):
    refuses(lsbatch(*mapping(param="speed=3")), "speed", "ndvi_pre_min")
    refuses(lsbatch(*mapping(param="ndvi_pre_min=7")), "from -1 to 1", "7")
    assert lsbatch(*mapping(param="ndvi_pre_min"))[0] == 2


def test_threshold_out_of_range(lsbatch, mapping):
    refuses(lsbatch(*mapping(threshold=1.5)), "threshold", "1.5")


def test_unknown_inventory_stops_before_the_work(lsbatch, mapping, tmp_path):
    refuses(lsbatch(*mapping(inventory=tmp_path / "none.parquet")), "none.parquet")
    assert not mapping.out.exists()


def test_output_folder_that_holds_something_else(lsbatch, mapping):
    mapping.out.mkdir()
    (mapping.out / "thesis.doc").write_text("years of work")
    refuses(lsbatch(*mapping()), "holds something else", "thesis.doc")
    assert [p.name for p in mapping.out.iterdir()] == ["thesis.doc"]


def test_output_folder_of_another_plan(lsbatch, mapping):
    mapping.out.mkdir()
    (mapping.out / "plan.json").write_text('{"run_key": "0000"}')
    refuses(lsbatch(*mapping()), "not a plan of lsbatch")
    (mapping.out / "plan.json").write_text("torn")
    refuses(lsbatch(*mapping()), "not a plan of lsbatch")


def test_output_that_is_a_file(lsbatch, mapping):
    mapping.out.write_text("")
    refuses(lsbatch(*mapping()), "is a file")


def test_output_that_cannot_be_written(lsbatch, mapping):
    refuses(lsbatch(*mapping(out="/proc/lsbatch")), "cannot be written")


def test_cluster_that_others_could_reach(lsbatch, mapping):
    refuses(lsbatch(*mapping(cluster="tcp://192.0.2.1:8786")), "no TLS")


def test_wrong_usage_exits_2(lsbatch):
    assert lsbatch("map")[0] == 2
    assert lsbatch("no-such-command")[0] == 2


def test_evaluate_without_a_product(lsbatch, world, tmp_path):
    inventory = next((world / "inventories").iterdir())
    result = lsbatch("evaluate", tmp_path, inventory, "--out", tmp_path / "s.json")
    refuses(result, "is not a product of lsbatch")
    refuses(lsbatch("report", tmp_path), "not the folder of a finished run")


def test_detector_forgotten_is_asked_for_by_its_option(lsbatch, mapping):
    words = mapping()
    at = words.index("--detector")
    refuses(lsbatch(*words[:at], *words[at + 2 :]), "detector is missing", "--detector")


def test_debug_may_stand_anywhere(lsbatch, mapping):
    code, _, err = lsbatch(*mapping(detector="magic"), "--debug")
    assert code == 1 and "Traceback" in err


def test_absurd_resolution_is_refused(lsbatch, mapping):
    refuses(lsbatch(*mapping(resolution=0.0001)), "in metres")


def test_foreign_zarr_is_no_product(lsbatch, world, tmp_path):
    xr.Dataset({"a": ("x", [1])}).to_zarr(tmp_path / "foreign.zarr")
    inventory = next((world / "inventories").iterdir())
    result = lsbatch("evaluate", tmp_path / "foreign.zarr", inventory, "--out", tmp_path / "s")
    refuses(result, "not a product of lsbatch")


def test_second_process_in_one_folder_is_refused_with_who_and_since_when(tmp_path):
    folder = RunFolder(tmp_path / "map")
    started = subprocess.run(["date", "-u", "+%Y-%m-%d %H"], capture_output=True, text=True).stdout
    with folder.locked():
        held = [sys.executable, "-c", _LOCK, str(tmp_path / "map")]
        told = subprocess.run(held, capture_output=True, text=True).stdout
        assert f"process {os.getpid()} on {os.uname().nodename} since {started.strip()}" in told
    assert "free" in subprocess.run(held, capture_output=True, text=True).stdout


_LOCK = """
import sys
from pathlib import Path
from lsbatch.batch.folder import RunFolder
try:
    with RunFolder(Path(sys.argv[1])).locked():
        print("free")
except OSError as error:
    print(error)
"""


def test_half_written_plan_does_not_block_its_folder(tmp_path):
    (tmp_path / "map").mkdir()
    (tmp_path / "map" / "plan.json.partial").write_text("{")
    folder = RunFolder(tmp_path / "map")
    with folder.locked():
        folder.freeze("{}")
    assert [path.name for path in (tmp_path / "map").iterdir()] == ["plan.json"]


def test_a_folder_in_which_nothing_came_of_it_is_as_it_was(tmp_path):
    with RunFolder(tmp_path / "map").locked():
        pass
    assert not (tmp_path / "map").exists()
