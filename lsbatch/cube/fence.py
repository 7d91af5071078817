"""fence_gdal: leave GDAL no raster driver that a hostile file could wake."""

import ctypes
import functools
import threading
from typing import Any

import rasterio._base
from rasterio.env import Env

from lsbatch.errors import ContractError

KEPT = frozenset({"COG", "GPKG", "GTiff", "MEM"})
"""Raster drivers that stay: ours reads GeoTIFF, the simulator writes COG, rasterising needs memory;
GPKG holds vectors too, and geopandas may share this GDAL."""

_lock = threading.Lock()


def fence_gdal() -> None:
    """Deregister every other raster driver of this process's GDAL, once and for good.

    For processes that are ours, workers and the command line; in a notebook the user's own images
    stay readable, and the reader's other checks have to do.

    Raises
    ------
    ContractError
        If another driver is still there.
    """
    with _lock:
        _cut()
    check_fenced()


def check_fenced() -> None:
    """Raise ContractError if GDAL has a raster driver that a catalogue's file must not reach."""
    left = sorted(set(_raster_drivers()) - KEPT)
    if left:
        raise ContractError(
            f"GDAL still has {len(left)} raster drivers besides {', '.join(sorted(KEPT))}: "
            f"{', '.join(left[:5])}. No file that a catalogue named is opened with them."
        )


@functools.cache
def _cut() -> None:
    gdal = _gdal()
    others = {name: driver for name, driver in _raster_drivers().items() if name not in KEPT}
    # whoever registers all of them again leaves these out
    gdal.CPLSetConfigOption(b"GDAL_SKIP", ",".join(others).encode())
    for driver in others.values():
        gdal.GDALDeregisterDriver(driver)
    # every warp registers the VRT driver, which opens whatever a text names, unless one of that
    # name is there: this one opens nothing
    blank = gdal.GDALCreateDriver()
    gdal.GDALSetDescription(blank, b"VRT")
    gdal.GDALSetMetadataItem(blank, b"DCAP_VECTOR", b"YES", None)  # else it is taken for a raster's
    gdal.GDALRegisterDriver(blank)


def _raster_drivers() -> dict[str, int]:
    """GDAL's drivers that read images, by name."""
    with Env():  # which registers them
        pass
    gdal = _gdal()
    drivers = [gdal.GDALGetDriver(place) for place in range(gdal.GDALGetDriverCount())]
    return {
        gdal.GDALGetDriverShortName(driver).decode(): driver
        for driver in drivers
        if gdal.GDALGetMetadataItem(driver, b"DCAP_RASTER", None) == b"YES"
    }


@functools.cache
def _gdal() -> Any:
    # a library's symbols are found through whoever links to it
    gdal = ctypes.CDLL(rasterio._base.__file__)
    gdal.GDALGetDriver.restype = ctypes.c_void_p
    gdal.GDALGetDriverShortName.restype = ctypes.c_char_p
    gdal.GDALGetMetadataItem.restype = ctypes.c_char_p
    gdal.GDALGetDriverShortName.argtypes = [ctypes.c_void_p]
    gdal.GDALGetMetadataItem.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
    gdal.GDALDeregisterDriver.argtypes = [ctypes.c_void_p]
    gdal.GDALCreateDriver.restype = ctypes.c_void_p
    gdal.GDALSetDescription.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    gdal.GDALSetMetadataItem.argtypes = [ctypes.c_void_p, *[ctypes.c_char_p] * 3]
    gdal.GDALRegisterDriver.argtypes = [ctypes.c_void_p]
    return gdal
