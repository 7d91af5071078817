"""Catalogues that misbehave (A1 to A10): scenes, or one sentence; never a short list."""

import contextlib
import itertools
import time
from dataclasses import replace

import pytest

from lsbatch.errors import CatalogError
from lsbatch.search import api as api_module
from lsbatch.search import find_scenes, limits
from lsbatch.search.api_io import ApiIO
from tests.records import EVENT, PERIODS, build_item, build_model
from tests.scripted import FILTERS, build_api, build_page, build_root, serve

pytestmark = pytest.mark.server

METHODS = ("GET", "POST")
LIMITS = limits.Limits(
    connect_s=2.0,
    read_s=0.4,
    answer_s=1.5,
    search_s=8.0,
    retries=3,
    backoff_s=0.01,
    retry_after_s=0.2,
    answer_bytes=2 * 2**20,
)
ITEMS = [build_item(f"s{n}", f"2018-08-{n + 1:02d}T01:30:00Z") for n in range(6)]
IDS = [item["id"] for item in ITEMS]


@pytest.fixture(autouse=True)
def _short_limits(monkeypatch):
    monkeypatch.setattr(limits, "LIMITS", LIMITS)


@pytest.fixture
def api(tmp_path):
    """Start a scripted API: api(page, page, ..., method="POST") -> Scripted."""
    with contextlib.ExitStack() as stack:
        yield lambda *pages, **options: stack.enter_context(
            serve(tmp_path, build_api(*pages, **options))
        )


@pytest.fixture
def routes(tmp_path):
    """Start a server of any routes."""
    with contextlib.ExitStack() as stack:
        yield lambda routes: stack.enter_context(serve(tmp_path, routes))


def find(server):
    return find_scenes(EVENT, server.url, **PERIODS)


def ids_of(found):
    return [granule.item_id for scene in found.scenes for granule in scene.granules]


def check_refused(server, message):
    """The search fails in one sentence that names the URL."""
    with pytest.raises(CatalogError, match=message) as caught:
        find(server)
    said = str(caught.value)
    assert server.url in said
    assert "\n" not in said and len(said) < 700
    return said


def build_pages(method, sizes=(2, 2, 2)):
    """The six items over pages that follow each other."""
    rest = iter(ITEMS)
    parts = [list(itertools.islice(rest, size)) for size in sizes]
    return [
        build_page(*part, following=f"p{n}" if n + 1 < len(parts) else None, method=method)
        for n, part in enumerate(parts)
    ]


# ---- A1: passing errors

PASSING = {
    "429": {"status": 429, "text": "slow down"},
    "429, wait": {"status": 429, "headers": {"Retry-After": "1"}},
    "429, wait a day": {"status": 429, "headers": {"Retry-After": "86400"}},
    "429, wait for what": {"status": 429, "headers": {"Retry-After": "soon"}},
    "408": {"status": 408},
    "500": {"status": 500, "text": "<html>oops</html>"},
    "502": {"status": 502},
    "503, wait": {"status": 503, "headers": {"Retry-After": "Wed, 21 Oct 2065 07:28:00 GMT"}},
    "504": {"status": 504},
    "dropped": {"drop": True},
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fault", PASSING)
def test_a1_a_passing_error_is_survived(api, method, fault):
    started = time.monotonic()
    server = api(
        *[PASSING[fault]] * LIMITS.retries, build_page(*ITEMS, method=method), method=method
    )
    assert ids_of(find(server)) == IDS
    assert len(server.asked(f"{method} /search")) == LIMITS.retries + 1
    assert time.monotonic() - started < 6


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("fault", "told"), [("500", "status 500; it began with <html>oops"), ("dropped", "dropped")]
)
def test_a1_an_error_that_stays_is_told_after_a_bounded_number_of_tries(api, method, fault, told):
    server = api(PASSING[fault], method=method)
    check_refused(server, told)
    most = LIMITS.rounds * (LIMITS.retries + 1)
    assert len(server.asked(f"{method} /search")) == most


def test_a1_a_refusal_is_told_at_once(api):
    server = api({"status": 403, "text": "no"})
    check_refused(server, "answered status 403; it began with no")
    assert len(server.asked("POST /search")) == 1


