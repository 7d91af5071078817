"""Plain item dicts from any source: an endpoint's name, a STAC API, a file."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shapely.geometry.base import BaseGeometry

from lsbatch.domain import Endpoint, Period
from lsbatch.errors import CatalogError
from lsbatch.search.endpoints import find_endpoint, suggest
from lsbatch.search.files import read_file
from lsbatch.search.found import Found
from lsbatch.search.geoparquet import read_geoparquet

logger = logging.getLogger(__name__)

_TABLES = (".parquet", ".geoparquet")


def read_items(source: str, *, area: BaseGeometry, periods: Sequence[Period]) -> Found:
    """The records of a source that may matter, as plain dicts.

    Parameters
    ----------
    source : str
        Name of an endpoint, URL of a STAC API, or path of a static catalogue, an item collection
        (JSON) or a stac-geoparquet file.
    area : polygon(s), EPSG:4326
    periods : sequence of Period
        When images are wanted; only an API uses them, a file is read whole.

    Raises
    ------
    CatalogError
        If the source is absent, not STAC, or breaks off.
    """
    endpoint = find_endpoint(source)
    if endpoint is not None:
        return _from_endpoint(endpoint, area, periods)
    if source.startswith(("http://", "https://")):
        _check_url(source)
        return _ask(source, area=area, periods=periods)
    path = Path(source)
    if not path.is_file():
        raise CatalogError(
            "A source is the name of a catalogue, the URL of a STAC API, or the path of a STAC "
            f"catalogue, item collection or stac-geoparquet file; {source!r} is neither an "
            f"existing file nor a URL nor a known name. {suggest(source)}"
        )
    if path.suffix.lower() in _TABLES:
        return Found(read_geoparquet(path, area=area))
    return Found(read_file(path))


def _from_endpoint(endpoint: Endpoint, area: BaseGeometry, periods: Sequence[Period]) -> Found:
    """From an endpoint, or from its fallback where it cannot be searched; the plan says which."""
    try:
        return _ask(endpoint.url, area=area, periods=periods, endpoint=endpoint)
    except CatalogError as error:
        other = find_endpoint(endpoint.fallback or "")
        if other is None:
            raise
        note = f"{endpoint.name} could not be searched, so {other.name} was. {error}"
        logger.warning("stage=search %s", note)
        try:
            found = _ask(other.url, area=area, periods=periods, endpoint=other)
        except CatalogError as second:
            raise CatalogError(
                f"{error} Its fallback {other.name} failed too: {second}"
            ) from second
    found.notes.insert(0, note)
    return found


def _check_url(source: str) -> None:
    try:
        url = urlsplit(source)
        is_sound = bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        is_sound = False
    if not is_sound:
        raise CatalogError(f"The source {source[:100]!r} is not a sound URL.")
    if url.username is not None:
        raise CatalogError(
            f"The source at {url.hostname} must not have credentials in its URL: a plan keeps it."
        )


def _ask(url: str, **settings: Any) -> Found:
    """`search_api`, loaded late: who only reads a plan, as workers do, has no use for it."""
    from lsbatch.search.api import search_api

    return search_api(url, **settings)
