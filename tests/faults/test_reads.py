"""Reads over a wire that fails: survived where the fault passes, told where it stays, never NaN."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import quote, unquote

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window

from lsbatch.cube import build_cube, find_broken, web
from lsbatch.cube.patience import Deadline, Patience
from lsbatch.cube.shelf import SHELF
from lsbatch.cube.signing import SIGNERS
from lsbatch.domain import Access, Asset
from lsbatch.errors import ReadError
from tests.cogs import HERE, build_geobox, granule_of, scene_of, scenes_of, write_noise
from tests.cube.test_reader import build_reader
from tests.servers import serve_folder

pytestmark = pytest.mark.server

GRID = build_geobox(320, 330)
WHOLE = Window(0, 0, 330, 320)
LOCAL = Access(loopback=True)
BRIEF = Patience(connect_s=2, read_s=1.0, request_s=2.0, tries=4, pause_s=0.02, longest_pause_s=1.5)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    write_noise(folder / "a.tif", GRID, crs="EPSG:32655", pixel=10.0)
    content = (folder / "a.tif").read_bytes()
    (folder / "large.tif").write_bytes(content + bytes(1 << 20))
    (folder / "empty.tif").write_bytes(b"")
    (folder / "page.tif").write_text("<!doctype html><title>Sign in</title>")
    for share in (1, 20, 60, 90):
        (folder / f"cut{share}.tif").write_bytes(content[: len(content) * share // 100])
    with serve_folder(folder) as served:
        yield served


@pytest.fixture(autouse=True)
def _brief(server, monkeypatch):
    monkeypatch.setattr(web, "PATIENCE", BRIEF)
    monkeypatch.setattr("lsbatch.cube.remote.PATIENCE", BRIEF)
    web._ways.clear()
    SHELF.forget()
    server.ask("/forget")


@pytest.fixture(scope="module")
def wanted(server):
    return build_reader(Asset("red", str(server.folder / "a.tif")), access=HERE).read(WHOLE)


def read(href, *, access=LOCAL, within_s=60.0, **options):
    asset = Asset("red", href)
    reader = build_reader(asset, access=access, deadline=Deadline(within_s), **options)
    return reader.read(WHOLE)


def test_a_file_over_a_wire_is_read_bit_for_bit_and_no_byte_twice(server, wanted):
    np.testing.assert_array_equal(read(server.url("ok", "a.tif")), wanted)
    spans = [entry[1].removeprefix("bytes=").split("-") for entry in server.log()]
    asked = sum(int(stop) - int(start) + 1 for start, stop in spans)
    assert asked <= (server.folder / "a.tif").stat().st_size + 2 * 32768
    firsts = [int(start) for start, _ in spans]
    assert len(firsts) == len(set(firsts))


def test_what_one_block_has_read_the_next_one_need_not_ask_for(server, wanted):
    for _ in range(2):
        np.testing.assert_array_equal(read(server.url("ok", "a.tif")), wanted)
    spans = [entry[1] for entry in server.log()]
    assert len(spans) == len(set(spans)) > 1


def test_a_file_without_a_version_is_read_anew_for_each_block(server, wanted):
    for _ in range(2):
        np.testing.assert_array_equal(read(server.url("plain+", "a.tif")), wanted)
    assert [entry[1] for entry in server.log()].count("bytes=0-32767") == 2


def test_a_file_that_changes_between_blocks_is_told_and_then_read_anew(server, wanted):
    href = server.url("ok,other+", "a.tif")
    with pytest.raises(ReadError, match="was changed on its server"):
        read(href)
    np.testing.assert_array_equal(read(href), wanted)


def test_a_small_file_may_come_from_a_server_without_parts(server, wanted):
    np.testing.assert_array_equal(read(server.url("ignore+", "a.tif")), wanted)
    assert len(server.log()) == 1


@pytest.mark.parametrize("name", ["\u6587\u5b57.tif", "with blank.tif", "a%20b.tif", "a+b&c=d.tif"])
def test_letters_of_all_kinds_reach_the_server_as_they_should(server, wanted, name):
    (server.folder / unquote(name)).write_bytes((server.folder / "a.tif").read_bytes())
    np.testing.assert_array_equal(read(server.url("ok", name)), wanted)


# ---- R1: faults that pass


PASSING = {
    "503 on open": "503x3",
    "429 on open": "429x2",
    "503 on a later read": "ok,503x2",
    "429 on a later read": "ok,ok,429",
    "500, 502, 504 and 408": "500,502,504,ok,408,ok",
    "a short body on open": "short",
    "a short body later": "ok,ok,short,short",
    "a cut connection on open": "reset,reset",
    "a cut connection later": "ok,reset,ok,reset",
    "the wrong part": "ok,shift",
    "all of them": "503,short,reset,ok,429,short,reset,ok",
}


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_costs_nothing_but_time(server, wanted, fault):
    np.testing.assert_array_equal(read(server.url(PASSING[fault], "a.tif")), wanted)


def test_a_retry_is_a_request_and_not_a_memory_of_the_last_one(server, wanted):
    """GDAL remembers a failure: with its own reading one request is sent, whatever one tries."""
    with pytest.raises(ReadError, match="failed 4 times"):
        read(server.url("503x4", "a.tif"))
    assert len(server.log()) == 4
    np.testing.assert_array_equal(read(server.url("503x4", "a.tif")), wanted)


def test_a_server_that_asks_to_wait_is_given_its_time(server, wanted):
    begun = time.monotonic()
    np.testing.assert_array_equal(read(server.url("429after1", "a.tif")), wanted)
    assert 1.0 <= time.monotonic() - begun < 5


def test_a_server_that_asks_for_an_hour_is_not_waited_for(server, wanted):
    begun = time.monotonic()
    np.testing.assert_array_equal(read(server.url("503after3600", "a.tif")), wanted)
    assert time.monotonic() - begun < 5


# ---- R2: stalls


@pytest.mark.parametrize("script", ["stall", "ok,stall", "ok,drip"])
def test_a_stall_is_left_after_its_bound_and_tried_again(server, wanted, script):
    begun = time.monotonic()
    np.testing.assert_array_equal(read(server.url(script, "a.tif")), wanted)
    assert time.monotonic() - begun < BRIEF.request_s + 3


def test_a_block_is_over_at_its_deadline(server):
    begun = time.monotonic()
    with pytest.raises(ReadError, match=r"was not read within 2 s \(the last fault: ReadTimeout"):
        read(server.url("stall+", "a.tif"), within_s=2.0)
    assert time.monotonic() - begun < 2.0 + BRIEF.request_s + 1


# ---- R3: signatures that expire


@pytest.fixture
def signer(server, monkeypatch):
    """A signer whose tokens come from the server; what it was asked for is on record."""
    asked, newest = [], [server.ask("/token")]

    def sign(href, fresh):
        asked.append(fresh)
        if fresh:
            newest[0] = server.ask("/token")
        return f"{href}?sig={newest[0]}"

    monkeypatch.setitem(SIGNERS, "test", sign)
    return asked


SIGNED = replace(LOCAL, sign="test")


def test_a_signature_is_made_at_the_moment_of_reading(server, wanted, signer):
    reader = build_reader(Asset("red", server.url("token+", "a.tif")), access=SIGNED)
    assert signer == [], "signed before it was read"
    np.testing.assert_array_equal(reader.read(WHOLE), wanted)
    assert signer == [False]


@pytest.mark.parametrize("good", [0, 1, 3])
def test_a_signature_that_expires_midway_is_made_anew_once(server, wanted, signer, good):
    if good == 0:
        server.ask("/token")  # the one that the signer keeps is stale from the start
        np.testing.assert_array_equal(read(server.url("token+", "a.tif"), access=SIGNED), wanted)
    else:
        script = "token,403" if good == 1 else "token,token,token,403"
        np.testing.assert_array_equal(read(server.url(script, "a.tif"), access=SIGNED), wanted)
    assert signer.count(True) == 1


def test_a_signature_that_does_not_help_is_said_after_one_more(server, signer):
    with pytest.raises(ReadError, match=r"answers 403 \(Forbidden\)"):
        read(server.url("403+", "a.tif"), access=SIGNED)
    assert signer.count(True) == 1 and len(server.log()) == 2


def test_signatures_are_in_no_text(server, signer, caplog):
    caplog.set_level(logging.DEBUG)
    said = []
    for script in ("token+", "token,403+", "token,503+", "token,reset+", "token,html+", "404+"):
        try:
            read(server.url(script, "a.tif"), access=SIGNED)
        except ReadError as error:
            chain = [error]
            while chain[-1].__cause__ is not None:
                chain.append(chain[-1].__cause__)
            said += [str(e) for e in chain if isinstance(e, ReadError)]
    assert len(said) >= 5 and "urllib3" in caplog.text, "nothing was said"
    assert any("sig=" in entry[0] for entry in server.log()), "nothing was signed"
    assert "sig=" not in caplog.text + " ".join(said)


# ---- R4, R5: faults that stay


def test_what_is_gone_is_named_with_item_asset_and_code(server):
    href = server.url("404+", "a.tif")
    scene = scene_of(granule_of("S2-lost", Asset("red", href)))
    scenes = replace(scenes_of(scene), access=LOCAL)
    cube = build_cube(scenes, GRID, bands=("red",))
    with pytest.raises(ReadError) as caught:
        cube.load(scheduler="synchronous")
    text = str(caught.value)
    assert text.startswith(f"item S2-lost, band red: {href} cannot be opened as a GeoTIFF ")
    assert "the server answers 404 (Not Found)" in text
    assert len(server.log()) == 1, "asked again, though it is gone"


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 451])
@pytest.mark.parametrize("when", ["", "ok,"])
def test_an_answer_that_stays_is_an_error_and_never_nodata(server, code, when):
    with pytest.raises(ReadError, match=f"the server answers {code}"):
        read(server.url(f"{when}{code}+", "a.tif"))


BROKEN = {
    "html": ("html+", "a.tif", r"is not a TIFF: it begins with b'<!doctype ht"),
    "html file": ("ok", "page.tif", "is not a TIFF"),
    "empty": ("ok", "empty.tif", "is empty"),
    "no parts": ("ignore+", "large.tif", "does not serve parts"),
    "no parts later": ("ok,ignore+", "large.tif", "does not serve parts"),
    "odd range": ("odd+", "a.tif", "Content-Range says nothing"),
    "changed meanwhile": ("ok,other", "a.tif", "was changed on its server"),
    "cut at 1 %": ("ok", "cut1.tif", "cannot be"),
    "cut at 20 %": ("ok", "cut20.tif", "cannot be read"),
    "cut at 60 %": ("ok", "cut60.tif", "cannot be read"),
    "cut at 90 %": ("ok", "cut90.tif", "cannot be read"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_file_raises(server, fault):
    script, name, message = BROKEN[fault]
    with pytest.raises(ReadError, match=message):
        read(server.url(script, name))


def test_broken_files_are_listed_before_work_starts(server):
    granules = [
        granule_of(script, Asset("red", server.url(script, "a.tif"))) for script in ("ok", "404+")
    ]
    (broken,) = find_broken([scene_of(*granules)], LOCAL)
    assert broken.item_id == "404+" and "answers 404" in broken.reason


def test_a_server_that_is_not_there_is_said_in_bounded_time(server):
    begun = time.monotonic()
    with pytest.raises(ReadError, match=r"failed 4 times, the last time so: NewConnectionError"):
        read("http://127.0.0.1:9/a.tif")
    assert time.monotonic() - begun < 5


# ---- T3: redirects


def test_a_redirect_on_the_same_server_is_followed_once(server, wanted):
    script = quote(f"to:{server.url('ok', 'a.tif')}", safe="")
    np.testing.assert_array_equal(read(server.url(script, "a.tif")), wanted)
    assert sum("to%3A" in entry[0] for entry in server.log()) == 1


PRIVATE = [
    "http://169.254.169.254/latest/meta-data/",
    "https://169.254.169.254/latest/meta-data/",
    "https://10.0.0.1/a.tif",
    "https://192.168.1.1/a.tif",
    "https://172.16.0.9/a.tif",
    "https://100.64.0.1/a.tif",
    "https://0.0.0.0/a.tif",
    "https://2852039166/a.tif",
    "https://0xa9fea9fe/a.tif",
    "https://[::1]/a.tif",
    "https://[fd00::1]/a.tif",
    "https://[::ffff:10.0.0.1]/a.tif",
    "https://[64:ff9b::a00:1]/a.tif",
    "https://127.0.0.1/a.tif",
    "https://localhost/a.tif",
    "http://127.0.0.1:9/a.tif",
    "https://sentinel-cogs.s3.us-west-2.amazonaws.com:8443/a.tif",
    "https://user:pw@sentinel-cogs.s3.us-west-2.amazonaws.com/a.tif",
    "file:///etc/passwd",
    "ftp://example.org/a.tif",
    "/vsicurl/http://10.0.0.1/a.tif",
]


@pytest.mark.parametrize("target", PRIVATE)
def test_a_redirect_to_a_private_place_is_not_followed(server, target):
    script = quote(f"to:{target}", safe="")
    with pytest.raises(
        ReadError, match=r"leads by a redirect to|private network|host .* not known|answers 404"
    ):
        read(server.url(f"{script}+", "a.tif"))
    assert all(entry[2] == f"127.0.0.1:{server.port}" for entry in server.log())


def test_a_redirect_to_a_private_name_is_refused_by_its_address(server, monkeypatch):
    monkeypatch.setattr(
        "socket.getaddrinfo", _names({"cdn.example.org": "10.1.2.3", "127.0.0.1": "127.0.0.1"})
    )
    script = quote("to:https://cdn.example.org/a.tif", safe="")
    with pytest.raises(ReadError, match=r"cdn\.example\.org is at 10\.1\.2\.3, an address of a"):
        read(server.url(f"{script}+", "a.tif"))


def test_a_redirect_to_what_is_no_url_is_not_followed(server):
    script = quote("to:https://[bad/a.tif", safe="")
    with pytest.raises(ReadError, match="whose answer cannot be understood"):
        read(server.url(f"{script}+", "a.tif"))


def test_a_circle_of_redirects_ends(server):
    """The path leads to itself: a relative target of the same name."""
    with pytest.raises(ReadError, match="redirect to redirect, more than 5 times"):
        read(server.url("to:a.tif+", "a.tif"))
    assert len(server.log()) == 5


def _names(table):
    def getaddrinfo(host, port, *_args, **_options):
        return [(2, 1, 6, "", (table[host], port))]

    return getaddrinfo


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.7", "::1", "fe80::1"])
def test_a_listed_host_at_a_private_address_is_not_asked(monkeypatch, address):
    monkeypatch.setattr("socket.getaddrinfo", _names({"landsatlook.usgs.gov": address}))
    with pytest.raises(ReadError, match="an address of a private network"):
        read("https://landsatlook.usgs.gov/a.tif")


def test_the_address_that_was_checked_is_the_one_that_is_asked(monkeypatch):
    """A second look-up, which might give another answer, is never made."""
    asked = []

    def getaddrinfo(host, port, *args, **options):
        asked.append(host)
        return [(2, 1, 6, "", ("93.184.216.34" if len(asked) == 1 else "10.0.0.1", port))]

    monkeypatch.setattr("socket.getaddrinfo", getaddrinfo)
    tried = []

    def connect(address, *_args, **_options):
        tried.append(address[0])
        raise OSError("no way out")

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    monkeypatch.setattr("urllib3.connection.connection.create_connection", connect)
    monkeypatch.setattr("lsbatch.cube.remote.PATIENCE", replace(BRIEF, tries=1))
    with pytest.raises(ReadError, match="failed 1 times"):
        read("https://landsatlook.usgs.gov/a.tif")
    assert asked == ["landsatlook.usgs.gov"] and tried == ["93.184.216.34"]


def test_gdal_itself_asks_no_server(server, tmp_path, wanted):
    """Metadata of a GeoTIFF may name another file as its overview, and GDAL opens it."""
    path = tmp_path / "led.tif"
    path.write_bytes((server.folder / "a.tif").read_bytes())
    with rasterio.open(path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as dataset:
        dataset.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=f"/vsicurl/{server.url('ok', 'a.tif')}")
    server.ask("/forget")
    with pytest.raises(ReadError, match=r"names other files in its metadata \(OVERVIEWS\)"):
        read(str(path), access=HERE, geobox=GRID.zoom_out(4))
    assert server.log() == []


def test_many_threads_read_through_one_server(server, wanted):
    with ThreadPoolExecutor(4) as pool:
        hrefs = [server.url(f"503x{n},ok,short", "a.tif") for n in (1, 2, 3)] * 4
        for got in pool.map(read, hrefs):
            np.testing.assert_array_equal(got, wanted)
