"""The run's folder: who may write there, and how a product gets to its place."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lsbatch.batch.ledger import Ledger
from lsbatch.batch.lock import Holder, driving, holder_of
from lsbatch.errors import LsbatchError, StoreConflictError, StoreError

_STAGING = ".staging"
_LOCK = "driver.json"


class RunFolder:
    """One run's folder: written once, resumed while unfinished, never shared by two plans."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ledger = Ledger(path / "ledger.jsonl")

    @property
    def plan_path(self) -> Path:
        """The frozen plan: whose folder this is."""
        return self.path / "plan.json"

    @property
    def catalog_path(self) -> Path:
        """The products' catalogue, written last."""
        return self.path / "catalog.json"

    @property
    def holder(self) -> Holder | None:
        """The process that works here."""
        return holder_of(self.path / _STAGING / _LOCK)

    def check_free(self) -> None:
        """Raise StoreConflictError for a folder that holds anything else than a run."""
        if self.path.exists() and not self.path.is_dir():
            raise StoreConflictError(
                f"{self.path} is a file. --out names the folder that a run makes."
            )
        if self.plan_path.is_file() or not self.path.is_dir():
            return
        # what a kill may have left of a run that had no plan yet
        ours = {_STAGING, f"{self.plan_path.name}.partial"}
        found = [entry.name for entry in self.path.iterdir() if entry.name not in ours]
        if found:
            raise StoreConflictError(
                f"{self.path} holds something else than a run of lsbatch ({found[0]}, …). Name "
                "a new or an empty folder with --out."
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder alone; made where it is not there, gone again where no plan came of it.

        Raises
        ------
        StoreConflictError
            If it holds anything else than a run, or another process works in it.
        StoreError
            If it cannot be written.
        """
        self.check_free()
        is_new = not self.path.exists()
        with ExitStack() as held:
            with _writing(self.path):
                held.enter_context(driving(self.path / _STAGING / _LOCK))
            try:
                yield
            finally:
                self._tidy(is_new)

    def _tidy(self, is_new: bool) -> None:
        """Leave no staging folder where nothing is staged, and no folder where there is no run."""
        staging = self.path / _STAGING
        if all(entry.name == _LOCK for entry in staging.iterdir()):
            shutil.rmtree(staging, ignore_errors=True)
        if is_new and not any(self.path.iterdir()):
            self.path.rmdir()

    def freeze(self, plan: str) -> None:
        """Write the plan, whole and once."""
        with _writing(self.path):
            write_whole(self.plan_path, plan)

    def staging(self, slug: str) -> Path:
        """Where an event's products are built."""
        return self.path / _STAGING / slug

    def published(self, slug: str) -> Path:
        """Where they lie once they are whole."""
        return self.path / "events" / slug

    def product(self, slug: str) -> Path:
        """An event's raster, where it lies now."""
        folder = self.published(slug)
        return (folder if folder.exists() else self.staging(slug)) / "product.zarr"

    def publish(self, slug: str) -> None:
        """Move an event's finished products into place, whole."""
        staged, target = self.staging(slug), self.published(slug)
        for litter in staged.rglob("*.partial"):
            litter.unlink()  # of a worker that was killed while it wrote
        target.parent.mkdir(exist_ok=True)
        os.rename(staged, target)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Tell what the system refuses in a sentence."""
    try:
        yield
    except LsbatchError:
        raise
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error}. Choose another --out.") from error


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader finds it complete or not at all, also after a crash.

    Text is written as UTF-8.
    """
    partial = path.with_name(path.name + ".partial")
    with open(partial, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
