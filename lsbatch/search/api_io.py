"""Requests to one STAC API: bounded in time and size, asked again where that may help."""

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

import requests
from pystac.link import Link
from pystac_client.stac_api_io import StacApiIO
from urllib3.exceptions import InvalidHeader, ReadTimeoutError
from urllib3.util.retry import Retry

from lsbatch.errors import CatalogError

logger = logging.getLogger(__name__)

Document = dict[str, Any]

_PASSING = (408, 429, 500, 502, 503, 504)
"""Statuses that may be gone when asked again."""
_TOO_MUCH = (408, 504)
"""Statuses that say that the search itself took too long."""
_SHOWN_BYTES = 200
_MOST_HOPS = 5
_CAUSES = {
    "ConnectTimeoutError": "no answer to the call",
    "NameResolutionError": "its name is not known",
    "NewConnectionError": "it accepts no connection",
    "ProtocolError": "the connection was dropped",
    "SSLError": "its certificate is not sound",
}
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a catalogue may cost."""

    connect_s: float = 10.0
    read_s: float = 30.0
    """Longest silence."""
    answer_s: float = 120.0
    """One answer, whether it stalls, drips or is asked for again by `retries`."""
    search_s: float = 600.0
    """All requests of one search together."""
    retries: int = 4
    rounds: int = 2
    """Times that a page is asked for, each with its retries."""
    backoff_s: float = 0.5
    """Pause before the second retry; it doubles."""
    retry_after_s: float = 30.0
    """Longest pause that a server may ask for."""
    answer_bytes: int = 64 * 2**20
    """Size of one answer, unpacked."""
    depth: int = 64
    """Nesting of one answer."""


LIMITS = Limits()


class RefusedError(CatalogError):
    """An answer that will be the same when asked again."""


class TransientError(CatalogError):
    """An answer that may be another one when asked again."""


class TimedOutError(TransientError, TimeoutError):
    """No answer in time: a smaller search may have one."""


class ApiIO(StacApiIO):
    """pystac-client's requests, kept to one origin and within `LIMITS`.

    Parameters
    ----------
    root : str
        URL of the API, as the user or an endpoint gives it.
    requests_per_second : float, optional
        Most requests; None = no limit.
    """

    def __init__(self, root: str, requests_per_second: float | None = None) -> None:
        super().__init__(
            max_retries=_Retry(
                total=LIMITS.retries,
                status_forcelist=_PASSING,
                allowed_methods=None,  # POST searches too
                backoff_factor=LIMITS.backoff_s,
                raise_on_status=False,
            ),
        )
        self.root = root
        self._pause_s = 0.0 if requests_per_second is None else 1 / requests_per_second
        self._next_s = 0.0
        self._end_s = time.monotonic() + LIMITS.search_s

    def read_json(self, source: Any, *_args: Any, **kwargs: Any) -> Document:
        """The JSON object at a URL, asked for again where that may help.

        Raises
        ------
        CatalogError
            Naming the URL and the first bytes of what came.
        """
        href = str(source.href if isinstance(source, Link) else source)
        wanted = {key: kwargs.get(key) for key in ("method", "headers", "parameters")}
        for _ in range(LIMITS.rounds - 1):
            try:
                return self._document_of(self._receive(href, **wanted), href)
            except TimedOutError:
                raise  # whoever asks may ask for less
            except TransientError as error:
                logger.info("stage=search asking again: %s", error)
        return self._document_of(self._receive(href, **wanted), href)

    def request(
        self,
        href: str,
        method: str | None = None,
        headers: dict[str, str] | None = None,
        parameters: dict[str, Any] | None = None,
    ) -> str:
        """The text at a URL of this API."""
        return self._receive(href, method, headers, parameters).decode()

    def complain(self, kind: type[CatalogError], href: str, said: str) -> CatalogError:
        """The one sentence for an answer that cannot be used."""
        return kind(
            f"The STAC API {plain(self.root)} did not answer as one: {plain(href)} {said}. Check "
            "the URL and the network, then run the same command again."
        )

    def _receive(
        self,
        href: str,
        method: str | None = None,
        headers: dict[str, str] | None = None,
        parameters: dict[str, Any] | None = None,
    ) -> bytes:
        url = self._own(href)
        body = {"json": parameters} if method == "POST" else {"params": parameters}
        request = requests.Request(method or "GET", url, headers=headers, **body)
        self._wait()
        seconds = min(LIMITS.answer_s, self._end_s - time.monotonic())
        end_s = time.monotonic() + seconds
        try:
            if seconds <= 0:
                raise TimeoutError
            prepared = self.session.prepare_request(request)
            return within(seconds, lambda: self._follow(prepared, end_s))
        except TimeoutError as error:
            if isinstance(error, CatalogError):
                raise
            total = LIMITS.answer_s if seconds == LIMITS.answer_s else LIMITS.search_s
            raise self.complain(
                TimedOutError, url, f"gave no whole answer in {total:g} s"
            ) from error
        except requests.RequestException as error:
            kind, said = _told(error)
            raise self.complain(kind, url, said) from error

    def _wait(self) -> None:
        time.sleep(max(0.0, self._next_s - time.monotonic()))
        self._next_s = time.monotonic() + self._pause_s

    def _follow(self, prepared: requests.PreparedRequest, end_s: float) -> bytes:
        """The body behind a request, over redirects that stay with this API."""
        for _ in range(_MOST_HOPS):
            with self._send(prepared) as response:
                if not response.is_redirect:
                    return self._body_of(response, end_s)
                target = self._own(urljoin(str(prepared.url), response.headers["location"]))
                prepared = prepared.copy()
                prepared.prepare_url(target, None)
        raise self.complain(RefusedError, str(prepared.url), "redirects without end")

    def _send(self, prepared: requests.PreparedRequest) -> requests.Response:
        options = self.session.merge_environment_settings(
            prepared.url, proxies={}, stream=True, verify=True, cert=None
        )
        # not self.timeout: Client.open sets that to what it was given itself
        limits = (LIMITS.connect_s, LIMITS.read_s)
        return self.session.send(prepared, timeout=limits, allow_redirects=False, **options)

    def _body_of(self, response: requests.Response, end_s: float) -> bytes:
        body = bytearray()
        for chunk in response.iter_content(2**16):
            body += chunk
            if len(body) > LIMITS.answer_bytes:
                size = LIMITS.answer_bytes / 2**20
                raise self.complain(
                    RefusedError, response.url, f"answered more than {size:g} MiB; {_began(body)}"
                )
            if time.monotonic() > end_s:
                raise TimeoutError
        status = response.status_code
        if not 200 <= status < 300:
            kind = (
                TimedOutError
                if status in _TOO_MUCH
                else TransientError
                if status in _PASSING
                else RefusedError
            )
            raise self.complain(kind, response.url, f"answered status {status}; {_began(body)}")
        return bytes(body)

    def _document_of(self, body: bytes, href: str) -> Document:
        try:
            document = json.loads(body)
        except RecursionError as error:
            raise self._too_deep(href, body) from error
        except ValueError as error:
            raise self.complain(TransientError, href, f"is no JSON; {_began(body)}") from error
        if not isinstance(document, dict):
            raise self.complain(RefusedError, href, f"is no JSON object; {_began(body)}")
        if not is_flat(document):
            raise self._too_deep(href, body)
        return document

    def _too_deep(self, href: str, body: bytes) -> CatalogError:
        said = f"is nested more than {LIMITS.depth} deep; {_began(body)}"
        return self.complain(RefusedError, href, said)

    def _own(self, href: str) -> str:
        """The URL of a link, absolute; only this API's own host is asked."""
        try:
            root, url = urlsplit(self.root), urlsplit(urljoin(self.root, href))
            if url.scheme == "http" and root.scheme == "https" and _port(url) == 80:
                # servers behind a proxy link to themselves so
                url = url._replace(scheme="https", netloc=url.netloc.removesuffix(":80"))
            is_own = (
                url.hostname == root.hostname
                and url.scheme in {root.scheme, "https"}
                and (_port(url) == _port(root) or {_port(url), _port(root)} == {80, 443})
                and url.username is None
            )
        except ValueError:  # no address at all: a port that is no number, half a bracket
            is_own = False
        if not is_own:
            raise self.complain(
                RefusedError, self.root, f"points to {plain(href)}; only its own host is asked"
            )
        return urlunsplit(url)