def test_a1_the_landing_page_is_asked_again_too(routes):
    script = build_api(build_page(*ITEMS))
    for route in ("GET /", "GET /collections"):
        script[route] = [PASSING["503, wait"], PASSING["dropped"], *script[route]]
    assert ids_of(find(routes(script))) == IDS


# ---- A2: silence and dripping


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("fault", "told", "seconds"),
    [
        ({"silent_s": 60}, "/search was silent for too long", LIMITS.read_s),
        ({"drip_s": 0.2, "json": [0] * 99}, "gave no whole answer in 1.5 s", LIMITS.answer_s),
    ],
    ids=["silent", "drip"],
)
def test_a2_a_server_that_never_ends_is_left_in_the_time_declared(
    api, method, fault, told, seconds
):
    server = api(fault, method=method)
    started = time.monotonic()
    check_refused(server, told)
    halved = api_module._DEEPEST_SPLIT + 1
    assert time.monotonic() - started < halved * seconds + 2


def test_a2_a_search_that_takes_too_long_altogether_is_left(api, monkeypatch):
    monkeypatch.setattr(limits, "LIMITS", replace(LIMITS, search_s=1.0))
    slow = [{**build_page(following=f"t{n}"), "silent_s": 0.3} for n in range(9)]
    check_refused(api(*slow), "gave no whole answer in 1 s")


def test_a2_a_landing_page_that_drips_is_left(routes):
    server = routes({"GET /": [{"drip_s": 0.3, "json": build_root()}]})
    started = time.monotonic()
    check_refused(server, "gave no whole answer in 1.5 s")
    assert time.monotonic() - started < LIMITS.answer_s + 1


@pytest.mark.parametrize("method", METHODS)
def test_a2_a_search_that_times_out_is_asked_in_halves(api, method):
    halves = [build_page(*part, method=method) for part in (ITEMS[:3], ITEMS[2:])]
    server = api({"silent_s": 60}, *halves, method=method)
    found = find(server)
    assert ids_of(found) == IDS, "an item on the seam counts once"
    assert found.rejected == ()
    (note,) = found.notes
    assert "timed out over 2017-12-31 to 2019-01-02, and was asked in halves" in note


def test_a2_a_gateway_that_gives_up_is_asked_for_less(api):
    halves = [build_page(*part) for part in (ITEMS[:3], ITEMS[3:])]
    server = api(*[PASSING["504"]] * (LIMITS.retries + 1), *halves)
    assert ids_of(find(server)) == IDS


def test_a2_no_more_than_the_declared_number_of_halves_is_asked(api):
    server = api({"status": 504})
    check_refused(server, "answered status 504")
    depth = api_module._DEEPEST_SPLIT + 1
    assert len(server.asked("POST /search")) == depth * (LIMITS.retries + 1)


# ---- A3: loops


@pytest.mark.parametrize("method", METHODS)
def test_a3_a_next_page_that_is_the_same_is_stopped_after_two(api, method):
    server = api(build_page(*ITEMS, following="again", method=method), method=method)
    check_refused(server, "repeats a page")
    assert len(server.asked(f"{method} /search")) == 2


def test_a3_the_same_records_under_ever_new_tokens_are_stopped_after_two(api):
    server = api(build_page(*ITEMS, following="a"), build_page(*ITEMS, following="b"))
    check_refused(server, "repeats a page")
    assert len(server.asked("POST /search")) == 2


def test_a3_two_pages_that_lead_to_each_other_are_stopped(api):
    one, two = build_page(ITEMS[0], following="b"), build_page(ITEMS[1], following="a")
    three = build_page(ITEMS[2], following="b")
    server = api(one, two, three)
    check_refused(server, "repeats a page")
    assert len(server.asked("POST /search")) == 3


# ---- A4: empty pages


@pytest.mark.parametrize("method", METHODS)
def test_a4_an_empty_page_with_a_next_one_is_followed(api, method):
    server = api(*build_pages(method, sizes=(0, 2, 0, 4)), method=method)
    assert ids_of(find(server)) == IDS


def test_a4_empty_pages_without_end_are_stopped(api):
    server = api(*[build_page(following=f"t{n}") for n in range(60)])
    check_refused(server, "gave 0 records and goes on")
    assert len(server.asked("POST /search")) < 30


# ---- A5: malformed answers

