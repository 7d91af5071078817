"""driving: a run's folder held by one process alone; holder_of: by which."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from lsbatch.errors import StoreConflictError

_TRIES = 3
_PAUSE_S = 0.05
"""`holder_of` holds the lock for a moment to see whether it is free."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who works in a folder."""

    host: str
    pid: int
    since: str
    """UTC, ISO 8601."""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.since} UTC"


@contextmanager
def driving(path: Path) -> Iterator[None]:
    """Hold a lock's file alone; the system drops the lock with the process that holds it.

    So a lock is never stale: a dead driver's is free, and a stopped one's is still held.

    Raises
    ------
    StoreConflictError
        If another process holds it, saying which and since when.
    """
    with _held(path) as lock:
        lock.truncate(0)
        now = datetime.now(UTC).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
        lock.write(json.dumps(asdict(Holder(os.uname().nodename, os.getpid(), now))).encode())
        lock.flush()
        yield


def holder_of(path: Path) -> Holder | None:
    """Who holds a lock's file; None where nobody does."""
    try:
        with open(path, "rb") as lock:
            if _lock(lock, fcntl.LOCK_SH):
                return None
            return _read(lock)
    except FileNotFoundError:
        return None


def _held(path: Path) -> BinaryIO:
    for _ in range(_TRIES):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = open(path, "a+b")  # noqa: SIM115 the caller's with closes it
        # a file that its last holder has removed meanwhile keeps nobody out
        if _lock(lock, fcntl.LOCK_EX) and os.fstat(lock.fileno()).st_nlink:
            return lock
        holder = _read(lock)
        lock.close()
        time.sleep(_PAUSE_S)
    raise StoreConflictError(
        f"{path.parent.parent} is being worked in by {holder or 'another process'}. Wait for it, "
        "or name another --out."
    )


def _lock(lock: BinaryIO, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(lock: BinaryIO) -> Holder | None:
    try:
        lock.seek(0)
        return Holder(**json.loads(lock.read()))
    except (ValueError, TypeError):
        return None  # not written yet
