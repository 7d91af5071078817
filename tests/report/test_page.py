import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from lsbatch.domain import Status
from lsbatch.errors import CatalogError, StoreError
from lsbatch.report import write_event_page, write_run_page
from lsbatch.report.canvas import BUDGET_BYTES

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
VOID = {"meta", "img", "br", "hr", "link", "input"}
HOSTILE = [
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "--><svg onload=alert(1)>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "<a href=javascript:alert(1)>x</a>",
    "{{ 7 * 7 }}{% for x in y %}",
    "&lt;script&gt;&#x3c;b&#x3e;",
    "<!DOCTYPE html><!--",
    "<![CDATA[ <b> ]]>",
    "<iframe src='https://example.com'></iframe>",
    "<base href='https://example.com/'>",
    "<meta http-equiv=refresh content='0;url=https://example.com'>",
    "$\\frac{1}{$ _^ % unbalanced {",
    "</td></tr></table><form action=/x><input name=y>",
    "\x00\x08\x1b[31m nul and escape",
    "\u202egpj.exe right to left",
    "\ud800 lone surrogate",
    "</pre></details></main></body></html>",
    "a" * 3000 + "<b>",
]


def one_line(text: str) -> str:
    """Text with all kinds of space as single plain ones."""
    return re.sub(r"\s+", " ", text)


