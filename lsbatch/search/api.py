"""A STAC API, searched for the collections and times that may matter."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pystac_client
import shapely
from shapely.geometry.base import BaseGeometry

from lsbatch.domain import SENSORS, Endpoint, Period
from lsbatch.errors import CatalogError
from lsbatch.search.answers import RefusedError, TimedOutError, plain
from lsbatch.search.api_io import ApiIO, Document
from lsbatch.search.found import Found, Item, Placed
from lsbatch.search.links import walk
from lsbatch.search.near import CLOUDIEST_PERCENT, MARGIN
from lsbatch.search.paging import read_pages

_PAGE = 200
_DEEPEST_SPLIT = 3
_MOST_CORNERS = {"POST": 300, "GET": 60}
"""Of the area that is sent along; some servers refuse more, and any a long URL."""
_TERRAIN = frozenset(name for s in SENSORS if s.is_terrain for name in s.collections)
_IMAGES = frozenset(name for s in SENSORS if not s.is_terrain for name in s.collections)

# a record without the property is kept: images of one's own seldom have it
_CLOUD_FILTER = {
    "op": "or",
    "args": [
        {"op": "isNull", "args": [{"property": "eo:cloud_cover"}]},
        {"op": "<=", "args": [{"property": "eo:cloud_cover"}, CLOUDIEST_PERCENT]},
    ],
}


@dataclass(frozen=True, slots=True)
class _Window:
    start: datetime
    end: datetime

    def halves(self) -> tuple["_Window", "_Window"]:
        middle = self.start + (self.end - self.start) / 2
        return _Window(self.start, middle), _Window(middle, self.end)

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}"


def search_api(
    url: str, *, area: BaseGeometry, periods: Sequence[Period], endpoint: Endpoint | None = None
) -> Found:
    """Records of an API that may matter; a static catalogue at a URL is read whole.

    Parameters
    ----------
    url : str
    area : polygon(s), EPSG:4326
    periods : sequence of Period
        When images are wanted; elevation models of any date are.
    endpoint : Endpoint, optional
        Its collections are asked for and its rate is kept.

    Raises
    ------
    CatalogError
        If the search cannot be finished.
    """
    io = ApiIO(url, endpoint.requests_per_second if endpoint else None)
    try:
        with warnings.catch_warnings():  # of an API that does not say what it conforms to
            warnings.simplefilter("ignore")
            client = pystac_client.Client.open(url, stac_io=io)
            search = _Search(client, io, area, periods, endpoint)
            placed = list(search.read())
    except CatalogError:
        raise
    except Exception as error:  # any of a dozen ways in which an answer can break the specification
        raise io.complain(
            RefusedError, url, f"breaks the specification ({_short(error)})"
        ) from error
    return Found(placed, search.notes, endpoint)


class _Search:
    """One search: the client, what is asked, and the notes taken meanwhile."""

    def __init__(
        self,
        client: pystac_client.Client,
        io: ApiIO,
        area: BaseGeometry,
        periods: Sequence[Period],
        endpoint: Endpoint | None,
    ) -> None:
        self._client, self._io, self._endpoint = client, io, endpoint
        self._windows = _windows_of(periods)
        links = [link for link in client.links if link.rel == "search"]
        methods = {str(link.extra_fields.get("method", "GET")).upper() for link in links}
        self._method = "POST" if "POST" in methods or not links else "GET"
        covering = few_corners(area, _MOST_CORNERS[self._method])
        self._area = shapely.geometry.mapping(covering)
        self.notes: list[str] = []

    def read(self) -> Iterator[Placed]:
        if not self._client.conforms_to("ITEM_SEARCH"):
            yield from walk(self._io.root, self._io.read_json)
            return
        for item in self._items():
            yield Placed(item, self._io.root)

    def _items(self) -> Iterator[Item]:
        names = self._collections()
        images = [name for name in names if name in _IMAGES]
        others = [name for name in names if name not in _IMAGES]
        if images:
            for window in self._windows:
                yield from self._images(images, window, _DEEPEST_SPLIT)
        if others:
            # elevation models are older than any period, and what one's own are called is unknown
            yield from self._records(others)

    def _collections(self) -> list[str]:
        """Ids of the collections of interest; of an API of unknown ones, all."""
        if self._endpoint is not None and self._endpoint.collections:
            return list(self._endpoint.collections)
        link = self._client.get_single_link("data")
        url = f"{self._io.root.rstrip('/')}/collections" if link is None else str(link.href)
        pages = read_pages(self._io, url, method="GET", parameters={}, key="collections")
        offered = [str(one.get("id")) for page in pages for one in page["collections"]]
        return [name for name in offered if name in _IMAGES | _TERRAIN] or offered

    def _images(self, collections: list[str], window: _Window, splits: int) -> list[Item]:
        """Images of a time; in halves where the whole is too much for the catalogue."""
        try:
            return self._less_cloudy(collections, window)
        except TimedOutError:
            if splits == 0:
                raise
            self._note(f"timed out over {window}, and was asked in halves")
            return [
                item
                for half in window.halves()
                for item in self._images(collections, half, splits - 1)
            ]

    def _less_cloudy(self, collections: list[str], window: _Window) -> list[Item]:
        """Without the cloudiest where the catalogue can tell; all where that gives nothing."""
        if self._client.conforms_to("FILTER"):
            try:
                found = self._records(collections, window, filter=_CLOUD_FILTER)
            except RefusedError:
                self._note("refused a filter by cloud cover, and was asked for everything")
            else:
                if found:
                    return found
        return self._records(collections, window)

    def _records(
        self, collections: list[str], window: _Window | None = None, **more: Any
    ) -> list[Item]:
        if more:
            more["filter_lang"] = "cql2-json"
        search = self._client.search(
            method=self._method,
            collections=collections,
            intersects=self._area,
            datetime=(window.start, window.end) if window else None,
            limit=_PAGE,
            **more,
        )
        pages = list(
            read_pages(
                self._io, search.url, method=self._method, parameters=search.get_parameters()
            )
        )
        records = [record for page in pages for record in page["features"]]
        self._compare(pages, len(records))
        return records

    def _compare(self, pages: list[Document], count: int) -> None:
        """Note where what came is not what was announced."""
        told = [matched for page in pages if (matched := _matched(page)) is not None]
        if len(set(told)) > 1:
            self._note(f"changed during the search (from {told[0]} to {told[-1]} records)")
        elif told and told[0] != count:
            self._note(f"announced {told[0]} records and gave {count}")

    def _note(self, said: str) -> None:
        note = f"The catalogue {plain(self._io.root)} {said}."
        if note not in self.notes:
            self.notes.append(note)


def _windows_of(periods: Sequence[Period]) -> list[_Window]:
    """The times to ask for, each once."""
    windows: list[_Window] = []
    for period in sorted(periods, key=lambda period: period.start):
        start, end = period.start - MARGIN, period.end + MARGIN
        if windows and start <= windows[-1].end:
            start, end = windows[-1].start, max(windows.pop().end, end)
        windows.append(_Window(start, end))
    return windows


def few_corners(area: BaseGeometry, most: int) -> BaseGeometry:
    """The area, or a plainer one that covers it, with no more corners than that."""
    plainer = (
        lambda part: part,
        lambda part: shapely.convex_hull(part),
        lambda part: shapely.envelope(part),
    )
    parts = shapely.get_parts(area)
    for step in plainer:
        covering = shapely.union_all([step(part) for part in parts])
        if shapely.get_num_coordinates(covering) <= most:
            return covering
    return shapely.envelope(area)


def _matched(page: Document) -> int | None:
    context = page.get("context")
    told = context.get("matched") if isinstance(context, dict) else None
    told = page.get("numberMatched", told)
    return told if isinstance(told, int) and not isinstance(told, bool) else None


def _short(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:120] if text else 'no further word'}"
