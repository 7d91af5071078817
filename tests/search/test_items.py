import contextlib
import http.server
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lsbatch.cube import build_cube
from lsbatch.errors import CatalogError
from lsbatch.search import choose_scenes, endpoints, find_scenes, limits, links
from lsbatch.search.items import read_items
from tests import scripted
from tests.cogs import HERE, LEFT, TOP, build_geobox, write_cog
from tests.records import EVENT, PERIODS, WIDE, build_item, build_model, write_items


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch):
    monkeypatch.setattr(limits, "LIMITS", limits.Limits(retries=1, backoff_s=0.01))


def read(source):
    """The items of a source, their hrefs resolved."""
    found = read_items(str(source), area=EVENT.aoi, periods=tuple(PERIODS.values()))
    return [links.resolve(item, place) for item, place in found.placed]


# ---- files


@pytest.mark.real
def test_a_static_catalogue_is_walked_and_its_links_resolved(shared_data):
    items = read(shared_data / "hokkaido-2018" / "catalog.json")
    assert sorted(item["id"] for item in items) == [
        "ALOS_AW3D30_ATSUMA",
        "S2_ATSUMA_2018_POST",
        "S2_ATSUMA_2018_PRE",
    ]
    hrefs = [asset["href"] for item in items for asset in item["assets"].values()]
    assert len(hrefs) == 7
    assert all(Path(href).is_absolute() and Path(href).is_file() for href in hrefs)


def test_relative_links_of_a_collection_of_items_are_resolved(tmp_path, monkeypatch):
    (tmp_path / "images").mkdir()
    source = write_items(tmp_path, build_item(bands=("red",), href="./images/{id}.tif"))
    monkeypatch.chdir(tmp_path)
    for path in (source, "items.json"):
        (item,) = read(path)
        assert item["assets"]["red"]["href"] == str(tmp_path.resolve() / "images" / "s2.tif")


def test_absolute_links_stay_as_they_are(tmp_path):
    hrefs = ["https://x/a.tif", "s3://bucket/a.tif", "/data/a.tif"]
    items = [build_item(str(n), bands=("red",), href=href) for n, href in enumerate(hrefs)]
    read_hrefs = [item["assets"]["red"]["href"] for item in read(write_items(tmp_path, *items))]
    assert read_hrefs == hrefs


def test_a_single_item_is_a_source(tmp_path):
    path = tmp_path / "one.json"
    path.write_text(json.dumps(build_item()))
    assert [item["id"] for item in read(path)] == ["s2"]


def test_a_catalogue_without_items_holds_none(tmp_path):
    path = tmp_path / "catalog.json"
    catalog = {
        "type": "Catalog",
        "stac_version": "1.0.0",
        "id": "c",
        "description": "",
        "links": [],
    }
    path.write_text(json.dumps(catalog))
    assert read(path) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is no JSON text"),
        ("<html>", "is no JSON text"),
        ("[]", "is no JSON object"),
        ("{}", "is not STAC: its 'type' is None"),
        ('{"type": "Topology"}', "is not STAC: its 'type' is 'Topology'"),
        ('{"type": "FeatureCollection"}', "cannot be read as STAC: it has no list of features"),
        ('{"type": "Catalog"}', "cannot be read as STAC"),
    ],
)
def test_a_file_that_is_not_stac_is_refused(tmp_path, content, message):
    path = tmp_path / "source.json"
    path.write_text(content)
    with pytest.raises(CatalogError, match=message) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_catalogue_with_a_broken_link_is_refused(tmp_path):
    path = tmp_path / "catalog.json"
    links = [{"rel": "item", "href": "./lost.json"}]
    catalog = {"type": "Catalog", "stac_version": "1.0.0", "id": "c", "description": "d"}
    path.write_text(json.dumps({**catalog, "links": links}))
    with pytest.raises(CatalogError, match=r"catalog\.json cannot be read as STAC"):
        read(path)


