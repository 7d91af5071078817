import json
import posixpath
from datetime import UTC, datetime
from urllib.parse import urlparse

import pystac
import pytest
import shapely
from pystac.validation import JsonSchemaSTACValidator

from lsbatch.domain import Event
from lsbatch.store import catalog_of, item_of
from tests.cubes import grid_of

GRID = grid_of(300, 530)
EVENT = Event(
    id="hokkaido-2018",
    time=datetime(2018, 9, 5, 18, 7, 59, tzinfo=UTC),
    aoi=shapely.box(142.2, 42.3, 142.3, 42.4),
    name="Hokkaido Eastern Iburi",
)
OTHER = Event(id="Ça/va?", time=EVENT.time, aoi=EVENT.aoi)


def item_record(event=EVENT, **properties):
    return item_of(event, GRID, properties=properties)


def check_schema(record, kind):
    """Against the STAC schemas that pystac carries; extensions would need the network."""
    JsonSchemaSTACValidator().validate_core(record, kind, record["stac_version"], href=None)


def test_an_item_survives_json_and_pystac():
    made = item_record(**{"lsbatch:landslide_count": 3, "lsbatch:observed_fraction": None})
    record = json.loads(json.dumps(made, allow_nan=False))
    item = pystac.Item.from_dict(record)
    assert item.id == "hokkaido-2018" and item.datetime == EVENT.time
    assert item.properties["lsbatch:landslide_count"] == 3
    assert item.properties["title"] == EVENT.name
    assert item.to_dict(include_self_link=False, transform_hrefs=False) == record


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        (item_record(), pystac.STACObjectType.ITEM),
        (item_record(OTHER), pystac.STACObjectType.ITEM),
        (catalog_of("0" * 64, ["hokkaido-2018"]), pystac.STACObjectType.CATALOG),
        (catalog_of("0" * 64, []), pystac.STACObjectType.CATALOG),
    ],
)
def test_records_keep_the_stac_schema(record, kind):
    check_schema(json.loads(json.dumps(record)), kind)


def test_the_schema_check_can_fail():
    with pytest.raises(pystac.STACValidationError):
        check_schema(item_record() | {"assets": []}, pystac.STACObjectType.ITEM)


def test_an_item_lies_where_its_grid_lies():
    record = item_record()
    footprint = shapely.geometry.shape(record["geometry"])
    wanted = GRID.extent.to_crs("EPSG:4326").geom
    assert footprint.symmetric_difference(wanted).area < 1e-12
    assert record["bbox"] == pytest.approx(wanted.bounds)
    properties = record["properties"]
    assert properties["proj:code"] == "EPSG:32654" and properties["proj:shape"] == [300, 530]
    assert properties["proj:transform"] == list(GRID.affine)[:6]


def test_every_href_is_relative_and_leads_to_the_run_s_files(tmp_path):
    catalog = catalog_of("ab" * 32, [EVENT.slug, OTHER.slug])
    (tmp_path / "catalog.json").write_text(json.dumps(catalog))
    for event in (EVENT, OTHER):
        folder = tmp_path / "events" / event.slug
        folder.mkdir(parents=True)
        record = item_record(event)
        (folder / "item.json").write_text(json.dumps(record))
        hrefs = [link["href"] for link in record["links"]]
        hrefs += [asset["href"] for asset in record["assets"].values()]
        for href in hrefs:
            assert not urlparse(href).scheme and not posixpath.isabs(href)
        assert {(folder / link["href"]).resolve() for link in record["links"]} == {
            tmp_path / "catalog.json"
        }
        files = {(folder / asset["href"]).resolve().name for asset in record["assets"].values()}
        assert files == {"product.zarr", "landslides.parquet", "metrics.json", "report.html"}
    opened = pystac.Catalog.from_file(str(tmp_path / "catalog.json"))
    found = {item.id: item for item in opened.get_items(recursive=True)}
    assert set(found) == {EVENT.slug, OTHER.slug}
    product = found[EVENT.slug].assets["product"]
    wanted = tmp_path / "events" / EVENT.slug / "product.zarr"
    assert product.get_absolute_href() == str(wanted)
    assert product.media_type == "application/vnd.zarr; version=3"


def test_records_tell_neither_time_nor_place_of_their_making():
    assert item_record() == item_record()
    assert catalog_of("ab" * 32, ["a"]) == catalog_of("ab" * 32, ["a"])
    assert not {"created", "updated"} & set(item_record()["properties"])
