"""open_asset: a catalogue's file, through the gate, its header checked, as a GeoTIFF and no more.

What GDAL gets to see of a server's file is a neutral name and a Python object to read from, so that
nothing in an href, a redirect or a signature reaches GDAL, its logs or its error texts.
"""

import contextlib
import math
import os
import uuid
from collections.abc import Iterator
from typing import Any

import rasterio
from affine import Affine
from rasterio import CRS
from rasterio.dtypes import in_dtype_range
from rasterio.enums import MaskFlags
from rasterio.errors import CRSError, RasterioError
from rasterio.io import DatasetReader

from lsbatch.cube.gate import Place, admit
from lsbatch.cube.header import Directory, check_header, has_missing_tiles
from lsbatch.cube.patience import Deadline
from lsbatch.cube.remote import Remote, opener_of
from lsbatch.domain import Access, Asset, bare_href, bare_text
from lsbatch.errors import ReadError

GDAL_ENV: dict[str, Any] = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_CACHEMAX": 128,
    # GDAL itself asks no server: only a file of this name could be fetched
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
}
"""GDAL settings of every open: no files beside the one named, no network, a small cache (MB)."""

_NAME = "asset.tif"
_LEADING = ("GEOLOCATION", "OVERVIEWS")
"""Metadata in which a GeoTIFF can name other files, which GDAL would open with any driver."""
_NO_HEIGHT = -32768.0
"""What elevation models mark holes with, SRTM and its heirs also where no tag says so."""
_SIGNED = ("int16", "int32", "float32", "float64")
_SHIFT_PX = 2.0
"""How far a file's corner may be from where the catalogue has it: corner and centre of a pixel are
confused often, and so is the pixel of another band."""


class OpenAsset:
    """A file that has passed every check, open for reading.

    Attributes
    ----------
    dataset : DatasetReader
        At full resolution.
    """

    def __init__(self, source: "LocalFile | Remote", asset: Asset) -> None:
        self.asset = asset
        self._source = source
        self._stack = contextlib.ExitStack()
        self._directories = check_header(source.read_at, source.size)
        self.dataset = self.reopen()

    def reopen(self, **options: Any) -> DatasetReader:
        """The same file once more, such as one of its overviews; closed with the rest."""
        name = self._source.place.name
        if isinstance(self._source, Remote):
            # a folder of its own: rasterio knows openers by folder
            name = f"/{uuid.uuid4().hex}/{_NAME}"
            options["opener"] = opener_of(self._source, _NAME)
        opened = rasterio.open(name, driver="GTiff", sharing=False, **options)
        return self._stack.enter_context(opened)

    @property
    def nodata(self) -> float | None:
        """Value of pixels without data: the record's word, else the file's, else habit's."""
        stated = self.dataset.nodata if self.asset.nodata is None else self.asset.nodata
        if stated is None and self.asset.band == "elevation":
            return _NO_HEIGHT if self.dataset.dtypes[0] in _SIGNED else None
        return stated

    @property
    def fault(self) -> BaseException | None:
        """What kept a server's bytes back, where GDAL only knows that some were missing."""
        return self._source.fault

    def close(self) -> None:
        """Close all that was opened."""
        self._stack.close()

    def disagreement(self) -> str:
        """How the file differs from its record, or from what can be mapped; else nothing."""
        return _fault(self.dataset, self.asset) or self._gap_fault(self._directories)

    def _gap_fault(self, directories: tuple[Directory, ...]) -> str:
        """Missing tiles are read as the file's own no-data value, else as zeros."""
        own, nodata = self.dataset.nodata or 0.0, self.nodata
        masked = MaskFlags.per_dataset in self.dataset.mask_flag_enums[0]
        known = nodata is not None and (own == nodata or (own != own and nodata != nodata))
        if known or masked or not has_missing_tiles(directories, self._source.read_at):
            return ""
        return "has missing tiles, and neither its record nor the file says what they stand for"


