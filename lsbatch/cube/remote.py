"""Remote: a file on a server as something that can be read at any place, and tried again."""

import io
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from lsbatch.cube.gate import Place
from lsbatch.cube.pace import PACE
from lsbatch.cube.patience import PATIENCE, Deadline
from lsbatch.cube.shelf import SHELF, Shelf
from lsbatch.cube.signing import sign
from lsbatch.cube.web import Answer, Passing, ask
from lsbatch.domain import Access
from lsbatch.errors import ReadError

HEAD_BYTES = 1 << 15
"""Bytes of the first request: the header and tile index of most Cloud Optimized GeoTIFFs."""
LEAST_BYTES = 1 << 14
MOST_BYTES = 1 << 22
"""Bytes of one request, at least and at most."""
_KEPT = 1 << 25
"""Bytes that are kept of a file without a version, while it is open."""
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_EXPIRED = (401, 403)


class Remote:
    """A file on a server.

    Reads of any place; a fault that may pass is tried again, and a signature that has expired is
    made anew, once. After a fault that stays every read fails in the same way. A file that is not
    the same any more as when this process first read it is a fault too: blocks of one map must not
    come from two versions.

    Threads: not to be shared.
    """

    def __init__(self, place: Place, access: Access, deadline: Deadline) -> None:
        self.place = place
        self.access = access
        self.fault: BaseException | None = None
        self._deadline = deadline
        self._region = access.region
        self._renewed = False
        self._signed: Any = None
        self._size: int | None = None
        self._version: str | None = None
        self._shelf = SHELF
        known = SHELF.facts(place)
        if known is not None:
            self._size, self._version = known

    @property
    def size(self) -> int:
        """Bytes of the file."""
        if self._size is None:
            head = self._fetch(0, HEAD_BYTES)
            if len(self._kept(0, len(head))) < len(head):
                self._keep(0, head)
        assert self._size is not None
        return self._size

    def read_at(self, offset: int, length: int) -> bytes:
        """That many bytes from a place on, fewer where the file ends before.

        Raises
        ------
        ReadError
            If the server does not give them.
        """
        if self.fault is not None:
            raise self.fault
        try:
            return self._read_at(offset, min(length, max(self.size - offset, 0)))
        except BaseException as error:
            self.fault = error
            raise

    def _read_at(self, offset: int, length: int) -> bytes:
        kept = self._kept(offset, length)
        if len(kept) == length:
            return kept
        start = offset + len(kept)
        stop = min(max(offset + length, start + LEAST_BYTES), self.size)
        spans = [(at, min(at + MOST_BYTES, stop)) for at in range(start, stop, MOST_BYTES)]
        part = b"".join(self._fetch(*span) for span in spans)
        self._keep(start, part)
        return (kept + part)[:length]

    def _kept(self, start: int, length: int) -> bytes:
        return self._shelf.find(self.place, self._version or "", start, length)

    def _keep(self, start: int, part: bytes) -> None:
        assert self._size is not None
        self._shelf.keep(self.place, self._version or "", self._size, start, part)

    def _fetch(self, start: int, stop: int) -> bytes:
        """Bytes [start, stop), tried as often as `PATIENCE` and the deadline allow."""
        fault: Passing | None = None
        for failed in range(PATIENCE.tries):
            pause = PATIENCE.pause(failed, fault.wait_s) if fault else 0.0
            if self._deadline.left() <= pause:
                raise ReadError(
                    f"was not read within {self._deadline.seconds:g} s"
                    + (f" (the last fault: {fault})" if fault else "")
                ) from fault
            time.sleep(pause)
            try:
                return self._ask(start, stop)
            except Passing as error:
                fault = error
            except ValueError as error:
                raise ReadError("is on a server whose answer cannot be understood") from error
        raise ReadError(f"failed {PATIENCE.tries} times, the last time so: {fault}") from fault

    def _ask(self, start: int, stop: int) -> bytes:
        answer = self._send(start, stop)
        if answer.code in _EXPIRED and not self._renewed and self._may_renew(answer):
            self._renewed = True
            self._signed = sign(self.place, self.access, region=self._region, fresh=True)
            answer = self._send(start, stop)
        if answer.code in _PASSING:
            raise Passing(f"the server answers {answer.reason}", _wait_of(answer.headers))
        if answer.code == 416:
            raise ReadError(f"is empty or ends before byte {start}")
        if answer.code not in (200, 206):
            raise ReadError(f"is not given out: the server answers {answer.reason}")
        return self._part_of(answer, start, stop)

    def _send(self, start: int, stop: int) -> Answer:
        if self._signed is None:
            self._signed = sign(self.place, self.access, region=self._region, fresh=False)
        answer = self._send_signed(start, stop)
        region = answer.headers.get("x-amz-bucket-region")
        if self.place.kind == "s3" and answer.code in (301, 307, 400) and region != self._region:
            self._region = region
            self._signed = sign(self.place, self.access, region=region, fresh=False)
            answer = self._send_signed(start, stop)
        return answer

    def _send_signed(self, start: int, stop: int) -> Answer:
        url, headers, own = self._signed
        answer = ask(
            url,
            headers,
            start,
            stop,
            loopback=self.access.loopback,
            own=own,
            turn=self._wait_for_turn,
        )
        if answer.url != url and answer.code in (200, 206):
            # the rest need not go round again
            self._signed = (answer.url, {}, own)
        return answer

    def _may_renew(self, answer: Answer) -> bool:
        """Whether another signature, or another way through a redirect, could help."""
        first, _, _ = sign(self.place, self.access, region=self._region, fresh=False)
        return self.access.sign is not None or self.place.kind == "s3" or answer.url != first

    def _wait_for_turn(self) -> float:
        waited = PACE.wait(self.access.reads_per_second)
        self._deadline.put_off(waited)
        return waited

    def _part_of(self, answer: Answer, start: int, stop: int) -> bytes:
        version = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
        if self._version is None:
            self._version = version
            if version is None:
                # another version could not be told from this one
                self._shelf = Shelf(_KEPT)
        elif version != self._version:
            SHELF.forget(self.place)
            raise ReadError("was changed on its server while it was read")
        if answer.code == 200:
            self._size = len(answer.body)
            self._keep(0, answer.body)
            return answer.body[start:stop]
        begun, size = _span_of(answer.headers)
        if begun != start:
            raise Passing(f"the server gives byte {begun} where {start} was asked for")
        self._size = size
        wanted = min(stop, size) - start
        if len(answer.body) < wanted:
            raise Passing(f"{len(answer.body)} of {wanted} bytes came")
        return answer.body


