"""The run's folder: who may write there, its ledger, and how a product gets to its place."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from lsbatch.domain import Receipt
from lsbatch.errors import StoreConflictError, StoreError

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
        if self.path.exists() and not self.path.is_dir():
            raise StoreConflictError(
                f"{self.path} is a file. --out names the folder that a run makes."
            )
        if self.plan_path.is_file():
            self._check_key()
            return
        if self.path.is_dir() and any(self.path.iterdir()):
            raise StoreConflictError(
                f"{self.path} holds something else than a run of lsbatch ("
                f"{next(self.path.iterdir()).name}, …). Name a new or an empty folder with --out."
            )
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            write_whole(self.plan_path, json.dumps(plan, indent=1, default=str) + "\n")
        except OSError as error:
            raise StoreError(
                f"{self.path} cannot be written: {error}. Choose another --out."
            ) from error

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
        line = json.dumps(receipt.to_json(), sort_keys=True) + "\n"
        handle = os.open(self.path / "ledger.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(handle, line.encode())
            os.fsync(handle)
        finally:
            os.close(handle)

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
