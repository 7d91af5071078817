"""Answers that cannot be used, and the words for them."""

from typing import Any
from urllib.parse import urlsplit

import requests

from lsbatch.errors import CatalogError

_SHOWN_BYTES = 200
_CAUSES = {
    "ConnectTimeoutError": "no answer to the call",
    "NameResolutionError": "its name is not known",
    "NewConnectionError": "it accepts no connection",
    "ProtocolError": "the connection was dropped",
    "SSLError": "its certificate is not sound",
}


class RefusedError(CatalogError):
    """An answer that will be the same when asked again."""


class TransientError(CatalogError):
    """An answer that may be another one when asked again."""


class TimedOutError(TransientError, TimeoutError):
    """No answer in time: a smaller search may have one."""


def is_flat(document: Any, depth: int) -> bool:
    """Whether a JSON value nests no deeper than that; never recurses itself."""
    level = [document]
    for _ in range(depth):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return True
    return False


def plain(href: str) -> str:
    """A URL without its query and credentials, short enough for a sentence."""
    try:
        url = urlsplit(href)
        port = f":{url.port}" if url.port else ""
    except ValueError:
        return "an address that is none"
    if url.hostname is None:
        return ascii(href[:100])
    return f"{url.scheme}://{url.hostname}{port}{url.path[:100]}"


def began(body: bytes | bytearray) -> str:
    """The first bytes of an answer, escaped."""
    text = ascii(bytes(body[:_SHOWN_BYTES]).decode("utf-8", "replace"))
    return f"it began with {text[1:-1][:_SHOWN_BYTES]}" if body else "it was empty"


def told(error: requests.RequestException) -> tuple[type[CatalogError], str]:
    """What a failed request amounts to."""
    if isinstance(error, requests.ReadTimeout) or "Read timed out" in str(error):
        return TimedOutError, "was silent for too long"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return TransientError, "broke off"
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return TransientError, "was packed in a way that cannot be unpacked"
    if isinstance(error, requests.ConnectionError):
        return TransientError, f"could not be reached ({_cause(error)})"
    return RefusedError, f"cannot be asked ({type(error).__name__})"


def _cause(error: BaseException) -> str:
    """The innermost word on why a connection failed."""
    reason = getattr(error.args[0], "reason", error.args[0]) if error.args else error
    name = type(reason).__name__
    return _CAUSES.get(name, name)
