"""read_pixels: one band of one file on the wanted grid, the same bits whatever the window.

GDAL opens the file and decodes the tiles that are needed. Its warper has no part: it interpolates
coordinates to 1/8 of a pixel and works out its kernel's width for each window, so that blocks cut
from it differ from the whole; told to be exact it projects every pixel, at five times the cost of
all the rest. Here places come from a fixed lattice and the scale from the file. What is read equals
GDAL's exact warp but for its rounding of coordinates (1e-10 pixel; the last bit of some in 10,000
pixels), and but for cubic B-splines that are widened: there GDAL evaluates the spline beyond its
end and gives pixels a weight of down to -1/6 that have none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio.enums import MaskFlags
from rasterio.io import DatasetReader
from rasterio.warp import transform as transform_points
from rasterio.windows import Window

from lsbatch.cube.opening import OpenAsset, open_asset
from lsbatch.cube.patience import Deadline
from lsbatch.cube.placing import Lattice, crs_of, place_pixels
from lsbatch.domain import EMPTY_FLAG, Access, Asset
from lsbatch.errors import ReadError
from lsbatch.kernels import (
    Places,
    copy_stored,
    kernel_reach,
    resample,
    scale_stored,
)

Resampling = Literal["nearest", "bilinear", "cubic", "cubic_spline"]

_BEYOND = 1e9
"""No sensor stores numbers as large; undeclared fill values such as 1e20, 1e30 and -3.4e38 are."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of a scene."""

    item_id: str
    """For the message of an error."""
    asset: Asset
    shift: tuple[float, float] | None = None
    """So many metres east and north of its place, along the axes of the grid's CRS, it shows the
    ground; None = it lies as it should."""


def read_pixels(
    source: Source,
    geobox: GeoBox,
    *,
    resampling: Resampling,
    fill: np.generic,
    access: Access,
    deadline: Deadline,
) -> np.ndarray:
    """One band in physical units on a grid, (H, W), of `fill`'s type; `fill` = no data.

    Parameters
    ----------
    source : Source
        A shift is taken out of it.
    geobox : GeoBox
        North up, square pixels, projected CRS.
    resampling : str
        As `lsbatch.kernels.resample` takes it. What is shifted is read with "cubic" in place of
        "bilinear": between pixels it blurs less.
    fill : numpy scalar
        NaN in float32; or an integer for flags, with "nearest", which are not scaled: in the file
        no data is EMPTY_FLAG, beyond its edge it is `fill`.
    access : Access
        Where the file may lie.
    deadline : Deadline

    Raises
    ------
    ReadError
        If the file cannot be opened or decoded. Never nodata in its place.
    """
    asset = source.asset
    geobox, resampling = undo_shift(source, geobox, resampling)
    try:
        with open_asset(asset, access, deadline) as opened:
            data = _read(opened, geobox, resampling, fill)
            if data.dtype.kind != "f" and opened.nodata is not None:
                data[data == opened.nodata] = EMPTY_FLAG
    except ReadError as error:
        if not source.item_id:
            raise
        raise ReadError(f"item {source.item_id}, {error}") from error
    if data.dtype.kind == "f":
        scale_stored(data, scale=asset.scale, offset=asset.offset, most=_BEYOND)
    return data


def undo_shift(source: Source, geobox: GeoBox, resampling: Resampling) -> tuple[GeoBox, Resampling]:
    """The grid where its pixels meet a shifted image's, and how that is resampled."""
    if source.shift is None:
        return geobox, resampling
    moved = GeoBox(geobox.shape, Affine.translation(*source.shift) @ geobox.affine, geobox.crs)
    return moved, "cubic" if resampling == "bilinear" else resampling


def _read(
    opened: OpenAsset, geobox: GeoBox, resampling: Resampling, fill: np.generic
) -> np.ndarray:
    shape = tuple(geobox.shape)
    # of flags no data is one more thing that they say
    nodata = opened.nodata if fill.dtype.kind == "f" else None
    dataset, _ = open_level(opened, geobox)
    shift = steps_to(dataset, geobox, resampling)
    if shift is not None:
        return _paste(dataset, nodata, shift, shape, fill)
    places = place_pixels(geobox, dataset.crs, dataset.transform, dataset.width)
    scale = scale_of(dataset, geobox)
    window = _window(dataset, places, tuple(kernel_reach(resampling, value) for value in scale))
    if window is None:
        return np.full(shape, fill)
    out = np.empty(shape, fill.dtype)
    values, origin = _values(dataset, window), (window.row_off, window.col_off)
    if _has_mask(dataset):
        nodata = _all_nan(values, nodata)
    options = {"resampling": resampling, "scale": scale, "nodata": nodata, "fill": fill}
    resample(values, origin, places, out, **options)
    return out


def open_level(opened: OpenAsset, geobox: GeoBox) -> tuple[DatasetReader, int | None]:
    """A file at its coarsest overview still as fine as a grid; which one, None = full size."""
    scale = max(scale_of(opened.dataset, geobox))
    fitting = [n for n, factor in enumerate(opened.dataset.overviews(1)) if factor * scale <= 1]
    if not fitting:
        return opened.dataset, None
    return opened.reopen(overview_level=fitting[-1]), fitting[-1]


