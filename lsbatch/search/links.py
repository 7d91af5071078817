"""Static catalogues: child and item links followed, asset hrefs made absolute."""

import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urljoin

from lsbatch.errors import CatalogError
from lsbatch.search.found import Item, Placed

_MOST_FILES = 200_000


def walk(root: str, read: Callable[[str], dict[str, Any]]) -> Iterator[Placed]:
    """Every item below a static catalogue, in the order of its links.

    Parameters
    ----------
    root : str
        Path or URL of the catalogue.
    read : callable
        Gives the JSON object at such a place, or raises CatalogError.

    Raises
    ------
    CatalogError
        If a link leads nowhere, or from a file to the network.
    """
    waiting, seen = [root], {root}
    while waiting:
        place = waiting.pop()
        document = read(place)
        if document.get("type") == "Feature":
            yield Placed(document, place)
            continue
        links = document.get("links")
        if document.get("type") not in ("Catalog", "Collection") or not isinstance(links, list):
            raise CatalogError(f"{place} is not a STAC catalogue, collection or item.")
        for target in reversed(list(_below(links, place))):
            if target not in seen:  # a catalogue may list itself
                seen.add(target)
                waiting.append(target)
        if len(seen) > _MOST_FILES:
            raise CatalogError(f"The catalogue {root} links to more than {_MOST_FILES} files.")


def _below(links: list[Any], place: str) -> Iterator[str]:
    for link in links:
        if isinstance(link, dict) and link.get("rel") in ("child", "item"):
            if not isinstance(link.get("href"), str):
                raise CatalogError(f"{place} has a link without an address.")
            try:
                target = absolute(link["href"], place)
            except ValueError as error:
                raise CatalogError(f"{place} has a link that is no address.") from error
            if "://" in target and "://" not in place:
                raise CatalogError(
                    f"{place} links to {target[:100]}; a file may link to files only. Give the URL "
                    "itself as the source."
                )
            yield target


def resolve(item: Item, base: str) -> Item:
    """The same item, its asset hrefs resolved against the place that it was read from."""
    assets = item.get("assets")
    if not isinstance(assets, dict) or not all(isinstance(a, dict) for a in assets.values()):
        return item  # one bad record does not spoil a source: it is refused with its reason
    resolved = {
        key: {**asset, "href": _asset_href(str(asset.get("href", "")), base)}
        for key, asset in assets.items()
    }
    return {**item, "assets": resolved}


def _asset_href(href: str, base: str) -> str:
    # a path of this machine stays one, whoever names it: the reader's gate decides
    if href.startswith("/"):
        return href
    try:
        return absolute(href, base)
    except ValueError:  # no address at all, half a bracket say; refused as what it is
        return href


def absolute(href: str, base: str) -> str:
    """A link as it is meant from the place that it was read at."""
    if "://" in href:
        return href
    if "://" in base:
        return urljoin(base, href)
    return os.path.normpath(os.path.join(os.path.dirname(base), href))
