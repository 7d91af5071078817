"""Shelf: parts of servers' files that a process keeps, so that neighbouring blocks share them."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from lsbatch.cube.gate import Place


@dataclass(slots=True)
class _File:
    size: int
    version: str
    parts: OrderedDict[int, bytes] = field(default_factory=OrderedDict)
    """By their place in the file, the one that was used last at the end."""


class Shelf:
    """Parts of files, at most so many bytes; what was used longest ago goes first.

    Threads may share one.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._files: OrderedDict[Place, _File] = OrderedDict()
        self._lock = threading.Lock()

    def facts(self, place: Place) -> tuple[int, str] | None:
        """Size and version of a file of which parts are kept."""
        with self._lock:
            file = self._files.get(place)
            return None if file is None else (file.size, file.version)

    def find(self, place: Place, version: str, start: int, length: int) -> bytes:
        """Bytes of that version of a file from a place on: as many as are kept, up to a length."""
        with self._lock:
            file = self._files.get(place)
            if file is None or file.version != version:
                return b""
            found = []
            while length > 0:
                at = next((a for a, p in file.parts.items() if a <= start < a + len(p)), None)
                if at is None:
                    break
                found.append(file.parts[at][start - at : start - at + length])
                start, length = start + len(found[-1]), length - len(found[-1])
                file.parts.move_to_end(at)
                self._files.move_to_end(place)
        return b"".join(found)

    def keep(self, place: Place, version: str, size: int, start: int, part: bytes) -> None:
        """Keep a part, in place of an older version's."""
        with self._lock:
            file = self._files.get(place)
            if file is None or file.version != version:
                self._drop(place)
                file = self._files[place] = _File(size, version)
            self._held += len(part) - len(file.parts.pop(start, b""))
            file.parts[start] = part
            self._files.move_to_end(place)
            while self._held > self._most and self._held > len(part):
                self._drop_oldest()

    def forget(self, place: Place | None = None) -> None:
        """Forget a file, or all."""
        with self._lock:
            for name in list(self._files) if place is None else [place]:
                self._drop(name)

    def _drop(self, place: Place) -> None:
        file = self._files.pop(place, None)
        if file is not None:
            self._held -= sum(map(len, file.parts.values()))

    def _drop_oldest(self) -> None:
        place, file = next(iter(self._files.items()))
        _, part = file.parts.popitem(last=False)
        self._held -= len(part)
        if not file.parts:
            del self._files[place]


SHELF = Shelf(1 << 25)
"""This process's: 32 MiB."""
