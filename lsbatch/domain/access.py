"""Access: which files a catalogue's records may lead to, and how they are signed."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

OPEN_HOSTS = (
    "ai4edataeuwest.blob.core.windows.net",
    "copernicus-dem-30m.s3.amazonaws.com",
    "copernicus-dem-30m.s3.eu-central-1.amazonaws.com",
    "e84-earth-search-sentinel-data.s3.us-west-2.amazonaws.com",
    "elevationeuwest.blob.core.windows.net",
    "landsateuwest.blob.core.windows.net",
    "landsatlook.usgs.gov",
    "sentinel-cogs.s3.us-west-2.amazonaws.com",
    "sentinel2l2a01.blob.core.windows.net",
)
"""Hosts from which the large open catalogues, Earth Search and Planetary Computer, serve the images
and elevation models that we read."""

OPEN_BUCKETS = (
    "copernicus-dem-30m",
    "e84-earth-search-sentinel-data",
    "sentinel-cogs",
    "usgs-landsat",
)
"""The same files by their S3 names."""

_WORD = re.compile(r"[A-Za-z0-9_-]+")
_SIGNED = re.compile(
    r"""([a-z][a-z0-9+.-]*://)(?:[^\s/?#'"@]*@)?([^\s?#'"<>]*)(?:[?#][^\s'"<>]*)?"""
)
_SECRET = re.compile(
    r"""(?i)\b(sig|signature|password|policy|key-pair-id|awsaccesskeyid|(?:[a-z_-]*token)"""
    r"""|x-amz-[a-z-]+|x-goog-[a-z-]+)=[^&\s'"]+"""
)


@dataclass(frozen=True, slots=True)
class Access:
    """Where asset hrefs may lead; everything else is refused before it is opened.

    The default trusts the hosts and buckets of the large open catalogues and no file of this
    machine.
    """

    hosts: tuple[str, ...] = OPEN_HOSTS
    """Hosts that may be asked over https: a name, ``.name`` for every host below it, and ``:port``
    behind it where that is not 443."""
    buckets: tuple[str, ...] = OPEN_BUCKETS
    """S3 buckets that may be read."""
    folder: str | None = None
    """Folder of a local catalogue: paths below it may be read; None = no local file."""
    loopback: bool = False
    """Whether servers of this machine may be asked, also without TLS: for tests and for data that
    one serves to oneself."""
    sign: str | None = None
    """Name of the signer that makes hrefs readable, such as ``planetary-computer``; None = none."""
    requester_pays: tuple[str, ...] = ()
    """Those of `buckets` that charge the reader: requests to them say that who asks pays."""
    region: str | None = None
    """Region of the S3 buckets; that of the environment if None."""
    reads_per_second: float | None = None
    """Most requests for files that one process makes; None = no limit."""

    def shared_by(self, workers: int) -> "Access":
        """The share of one of so many processes, so that all together keep the rate."""
        if self.reads_per_second is None:
            return self
        return replace(self, reads_per_second=self.reads_per_second / workers)


PUBLIC = Access()
"""The large open catalogues' files, and none of this machine."""


def access_to(source: str, *, hosts: tuple[str, ...] = ()) -> Access:
    """What the records of a source may lead to.

    Parameters
    ----------
    source : str
        URL of a STAC API or of a static catalogue, or the path of a catalogue's file.
    hosts : tuple of str, optional
        Further hosts, spelled as in `Access.hosts`.

    Returns
    -------
    Access
        The open hosts and these; of a URL its own host too, of a file its folder. A bare word, as
        catalogues known by name have, opens no folder.
    """
    if _WORD.fullmatch(source):
        return Access(hosts=(*OPEN_HOSTS, *hosts))
    if "://" not in source:
        folder = str(Path(source).resolve().parent)
        return Access(hosts=(*OPEN_HOSTS, *hosts), folder=folder)
    own = urlsplit(source)
    name = own.netloc.rpartition("@")[2].lower()
    local = own.scheme == "http" and own.hostname in ("127.0.0.1", "localhost", "::1")
    return Access(hosts=(*OPEN_HOSTS, name, *hosts), loopback=local)


def bare_href(href: str) -> str:
    """An href without query, fragment and credentials: what may be logged, stored and compared."""
    if "://" not in href:
        return href
    scheme, _, rest = href.partition("://")
    place = re.split(r"[?#]", rest, maxsplit=1)[0]
    host, slash, path = place.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def bare_text(text: str) -> str:
    """A text whose URLs are bare, and in which no signature or token is left."""
    return _SECRET.sub(r"\1=...", _SIGNED.sub(r"\1\2", text))