@pytest.mark.parametrize("source", ["absent.json", "", ".", "earth-serch"])
def test_a_source_that_is_nowhere_is_refused(source):
    with pytest.raises(CatalogError, match="neither an existing file nor a URL nor a known name"):
        read(source)


@pytest.mark.parametrize("assets", [None, [], [1], "red", {"red": None}, {"red": "a.tif"}])
def test_one_bad_record_does_not_spoil_a_source(tmp_path, assets):
    source = write_items(tmp_path, build_item("bad") | {"assets": assets}, build_item("good"))
    assert len(read(source)) == 2
    found = find_scenes(EVENT, source, **PERIODS)
    assert [scene.id for scene in found.scenes] == ["good"]
    assert [rejection.item_id for rejection in found.rejected] == ["bad"]


# ---- a real STAC API


def find_free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def build_collection(name):
    anywhere = {
        "spatial": {"bbox": [[-180, -90, 180, 90]]},
        "temporal": {"interval": [[None, None]]},
    }
    return {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": name,
        "description": name,
        "license": "other",
        "links": [],
        "extent": anywhere,
    }


@contextlib.contextmanager
def serve(folder, items, collections):
    """A rustac server of these records; yields its URL."""
    program = shutil.which("rustac", path=str(Path(sys.executable).parent)) or shutil.which(
        "rustac"
    )
    if program is None:
        pytest.skip("no STAC server; install one with: pip install rustac")
    paths = [folder / f"{name}.json" for name in collections]
    for path in paths:
        path.write_text(json.dumps(build_collection(path.stem)))
    paths.append(Path(write_items(folder, *items)))
    address = f"127.0.0.1:{find_free_port()}"
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [program, "serve", *map(str, paths), "--addr", address], stdout=log, stderr=log
        )
    try:
        wait_for(f"http://{address}", server)
        yield f"http://{address}"
    finally:
        server.kill()
        server.wait()


def wait_for(url, server):
    for _ in range(200):
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1):
            return
        assert server.poll() is None, "the STAC server ended at once"
        time.sleep(0.05)
    raise AssertionError("the STAC server did not answer in 10 s")


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    """A STAC API with Hokkaido-like items over local COGs; (URL, folder)."""
    folder = tmp_path_factory.mktemp("api")
    corner = {"crs": "EPSG:32654", "corner": (LEFT, TOP), "pixel": 10.0}
    for name, number in (("pre", 1000), ("post", 3000), ("model", 250)):
        write_cog(folder / f"{name}.tif", np.full((64, 64), number, "uint16"), **corner)
    href = str(folder / "{id}.tif")
    options = {"href": href, "bands": ("red",), "proj:code": "EPSG:32654"}
    # from the event's area to where the files are
    reaching = {**options, "box": (*WIDE[:2], 144.0, WIDE[3])}
    many = [
        build_item(f"old-{n:03d}", f"2018-02-{1 + n % 28:02d}T01:00:00Z", href="https://x/{id}.tif")
        for n in range(250)
    ]
    items = [
        build_item("pre", "2018-08-30T01:30:00Z", **reaching),
        build_item("post", "2018-09-10T01:30:00Z", **reaching),
        build_item("years-ago", "2010-09-10T01:30:00Z", **options),
        build_item("elsewhere", "2018-08-31T01:30:00Z", box=(10, 45, 11, 46), **options),
        build_model("model", **{**reaching, "bands": ("data",), "collection": "cop-dem-glo-30"}),
        build_item("radar", "2018-08-30T01:30:00Z", collection="sentinel-1-grd", bands=("vv",)),
        *many,
    ]
    collections = ("sentinel-2-l2a", "cop-dem-glo-30", "sentinel-1-grd")
    with serve(folder, items, collections) as url:
        yield url, folder


@pytest.mark.server
def test_an_api_gives_every_page_of_what_may_matter(api):
    url, _ = api
    ids = [item["id"] for item in read(url)]
    assert len(ids) == len(set(ids))
    assert {"pre", "post", "model"} <= set(ids)
    assert sum(name.startswith("old-") for name in ids) == 250
    assert len(ids) == 253, "other years, places and sensors are not asked for"


