"""Requests to one STAC API: bounded in time and size, asked again where that may help."""

import json
import logging
import time
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

import requests
from pystac.link import Link
from pystac_client.stac_api_io import StacApiIO
from urllib3.exceptions import InvalidHeader, ReadTimeoutError
from urllib3.util.retry import Retry

from lsbatch.errors import CatalogError
from lsbatch.search import limits
from lsbatch.search.answers import (
    RefusedError,
    TimedOutError,
    TransientError,
    began,
    is_flat,
    plain,
    told,
)

logger = logging.getLogger(__name__)

Document = dict[str, Any]

_PASSING = (408, 429, 500, 502, 503, 504)
"""Statuses that may be gone when asked again."""
_TOO_MUCH = (408, 504)
"""Statuses that say that the search itself took too long."""
_MOST_HOPS = 5
_PORTS = {"http": 80, "https": 443}


class ApiIO(StacApiIO):
    """pystac-client's requests, kept to one origin and within `limits.LIMITS`.

    Parameters
    ----------
    root : str
        URL of the API, as the user or an endpoint gives it.
    requests_per_second : float, optional
        Most requests; None = no limit.
    """

    def __init__(self, root: str, requests_per_second: float | None = None) -> None:
        self.root, self.limits = root, limits.LIMITS
        super().__init__(
            max_retries=_Retry(
                total=self.limits.retries,
                status_forcelist=_PASSING,
                allowed_methods=None,  # POST searches too
                backoff_factor=self.limits.backoff_s,
                raise_on_status=False,
            ),
        )
        self._pause_s = 0.0 if requests_per_second is None else 1 / requests_per_second
        self._next_s = 0.0
        self._end_s = time.monotonic() + self.limits.search_s

    def read_json(self, source: Any, *_args: Any, **kwargs: Any) -> Document:
        """The JSON object at a URL, asked for again where that may help.

        Raises
        ------
        CatalogError
            Naming the URL and the first bytes of what came.
        """
        href = str(source.href if isinstance(source, Link) else source)
        wanted = {key: kwargs.get(key) for key in ("method", "headers", "parameters")}
        for _ in range(self.limits.rounds - 1):
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
        seconds = min(self.limits.answer_s, self._end_s - time.monotonic())
        end_s = time.monotonic() + seconds
        try:
            if seconds <= 0:
                raise TimeoutError
            prepared = self.session.prepare_request(request)
            return limits.within(seconds, lambda: self._follow(prepared, end_s))
        except TimeoutError as error:
            if isinstance(error, CatalogError):
                raise
            total = (
                self.limits.answer_s if seconds == self.limits.answer_s else self.limits.search_s
            )
            raise self.complain(
                TimedOutError, url, f"gave no whole answer in {total:g} s"
            ) from error
        except requests.RequestException as error:
            kind, said = told(error)
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
        timeout = (self.limits.connect_s, self.limits.read_s)
        return self.session.send(prepared, timeout=timeout, allow_redirects=False, **options)

    def _body_of(self, response: requests.Response, end_s: float) -> bytes:
        body = bytearray()
        for chunk in response.iter_content(2**16):
            body += chunk
            if len(body) > self.limits.answer_bytes:
                size = self.limits.answer_bytes / 2**20
                raise self.complain(
                    RefusedError, response.url, f"answered more than {size:g} MiB; {began(body)}"
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
            raise self.complain(kind, response.url, f"answered status {status}; {began(body)}")
        return bytes(body)

    def _document_of(self, body: bytes, href: str) -> Document:
        try:
            document = json.loads(body)
        except RecursionError as error:
            raise self._too_deep(href, body) from error
        except ValueError as error:
            raise self.complain(TransientError, href, f"is no JSON; {began(body)}") from error
        if not isinstance(document, dict):
            raise self.complain(RefusedError, href, f"is no JSON object; {began(body)}")
        if not is_flat(document, self.limits.depth):
            raise self._too_deep(href, body)
        return document

    def _too_deep(self, href: str, body: bytes) -> CatalogError:
        said = f"is nested more than {self.limits.depth} deep; {began(body)}"
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
        return None if seconds is None else min(seconds, limits.LIMITS.retry_after_s)


def _port(url: SplitResult) -> int | None:
    return url.port or _PORTS.get(url.scheme)
