"""find_broken: open every header once before work starts, so that bad files fail early."""

import functools
import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from lsbatch.cube.gate import admit
from lsbatch.cube.opening import open_asset
from lsbatch.cube.patience import Deadline
from lsbatch.domain import Access, Asset, Granule, Rejection, Scene
from lsbatch.errors import ReadError

_THREADS = 8
_OPEN_WITHIN_S = 300.0
_HASHES = {"1114": "sha1", "1220": "sha256", "1340": "sha512", "d50110": "md5"}
"""Multihash prefixes, code and length in bytes (github.com/multiformats/multicodec, table.csv)."""


def find_broken(scenes: Iterable[Scene], access: Access) -> tuple[Rejection, ...]:
    """Granules with a file that may not be opened, is absent, not a sound GeoTIFF, or not what its
    record says.

    Reads headers only, and the whole of a local file whose record states a checksum: damage within
    a tile is not seen otherwise. One `Rejection` (item id, reason) for each bad granule.
    """
    granules = list(dict.fromkeys(granule for scene in scenes for granule in scene.granules))
    with ThreadPoolExecutor(_THREADS) as pool:
        faults = pool.map(functools.partial(_fault_of, access=access), granules)
    return tuple(
        Rejection(granule.item_id, fault)
        for granule, fault in zip(granules, faults, strict=True)
        if fault
    )


def _fault_of(granule: Granule, access: Access) -> str:
    return next(filter(None, (_fault_of_file(asset, access) for asset in granule.assets)), "")


def _fault_of_file(asset: Asset, access: Access) -> str:
    try:
        with open_asset(asset, access, Deadline(_OPEN_WITHIN_S)):
            pass
        check_sum(asset, access)
    except ReadError as error:
        return str(error)
    return ""


def check_sum(asset: Asset, access: Access) -> None:
    """Raise ReadError where a local file's content is not what its record's checksum says.

    A server's file is not fetched whole for this, and a checksum of another kind is passed over.
    """
    place = admit(asset.href, access)
    stated = (asset.checksum or "").lower()
    prefix = next((prefix for prefix in _HASHES if stated.startswith(prefix)), None)
    if place.kind != "file" or prefix is None:
        return
    with open(place.name, "rb") as file:
        found = hashlib.file_digest(file, _HASHES[prefix]).hexdigest()
    if found != stated.removeprefix(prefix):
        raise ReadError(
            f"band {asset.band}: {asset.href} is damaged: its {_HASHES[prefix]} is {found[:16]}, "
            f"its record says {stated.removeprefix(prefix)[:16]}"
        )