@pytest.mark.server
def test_scenes_of_an_api_are_read_from_their_files(api):
    url, folder = api
    found = find_scenes(EVENT, url, **PERIODS)
    scenes, _ = choose_scenes(found, EVENT, bands=("red",), looks=1, **PERIODS)
    scenes = replace(scenes, access=HERE)
    assert [look.scene.id for look in scenes.looks] == ["pre", "post"]
    assert scenes.looks[0].scene.granules[0].assets[0].href == str(folder / "pre.tif")
    cube = build_cube(scenes, build_geobox(40, 40), bands=("red",)).load()
    np.testing.assert_allclose(cube["red"].values.mean((1, 2)), [0.1, 0.3], rtol=1e-5)
    assert np.allclose(cube["elevation"].values[4:-4, 4:-4], 250)


@pytest.mark.server
def test_elevation_models_of_a_collection_of_ones_own_are_kept_whatever_their_date(tmp_path):
    own = {"collection": "my-dem", "bands": ("elevation",)}
    with serve(tmp_path, [build_model("mine", **own)], ["my-dem"]) as url:
        assert [item["id"] for item in read(url)] == ["mine"]


class Web(http.server.BaseHTTPRequestHandler):
    """Answers each path with `pages[path]`, as (status, type, body)."""

    pages: dict[str, tuple[int, str, str]]

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        status, kind, body = self.pages.get(self.path, (404, "text/plain", "nothing"))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = do_POST = answer

    def log_message(self, *_args):
        pass


@pytest.fixture
def web():
    """A server of prepared answers: web(pages) -> URL; pages may name the URL as {url}."""
    servers = []

    def start(pages):
        handler = type("Handler", (Web,), {})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        url = f"http://127.0.0.1:{server.server_port}"
        handler.pages = {
            path: (status, kind, body.replace("{url}", url))
            for path, (status, kind, body) in pages.items()
        }
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return url

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def check_refused(url, message=""):
    with pytest.raises(CatalogError, match=message) as caught:
        read(url)
    said = str(caught.value)
    assert url in said and "\n" not in said
    assert len(said) < 500
    return said


@pytest.mark.server
@pytest.mark.parametrize(
    "answer",
    [
        (200, "text/html", "<!doctype html><title>Sign in</title>" * 100),
        (200, "application/json", "[1, 2"),
        (200, "application/json", "[]"),
        (200, "application/json", '{"type": "Thing"}'),
        (403, "text/plain", "no"),
        (404, "text/plain", "nothing"),
    ],
    ids=["html", "cut json", "a list", "another thing", "403", "404"],
)
def test_an_api_that_answers_otherwise_is_refused_in_one_sentence(web, answer):
    said = check_refused(web({"/": answer, "": answer}), "did not answer as one")
    assert "Check the URL and the network" in said


def test_an_api_that_refuses_connections_is_refused():
    check_refused(f"http://127.0.0.1:{find_free_port()}", "did not answer as one")


def build_api(search):
    """Pages of an API whose search answers this document."""
    conforms = [
        "https://api.stacspec.org/v1.0.0/core",
        "https://api.stacspec.org/v1.0.0/collections",
        "https://api.stacspec.org/v1.0.0/item-search",
    ]
    links = [
        {"rel": "self", "href": "{url}/"},
        {"rel": "root", "href": "{url}/"},
        {"rel": "data", "href": "{url}/collections"},
        {"rel": "search", "href": "{url}/search", "method": "POST", "type": "application/geo+json"},
    ]
    root = {
        "type": "Catalog",
        "id": "api",
        "stac_version": "1.0.0",
        "description": "d",
        "conformsTo": conforms,
        "links": links,
    }
    listed = {"collections": [build_collection("sentinel-2-l2a")], "links": []}
    kind = "application/json"
    pages = {"/": root, "/collections": listed, "/search": search}
    return {path: (200, kind, json.dumps(page)) for path, page in pages.items()}