PAGE = "<!doctype html><title>Sign in</title>\n" * 200
MALFORMED = {
    "html": ({"text": PAGE}, r"/search is no JSON; it began with <!doctype html>.*Sign in.*\\n"),
    "cut json": ({"text": '{"type": "FeatureCollection", "feat'}, "is no JSON; it began with {"),
    "nothing": ({"text": ""}, "is no JSON; it was empty"),
    "a list": ({"json": [1, 2]}, r"is no JSON object; it began with \[1, 2\]"),
    "a number": ({"json": 7}, "is no JSON object; it began with 7"),
    "no features": ({"json": {"type": "FeatureCollection"}}, "holds no list of features"),
    "features of text": ({"json": {"features": "all"}}, "holds no list of features"),
    "deep": ({"deep": 200_000}, "is nested more than 64 deep"),
    "rather deep": ({"text": '{"a":' * 400 + "1" + "}" * 400}, "is nested more than 64 deep"),
    "bomb": ({"bomb": 40}, "answered more than 2 MiB; it began with 000"),
    "huge": ({"text": " " * 3_000_000}, "answered more than 2 MiB"),
    "not packed": ({"text": "{}", "headers": {"Content-Encoding": "gzip"}}, "cannot be unpacked"),
    "broken off": ({**build_page(*ITEMS), "cut": 40}, "broke off"),
    "bytes": ({"text": "\x00\x1b[31m\u202e"}, r"it began with \\x00\\x1b\[31m\\u202e"),
    "next without address": (
        {"json": {"features": [], "links": [{"rel": "next"}]}},
        "has a next page without an address",
    ),
    "next by DELETE": (
        {"json": {"features": [], "links": [{"rel": "next", "href": "x", "method": "DELETE"}]}},
        "has a next page by 'DELETE'",
    ),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fault", MALFORMED)
def test_a5_a_malformed_answer_is_one_sentence(api, method, fault):
    step, message = MALFORMED[fault]
    said = check_refused(api(step, method=method), message)
    assert said.isascii() and said.isprintable()


@pytest.mark.parametrize(
    "root",
    [
        {"text": PAGE},
        {"json": {"type": "Thing"}},
        {"json": build_root() | {"links": 3}},
        {"json": build_root() | {"links": [3]}},
        {"json": build_root() | {"conformsTo": 3}},
        {"json": build_root() | {"stac_version": None}},
    ],
    ids=["html", "thing", "links 3", "links [3]", "conformsTo 3", "no version"],
)
def test_a5_a_malformed_landing_page_is_one_sentence(routes, root):
    script = build_api(build_page(*ITEMS)) | {"GET /": [root]}
    with contextlib.suppress(CatalogError):  # either it is read all the same, or
        assert ids_of(find(routes(script))) == IDS
        return
    check_refused(routes(script), "did not answer as one")


def test_a5_links_that_are_none_end_the_search(api):
    page = {"json": {"features": ITEMS, "links": [None, 3, {"rel": "next"} | {"rel": "self"}]}}
    assert ids_of(find(api(page))) == IDS


# ---- A6: failing after page k


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "fault",
    [PASSING["500"], PASSING["dropped"], {"text": "{", "cut": 0}, {**build_page(), "cut": 9}],
)
def test_a6_a_search_goes_on_from_the_page_that_failed(api, method, fault):
    first, *rest = build_pages(method)
    server = api(first, fault, *rest, method=method)
    assert ids_of(find(server)) == IDS
    asked = [entry["body"] + entry["query"] for entry in server.asked(f"{method} /search")]
    assert len(asked) == 4
    assert asked[1] == asked[2] != asked[0], "the first page is not asked for again"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fault", [PASSING["500"], {"status": 404}, {"text": PAGE}])
def test_a6_a_page_that_stays_broken_is_an_error_never_a_short_list(api, method, fault):
    first, second, _ = build_pages(method)
    check_refused(api(first, second, fault, method=method), "status 500|status 404|is no JSON")


# ---- A7: counts


@pytest.mark.parametrize("more", [{"numberMatched": 9}, {"context": {"matched": 9}}])
def test_a7_a_count_that_does_not_match_is_recorded(api, more):
    found = find(api(build_page(*ITEMS, **more)))
    assert ids_of(found) == IDS
    (note,) = found.notes
    assert "announced 9 records and gave 6" in note


