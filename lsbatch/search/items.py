"""Plain item dicts from any source: a static catalogue, an item collection, a STAC API."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pystac
import pystac_client
import shapely
from shapely.geometry.base import BaseGeometry

from lsbatch.domain import SENSORS
from lsbatch.errors import CatalogError
from lsbatch.search.normalise import sensor_of

Item = dict[str, Any]

_TIMEOUT_S = (10, 60)


def read_items(source: str, *, area: BaseGeometry, start: datetime, end: datetime) -> list[Item]:
    """All items of a source that may matter, as plain dicts with absolute hrefs.

    Parameters
    ----------
    source : str
        URL of a STAC API, or path of a static catalogue or item collection (JSON).
    area : polygon(s), EPSG:4326
    start, end : datetime
        Widest interval of interest; only an API uses it, a file is read whole.

    Raises
    ------
    CatalogError
        If the source is absent, not STAC, or breaks off.
    """
    if source.startswith(("http://", "https://")):
        return list(_from_api(source, area, start, end))
    path = Path(source)
    if not path.is_file():
        raise CatalogError(
            f"A source is the path of a STAC catalogue or item collection, or the URL of a STAC "
            f"API; {source!r} is neither an existing file nor a URL."
        )
    return _from_file(path)


def _from_file(path: Path) -> list[Item]:
    try:
        document = _json_of(path)
        kind = document.get("type")
        if kind in ("Catalog", "Collection"):
            return list(_walk(str(path.resolve())))
        if kind == "FeatureCollection":
            return [_absolute(item, str(path.resolve())) for item in document["features"]]
        if kind == "Feature":
            return [_absolute(document, str(path.resolve()))]
    except CatalogError:
        raise
    except Exception as error:  # any of a dozen ways in which JSON or a link can be broken
        raise CatalogError(f"The source {path} cannot be read as STAC: {_short(error)}") from error
    raise CatalogError(
        f"The source {path} is not STAC: its 'type' is {kind!r}, not Catalog, Collection, "
        "FeatureCollection or Feature."
    )


def _json_of(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise CatalogError(f"The source {path} is not STAC: it is no JSON text.") from error
    if not isinstance(document, dict):
        raise CatalogError(f"The source {path} is not STAC: it is no JSON object.")
    return document


def _walk(href: str) -> Iterator[Item]:
    root = pystac.read_file(href)
    if not isinstance(root, pystac.Catalog):
        raise CatalogError(f"{href} is not a STAC catalogue.")
    for item in root.get_items(recursive=True):
        own = item.get_self_href()
        yield _absolute(item.to_dict(include_self_link=False, transform_hrefs=False), own or href)


def _absolute(item: Item, base: str) -> Item:
    """The same item, its asset hrefs resolved against the file that it was read from."""
    if not isinstance(item, dict):
        raise CatalogError(f"{base} holds a feature that is not a JSON object.")
    assets = item.get("assets")
    if not isinstance(assets, dict) or not all(isinstance(a, dict) for a in assets.values()):
        return item  # one bad record does not spoil a source: image_of refuses it
    resolved = {
        key: {**asset, "href": _resolve(str(asset.get("href", "")), base)}
        for key, asset in assets.items()
    }
    return {**item, "assets": resolved}


def _resolve(href: str, base: str) -> str:
    if "://" in href or href.startswith("/"):
        return href
    if "://" in base:
        return urljoin(base, href)
    return str((Path(base).parent / href).resolve())


def _from_api(url: str, area: BaseGeometry, start: datetime, end: datetime) -> Iterator[Item]:
    try:
        client = pystac_client.Client.open(url, timeout=_TIMEOUT_S)
        if not client.conforms_to("ITEM_SEARCH"):
            yield from _walk(url)
            return
        known = {name for sensor in SENSORS for name in sensor.collections}
        offered = {collection.id for collection in client.get_collections()}
        search = client.search(
            method="POST",
            collections=sorted(offered & known) or sorted(offered),
            intersects=shapely.geometry.mapping(area),
            limit=200,
        )
        for page in _pages(search, url):
            for item in page:
                if _may_matter(item, start, end):
                    yield _absolute(item, url)
    except CatalogError:
        raise
    except Exception as error:
        raise CatalogError(
            f"The STAC API {url} did not answer as one: {_short(error)} Check the URL and the "
            "network, then run the same command again."
        ) from error


def _pages(search: pystac_client.ItemSearch, url: str) -> Iterator[list[Item]]:
    seen: set[tuple[Any, ...]] = set()
    for page in search.pages_as_dicts():
        ids = tuple(item.get("id") for item in page["features"])
        if ids and ids in seen:
            raise CatalogError(f"The STAC API {url} repeats a page of results without end.")
        seen.add(ids)
        yield page["features"]


def _may_matter(item: Item, start: datetime, end: datetime) -> bool:
    """Keep elevation models of any date, and images of the interval.

    The API is not asked for dates: elevation models are older than any period of interest.
    """
    try:
        moment = str((item.get("properties") or {}).get("datetime") or "")
        in_time = not moment or start.isoformat() <= moment <= end.isoformat()
        return in_time or sensor_of(item).is_terrain
    except (AttributeError, TypeError):
        return True  # image_of will say what is wrong with it


def _short(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200] if text else 'no further word'}."