class _Retry(Retry):
    """Asks again, but not where the server was silent, and never waits for long."""

    def increment(self, *args: Any, **kwargs: Any) -> Retry:
        error = kwargs.get("error")
        if isinstance(error, ReadTimeoutError):
            raise error
        return super().increment(*args, **kwargs)

    def get_retry_after(self, response: Any) -> float | None:
        try:
            seconds = super().get_retry_after(response)
        except InvalidHeader:
            return None
        return None if seconds is None else min(seconds, LIMITS.retry_after_s)


def within(seconds: float, call: Callable[[], bytes]) -> bytes:
    """What a call returns; TimeoutError after so many seconds, whatever the call still does."""
    returned: list[bytes] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            returned.append(call())
        except BaseException as error:
            raised.append(error)

    # sockets know silence only: a byte a second would go on for hours
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(max(0.0, seconds))
    if raised:
        raise raised[0]
    if not returned:
        raise TimeoutError
    return returned[0]


def is_flat(document: Any) -> bool:
    """Whether a JSON value nests no deeper than allowed; never recurses itself."""
    level = [document]
    for _ in range(LIMITS.depth):
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


def _port(url: SplitResult) -> int | None:
    return url.port or _PORTS.get(url.scheme)


def _began(body: bytes | bytearray) -> str:
    """The first bytes of an answer, escaped."""
    text = ascii(bytes(body[:_SHOWN_BYTES]).decode("utf-8", "replace"))
    return f"it began with {text[1:-1][:_SHOWN_BYTES]}" if body else "it was empty"


def _told(error: requests.RequestException) -> tuple[type[CatalogError], str]:
    """What a failed request amounts to."""
    if isinstance(error, requests.ReadTimeout) or "Read timed out" in str(error):
        return TimedOutError, f"was silent for {LIMITS.read_s:g} s"
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
