from datetime import UTC, datetime, timedelta

import pytest
import shapely

from lsbatch.domain import Period
from lsbatch.errors import CatalogError
from lsbatch.search.answers import is_flat, plain
from lsbatch.search.api import _windows_of, few_corners
from lsbatch.search.api_io import ApiIO

AREAS = {
    "box": shapely.box(0, 0, 1, 1),
    "circle": shapely.Point(0, 0).buffer(1, quad_segs=500),
    "two circles": shapely.union_all(
        [shapely.Point(x, 0).buffer(1, quad_segs=500) for x in (-179, 179)]
    ),
    "many": shapely.union_all([shapely.box(x, 0, x + 0.5, 0.5) for x in range(150)]),
    "comb": shapely.union_all([shapely.box(x, 0, x + 0.5, 9) for x in range(99)])
    .union(shapely.box(0, 0, 99, 1))
    .buffer(0),
}


@pytest.mark.parametrize("most", [60, 300])
@pytest.mark.parametrize("name", AREAS)
def test_the_area_that_is_sent_has_few_corners_and_covers_the_whole(name, most):
    sent = few_corners(AREAS[name], most)
    assert shapely.get_num_coordinates(sent) <= most
    assert sent.covers(AREAS[name])


def test_an_area_of_few_corners_is_sent_as_it_is_and_two_stay_two():
    assert few_corners(AREAS["box"], 60).equals(AREAS["box"])
    assert few_corners(AREAS["two circles"], 300).area < 10, "not the whole way around the earth"


def day(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_windows_that_touch_are_one():
    pre = Period(day("2018-01-01"), day("2018-09-05"))
    post = Period(day("2018-09-05"), day("2019-01-01"))
    (window,) = _windows_of([post, pre])
    assert (window.start, window.end) == (day("2017-12-31"), day("2019-01-02"))
    apart = Period(day("2018-10-01"), day("2018-11-01"))
    one, two = _windows_of([pre, apart])
    assert (one.end, two.start) == (day("2018-09-06"), day("2018-09-30"))
    inside = Period(day("2018-02-01"), day("2018-03-01"))
    assert _windows_of([pre, inside])[0].end == day("2018-09-06")


def test_the_halves_of_a_window_leave_no_gap():
    (window,) = _windows_of([Period(day("2018-01-01"), day("2018-02-01"))])
    first, second = window.halves()
    assert (first.start, first.end, second.end) == (window.start, second.start, window.end)
    assert first.end - first.start == timedelta(days=16.5)


@pytest.mark.parametrize(
    ("href", "told"),
    [
        ("https://me:secret@host:8080/a/b?sig=secret#x", "https://host:8080/a/b"),
        ("/etc/passwd", "'/etc/passwd'"),
        ("http://[::1/", "an address that is none"),
        ("http://host:port/", "an address that is none"),
        ("https://host/" + "a" * 300, "https://host/" + "a" * 99),
    ],
)
def test_a_url_is_told_without_its_secrets(href, told):
    assert plain(href) == told


def test_nesting_is_counted_without_recursion():
    deep = leaf = []
    for _ in range(50_000):
        leaf.append([])
        leaf = leaf[0]
    assert not is_flat(deep, 64)
    assert is_flat({"a": [{"b": 1}], "c": "[[[[" * 100}, 4)


@pytest.mark.parametrize(
    ("root", "href", "asked"),
    [
        ("https://host/v1", "https://host/search", "https://host/search"),
        ("https://host/v1", "http://host/search?t=1", "https://host/search?t=1"),
        ("https://host/v1", "http://host:80/search", "https://host/search"),
        ("https://host/v1", "https://host:443/search", "https://host:443/search"),
        ("http://host/v1", "https://host/search", "https://host/search"),
        ("http://host:8080/v1", "http://host:8080/search", "http://host:8080/search"),
        ("https://HOST/v1", "https://host/search", "https://host/search"),
    ],
)
def test_a_link_to_the_same_host_is_followed_never_less_safely(root, href, asked):
    assert ApiIO(root)._own(href) == asked


@pytest.mark.parametrize(
    ("root", "href"),
    [
        ("https://host/v1", "https://host.evil/search"),
        ("https://host/v1", "https://host@evil/search"),
        ("https://host/v1", "https://host:8443/search"),
        ("https://host/v1", "http://host:8080/search"),
        ("http://host:8080/v1", "http://host/search"),
        ("http://host:8080/v1", "http://host:9090/search"),
        ("https://host/v1", "//evil/search"),
        ("https://host/v1", "ftp://host/search"),
    ],
)
def test_a_link_to_another_place_is_refused(root, href):
    with pytest.raises(CatalogError, match="only its own host is asked"):
        ApiIO(root)._own(href)