def build_page(*items, following=False):
    again = {"rel": "next", "href": "{url}/search", "method": "POST", "body": {"token": "x"}}
    links = [again] if following else []
    return {"type": "FeatureCollection", "features": list(items), "links": links}


@pytest.mark.server
def test_an_api_that_repeats_a_page_is_stopped(web):
    check_refused(web(build_api(build_page(build_item(), following=True))), "repeats a page")


@pytest.mark.server
def test_an_api_without_a_match_holds_none(web):
    assert read(web(build_api(build_page()))) == []


@pytest.mark.server
def test_one_bad_record_does_not_spoil_an_api(web):
    bad = [
        build_item(f"bad-{n}") | change
        for n, change in enumerate(({"assets": [1]}, {"properties": 3}))
    ]
    url = web(build_api(build_page(*bad, build_item("good"))))
    assert [item["id"] for item in read(url)] == ["bad-0", "bad-1", "good"]


@pytest.mark.server
def test_a_search_that_breaks_off_is_refused_never_short(web):
    pages = build_api(build_page(build_item()))
    pages["/search"] = (500, "text/plain", "out of order")
    check_refused(web(pages), "did not answer as one")


# ---- catalogues known by name


@pytest.fixture
def known(tmp_path, monkeypatch):
    """Make these the shipped endpoints: known(name={"url": ..., ...}, ...)."""

    def write(**entries):
        (tmp_path / "endpoints.yaml").write_text(json.dumps(entries))
        monkeypatch.setattr(endpoints, "catalogs_folder", lambda: tmp_path)

    return write


@pytest.mark.server
def test_a_name_stands_for_its_url_and_its_collections(tmp_path, known):
    with scripted.serve(tmp_path, scripted.build_api(scripted.build_page(build_item()))) as server:
        known(mine={"url": server.url, "collections": ["landsat-c2-l2", "sentinel-2-l2a"]})
        found = find_scenes(EVENT, "mine", **PERIODS)
        assert [scene.id for scene in found.scenes] == ["s2"]
        assert (found.endpoint.name, found.notes) == ("mine", ())
        (search,) = server.asked("POST /search")
        assert '"collections": ["landsat-c2-l2", "sentinel-2-l2a"]' in search["body"]
        assert not server.asked("GET /collections"), "its entry says what it has"
        assert find_scenes(EVENT, f"{server.url}/", **PERIODS).endpoint.name == "mine"


@pytest.mark.server
def test_the_rate_of_an_endpoint_is_kept(tmp_path, known):
    pages = [scripted.build_page(following=str(n)) for n in range(4)]
    routes = scripted.build_api(*pages, scripted.build_page(build_item()))
    with scripted.serve(tmp_path, routes) as server:
        entry = {"url": server.url, "collections": ["sentinel-2-l2a"]}
        known(slow=entry | {"requests_per_second": 10})
        started = time.monotonic()
        assert len(read("slow")) == 1
        assert time.monotonic() - started >= 5 / 10, "six requests are five pauses"


@pytest.mark.server
def test_where_an_endpoint_cannot_be_searched_its_fallback_is_and_the_plan_says_so(tmp_path, known):
    with scripted.serve(tmp_path, scripted.build_api(scripted.build_page(build_item()))) as server:
        gone = f"http://127.0.0.1:{find_free_port()}"
        known(first={"url": gone, "fallback": "second"}, second={"url": server.url})
        found = find_scenes(EVENT, "first", **PERIODS)
        assert [scene.id for scene in found.scenes] == ["s2"]
        assert found.endpoint.name == "second"
        assert found.notes[0].startswith("first could not be searched, so second was.")
        assert gone in found.notes[0]


def test_where_the_fallback_fails_too_both_are_named(known):
    one, two = (f"http://127.0.0.1:{find_free_port()}" for _ in range(2))
    known(first={"url": one, "fallback": "second"}, second={"url": two, "fallback": "first"})
    with pytest.raises(CatalogError, match="Its fallback second failed too") as caught:
        read("first")
    assert one in str(caught.value) and two in str(caught.value)


