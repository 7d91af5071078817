"""find_broken: open every header once before work starts, so that bad files fail early."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import rasterio

from lsbatch.cube.reader import GDAL_ENV, open_asset
from lsbatch.domain import Asset, Granule, Rejection, Scene
from lsbatch.errors import ReadError

_THREADS = 8


def find_broken(scenes: Iterable[Scene]) -> tuple[Rejection, ...]:
    """Granules with a file that is absent, not a GeoTIFF, or not what its record says.

    Reads headers only; one `Rejection` (item id, reason) for each bad granule.
    """
    granules = list(dict.fromkeys(granule for scene in scenes for granule in scene.granules))
    with ThreadPoolExecutor(_THREADS) as pool:
        faults = pool.map(_fault_of, granules)
    return tuple(
        Rejection(granule.item_id, fault)
        for granule, fault in zip(granules, faults, strict=True)
        if fault
    )


def _fault_of(granule: Granule) -> str:
    return next(filter(None, map(_fault_of_file, granule.assets)), "")


def _fault_of_file(asset: Asset) -> str:
    try:
        with rasterio.Env(**GDAL_ENV), open_asset(asset):
            return ""
    except ReadError as error:
        return str(error)
