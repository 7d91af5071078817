import asyncio
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from lsbatch.errors import CatalogError
from lsbatch.search import find_scenes
from lsbatch.search.geoparquet import read_geoparquet
from tests.records import AOI, EVENT, PERIODS, build_item, build_model, write_items

rustac = pytest.importorskip("rustac", reason="writes stac-geoparquet: pip install rustac")

FAR = (10, 45, 11, 46)


def write(path, items):
    async def run():
        await rustac.write(str(path), items)

    asyncio.run(run())
    return path


def read(path):
    return [item for item, _ in read_geoparquet(path, area=AOI)]


def test_rows_are_read_as_the_items_that_they_were(tmp_path):
    span = ("2018-03-01T00:00:00Z", "2018-08-31T12:00:00Z")
    items = [
        build_item("moment", asset={"raster:bands": [{"scale": 1e-4}]}, **{"eo:cloud_cover": 7.5}),
        build_item("span", span, bands=("red",)),
        build_model(),
    ]
    items_read = {item["id"]: item for item in read(write(tmp_path / "a.parquet", items))}
    assert set(items_read) == {"moment", "span", "dem"}
    assert items_read["moment"]["assets"] == items[0]["assets"]
    assert items_read["moment"]["bbox"] == items[0]["bbox"]
    assert shapely.geometry.shape(items_read["moment"]["geometry"]).equals(
        shapely.box(*items[0]["bbox"])
    )
    assert items_read["moment"]["properties"] == items[0]["properties"]
    assert list(items_read["span"]["assets"]) == ["red"], (
        "bands that other rows have are not its own"
    )
    assert items_read["span"]["properties"] == {"start_datetime": span[0], "end_datetime": span[1]}
    json.dumps(items_read)  # plain values throughout


def test_a_table_gives_the_scenes_that_the_same_items_give_as_json(tmp_path):
    items = [build_item("pre"), build_item("post", "2018-09-20T01:30:00Z"), build_model()]
    table = write(tmp_path / "a.PARQUET".lower(), items)
    from_table = find_scenes(EVENT, str(table), **PERIODS)
    from_json = find_scenes(EVENT, write_items(tmp_path, *items), **PERIODS)
    assert [s.id for s in from_table.scenes] == [s.id for s in from_json.scenes] == ["pre", "post"]
    assert [s.id for s in from_table.terrain] == ["dem"]
    for one, two in zip(from_table.scenes, from_json.scenes, strict=True):
        assert one.granules[0].assets == two.granules[0].assets
        assert (one.start, one.end) == (two.start, two.end)


def test_only_rows_near_the_area_are_read(tmp_path):
    items = [
        build_item("here"),
        build_item("far", box=FAR),
        build_item("north", box=(141.8, 50, 142.1, 51)),
        build_item("over the antimeridian") | {"bbox": [141.0, 42.6, -179.0, 42.8]},
    ]
    path = write(tmp_path / "a.parquet", items)
    assert {item["id"] for item in read(path)} == {
        "here",
        "over the antimeridian",
    }


def write_table(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


def test_rows_without_a_box_are_kept_and_bad_ones_told(tmp_path):
    box = {"xmin": 141.8, "ymin": 42.6, "xmax": 142.1, "ymax": 42.8}
    good = shapely.to_wkb(shapely.box(*box.values()))
    path = write_table(
        tmp_path / "a.parquet",
        id=["boxed", "boxless", "placeless"],
        assets=[{"red": {"href": "https://x/a.tif"}}] * 3,
        geometry=[good, good, b"no WKB"],
        bbox=[box, None, None],
        collection=["sentinel-2-l2a"] * 3,
        datetime=["2018-08-01T01:30:00Z"] * 3,
    )
    found = find_scenes(EVENT, str(path), **PERIODS)
    assert {g.item_id for s in found.scenes for g in s.granules} == {"boxed", "boxless"}
    (rejection,) = found.rejected
    assert (rejection.item_id, "neither a geometry" in rejection.reason) == ("placeless", True)


def test_a_box_that_is_a_list_is_no_hindrance(tmp_path):
    path = write_table(
        tmp_path / "a.parquet",
        id=["a"],
        assets=[{"red": {"href": "https://x/a.tif"}}],
        geometry=[None],
        bbox=[[141.8, 42.6, 142.1, 42.8]],
        datetime=[None],
    )
    (item,) = read(path)
    assert (item["bbox"], item["geometry"]) == ([141.8, 42.6, 142.1, 42.8], None)


def test_a_file_that_is_no_table_of_items_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_text("PAR1, not")
    with pytest.raises(CatalogError, match=r"a\.parquet cannot be read as stac-geoparquet"):
        read(path)
    write_table(path, name=["x"], geometry=[b""])
    with pytest.raises(CatalogError, match="it lacks the columns assets, id"):
        find_scenes(EVENT, str(path), **PERIODS)