def test_an_endpoint_without_a_fallback_that_cannot_be_searched_is_refused(known):
    url = f"http://127.0.0.1:{find_free_port()}"
    known(only={"url": url})
    with pytest.raises(CatalogError, match=f"{url} could not be reached"):
        read("only")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("earth-serch", "earth-search, planetary-computer. Did you mean earth-search?"),
        ("planetary", "Did you mean planetary-computer?"),
        ("nothing-like-it", "Known names: earth-search, planetary-computer.$"),
        ("https://", "is not a sound URL"),
        ("http://[::1", "is not a sound URL"),
        ("http://host:port/", "is not a sound URL"),
        ("http://.example.com/", r"cannot be asked \(InvalidURL\)"),
        ("https://me:secret@host/v1", "at host must not have credentials in its URL"),
    ],
)
def test_a_wrong_name_lists_the_names_and_a_wrong_url_says_why(source, message):
    with pytest.raises(CatalogError, match=message) as caught:
        read(source)
    assert "secret" not in str(caught.value)


# ---- links of a static catalogue


def write_catalogue(folder, name="catalog.json", **links):
    catalog = {"type": "Catalog", "stac_version": "1.0.0", "id": "c", "description": "d"}
    linked = [{"rel": rel, "href": href} for rel, hrefs in links.items() for href in hrefs]
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(catalog | {"links": linked}))
    return path


def test_children_are_walked_in_order_and_each_once(tmp_path):
    names = ("one", "two", "three")
    for name in names:
        (tmp_path / f"{name}.json").write_text(json.dumps(build_item(name)))
    root = write_catalogue(tmp_path, child=["a/child.json"], item=["one.json", "./one.json"])
    # a child may list its parent and itself
    write_catalogue(
        tmp_path, "a/child.json", child=["child.json", "../catalog.json"], item=["../two.json"]
    )
    assert [item["id"] for item in read(root)] == ["two", "one"]


@pytest.mark.parametrize(
    ("links", "message"),
    [
        ({"item": ["https://example.com/item.json"]}, "a file may link to files only"),
        ({"child": ["s3://bucket/catalog.json"]}, "a file may link to files only"),
        ({"item": [3]}, "has a link without an address"),
        ({"item": ["list.json"]}, "it is no JSON object"),
        ({"item": ["thing.json"]}, "is not a STAC catalogue, collection or item"),
    ],
)
def test_a_catalogue_with_bad_links_is_refused(tmp_path, links, message):
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "thing.json").write_text("{}")
    with pytest.raises(CatalogError, match=message):
        read(write_catalogue(tmp_path, **links))


def test_a_catalogue_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(links, "_MOST_FILES", 3)
    root = write_catalogue(tmp_path, item=[f"{n}.json" for n in range(5)])
    with pytest.raises(CatalogError, match="links to more than 3 files"):
        read(root)


@pytest.mark.server
def test_a_static_catalogue_at_a_url_is_walked(tmp_path):
    catalog = {"type": "Catalog", "stac_version": "1.0.0", "id": "c", "description": "d"}
    listed = [{"rel": "item", "href": "./items/s2.json"}]
    item = build_item(bands=("red",), href="../images/{id}.tif")
    routes = {
        "GET /bad.json": [{"json": catalog | {"links": [{"rel": "child", "href": "c.json"}]}}],
        "GET /c.json": [{"json": catalog | {"links": [{"rel": "item", "href": "//[::1"}]}}],
        "GET /catalog.json": [{"json": catalog | {"links": listed}}],
        "GET /items/s2.json": [{"status": 500}, {"json": item}],
    }
    with scripted.serve(tmp_path, routes) as server:
        (read_item,) = read(f"{server.url}/catalog.json")
        assert read_item["assets"]["red"]["href"] == f"{server.url}/images/s2.tif"
        with pytest.raises(CatalogError, match=r"c\.json has a link that is no address"):
            read(f"{server.url}/bad.json")