def steps_to(
    dataset: DatasetReader, geobox: GeoBox, resampling: Resampling
) -> tuple[int, int] | None:
    """Row and column of a grid's first pixel in a file that is copied; None: it is resampled."""
    if resampling == "cubic_spline":
        return None
    return Lattice.of(geobox).shift(dataset.crs, dataset.transform)


def _paste(
    dataset: DatasetReader,
    nodata: float | None,
    shift: tuple[int, int],
    shape: tuple[int, int],
    fill: np.generic,
) -> np.ndarray:
    """The pixels of a file that has the grid's, `shift` from its first one on."""
    sides = []
    for first, side, extent in zip(shift, shape, dataset.shape, strict=True):
        begin, end = max(first, 0), min(first + side, extent)
        if begin >= end:
            return np.full(shape, fill)
        sides.append((begin, end - begin))
    (row, height), (col, width) = sides
    values = _values(dataset, Window(col, row, width, height))
    out = np.empty(shape, fill.dtype) if values.shape == shape else np.full(shape, fill)
    part = out[row - shift[0] :, col - shift[1] :][:height, :width]
    copy_stored(values, part, nodata=nodata, fill=fill)
    return out


def _window(dataset: DatasetReader, places: Places, reach: tuple[int, ...]) -> Window | None:
    """The part of a file that counts for these places, None if there is none."""
    sides = zip(places.extent(), dataset.shape, reach, strict=True)
    spans = [span_of(*ends, extent, margin) for ends, extent, margin in sides]
    (top, bottom), (left, right) = ((int(first), int(last)) for first, last in spans)
    return Window(left, top, right - left, bottom - top) if top < bottom and left < right else None


def span_of(least: Any, most: Any, extent: int, margin: int) -> tuple[Any, Any]:
    """First pixel along a file's side, and one past the last, that count for places upon it.

    Parameters
    ----------
    least, most : float or ndarray
        The outermost places; 0 is the outer edge of the first pixel.
    extent : int
        Pixels of the side.
    margin : int
        What a kernel reaches; -1 = nothing, not even what rounding of places may bring in.

    Returns
    -------
    (first, last) : int or ndarray
        Equal where no pixel counts.
    """
    first = np.clip(np.floor(least - margin - 1), 0, extent)
    last = np.clip(np.floor(most + margin + 2), 0, extent)
    met = np.logical_and(least <= extent, most >= 0)
    return first.astype("int64"), np.where(met, last, first).astype("int64")


def _values(dataset: DatasetReader, window: Window) -> np.ndarray:
    """Stored numbers of a window; NaN where the file has a mask of its own that says no data."""
    values = dataset.read(1, window=window)
    if not _has_mask(dataset):
        return values
    return np.where(dataset.read_masks(1, window=window) == 0, np.nan, values.astype("float64"))


def _has_mask(dataset: DatasetReader) -> bool:
    return MaskFlags.per_dataset in dataset.mask_flag_enums[0]


def _all_nan(values: np.ndarray, nodata: float | None) -> float:
    """Put NaN where there is no data, so that it stands for all of that."""
    if nodata is not None:
        values[values == nodata] = np.nan
    return np.nan


def scale_of(dataset: DatasetReader, geobox: GeoBox) -> tuple[float, float]:
    """Target pixels per source pixel, (y, x), at the source's centre: the same for every window."""
    a = dataset.transform
    row, col = dataset.height / 2, dataset.width / 2
    corners = [a * point for point in ((col, row), (col + 1, row), (col, row + 1))]
    points = transform_points(dataset.crs, crs_of(str(geobox.crs)), *zip(*corners, strict=True))
    # only the target's pixel size counts, its origin would bring in another rounding per window
    (x, right, below) = (np.array(point) for point in zip(*points, strict=True))
    pixel = abs(geobox.resolution.x)
    return float(np.hypot(*(below - x)) / pixel), float(np.hypot(*(right - x)) / pixel)


class ExactReader:
    """`read_pixels` as a reader of stackstac: strict, and small to pickle.

    Threads: each ``read`` opens and closes its own dataset, so one instance may serve many.
    """

    def __init__(
        self,
        *,
        url: str,
        spec: Any,
        resampling: Any,
        dtype: np.dtype,
        fill_value: Any,
        sources: Mapping[str, Source],
        access: Access,
        deadline: Deadline,
        **_unused: Any,
    ) -> None:
        self.source = sources[url]
        self.access = access
        self.deadline = deadline
        self.spec = spec
        self.resampling = resampling
        self.dtype = dtype
        self.fill_value = fill_value

    def read(self, window: Window, **_unused: Any) -> np.ndarray:
        """Physical units on the spec's grid, (H, W); `fill_value` where there is no data.

        Raises
        ------
        ReadError
            If the file cannot be opened or decoded. Never nodata in its place.
        """
        geobox = GeoBox(
            (window.height, window.width),
            self.spec.transform * Affine.translation(window.col_off, window.row_off),
            f"EPSG:{self.spec.epsg}",
        )
        return read_pixels(
            self.source,
            geobox,
            resampling=self.resampling.name,
            fill=self.dtype.type(self.fill_value),
            access=self.access,
            deadline=self.deadline,
        )

    def close(self) -> None:
        """Nothing stays open between reads."""

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
