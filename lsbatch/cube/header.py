"""check_header: a TIFF's directories, read without GDAL, against what a sound image can be.

A file of a few kilobytes can declare a tile of gigabytes, which is decoded whole for a single
pixel. Layout: TIFF revision 6.0, and BigTIFF as libtiff documents it.
"""

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lsbatch.errors import ReadError

TILE_BYTES = 1 << 26
"""Largest tile or strip, decoded: 64 MiB, a tile of 4096 x 4096 in float32."""
SIDE_PX = 1 << 20
TILES = 1 << 21
DIRECTORIES = 64
ENTRIES = 512
BANDS = 4096
TAG_BYTES = 1 << 20
"""Largest single tag but for those that grow with the number of tiles."""

_WIDTH, _HEIGHT, _BITS, _BANDS, _PLANAR = 256, 257, 258, 277, 284
_STRIP_ROWS, _TILE_WIDTH, _TILE_HEIGHT, _SUBDIRECTORIES = 278, 322, 323, 330
_PLACES = (273, 324)
_LENGTHS = (279, 325)
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SIZES |= {16: 8, 17: 8, 18: 8}
_CODES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}

ReadAt = Callable[[int, int], bytes]
"""(offset, length) -> bytes, fewer where the file ends before."""


@dataclass(frozen=True, slots=True)
class _Tag:
    kind: int
    count: int
    at: int
    """Where its values are."""

    @property
    def size(self) -> int:
        return self.count * _SIZES.get(self.kind, 1)


@dataclass(frozen=True, slots=True)
class Directory:
    """One image of a file: the main one, an overview or a mask."""

    order: str
    tags: dict[int, _Tag]

    def numbers(self, read_at: ReadAt, name: int) -> tuple[int, ...]:
        """A tag's values, none if it is not there."""
        tag = self.tags.get(name)
        if tag is None or tag.kind not in _CODES:
            return ()
        data = read_at(tag.at, tag.size)
        if len(data) < tag.size:
            raise ReadError("is cut off within its header")
        return struct.unpack(f"{self.order}{tag.count}{_CODES[tag.kind]}", data)


def check_header(read_at: ReadAt, file_size: int) -> tuple[Directory, ...]:
    """The directories of a TIFF of that many bytes, if all can be those of a sound image.

    Raises
    ------
    ReadError
        If it is not a TIFF, or a size in its header is absurd.
    """
    found = tuple(_directories(read_at))
    if not found:
        raise ReadError("is a TIFF without an image")
    for directory in found:
        if any(tag.at + tag.size > file_size for tag in directory.tags.values()):
            raise ReadError("is cut off within its header")
        _check_sizes(directory, read_at)
    return found


def has_missing_tiles(directories: tuple[Directory, ...], read_at: ReadAt) -> bool:
    """Whether a tile or strip of any image was left out of the file."""
    return any(
        0 in directory.numbers(read_at, name) for directory in directories for name in _LENGTHS
    )


def _directories(read_at: ReadAt) -> Iterator[Directory]:
    head = read_at(0, 16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
    magic = struct.unpack(f"{order}H", head[2:4])[0] if order and len(head) >= 8 else 0
    if magic not in (42, 43) or (magic == 43 and len(head) < 16):
        raise ReadError(f"is not a TIFF: it begins with {head[:12]!r}")
    big = magic == 43
    first = struct.unpack_from(f"{order}{'Q' if big else 'I'}", head, 8 if big else 4)[0]
    waiting: list[int] = [first]
    seen: set[int] = set()
    while waiting:
        at = waiting.pop(0)
        if at == 0:
            continue
        if at in seen or len(seen) >= DIRECTORIES:
            raise ReadError(f"has a loop of directories, or more than {DIRECTORIES}")
        seen.add(at)
        directory, following = _directory(read_at, at, order, big)
        yield directory
        below = directory.tags.get(_SUBDIRECTORIES)
        inner = directory.numbers(read_at, _SUBDIRECTORIES)[:DIRECTORIES] if below else ()
        waiting += [following, *inner]


def _directory(read_at: ReadAt, at: int, order: str, big: bool) -> tuple[Directory, int]:
    start, wide, offset = (8, 20, "Q") if big else (2, 12, "I")
    count_data = read_at(at, start)
    if len(count_data) < start:
        raise ReadError("is cut off within its header")
    count = struct.unpack(f"{order}{'Q' if big else 'H'}", count_data)[0]
    if not 0 < count <= ENTRIES:
        raise ReadError(f"has a directory of {count} entries; more than {ENTRIES} are not sound")
    link = struct.calcsize(offset)
    body = read_at(at + start, count * wide + link)
    if len(body) < count * wide + link:
        raise ReadError("is cut off within its header")
    tags = {}
    for place in range(count):
        name, kind, number = struct.unpack_from(f"{order}HH{offset}", body, place * wide)
        value_at = place * wide + wide - link
        size = number * _SIZES.get(kind, 1)
        where = struct.unpack_from(f"{order}{offset}", body, value_at)[0]
        tags[name] = _Tag(kind, number, at + start + value_at if size <= link else where)
        most = TILES * 8 if name in (*_PLACES, *_LENGTHS) else TAG_BYTES
        if size > most:
            raise ReadError(f"has a tag ({name}) of {size} bytes; the most is {most}")
    following = struct.unpack_from(f"{order}{offset}", body, count * wide)[0]
    return Directory(order, tags), following


def _check_sizes(directory: Directory, read_at: ReadAt) -> None:
    def number(name: int, otherwise: int) -> int:
        return max(directory.numbers(read_at, name), default=otherwise)

    width, height, bands = number(_WIDTH, 0), number(_HEIGHT, 0), number(_BANDS, 1)
    if not (0 < width <= SIDE_PX and 0 < height <= SIDE_PX):
        raise ReadError(f"declares {width} x {height} pixels; a side has 1 to {SIDE_PX}")
    if bands > BANDS:
        raise ReadError(f"declares {bands} bands; the most is {BANDS}")
    tile = number(_TILE_WIDTH, width), number(_TILE_HEIGHT, 0)
    if _TILE_WIDTH not in directory.tags:
        tile = width, min(number(_STRIP_ROWS, height), height)
    if 0 in tile:
        raise ReadError("declares tiles without pixels")
    together = bands if number(_PLANAR, 1) == 1 else 1
    size = tile[0] * tile[1] * together * math.ceil(number(_BITS, 1) / 8)
    if size > TILE_BYTES:
        raise ReadError(
            f"has tiles of {tile[0]} x {tile[1]} pixels, {size >> 20} MiB each when decoded; the "
            f"most is {TILE_BYTES >> 20} MiB"
        )
    tiles = math.ceil(width / tile[0]) * math.ceil(height / tile[1])
    if tiles > TILES:
        raise ReadError(f"declares {tiles} tiles; the most is {TILES}")
