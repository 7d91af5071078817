"""TIFF files byte by byte, for headers that no library would write."""

import struct
from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, BITS, COMPRESSION, BANDS, STRIP_ROWS = 256, 257, 258, 259, 277, 278
TILE_WIDTH, TILE_HEIGHT, TILE_PLACES, TILE_LENGTHS, SUB = 322, 323, 324, 325, 330
SCALE, TIEPOINT, KEYS, METADATA = 33550, 33922, 34735, 42112

_LETTERS = {2: "s", 3: "H", 4: "I", 12: "d", 16: "Q"}
_KINDS = {BITS: 3, COMPRESSION: 3, BANDS: 3, SCALE: 12, TIEPOINT: 12, KEYS: 3, METADATA: 2}

Tags = Mapping[int, int | bytes | Sequence[float]]

PLACED: Tags = {
    SCALE: (10.0, 10.0, 0.0),
    TIEPOINT: (0.0, 0.0, 0.0, 734_720.0, 4_730_880.0, 0.0),
    # a projected CRS, by its code
    KEYS: (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32654),
}
TILED: Tags = {
    WIDTH: 16,
    HEIGHT: 16,
    BITS: 8,
    COMPRESSION: 1,
    262: 1,
    BANDS: 1,
    284: 1,
    TILE_WIDTH: 16,
    TILE_HEIGHT: 16,
    TILE_LENGTHS: 256,
}
DATA_AT = 8
"""Where `tiff` puts the data of the tile."""


def tiff(*images: Tags, data: bytes = bytes(256), big: bool = False, following: int = 0) -> bytes:
    """A little-endian TIFF of these directories; `data` is the tile of all of them.

    `following` is what the last directory gives as the place of the next.
    """
    start = 16 if big else DATA_AT
    head = b"II" + (struct.pack("<HHHQ", 43, 8, 0, 0) if big else struct.pack("<HI", 42, 0))
    blob = bytearray(head + data)
    links = [8 if big else 4]
    for tags in images:
        place = len(blob) + len(blob) % 2
        blob += bytes(place - len(blob))
        _link(blob, links[-1], place, big)
        links.append(_append(blob, {TILE_PLACES: start, **tags}, big))
    _link(blob, links[-1], following, big)
    return bytes(blob)


def _link(blob: bytearray, at: int, place: int, big: bool) -> None:
    struct.pack_into("<Q" if big else "<I", blob, at, place)


def _append(blob: bytearray, tags: Tags, big: bool) -> int:
    """Append a directory and its values; gives back where the next directory's place belongs."""
    wide, room = (20, 8) if big else (12, 4)
    start = len(blob) + (8 if big else 2)
    values_at = start + wide * len(tags) + room
    entries, values = b"", b""
    for name, value in sorted(tags.items()):
        kind = _KINDS.get(name, 4)
        if isinstance(value, bytes):
            count, packed = len(value), value
        else:
            numbers = value if isinstance(value, Sequence) else [value]
            count, packed = len(numbers), struct.pack(f"<{len(numbers)}{_LETTERS[kind]}", *numbers)
        if len(packed) > room:
            place = values_at + len(values)
            values += packed
            packed = struct.pack("<Q" if big else "<I", place)
        entries += struct.pack("<HHQ" if big else "<HHI", name, kind, count)
        entries += packed.ljust(room, b"\0")
    blob += struct.pack("<Q" if big else "<H", len(tags)) + entries + bytes(room) + values
    return start + wide * len(tags)


def zstd_zeros(size: int) -> bytes:
    """That many zeros as one Zstandard frame (RFC 8878) of run-length blocks of 4 bytes each."""
    block = 1 << 17
    blocks = [block] * (size // block) + ([size % block] if size % block else [])
    head = struct.pack("<IBB", 0xFD2FB528, 0, 10 << 3)  # no checksum; a window of 1 MiB
    last = len(blocks) - 1
    return head + b"".join(
        struct.pack("<I", (length << 3) | 2 | (place == last))[:3] + b"\0"
        for place, length in enumerate(blocks)
    )