@contextlib.contextmanager
def open_asset(asset: Asset, access: Access, deadline: Deadline) -> Iterator[OpenAsset]:
    """Open a file as GeoTIFF, one band, in the coordinate system that the catalogue states.

    Raises
    ------
    ReadError
        If it may not be opened, is absent, not a sound GeoTIFF, has several bands, or disagrees
        with its record; or, while it is open, if it cannot be read.
    """
    name = f"band {asset.band}: {bare_href(asset.href)}"
    try:
        place = admit(asset.href, access)
    except ReadError as error:
        raise ReadError(f"band {asset.band}: {error}") from error
    source = LocalFile(place) if place.kind == "file" else Remote(place, access, deadline)
    with rasterio.Env(**GDAL_ENV):
        with _told(source, f"{name} cannot be opened as a GeoTIFF"):
            opened = OpenAsset(source, asset)
        with contextlib.closing(opened):
            fault = opened.disagreement()
            if fault:
                raise ReadError(f"{name} {fault}")
            with _told(source, f"{name} cannot be read"):
                yield opened


@contextlib.contextmanager
def _told(source: "LocalFile | Remote", what: str) -> Iterator[None]:
    """Say what failed; a fault of the server in place of GDAL's word for it."""
    try:
        yield
        if source.fault is not None:
            raise source.fault
    except (RasterioError, OSError) as error:
        cause = source.fault or error
        if not isinstance(cause, OSError | RasterioError):
            raise cause from error
        raise ReadError(f"{what} ({_first_line(cause)})") from error


class LocalFile:
    """A file of this machine; bytes for the checks of its header, GDAL reads the rest itself."""

    fault: BaseException | None = None

    def __init__(self, place: Place) -> None:
        self.place = place

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return os.stat(self.place.name).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        """That many bytes from a place on, fewer where the file ends before."""
        with open(self.place.name, "rb") as file:
            file.seek(offset)
            return file.read(length)


def _fault(dataset: DatasetReader, asset: Asset) -> str:
    if dataset.count != 1:
        return f"has {dataset.count} bands; each band must be a file of its own"
    if dataset.crs is None:
        return "has no coordinate system"
    leading = [name for name in dataset.tag_namespaces() if name in _LEADING]
    if leading:
        return f"names other files in its metadata ({', '.join(leading)})"
    if dataset.transform.is_identity or dataset.transform.is_degenerate:
        return "has no place on the ground"
    dtype = dataset.dtypes[0]
    if dtype.startswith("complex"):
        return f"holds {dtype}, which is no measurement of a band"
    if asset.nodata is not None and not in_dtype_range(asset.nodata, dtype):
        return f"holds {dtype}, but its record says that {asset.nodata:g} means no data"
    return _misplacement(dataset, asset)


def _misplacement(dataset: DatasetReader, asset: Asset) -> str:
    """How a file's place differs from its record's, or nothing."""
    if asset.epsg is not None and not _agrees(dataset.crs, asset.epsg):
        return f"is in {dataset.crs.to_string()[:60]}, but its record says EPSG:{asset.epsg}"
    if asset.shape is not None and tuple(asset.shape) != dataset.shape:
        rows, cols = dataset.shape
        return (
            f"has {rows} x {cols} pixels, but its record says {asset.shape[0]} x {asset.shape[1]}"
        )
    if asset.transform is None:
        return ""
    own, stated = dataset.transform, Affine(*asset.transform[:6])
    x, y = ~own * (stated.c, stated.f)
    if not math.hypot(x, y) <= _SHIFT_PX:
        return (
            f"has its corner at {own.c:.8g}, {own.f:.8g}, but its record says {stated.c:.8g}, "
            f"{stated.f:.8g}"
        )
    if not all(
        math.isclose(mine, theirs, rel_tol=0.01)
        for mine, theirs in zip(_steps(own), _steps(stated), strict=True)
    ):
        return f"has pixels of {_steps(own)}, but its record says {_steps(stated)}"
    return ""


def _steps(transform: Affine) -> tuple[float, ...]:
    """Columns' and rows' steps in x and y, the ones along a turned axis as their lengths."""
    return (
        math.copysign(math.hypot(transform.a, transform.d), transform.a),
        math.copysign(math.hypot(transform.b, transform.e), transform.e),
    )


def _agrees(crs: CRS, epsg: int) -> bool:
    """Whether a file's CRS is that of a code; files often carry an equal WKT of another wording."""
    try:
        return crs == CRS.from_epsg(epsg)
    except CRSError:
        return False


def _first_line(error: BaseException) -> str:
    cause = error if isinstance(error, ReadError) else error.__cause__ or error
    text = bare_text(str(cause)).strip()
    return (text.splitlines() or [type(error).__name__])[0][:200]
