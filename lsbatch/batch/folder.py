"""The run's folder: who may write there, its ledger, and how a product gets to its place."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from lsbatch.domain import Receipt
from lsbatch.errors import LsbatchError, StoreConflictError, StoreError

STAGING = ".staging"


class RunFolder:
    """One run's folder: written once, resumed while unfinished, never shared by two plans."""

    def __init__(self, path: Path, run_key: str) -> None:
        self.path = path
        self.run_key = run_key

    @property
    def plan_path(self) -> Path:
        """The frozen plan; its key says whose folder this is."""
        return self.path / "plan.json"

    @property
    def catalog_path(self) -> Path:
        """Written last: a run with a catalogue is finished."""
        return self.path / "catalog.json"

    @property
    def is_finished(self) -> bool:
        """Whether this plan's run was finished here before."""
        return self.catalog_path.is_file()

    def claim(self, plan: dict[str, Any]) -> None:
        """Make the folder this plan's own, or recognise that it is.

        Raises
        ------
        StoreConflictError
            If it holds another run or anything else.
        StoreError
            If it cannot be written.
        """
        try:
            if self.path.exists() and not self.path.is_dir():
                raise StoreConflictError(
                    f"{self.path} is a file. --out names the folder that a run makes."
                )
            if self.plan_path.is_file():
                self._check_key()
                return
            self._check_empty()
            self.path.mkdir(parents=True, exist_ok=True)
            write_whole(self.plan_path, json.dumps(plan, indent=1, default=str) + "\n")
        except LsbatchError:
            raise
        except OSError as error:
            raise StoreError(
                f"{self.path} cannot be written: {error}. Choose another --out."
            ) from error

    def _check_empty(self) -> None:
        if not self.path.is_dir():
            return
        # a kill may have left the plan half written
        found = [p.name for p in self.path.iterdir() if p.name != f"{self.plan_path.name}.partial"]
        if found:
            raise StoreConflictError(
                f"{self.path} holds something else than a run of lsbatch ({found[0]}, …). Name "
                "a new or an empty folder with --out."
            )

    def _check_key(self) -> None:
        try:
            found = json.loads(self.plan_path.read_text(encoding="utf-8")).get("run_key")
        except (OSError, ValueError, AttributeError) as error:
            raise StoreConflictError(
                f"{self.plan_path} is not a plan of lsbatch. Name a new folder with --out."
            ) from error
        if found != self.run_key:
            raise StoreConflictError(
                f"{self.path} holds another run (key {str(found)[:12]}, this one is "
                f"{self.run_key[:12]}): the recipe, the scenes or the software differ. A run's "
                "folder is one version; name a new folder with --out."
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder alone; the system drops the lock with the process that holds it.

        Raises
        ------
        StoreConflictError
            If another process works in it.
        """
        with open(self.plan_path, "rb") as plan:
            try:
                fcntl.flock(plan, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise StoreConflictError(
                    f"Another process works in {self.path}. Wait for it, or name another --out."
                ) from error
            yield

    def staging(self, slug: str) -> Path:
        """Where an event's products are built."""
        return self.path / STAGING / slug

    def published(self, slug: str) -> Path:
        """Where they lie once they are whole."""
        return self.path / "events" / slug

    def receipts(self) -> dict[tuple[int, int], Receipt]:
        """Receipts of blocks that were mapped, by block; a torn last line is ignored."""
        ledger = self.path / "ledger.jsonl"
        found: dict[tuple[int, int], Receipt] = {}
        if not ledger.is_file():
            return found
        for line in ledger.read_text(encoding="utf-8").splitlines():
            try:
                receipt = Receipt.from_json(json.loads(line))
            except (ValueError, TypeError, KeyError):
                continue
            found[receipt.block] = receipt
        return found

    def append(self, receipt: Receipt) -> None:
        """Put a receipt on record, one line, on disk before anything else happens."""
        line = json.dumps(receipt.to_json(), sort_keys=True).encode() + b"\n"
        try:
            with open(self.path / "ledger.jsonl", "a+b") as ledger:
                if ledger.tell() and not self._ends_whole(ledger):
                    line = b"\n" + line  # the torn end of a killed run stays a line of its own
                ledger.write(line)
                ledger.flush()
                os.fsync(ledger.fileno())
        except OSError as error:
            raise StoreError(
                f"The ledger of {self.path} cannot be written: {error}. What is on record stays; "
                "the same command goes on from there."
            ) from error

    @staticmethod
    def _ends_whole(ledger: BinaryIO) -> bool:
        ledger.seek(-1, os.SEEK_END)
        return ledger.read(1) == b"\n"

    def publish(self, slug: str) -> Path:
        """Move an event's finished products into place, whole."""
        target = self.published(slug)
        target.parent.mkdir(exist_ok=True)
        os.rename(self.staging(slug), target)
        return target

    def sweep(self) -> None:
        """Remove the staging folder of a finished run."""
        shutil.rmtree(self.path / STAGING, ignore_errors=True)


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader finds it complete or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
