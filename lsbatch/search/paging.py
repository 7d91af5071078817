"""Pages of a search: followed to the end, or an error; never a short list."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urljoin

from lsbatch.errors import CatalogError
from lsbatch.search.answers import RefusedError, plain
from lsbatch.search.api_io import ApiIO, Document

_MOST_EMPTY = 20
"""Empty pages in a row after which a catalogue is taken to page without end."""
_MOST_RECORDS = 200_000


class _Request(NamedTuple):
    url: str
    method: str
    parameters: Document


def read_pages(
    io: ApiIO, url: str, *, method: str, parameters: Document, key: str = "features"
) -> Iterator[Document]:
    """Every page of a search, empty ones too; each has a list under `key`.

    A page that fails is asked for again (`ApiIO.read_json`), so that a search goes on from where it
    broke off.

    Raises
    ------
    CatalogError
        If a page cannot be read, repeats, or leads to another host.
    """
    asked: set[str] = set()
    seen: set[str] = set()
    count = empty = 0
    request: _Request | None = _Request(url, method, parameters)
    while request is not None:
        _check_new(json.dumps(request, sort_keys=True), asked, io)
        page = io.read_json(request.url, method=request.method, parameters=request.parameters)
        records = page.get(key)
        if not isinstance(records, list):
            raise io.complain(RefusedError, request.url, f"holds no list of {key}")
        if records:
            _check_new(json.dumps([_name(record) for record in records]), seen, io)
        yield page
        count, empty = count + len(records), 0 if records else empty + 1
        if empty > _MOST_EMPTY or count > _MOST_RECORDS:
            raise CatalogError(
                f"The STAC API {io.root} gave {count} records and goes on; ask for less with "
                "--aoi, --pre and --post."
            )
        request = _next(page, request, io)


def _check_new(text: str, known: set[str], io: ApiIO) -> None:
    if text in known:
        raise CatalogError(f"The STAC API {io.root} repeats a page of results without end.")
    known.add(text)


def _name(record: Any) -> Any:
    """What tells records apart; all of it where the id is missing."""
    if isinstance(record, dict) and record.get("id") is not None:
        return [record.get("collection"), record["id"]]
    return record


def _next(page: Document, request: _Request, io: ApiIO) -> _Request | None:
    links = page.get("links")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("rel") == "next":
            break
    else:
        return None
    body, method = link.get("body") or {}, str(link.get("method") or "GET").upper()
    if not isinstance(link.get("href"), str) or not isinstance(body, dict):
        raise io.complain(RefusedError, request.url, "has a next page without an address")
    if method not in ("GET", "POST"):
        raise io.complain(RefusedError, request.url, f"has a next page by {method[:20]!r}")
    if method == "POST" and link.get("merge"):
        body = {**request.parameters, **body}
    try:
        url = urljoin(request.url, link["href"])
    except ValueError as error:
        said = f"points to {plain(link['href'])}; only its own host is asked"
        raise io.complain(RefusedError, request.url, said) from error
    return _Request(url, method, body if method == "POST" else {})
