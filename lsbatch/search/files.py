"""Sources on this machine: static catalogues, item collections, single items."""

import json
from pathlib import Path
from typing import Any

from lsbatch.errors import CatalogError
from lsbatch.search.found import Placed
from lsbatch.search.links import walk


def read_file(path: Path) -> list[Placed]:
    """All items of a JSON file, or of the static catalogue that it is the root of.

    Raises
    ------
    CatalogError
        If the file, or one that it links to, is not STAC.
    """
    place = str(path.resolve())
    document = _json_of(path)
    kind = document.get("type")
    if kind in ("Catalog", "Collection"):
        try:
            return list(walk(place, lambda link: _json_of(Path(link))))
        except CatalogError as error:
            raise CatalogError(f"The source {path} cannot be read as STAC: {error}") from error
    if kind == "Feature":
        return [Placed(document, place)]
    if kind != "FeatureCollection":
        raise CatalogError(
            f"The source {path} is not STAC: its 'type' is {kind!r}, not Catalog, Collection, "
            "FeatureCollection or Feature."
        )
    features = document.get("features")
    if not isinstance(features, list):
        raise CatalogError(f"The source {path} cannot be read as STAC: it has no list of features.")
    return [Placed(item, place) for item in features]


def _json_of(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise CatalogError(f"The source {path} is not STAC: it is no JSON text.") from error
    if not isinstance(document, dict):
        raise CatalogError(f"The source {path} is not STAC: it is no JSON object.")
    return document