class Cursor(io.RawIOBase):
    """A place in a `Remote`, as GDAL reads through it.

    GDAL cannot be told of an exception: the read comes up short, and `Remote.fault` says why.
    """

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._at = 0

    def read(self, length: int = -1) -> bytes:
        try:
            end = self._remote.size - self._at
            part = self._remote.read_at(self._at, end if length < 0 else length)
        except BaseException as error:
            self._remote.fault = self._remote.fault or error
            return b""
        self._at += len(part)
        return part

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at}.get(whence)
        self._at = offset + (self._remote.size if base is None else base)
        return self._at

    def tell(self) -> int:
        return self._at


def opener_of(remote: Remote, name: str) -> Callable[..., Cursor]:
    """What rasterio opens a file with: this one under that name, and no other beside it."""

    def opener(path: str, mode: str = "rb", **_unused: Any) -> Cursor:
        if path.rpartition("/")[2] != name or "w" in mode or "+" in mode:
            raise FileNotFoundError(path)
        return Cursor(remote)

    return opener


def _span_of(headers: Mapping[str, str]) -> tuple[int, int]:
    """First byte and size of the file, of a Content-Range."""
    try:
        unit, _, rest = headers.get("Content-Range", "").partition(" ")
        span, _, size = rest.partition("/")
        if unit != "bytes":
            raise ValueError(unit)
        return int(span.partition("-")[0]), int(size)
    except ValueError as error:
        raise ReadError("is on a server whose Content-Range says nothing") from error


def _wait_of(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to wait, None if it does not."""
    text = headers.get("Retry-After", "")
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        then, now = (parsedate_to_datetime(headers.get(n, "")) for n in ("Retry-After", "Date"))
        return (then - now).total_seconds()
    except (TypeError, ValueError):
        return None