def test_a7_a_catalogue_that_changes_meanwhile_is_recorded(api):
    pages = build_pages("POST")
    for page, count in zip(pages, (6, 6, 7), strict=True):
        page["json"]["numberMatched"] = count
    (note,) = find(api(*pages)).notes
    assert "changed during the search (from 6 to 7 records)" in note


@pytest.mark.parametrize(
    "more", [{}, {"numberMatched": 6}, {"numberMatched": "six"}, {"context": 3}]
)
def test_a7_a_count_that_matches_or_is_none_is_not_mentioned(api, more):
    assert find(api(build_page(*ITEMS, **more))).notes == ()


# ---- A8: nothing found


@pytest.mark.parametrize("method", METHODS)
def test_a8_an_empty_search_has_no_candidates(api, method):
    found = find(api(build_page(method=method), method=method))
    assert (found.scenes, found.terrain, found.rejected) == ((), (), ())


# ---- A9: twice the same


def test_a9_a_record_that_comes_twice_counts_once(api):
    found = find(api(build_page(*ITEMS[:4], following="b"), build_page(*ITEMS[2:])))
    assert ids_of(found) == IDS
    assert found.rejected == ()


def test_a9_of_one_id_in_two_collections_one_is_used(api):
    twins = [
        build_item("s0", collection=name, **{"s2:processing_baseline": "05.11"})
        for name in ("sentinel-2-l2a", "sentinel-2-c1-l2a")
    ]
    for order in (twins, twins[::-1]):
        found = find(api(build_page(*order)))
        assert ids_of(found) == ["s0"]
        (rejection,) = found.rejected
        assert rejection.reason == "another record has the same id and goes first"


def test_a9_of_an_image_processed_again_the_newest_baseline_is_used(api):
    name = "S2A_MSIL2A_20180801T013000_{}R031_T54TXN_{}"
    old, new = (
        build_item(name.format("", made), **{"s2:processing_baseline": baseline})
        for made, baseline in (("20180801T040000", "02.08"), ("20230101T000000", "05.00"))
    )
    for order in ([old, new], [new, old]):
        found = find(api(build_page(*order)))
        assert ids_of(found) == [new["id"]]
        (rejection,) = found.rejected
        assert rejection.item_id == old["id"]
        assert "of an older baseline (02.08 against 05.00)" in rejection.reason


# ---- A10: invalid items

BAD = {
    "no datetime": ({"properties": {}}, "neither a datetime"),
    "no properties": ({"properties": None}, "neither a datetime"),
    "null geometry, no box": ({"geometry": None, "bbox": None}, "neither a geometry nor a bbox"),
    "a number for assets": ({"assets": 3}, "breaks the STAC specification"),
    "no assets": ({"assets": {}}, "none of its assets is a band"),
    "empty footprint": (
        {"geometry": {"type": "Polygon", "coordinates": []}},
        "its footprint is empty",
    ),
}
MENDED = {
    "null geometry": {"geometry": None},
    "no epsg": {},
    "null epsg": {"proj:epsg": None},
    "null code": {"proj:code": None},
    "code only": {"proj:code": "EPSG:32654"},
    "shape 0": {"proj:epsg": 32654, "proj:shape": [0, 0]},
    "transform NaN": {"proj:epsg": 32654, "proj:transform": [float("nan")] * 6},
}


@pytest.mark.parametrize("fault", BAD)
def test_a10_an_invalid_item_is_left_out_with_its_reason(api, fault):
    change, reason = BAD[fault]
    found = find(api(build_page(build_item("bad") | change, *ITEMS)))
    assert ids_of(found) == IDS
    (rejection,) = found.rejected
    assert rejection.item_id == "bad" and reason in rejection.reason


def test_a10_a_feature_that_is_no_object_is_left_out(api):
    found = find(api(build_page(3, None, *ITEMS)))
    assert ids_of(found) == IDS
    assert {rejection.reason for rejection in found.rejected} == {"it is no JSON object"}


