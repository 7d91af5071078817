"""Ledger: the one list of receipts of a run, appended to by its driver alone."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from lsbatch.domain import Receipt
from lsbatch.errors import StoreError

Key = tuple[str, tuple[int, int]]
"""(event id, block index)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the ledger."""

    at: datetime
    """When the receipt was put on record, UTC."""
    receipt: Receipt

    @property
    def key(self) -> Key:
        """Whose receipt it is."""
        return self.receipt.event_id, self.receipt.block


@dataclass(frozen=True, slots=True)
class History:
    """What is on record of a block."""

    receipt: Receipt
    """The last one: it tells what lies on disk."""
    failures: int = 0
    """How often it was tried and failed."""
    proven: dict[str, str] | None = None
    """Digests of the first receipt that was ok; every later one must have the same."""

    def followed_by(self, receipt: Receipt) -> "History":
        """The history with one receipt more."""
        failed = receipt.status != "ok"
        own = None if failed else receipt.digests
        return History(receipt, self.failures + failed, self.proven or own)


def begin(receipt: Receipt) -> History:
    """The history of a block with its first receipt."""
    return History(receipt).followed_by(receipt)


class Ledger:
    """The file of receipts: a line each, on disk before anything else happens."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def entries(self) -> Iterator[Entry]:
        """Every whole line, oldest first; what a kill tore is passed over."""
        if not self.path.is_file():
            return
        with open(self.path, "rb") as lines:
            for line in lines:
                try:
                    record = json.loads(line)
                    at = datetime.fromisoformat(record.pop("at")).astimezone(UTC)
                    yield Entry(at, Receipt.from_json(record))
                except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
                    continue

    def histories(self) -> dict[Key, History]:
        """What is on record of each block."""
        return histories_of(self.entries())

    def append(self, receipt: Receipt) -> None:
        """Put a receipt on record.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        record = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **receipt.to_json()}
        line = json.dumps(record, sort_keys=True).encode() + b"\n"
        try:
            with open(self.path, "a+b") as ledger:
                if ledger.tell() and not _ends_whole(ledger):
                    line = b"\n" + line  # the torn end of a killed run stays a line of its own
                ledger.write(line)
                ledger.flush()
                os.fsync(ledger.fileno())
        except OSError as error:
            raise StoreError(
                f"The ledger {self.path} cannot be written: {error}. What is on record stays; "
                "the same command goes on from there."
            ) from error


def _ends_whole(ledger: BinaryIO) -> bool:
    ledger.seek(-1, os.SEEK_END)
    return ledger.read(1) == b"\n"


def histories_of(entries: Iterable[Entry]) -> dict[Key, History]:
    """What entries, oldest first, tell of each block."""
    found: dict[Key, History] = {}
    for entry in entries:
        known = found.get(entry.key)
        found[entry.key] = known.followed_by(entry.receipt) if known else begin(entry.receipt)
    return found
