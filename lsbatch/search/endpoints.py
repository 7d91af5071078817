"""The catalogues known by name: catalogs/endpoints.yaml."""

import difflib
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from lsbatch.domain import RATES, Endpoint, catalogs_folder
from lsbatch.errors import CatalogError

_LISTS = {"collections", "hosts", "buckets", "credentials", "requester_pays"}
_WORDS = {"url", "signing", "region", "fallback"}
_KEYS = {field.name for field in fields(Endpoint)} - {"name"}


def read_endpoints(path: Path | None = None) -> tuple[Endpoint, ...]:
    """All endpoints of a file, in its order.

    Parameters
    ----------
    path : Path, optional
        YAML: a mapping of name to the fields of `Endpoint`. Default: the shipped file.

    Raises
    ------
    CatalogError
        Where the file cannot be read or an entry breaks a rule.
    """
    path = catalogs_folder() / "endpoints.yaml" if path is None else path
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise CatalogError(f"{path} is not readable as YAML: {first}.") from error
    if not isinstance(document, dict):
        raise CatalogError(f"{path} must be a mapping of endpoint names to their fields.")
    endpoints = tuple(_norm_endpoint(str(name), entry, path) for name, entry in document.items())
    names = {endpoint.name for endpoint in endpoints}
    for endpoint in endpoints:
        if endpoint.fallback is not None and endpoint.fallback not in names - {endpoint.name}:
            raise CatalogError(
                f"{path}: the fallback of {endpoint.name!r} must be another endpoint of the file "
                f"({', '.join(sorted(names - {endpoint.name}))}); received {endpoint.fallback!r}."
            )
    return endpoints


def find_endpoint(source: str) -> Endpoint | None:
    """The shipped endpoint of that name or URL, or None."""
    return next(
        (e for e in read_endpoints() if source == e.name or source.rstrip("/") == e.url), None
    )


def suggest(source: str) -> str:
    """The names that could have been meant, as a sentence."""
    names = [endpoint.name for endpoint in read_endpoints()]
    close = difflib.get_close_matches(source.lower(), names, n=1, cutoff=0.5)
    return f"Known names: {', '.join(names)}.{f' Did you mean {close[0]}?' if close else ''}"


def _norm_endpoint(name: str, entry: Any, path: Path) -> Endpoint:
    where = f"{path}, endpoint {name!r}"
    if not isinstance(entry, dict) or "url" not in entry:
        raise CatalogError(f"{where}: an endpoint is a mapping with a url.")
    if unknown := sorted(set(map(str, entry)) - _KEYS):
        raise CatalogError(
            f"{where}: unknown {', '.join(unknown)}; known are {', '.join(sorted(_KEYS))}."
        )
    values = {key: _norm_value(key, value, where) for key, value in entry.items()}
    return Endpoint(name=name, **values)


def _norm_value(key: str, value: Any, where: str) -> Any:
    if key in _LISTS and isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(value)
    if key in _WORDS and isinstance(value, str):
        return value.rstrip("/") if key == "url" else value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if key in RATES and is_number:
        return float(value)
    kind = "list of words" if key in _LISTS else "word" if key in _WORDS else "number"
    raise CatalogError(f"{where}: {key} must be a {kind}; received {value!r}.")
