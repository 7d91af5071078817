"""A folder that appears whole or not at all."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

from lsbatch.errors import StoreConflictError, StoreError

_LAST = "catalog.json"
"""What a reader opens first comes last."""


@contextmanager
def appear_whole(folder: Path) -> Iterator[Path]:
    """A place to write in; what is in it at the end becomes the folder.

    An absent folder appears in one step. One that is there and empty stays the same folder, be it
    a mount or a shell's working directory: its files move in one after the other, ``catalog.json``
    last. After any failure nothing is left.

    Raises
    ------
    StoreConflictError
        Where something is at that place already, or has come meanwhile.
    StoreError
        Where the place cannot be written.
    """
    try:
        target = folder.resolve()
        _check_free(folder, target)
        is_there = target.is_dir()
        home = target if is_there else target.parent
        staging = home / f".{target.name}-{uuid.uuid4().hex}"
        try:
            staging.mkdir(parents=True)
            yield staging
            _check_free(folder, target, but=staging)
            _fill(target, staging) if is_there else staging.rename(target)
        finally:
            rmtree(staging, ignore_errors=True)
    except StoreConflictError:
        raise
    except OSError as error:
        raise StoreError(
            f"The simulated events cannot be written to {folder}: {error}. "
            "Choose a folder on a disk with space that you may write to."
        ) from error


def _check_free(folder: Path, target: Path, but: Path | None = None) -> None:
    if not target.exists():
        return
    if target.is_dir() and all(path == but for path in target.iterdir()):
        return
    raise StoreConflictError(
        f"Simulated events need a new or empty folder; {folder} holds something already. "
        "Choose another folder, or remove this one."
    )


def _fill(target: Path, staging: Path) -> None:
    moved: list[Path] = []
    try:
        for child in sorted(staging.iterdir(), key=lambda path: (path.name == _LAST, path.name)):
            moved.append(child.rename(target / child.name))
    except BaseException:
        for path in moved:
            path.rename(staging / path.name)
        raise
