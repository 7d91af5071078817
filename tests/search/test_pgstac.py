"""A real pgstac server with recorded real items, searched as any other catalogue."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import shapely

from lsbatch.domain import Event, Period
from lsbatch.search import api, find_scenes
from lsbatch.search.api_io import ApiIO
from lsbatch.search.normalise import image_of
from tests import pgstac
from tests.conftest import SHARED_DATA
from tests.records import build_item, build_model

pytestmark = [pytest.mark.server, pytest.mark.real]

RECORDED = SHARED_DATA / "stac-responses"
SERIES = "items/planetary-computer/sentinel-2-l2a_T35MNM_2020-06-07_series.json"
FILES = (
    SERIES,
    "items/planetary-computer/sentinel-2-l2a_one-day-tall-strip-africa_9-items.json",
    "items/planetary-computer/sentinel-2-l2a_4-items.json",
    "items/planetary-computer/landsat-c2-l2_4-items.json",
    "items/planetary-computer/cop-dem-glo-30_4-items.json",
    "earth-search-v1/search_filter-cloud-lte-40_page-1.json",
    "earth-search-v1/search_filter-cloud-lte-40_page-2.json",
    "earth-search-v1/search_cop-dem-glo-30.json",
)
MOMENT = datetime(2020, 7, 1, tzinfo=UTC)
MANY = 450
"""Images of one small place: three pages."""
PLACE = (10.0, 46.0, 10.1, 46.1)


def read_recorded():
    """Recorded items, each id of a collection once."""
    found = {}
    for file in FILES:
        document = json.loads((RECORDED / file).read_text(encoding="utf-8"))
        for item in document if isinstance(document, list) else document["features"]:
            found[item["collection"], item["id"]] = item
    return list(found.values())


def build_many():
    first = datetime(2019, 7, 1, 10, tzinfo=UTC)
    for n in range(MANY):
        cloud = {} if n % 10 == 0 else {"eo:cloud_cover": n % 100}
        when = (first + timedelta(days=n)).isoformat().replace("+00:00", "Z")
        yield build_item(f"many-{n:03d}", when, box=PLACE, **cloud)
    yield build_model("alps", box=PLACE)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """URL of the API; skips with what is to be installed where something is missing."""
    if not RECORDED.is_dir():
        pytest.skip(f"recorded answers are not at {RECORDED}")
    programs = pgstac.find_programs()
    items = [*read_recorded(), *build_many()]
    collections = sorted({item["collection"] for item in items})
    with (
        pgstac.serve_database(programs) as environment,
        pgstac.serve_api(environment, tmp_path_factory.mktemp("api"), items, collections) as url,
    ):
        yield url


def event_at(box, moment=MOMENT):
    return Event("e", moment, shapely.box(*box))


def around(moment=MOMENT, days=365):
    span = timedelta(days=days)
    return {"pre": Period(moment - span, moment), "post": Period(moment, moment + span)}


def granules_of(scenes):
    return {granule for scene in scenes for granule in scene.granules}


def test_a_series_of_real_images_is_found_whole_and_with_the_units_of_its_items(url):
    items = json.loads((RECORDED / SERIES).read_text(encoding="utf-8"))["features"]
    inside = shapely.geometry.shape(items[0]["geometry"]).centroid.buffer(0.01).bounds
    found = find_scenes(event_at(inside), url, **around())
    assert granules_of(found.scenes) == {image_of(item).granule for item in items}
    assert [scene.id for scene in found.scenes] == [
        item["id"] for item in sorted(items, key=lambda item: item["properties"]["datetime"])
    ]
    assert (found.rejected, found.notes) == ((), ())
    assert all(scene.sun is not None for scene in found.scenes)


def test_real_images_of_one_day_are_one_scene(url):
    strip = (27.5, -19.0, 28.0, -9.5)
    found = find_scenes(event_at(strip), url, **around(days=25))
    day = [scene for scene in found.scenes if scene.start.day == 6 and scene.start.month == 6]
    (scene,) = day
    assert len(scene.granules) > 5
    assert len({granule.item_id for granule in scene.granules}) == len(scene.granules)


def test_real_landsat_of_planetary_computer_is_found(url):
    file = RECORDED / "items/planetary-computer/landsat-c2-l2_4-items.json"
    items = json.loads(file.read_text(encoding="utf-8"))
    clear = min(items, key=lambda item: item["properties"]["eo:cloud_cover"])
    place = shapely.geometry.shape(clear["geometry"]).centroid.buffer(0.01).bounds
    moment = datetime(2024, 6, 1, tzinfo=UTC)
    found = find_scenes(event_at(place, moment), url, **around(moment))
    assert granules_of(found.scenes) == {image_of(clear).granule}
    assert found.scenes[0].sensor_name == "landsat-c2-l2"


def test_a_real_elevation_model_is_found_whatever_the_date(url):
    found = find_scenes(event_at((-179.8, -89.9, -179.2, -89.2)), url, **around())
    assert found.scenes == ()
    (terrain,) = found.terrain
    # both catalogues have the tile under one id; pgstac holds one of them
    assert [granule.item_id for granule in terrain.granules] == [
        "Copernicus_DSM_COG_10_S90_00_W180_00_DEM"
    ]


def test_real_twins_of_two_collections_count_once(url):
    moment = datetime(2025, 7, 31, 12, tzinfo=UTC)
    recorded = [item for item in read_recorded() if "24MUV" in item["id"]]
    assert {item["collection"] for item in recorded} >= {"sentinel-2-l2a", "sentinel-2-c1-l2a"}
    place = shapely.geometry.shape(recorded[0]["geometry"]).centroid.buffer(0.01).bounds
    found = find_scenes(event_at(place, moment), url, **around(moment, days=10))
    surface = [scene for scene in found.scenes if scene.sensor_name == "sentinel-2-l2a"]
    # the neighbour in the north overlaps
    assert sorted(g.item_id for g in granules_of(surface)) == [
        "S2B_T24MUA_20250731T130245_L2A",
        "S2B_T24MUV_20250731T130245_L2A",
    ]
    assert {rejection.item_id for rejection in found.rejected} == {
        "S2B_24MUA_20250731_0_L2A",
        "S2B_24MUV_20250731_0_L2A",
    }
    assert all("the same image" in rejection.reason for rejection in found.rejected)


def test_pages_are_followed_to_the_end_and_the_cloudiest_are_not_asked_for(url):
    moment = datetime(2020, 2, 1, tzinfo=UTC)
    found = find_scenes(event_at(PLACE, moment), url, **around(moment, days=600))
    wanted = {
        item["id"]
        for item in build_many()
        if item["properties"].get("eo:cloud_cover", 0) <= api.CLOUDIEST_PERCENT
    } - {"alps"}
    assert 200 < len(wanted) < MANY
    assert {granule.item_id for granule in granules_of(found.scenes)} == wanted
    assert [scene.id for scene in found.terrain] == ["alps"]
    assert (found.rejected, found.notes) == ((), ())


def test_the_same_search_gives_the_same_candidates(url):
    event = event_at(PLACE)
    assert find_scenes(event, url, **around()) == find_scenes(event, url, **around())


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_both_methods_give_the_same_records(url, method, monkeypatch):
    """Paging, dates, area and filter go through a query string as they do through a body."""
    monkeypatch.setattr(api, "_PAGE", 50)
    import pystac_client

    client = pystac_client.Client.open(url, stac_io=ApiIO(url))
    event, periods = event_at(PLACE), tuple(around(days=100).values())
    search = api._Search(client, ApiIO(url), event.aoi, periods, None)
    search._method = method
    ids = sorted(item["id"] for item, _ in search.read())
    start, end = periods[0].start - timedelta(days=1), periods[1].end + timedelta(days=1)
    wanted = [
        item["id"]
        for item in build_many()
        if item["id"] == "alps"
        or (
            item["properties"].get("eo:cloud_cover", 0) <= api.CLOUDIEST_PERCENT
            and start <= datetime.fromisoformat(item["properties"]["datetime"]) <= end
        )
    ]
    assert ids == sorted(wanted)
    assert len(ids) > 100
