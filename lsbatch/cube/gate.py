"""admit: whether a catalogue's href may be opened, decided on its text before anything is asked."""

import os
import re
import stat
import unicodedata
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from lsbatch.domain import Access, bare_href
from lsbatch.errors import ReadError

LOOPBACK = ("127.0.0.1", "localhost", "::1")

_LONGEST = 4096
_SCHEME = re.compile(r"([^/:]+):")
"""A scheme, a drive or one of GDAL's drivers: whatever stands before a colon in the first part."""
_LABEL = "[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_OPTIONS = re.compile(
    "cookie|cookiefile|empty_dir|header_file|header[.].*|headers|http_version|httpauth|list_dir"
    "|low_speed_.*|max_connections|max_retry|netrc|pc_collection|pc_url_signing|proxy.*|referer"
    "|retry_.*|ssl_.*|timeout|unsafessl|url|use_head|use_redirect_.*|useragent|userpwd"
    "|gdal_.*|cpl_.*|vsi.*"
)
"""Options that GDAL would take from the query of a URL."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an admitted href leads."""

    kind: Literal["file", "web", "s3"]
    name: str
    """Real path, https URL, or s3://bucket/key."""


def admit(href: str, access: Access) -> Place:
    """The place that an href names, if it may be opened; no file is read and no server asked.

    Parameters
    ----------
    href : str
        As a catalogue gave it; not trusted.
    access : Access
        What may be opened.

    Raises
    ------
    ReadError
        With the rule that the href breaks.
    """
    fault = _fault_of_text(href)
    if fault:
        raise _refused(href, fault)
    scheme = _SCHEME.match(href)
    if scheme is None:
        return _admit_path(href, access)
    kind = scheme[1].lower()
    if kind not in ("https", "http", "s3") or not href[scheme.end() :].startswith("//"):
        raise _refused(href, f"begins with {scheme[1][:20]}:, not with https://, s3:// or a path")
    url = _split(href)
    if kind == "s3":
        return _admit_bucket(href, url, access)
    return _admit_url(href, url, access)


def check_hop(url: str, origin: str) -> None:
    """Raise ReadError where a redirect leads to what an href could not name: no TLS, a login, a
    name that is none; or from another server to this machine.
    """
    try:
        fault = _fault_of_text(url) or _fault_of_hop(url, origin)
    except ReadError as error:
        raise ReadError(f"leads by a redirect to {error}") from error
    if fault:
        raise ReadError(f"leads by a redirect to {_refused(url, fault)}")


def _fault_of_hop(url: str, origin: str) -> str:
    parts, begun = _split(url), urlsplit(origin)
    if (parts.scheme, parts.netloc) == (begun.scheme, begun.netloc):
        return ""
    if parts.scheme != "https" or _port(url, parts) not in (None, 443):
        return "is not https"
    return "is this machine" if parts.hostname in LOOPBACK else ""


def _fault_of_text(href: object) -> str:
    """What is wrong with an href whatever it names, or nothing."""
    if not isinstance(href, str) or not href.strip():
        return "is not a text that names a file"
    if len(href) > _LONGEST:
        return f"has {len(href)} characters, more than {_LONGEST}"
    if any(unicodedata.category(letter)[0] == "C" or letter in "\u2028\u2029" for letter in href):
        return "holds a control character"
    if href != href.strip():
        return "begins or ends with a blank"
    if "<" in href or ">" in href:
        return "is a document, not the name of one"
    if "\\" in href or href.startswith("//"):
        return "is the name of a network share"
    if href.lower().startswith("/vsi"):
        return "is one of GDAL's virtual paths"
    return ""


def _split(href: str) -> SplitResult:
    try:
        url = urlsplit(href)
        host = url.hostname or ""
    except ValueError as error:
        raise _refused(href, "is not a URL") from error
    if "@" in url.netloc or "%" in url.netloc:
        raise _refused(href, "carries a login")
    if not (_HOST.fullmatch(host) or host == "::1"):
        raise _refused(href, "does not name a host")
    if ".." in unquote(unquote(url.path)).split("/"):
        raise _refused(href, "climbs with '..'")
    return url


def _admit_url(href: str, url: SplitResult, access: Access) -> Place:
    local = url.hostname in LOOPBACK
    if url.scheme == "http" and not (local and access.loopback):
        raise _refused(href, "is http, which anybody on the way can change; https is needed")
    if not (local and access.loopback) and not _is_listed(href, url, access.hosts):
        raise _refused(
            href,
            f"is on host {url.hostname}, which is not among the allowed ones; if you trust it, "
            f"add it to the hosts of the recipe ({', '.join(access.hosts)})",
        )
    if "#" in href or len(url.path) < 2:
        raise _refused(href, "does not name a file on its host")
    for name, value in parse_qsl(url.query, keep_blank_values=True):
        if _OPTIONS.fullmatch(name.lower()):
            raise _refused(href, f"has {name[:30]} in its query, an option of GDAL")
        if value.lower().startswith(("/vsi", "file:")):
            raise _refused(href, "names another file in its query")
    return Place("web", href)


def _is_listed(href: str, url: SplitResult, hosts: tuple[str, ...]) -> bool:
    port = _port(href, url)
    suffix = "" if port in (None, 443) else f":{port}"
    name = f"{url.hostname}{suffix}"
    return any(
        name.endswith(entry) and len(name) > len(entry) if entry.startswith(".") else name == entry
        for entry in (host.lower().removesuffix(":443") for host in hosts)
        if entry
    )


def _port(href: str, url: SplitResult) -> int | None:
    try:
        return url.port
    except ValueError as error:
        raise _refused(href, "has a port that is none") from error


def _admit_bucket(href: str, url: SplitResult, access: Access) -> Place:
    if url.query or "#" in href or len(url.path) < 2 or ":" in url.netloc:
        raise _refused(href, "is not s3://bucket/key")
    if not _BUCKET.fullmatch(url.netloc) or url.netloc not in access.buckets:
        raise _refused(
            href,
            f"is in bucket {url.netloc}, which is not among the allowed ones "
            f"({', '.join(access.buckets) or 'none'})",
        )
    return Place("s3", f"s3://{url.netloc}{url.path}")


def _admit_path(href: str, access: Access) -> Place:
    if access.folder is None:
        raise _refused(href, "is a file of this machine, but its catalogue is not")
    folder = os.path.realpath(access.folder)
    real = os.path.realpath(os.path.join(folder, href))
    if not real.startswith(folder.rstrip(os.sep) + os.sep) or real.lower().startswith("/vsi"):
        raise _refused(href, f"does not lie below its catalogue's folder {folder}")
    try:
        mode = os.stat(real).st_mode
    except OSError:  # who opens it says that it is not there
        return Place("file", real)
    if not stat.S_ISREG(mode):
        raise _refused(href, "is not a plain file")
    return Place("file", real)


def _refused(href: object, fault: str) -> ReadError:
    shown = bare_href(href) if isinstance(href, str) else repr(href)
    printable = "".join(letter if letter.isprintable() else "?" for letter in shown)
    return ReadError(f"{printable[:200]} {fault}")
