"""ask: one part of a file from a server, each hop of the way checked, each wait bounded.

GDAL is not let near the network: it follows redirects to any address and keeps failures in a cache
that no retry gets past. A name is resolved here, its addresses checked, and the connection made to
the address that was checked, so that neither a redirect nor a second answer of the name server
leads to a private network. Behind a proxy the proxy resolves, and decides what may be reached.
"""

import functools
import http.client
import logging
import os
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import urllib3

from lsbatch.cube.addresses import find_addresses
from lsbatch.cube.gate import LOOPBACK, check_hop
from lsbatch.cube.patience import PATIENCE
from lsbatch.domain import bare_text
from lsbatch.errors import ReadError

_MOVED = (301, 302, 303, 307, 308)
_HOPS = 5
_PIECE = 1 << 16
_WHOLE = 1 << 20
"""Bytes of the largest answer that is taken whole from a server which does not serve parts."""

_CHECKED_FOR_S = 60.0
"""A host's addresses are looked up and checked again after so many seconds."""

_Way = tuple[str, str, int, bool, bool, str | None]
_ways: dict[_Way, tuple[float, list[urllib3.HTTPConnectionPool]]] = {}
_lock = threading.Lock()


class Passing(Exception):
    """A fault that may be gone at the next try."""

    def __init__(self, fault: str, wait_s: float | None = None) -> None:
        super().__init__(fault)
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said."""

    code: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    """Where the last redirect led."""

    @property
    def reason(self) -> str:
        """The code in words."""
        return f"{self.code} ({http.client.responses.get(self.code, 'of its own')})"


def ask(
    url: str,
    headers: Mapping[str, str],
    start: int,
    stop: int,
    *,
    loopback: bool,
    own: bool,
    turn: Callable[[], float],
) -> Answer:
    """Bytes [start, stop) of a file, or what the server says in their place.

    Parameters
    ----------
    url, headers : str, mapping
        As the gate admitted it and a signer signed it.
    start, stop : int
    loopback : bool
        Whether servers of this machine may be asked.
    own : bool
        Whether it is a server that the operator named: then it may be in a private network, and
        does not redirect.
    turn : callable
        Waits until a request may be made, each hop being one; returns the seconds it took.

    Raises
    ------
    ReadError
        If a hop may not be made.
    Passing
        If the server cannot be reached, breaks off or takes too long.
    """
    until = time.monotonic() + PATIENCE.request_s
    origin = url
    for _ in range(_HOPS):
        until += turn()
        response = _get(url, {**headers, "Range": f"bytes={start}-{stop - 1}"}, loopback, own)
        if own or response.status not in _MOVED or not response.headers.get("Location"):
            return _answer(response, url, stop - start, until)
        response.close()
        target = urljoin(url, response.headers["Location"])
        check_hop(target, origin)
        if urlsplit(target).netloc != urlsplit(url).netloc:
            headers = {}  # a signature is for the server that it was made for
        url = target
    raise ReadError(f"leads from redirect to redirect, more than {_HOPS} times")


def _get(url: str, headers: Mapping[str, str], loopback: bool, own: bool) -> Any:
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    sent = {**headers, "Host": parts.netloc, "Accept-Encoding": "identity"}
    way = _way_to(parts, loopback, own)
    fault: Exception | None = None
    for pool in _pools_to(way):
        try:
            return pool.request(
                "GET",
                path,
                headers=sent,
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
                timeout=urllib3.Timeout(connect=PATIENCE.connect_s, read=PATIENCE.read_s),
            )
        except urllib3.exceptions.SSLError as error:
            raise ReadError(f"does not prove who it is ({_short(error)})") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            fault = error
    with _lock:
        _ways.pop(way, None)
    raise Passing(_short(fault)) from fault


def _way_to(parts: SplitResult, loopback: bool, own: bool) -> _Way:
    host = parts.hostname or ""
    direct = host in LOOPBACK or proxy_bypass(host)
    proxy = None if direct else getproxies().get(parts.scheme)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, host, port, loopback, own, proxy


def _answer(response: Any, url: str, length: int, until: float) -> Answer:
    promised = response.length_remaining
    if response.status == 200 and (promised is None or promised > _WHOLE):
        response.close()
        raise ReadError("is on a server that does not serve parts of files (HTTP range)")
    most = length if response.status == 206 else _WHOLE
    parts, got = [], 0
    try:
        while got < most and (piece := response.read1(min(_PIECE, most - got))):
            parts.append(piece)
            got += len(piece)
            if time.monotonic() > until:
                raise Passing(f"took longer than {PATIENCE.request_s:g} s")
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise Passing(_short(error)) from error
    finally:
        # an answer that was not read to its end would be taken for the next one's beginning
        (response.release_conn if not response.length_remaining else response.close)()
    return Answer(response.status, response.headers, b"".join(parts), url)


def _pools_to(way: _Way) -> list[urllib3.HTTPConnectionPool]:
    """Connections to a host's addresses, the one to try first in front."""
    with _lock:
        until, pools = _ways.get(way, (0.0, []))
    if time.monotonic() < until:
        return pools
    pools = [_open_pool(way, address) for address in _addresses_of(way)]
    with _lock:
        _ways[way] = (time.monotonic() + _CHECKED_FOR_S, pools)
    return pools


def _addresses_of(way: _Way) -> tuple[str, ...]:
    _, host, port, loopback, own, proxy = way
    if own or proxy:
        return (host,)
    try:
        return find_addresses(host, port, loopback=loopback)
    except ReadError:
        raise
    except OSError as error:
        raise Passing(_short(error)) from error


def _open_pool(way: _Way, address: str) -> urllib3.HTTPConnectionPool:
    """Connections to one address, proving to be the host; behind a proxy to the host by name."""
    scheme, host, port, _, _, proxy = way
    safe: dict[str, Any] = {"ssl_context": _tls()} if scheme == "https" else {}
    if proxy:
        login = urllib3.util.parse_url(proxy).auth
        headers = urllib3.make_headers(proxy_basic_auth=login) if login else None
        manager = urllib3.ProxyManager(proxy, proxy_headers=headers, **safe)
        return manager.connection_from_host(host, port, scheme)
    if scheme == "https":
        safe |= {"server_hostname": host, "assert_hostname": host}
        return urllib3.HTTPSConnectionPool(address, port, maxsize=8, **safe)
    return urllib3.HTTPConnectionPool(address, port, maxsize=8)


@functools.cache
def _tls() -> ssl.SSLContext:
    """Trust what the system trusts and what certifi lists, or only the operator's own bundle."""
    own = os.environ.get("CURL_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE")
    if own:
        return ssl.create_default_context(cafile=own)
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _short(error: BaseException | None) -> str:
    text = bare_text(str(error)).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:160]}" if text else type(error).__name__


class _BareLines(logging.Filter):
    """Takes signatures out of what urllib3 logs of each request."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                part.partition("?")[0] if isinstance(part, str) else part for part in record.args
            )
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_BareLines())