class Page(HTMLParser):
    """Elements in order, with names of attributes; fails on tags that do not match."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.elements, self.images, self.links, self.words, self._open = [], [], [], [], []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        found = dict(attrs)
        assert len(found) == len(attrs)
        if tag == "img":
            self.images.append(found)
        if "href" in found:
            self.links.append(found["href"])
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return one_line(" ".join(self.words))


def write(folder, case) -> str:
    path = folder / "report.html"
    write_event_page(path, **vars(case))
    assert [entry.name for entry in folder.iterdir()] == ["report.html"]
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def plain_page(make_case, tmp_path_factory) -> str:
    return write(tmp_path_factory.mktemp("plain"), make_case())


@pytest.fixture(scope="module")
def hostile_page(make_case, tmp_path_factory) -> str:
    return write(tmp_path_factory.mktemp("hostile"), poisoned(make_case(), HOSTILE))


def test_page_is_whole_and_needs_nothing_from_elsewhere(plain_page):
    text, page = plain_page, Page(plain_page)
    assert text.startswith("<!DOCTYPE html>")
    assert f'content="{POLICY}"' in text
    fetching = {"script", "link", "iframe", "object", "form", "base"}
    assert not fetching & {tag for tag, _ in page.elements}
    assert not re.search(r"url\(|@import|https?://|//[a-z]", text.split("</style>")[0])
    assert page.links
    assert all(re.fullmatch(r"(\.\./)*[a-z]+\.[a-z]+", link) for link in page.links)
    assert "{{" not in text and "{%" not in text
    for picture in page.images:
        assert picture["alt"]
        png = base64.b64decode(picture["src"].removeprefix("data:image/png;base64,"), validate=True)
        assert len(png) <= BUDGET_BYTES
        image = Image.open(io.BytesIO(png))
        image.load()
        assert image.size == (int(picture["width"]), int(picture["height"]))
    assert len(page.images) == 8 + sum("Before and after at" in i["alt"] for i in page.images)


def test_page_tells_what_it_rests_on(plain_page):
    text = Page(plain_page).text
    for words in (
        "Invented earthquake",
        "M 6.6",
        "2018-09-05 18:07 UTC",
        "4 landslides were mapped in the 87 % of the area of interest that was observed",
        "Snow lies on the heights.",
        "day not known, 2018-09-06 00:00 to 2018-10-06 00:00",
        "at most 5",
        "S2_OTHER",
        "91 % cloud",
        "Scenes that were weighed, and why each was chosen or left out (2)",
        "it adds nothing",
        "+6.3, \u22122.5",
        "+3.1, \u22121.3",
        "nothing to measure",
        "least change",
        "0123abcd",
        "Contains modified Copernicus Sentinel data 2018",
        "beyond all images",
    ):
        assert words in text
    assert "Simulated" not in text and "inventory" not in text.lower()


def test_equal_input_makes_equal_bytes(plain_page, case, tmp_path):
    assert write(tmp_path, case) == plain_page


def poisoned(case, texts):
    """The case with a foreign text in every place that can hold one."""
    take = iter(texts * 2)
    p = case.provenance
    case.event = replace(case.event, id=next(take), name=next(take), place=next(take))
    p["warnings"] = list(texts)
    for scene in p["scenes"]:
        scene |= {name: next(take) for name in ("id", "sensor", "start")}
    p["terrain"] = [next(take)]
    p["rejected"] = [{"item_id": next(take), "reason": next(take)}]
    p["failed_blocks"] = [{"block": [0, 1], "reason": next(take)}]
    p["detector"] = {"name": next(take), "parameters": {next(take): next(take)}}
    p["recipe"] = {next(take): list(texts)}
    p["versions"] = {next(take): next(take)}
    p["run_key"] = next(take)
    p["attribution"] = [next(take)]
    case.metrics[next(take)] = next(take)
    return case


def test_hostile_text_never_becomes_an_element_or_an_attribute(hostile_page, case, tmp_path):
    hostile = Page(hostile_page)
    mild = Page(write(tmp_path, poisoned(case, [f"mild {n}" for n in range(len(HOSTILE))])))
    assert hostile.elements == mild.elements
    assert hostile.links == mild.links
    for text in HOSTILE[:16]:
        assert one_line(text) in hostile.text


def test_what_cannot_be_seen_is_made_visible(hostile_page):
    unseen = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
    assert not re.search(unseen, hostile_page)
    assert "\ufffdgpj.exe right to left" in hostile_page


def test_simulated_events_say_so_at_the_top(case, tmp_path):
    case.event = replace(case.event, facts={"simulated": True})
    text = Page(write(tmp_path, case)).text
    assert text.index("Simulated: an invented world") < text.index("Where it is")


def test_no_landslides(case, tmp_path):
    case.landslides = case.landslides.iloc[:0]
    none = {"landslide_count": 0, "landslide_area_km2": 0.0, "largest_m2": None}
    case.metrics |= {**none, "size_frequency": {"n": 0, "beta": None, "bins": None}}
    text = Page(write(tmp_path, case)).text
    assert "No landslides were mapped in the 87 %" in text
    assert "Too few landslides" in text and "Close up" not in text


def test_nothing_observed_is_never_no_landslides(case, tmp_path):
    case.product["status"][:] = Status.NO_POST
    case.product["score"][:] = np.nan
    for name in ("landslide", "detectable"):
        case.product[name][:] = 255
    case.previews["post"][:] = np.nan
    case.landslides = case.landslides.iloc[:0]
    case.metrics = {"observed_fraction": 0.0, "landslide_count": 0, "complete": True}
    text = Page(write(tmp_path, case)).text
    assert "Nothing was observed" in text and "No landslides" not in text
    assert "After the event: no usable image." in text
    assert "no usable look after" in text


def test_without_imagery_the_page_says_so(case, tmp_path):
    case.previews = None
    text = Page(write(tmp_path, case)).text
    assert "The images are not at hand" in text
    assert "no elevation at hand" in text and "Close up" not in text


def test_a_map_of_images_after_the_event_alone_says_so(case, tmp_path):
    case.previews["pre"][:] = np.nan
    case.provenance["scenes"] = case.provenance["scenes"][1:]
    text = write(tmp_path, case)
    words = Page(text).text
    assert "No image before the event was used." in words
    assert "Made by a machine from satellite images after the event; no image before" in words
    assert "observed: scored from images after the event" in words
    for untrue in ("Before and after", "scored before", "but bare before", "Both images"):
        assert untrue not in words and f"{untrue} at" not in text
    assert "After at" in text


def test_an_incomplete_map_is_marked_and_its_failures_are_listed(case, tmp_path):
    case.product["status"][:50] = Status.READ_FAILED
    case.metrics["complete"] = False
    case.provenance["failed_blocks"] = [{"block": [0, 2], "reason": "red.tif: timeout"}]
    text = Page(write(tmp_path, case)).text
    assert "The map is not complete: 1 block failed" in text
    assert "[0, 2]" in text and "red.tif: timeout" in text
    assert "read failed" in text


def test_evaluation_is_shown_where_there_is_one(case, tmp_path):
    decade = {"from_m2": 1e3, "to_m2": 1e4, "reference_count": 20, "detection_rate": 0.5,
              "predicted_count": 0, "commission": None}  # fmt: skip
    case.metrics["evaluation"] = {
        "pixel": {"tp": 10, "precision": 0.754, "ece": None},
        "object": {"detection_rate": 0.61, "by_decade": [decade]},
    }
    text = Page(write(tmp_path, case)).text
    for words in ("mapped inventory", "0.754", "0.61", "calibration error", "By size"):
        assert words in text


def test_bare_records_are_enough_also_where_no_catalogues_are_installed(
    case, tmp_path, monkeypatch
):
    def absent():
        raise CatalogError("not installed")

    monkeypatch.setattr("lsbatch.report.pictures.catalogs_folder", absent)
    case.metrics, case.provenance, case.previews = {}, {}, None
    text = Page(write(tmp_path, case)).text
    assert "No scene is recorded." in text and "detector bare-soil" in text


def test_a_page_that_cannot_be_written_is_said_so(tmp_path):
    with pytest.raises(StoreError, match="cannot be written"):
        write_run_page(tmp_path / "absent" / "report.html", [])


def run_row(**changes):
    row = {"event_id": "a", "slug": "a", "complete": True, "landslide_count": 12,
           "landslide_area_km2": 0.5, "observed_fraction": 0.9, "message": ""}  # fmt: skip
    return row | changes


def test_run_page_links_every_event_that_has_a_map(tmp_path):
    gone = dict.fromkeys(("complete", "landslide_count", "landslide_area_km2", "observed_fraction"))
    rows = [run_row(), run_row(event_id="b", slug="b", complete=False, message="1 block failed")]
    rows.append(run_row(event_id="c", slug="c", message="no scene", **gone))
    write_run_page(tmp_path / "report.html", rows)
    page = Page((tmp_path / "report.html").read_text())
    assert page.links == ["events/a/report.html", "events/b/report.html"]
    assert "1 of 3 complete; 24 landslides, 1 km\u00b2 in all" in page.text
    assert "no scene" in page.text and "1 block failed" in page.text and "no map" in page.text


@pytest.mark.parametrize("text", HOSTILE)
def test_run_page_escapes_every_row(tmp_path, text):
    pages = []
    for words in (text, "mild"):
        row = run_row(event_id=words, slug=words, message=words)
        write_run_page(tmp_path / "report.html", [row])
        pages.append(Page((tmp_path / "report.html").read_text()))
    assert pages[0].elements == pages[1].elements
    assert all(link.startswith("events/") and link.count("/") == 2 for link in pages[0].links)


def test_run_page_without_events(tmp_path):
    write_run_page(tmp_path / "report.html", [])
    assert "The run has no events." in Page((tmp_path / "report.html").read_text()).text
