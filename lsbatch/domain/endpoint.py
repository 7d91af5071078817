"""Endpoint: a catalogue known by name, and what may be read on its word."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from lsbatch.errors import CatalogError

SIGNING = ("planetary-computer",)
"""Ways of signing an href just before it is opened."""
RATES = ("requests_per_second", "reads_per_second")
"""Fields that are numbers of requests a second."""
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A STAC API and the terms on which it is used; holds no secret."""

    name: str
    """How a recipe calls it."""
    url: str
    """Root of the API; https but for one on this machine."""
    collections: tuple[str, ...] = ()
    """What is asked for, best first; empty = every collection that a sensor's table knows."""
    hosts: tuple[str, ...] = ()
    """Hosts at which its files may lie."""
    buckets: tuple[str, ...] = ()
    """Buckets in which its files may lie, as in ``s3://BUCKET/...``."""
    signing: str | None = None
    """One of `SIGNING`: hrefs are signed late, when a file is opened, and kept unsigned."""
    credentials: tuple[str, ...] = ()
    """Names of the environment variables that hold them, never their values."""
    requester_pays: tuple[str, ...] = ()
    """Those of `buckets` that charge the reader."""
    region: str | None = None
    """Where the buckets lie, for reads that are charged or signed."""
    requests_per_second: float | None = None
    """Most requests to this catalogue; None = no limit. Only the process that plans asks it."""
    reads_per_second: float | None = None
    """Most requests for its files, over all workers together; None = no limit."""
    fallback: str | None = None
    """Name of the endpoint that is asked where this one cannot be searched."""

    def __post_init__(self) -> None:
        url = urlsplit(self.url)
        is_private = url.scheme == "https" or url.hostname in _THIS_MACHINE
        if not (is_private and url.hostname) or url.username:
            raise CatalogError(
                f"Endpoint {self.name!r} needs an https URL without credentials in it; received "
                f"one for the host {url.hostname!r}."
            )
        if self.signing is not None and self.signing not in SIGNING:
            raise CatalogError(
                f"Endpoint {self.name!r} has the signing {self.signing!r}; known are "
                f"{', '.join(SIGNING)}."
            )
        for word in self.credentials:
            if not _VARIABLE.fullmatch(word):
                raise CatalogError(
                    f"Endpoint {self.name!r} must give its credentials as names of environment "
                    "variables (capital letters, digits, _), never as values."
                )
        if not set(self.requester_pays) <= set(self.buckets):
            raise CatalogError(
                f"Endpoint {self.name!r}: each of requester_pays must be one of its buckets "
                f"({', '.join(self.buckets)})."
            )
        for word in RATES:
            rate = getattr(self, word)
            if rate is not None and not rate > 0:
                raise CatalogError(
                    f"Endpoint {self.name!r} needs {word} above 0; received {rate:g}."
                )
