"""sign: what makes an admitted place readable, made in the worker at the moment of reading."""

import functools
import math
import os
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import requests

from lsbatch.cube.gate import Place
from lsbatch.cube.web import Passing
from lsbatch.domain import Access, bare_href
from lsbatch.errors import ReadError

_TOKEN_S = 60.0
_TOKEN_RETRIES = 2
"""Of one request for a token; whoever reads tries again after a longer pause."""
_RENEWAL_S = 30.0
"""All files of a container are refused at once, and one renewal is for all of them."""
_renewed: dict[str, float] = {}
"""When the token of a container was last asked for anew."""
_lock = threading.Lock()


class Signed(NamedTuple):
    """A request as it is to be sent."""

    url: str
    headers: dict[str, str]
    own: bool
    """Whether the server was named by the operator, not by a catalogue."""


def sign(place: Place, access: Access, *, region: str | None, fresh: bool) -> Signed:
    """The request for a place.

    Parameters
    ----------
    place : Place
        As the gate admitted it.
    access : Access
    region : str or None
        Region of an S3 bucket, where it is known.
    fresh : bool
        Whether a signature that is kept has been refused, so that another is needed.

    Raises
    ------
    ReadError
        If the signer is not known, not installed, or signs for another place.
    """
    if place.kind == "s3":
        return _sign_s3(place, access, region)
    if access.sign is None:
        return Signed(place.name, {}, False)
    if access.sign not in SIGNERS:
        raise ReadError(
            f"needs signer {access.sign!r}, which is not known (known: {', '.join(SIGNERS)})"
        )
    url = SIGNERS[access.sign](place.name, fresh)
    if bare_href(url) != bare_href(place.name):
        raise ReadError(f"was signed for another place, {bare_href(url)}")
    return Signed(url, {}, False)


def _sign_planetary_computer(url: str, fresh: bool) -> str:
    """A blob with the token of its container, kept by this process; other places as they are."""
    try:
        from planetary_computer import sas
        from planetary_computer.utils import parse_blob_url
    except ImportError as error:
        raise ReadError(
            "is on the Planetary Computer, whose files need signing; "
            "pip install 'lsbatch[planetary-computer]'"
        ) from error
    if not urlsplit(url).netloc.endswith(sas.BLOB_STORAGE_DOMAIN):
        return url
    container = "/".join(parse_blob_url(urlsplit(url)))
    with _lock:  # its cache of tokens is not made for threads
        now = time.monotonic()
        if fresh and now - _renewed.get(container, -math.inf) > _RENEWAL_S:
            for key in [key for key in sas.TOKEN_CACHE if key.endswith(f"/{container}")]:
                del sas.TOKEN_CACHE[key]
            _renewed[container] = now
        # sign_url finds the token in the cache
        _within(_TOKEN_S, sas.get_token, *container.split("/"), retry_total=_TOKEN_RETRIES)
        return str(sas.sign_url(url))


def _within(seconds: float, ask: Callable[..., Any], *args: Any, **options: Any) -> None:
    """Call what knows no timeout; raise what it raises, or Passing once the time is over."""
    faults: list[Exception] = []

    def run() -> None:
        try:
            ask(*args, **options)
        except Exception as error:
            faults.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise Passing(f"no signature came within {seconds:g} s")
    if not faults:
        return
    said = f"is not signed ({type(faults[0]).__name__}: {faults[0]})"
    if isinstance(faults[0], requests.ConnectionError | requests.exceptions.RetryError):
        raise Passing(said) from faults[0]
    raise ReadError(said) from faults[0]


SIGNERS: dict[str, Callable[[str, bool], str]] = {"planetary-computer": _sign_planetary_computer}
"""Signers by name: (href, whether a fresh signature is needed) -> signed href."""


def _sign_s3(place: Place, access: Access, region: str | None) -> Signed:
    """An S3 request, signed where there are credentials in the environment."""
    bucket, _, key = place.name.removeprefix("s3://").partition("/")
    where = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    where = where or "us-east-1"
    base = _own_endpoint()
    if base is None:
        host = f"s3.{where}.amazonaws.com"
        # a dot in the bucket's name would break the host's certificate
        url = f"https://{host}/{bucket}" if "." in bucket else f"https://{bucket}.{host}"
    else:
        url = f"{base}/{bucket}"
    url = f"{url}/{quote(key, safe='/~')}"
    pays = bucket in access.requester_pays
    headers = {"x-amz-request-payer": "requester"} if pays else {}
    if os.environ.get("AWS_NO_SIGN_REQUEST", "").upper() in ("YES", "TRUE", "1"):
        return Signed(url, headers, base is not None)
    credentials = _credentials()
    if credentials is None:
        if pays:
            raise ReadError(
                "is in a bucket where the requester pays, so AWS credentials are needed: "
                "pip install 'lsbatch[s3]' and set AWS_ACCESS_KEY_ID or AWS_PROFILE"
            )
        return Signed(url, headers, base is not None)
    return Signed(url, _signature(url, headers, credentials, where), base is not None)


def _own_endpoint() -> str | None:
    """An S3 server other than Amazon's, in either spelling: GDAL's or Amazon's."""
    named = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if named:
        return named.rstrip("/")
    host = os.environ.get("AWS_S3_ENDPOINT")
    if not host:
        return None
    plain = os.environ.get("AWS_HTTPS", "YES").upper() in ("NO", "FALSE", "0")
    return f"{'http' if plain else 'https'}://{urlsplit(host).netloc or host.rstrip('/')}"


@functools.cache
def _session() -> Any:
    try:
        import botocore.session
    except ImportError:
        return None
    return botocore.session.get_session()


def _credentials() -> Any:
    """Of the environment, a profile or a machine's role; None where there are none."""
    with _lock:
        session = _session()
        found = None if session is None else session.get_credentials()
        return None if found is None else found.get_frozen_credentials()


def _signature(url: str, headers: dict[str, str], credentials: Any, region: str) -> dict[str, str]:
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest

    request = AWSRequest(
        "GET", url, headers={**headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    )
    S3SigV4Auth(credentials, "s3", region).add_auth(request)
    return dict(request.headers.items())