@pytest.mark.parametrize("fault", MENDED)
def test_a10_what_the_file_itself_says_need_not_be_in_the_item(api, fault):
    change = MENDED[fault]
    item = build_item("odd", **{k: v for k, v in change.items() if k.startswith("proj:")})
    found = find(api(build_page(item | {k: v for k, v in change.items() if k == "geometry"})))
    assert (ids_of(found), found.rejected) == (["odd"], ())
    stated = found.scenes[0].granules[0].assets[0].epsg
    assert stated == (32654 if fault in ("code only", "shape 0", "transform NaN") else None)


# ---- T4: other places


@pytest.mark.parametrize(
    "href",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:1/search",
        "http://127.0.0.1:1/search",
        "https://evil.example/search",
        "http://me:secret@127.0.0.1/search",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "http://[::1/",
        "http://127.0.0.1:port/",
    ],
)
def test_t4_a_page_on_another_host_is_not_asked_for(api, href):
    page = build_page(ITEMS[0])
    page["json"]["links"] = [{"rel": "next", "href": href}]
    said = check_refused(api(page), "only its own host is asked")
    assert "secret" not in said


def test_t4_a_redirect_to_another_host_is_not_followed(api):
    step = {"status": 302, "headers": {"Location": "http://169.254.169.254/"}}
    check_refused(api(step), "points to http://169.254.169.254/; only its own host is asked")


def test_t4_a_redirect_within_the_api_is_followed_with_its_method_and_body(routes):
    script = build_api({"status": 307, "headers": {"Location": "{url}/found"}})
    server = routes(script | {"POST /found": [build_page(*ITEMS)]})
    assert ids_of(find(server)) == IDS
    assert '"collections"' in server.asked("POST /found")[0]["body"]


def test_t4_redirects_without_end_are_left(api):
    check_refused(api({"status": 307, "headers": {"Location": "{url}/search"}}), "without end")


@pytest.mark.parametrize("rel", ["child", "item"])
@pytest.mark.parametrize("href", ["/etc/passwd", "file:///etc/passwd", "http://169.254.169.254/x"])
def test_t4_a_static_catalogue_on_the_web_leads_to_no_file_of_ours(routes, rel, href):
    root = {"type": "Catalog", "id": "c", "stac_version": "1.0.0", "description": "d"}
    server = routes({"GET /": [{"json": root | {"links": [{"rel": rel, "href": href}]}}]})
    check_refused(server, "only its own host is asked|status 404")


def test_t4_whatever_else_asks_through_the_client_is_held_to_the_same_rules(routes):
    server = routes({"GET /": [{"text": "all right"}]})
    io = ApiIO(server.url)
    assert io.request(server.url) == "all right"
    with pytest.raises(CatalogError, match="only its own host is asked"):
        io.read_text("http://169.254.169.254/")


# ---- filters


def test_a_filter_by_cloud_is_sent_as_cql2_json_and_only_where_it_is_understood(api):
    find(plain := api(build_page(*ITEMS)))
    find(able := api(build_page(*ITEMS), conforms=[FILTERS]))
    (without,), (with_filter,) = (server.asked("POST /search") for server in (plain, able))
    assert "filter" not in without["body"]
    assert '"filter-lang": "cql2-json"' in with_filter["body"]
    assert '"eo:cloud_cover"' in with_filter["body"]


def test_a_filter_that_finds_nothing_or_is_refused_is_left_out(api):
    empty = find(api(build_page(), build_page(*ITEMS), conforms=[FILTERS]))
    assert (ids_of(empty), empty.notes) == (IDS, ())
    refused = find(api({"status": 400}, build_page(*ITEMS), conforms=[FILTERS]))
    assert ids_of(refused) == IDS
    assert "refused a filter by cloud cover" in refused.notes[0]


def test_terrain_is_asked_for_without_dates_and_images_with(api):
    server = api(
        build_page(*ITEMS),
        build_page(build_model()),
        collections=("sentinel-2-l2a", "cop-dem-glo-30", "modis"),
    )
    found = find(server)
    assert (ids_of(found), [scene.id for scene in found.terrain]) == (IDS, ["dem"])
    images, terrain = (entry["body"] for entry in server.asked("POST /search"))
    assert '"collections": ["sentinel-2-l2a"]' in images
    assert '"datetime": "2017-12-31T00:00:00Z/2019-01-02T00:00:00Z"' in images
    assert '"collections": ["cop-dem-glo-30"]' in terrain and "datetime" not in terrain
