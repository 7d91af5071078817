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
from lsbatch.domain import Access, Asset
from lsbatch.errors import ReadError
from lsbatch.kernels import (
    Places,
    copy_stored,
    kernel_reach,
    resample,
    scale_stored,
)

Resampling = Literal["nearest", "bilinear", "cubic_spline"]

_BEYOND = 1e9
"""No sensor stores numbers as large; undeclared fill values such as 1e20, 1e30 and -3.4e38 are."""


def read_pixels(
    asset: Asset,
    geobox: GeoBox,
    *,
    resampling: Resampling,
    fill: np.generic,
    access: Access,
    deadline: Deadline,
    item_id: str = "",
) -> np.ndarray:
    """One band in physical units on a grid, (H, W), of `fill`'s type; `fill` = no data.

    Parameters
    ----------
    asset : Asset
    geobox : GeoBox
        North up, square pixels, projected CRS.
    resampling : "nearest", "bilinear" or "cubic_spline"
    fill : numpy scalar
        NaN in float32; or an integer for flags, with "nearest", which are not scaled.
    access : Access
        Where the file may lie.
    deadline : Deadline
    item_id : str
        For the message of an error.

    Raises
    ------
    ReadError
        If the file cannot be opened or decoded. Never nodata in its place.
    """
    try:
        with open_asset(asset, access, deadline) as opened:
            data = _read(opened, geobox, resampling, fill)
    except ReadError as error:
        if not item_id:
            raise
        raise ReadError(f"item {item_id}, {error}") from error
    if data.dtype.kind == "f":
        scale_stored(data, scale=asset.scale, offset=asset.offset, most=_BEYOND)
    return data


def _read(
    opened: OpenAsset, geobox: GeoBox, resampling: Resampling, fill: np.generic
) -> np.ndarray:
    shape, dataset, nodata = tuple(geobox.shape), opened.dataset, opened.nodata
    scale = _scale(dataset, geobox)
    level = _overview_level(dataset, max(scale))
    if level is not None:
        dataset = opened.reopen(overview_level=level)
        scale = _scale(dataset, geobox)
    shift = Lattice.of(geobox).shift(dataset.crs, dataset.transform)
    if shift is not None and resampling != "cubic_spline":
        return _paste(dataset, nodata, shift, shape, fill)
    places = place_pixels(geobox, dataset.crs, dataset.transform, dataset.width)
    reach = tuple(kernel_reach(resampling, value) for value in scale)
    window = _window(dataset, places, reach)
    if window is None:
        return np.full(shape, fill)
    out = np.empty(shape, fill.dtype)
    values, origin = _values(dataset, window), (window.row_off, window.col_off)
    if _has_mask(dataset):
        nodata = _all_nan(values, nodata)
    options = {"resampling": resampling, "scale": scale, "nodata": nodata, "fill": fill}
    resample(values, origin, places, out, **options)
    return out


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
    sides = []
    extents = zip(places.extent(), dataset.shape, reach, strict=True)
    for (least, most), extent, margin in extents:
        if not (least <= extent and most >= 0):
            return None
        first = int(max(least - margin - 1, 0))
        sides.append((first, int(min(most + margin + 2, extent)) - first))
    (row, height), (col, width) = sides
    return Window(col, row, width, height)


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


def _scale(dataset: DatasetReader, geobox: GeoBox) -> tuple[float, float]:
    """Target pixels per source pixel, (y, x), at the source's centre: the same for every window."""
    a = dataset.transform
    row, col = dataset.height / 2, dataset.width / 2
    corners = [a * point for point in ((col, row), (col + 1, row), (col, row + 1))]
    points = transform_points(dataset.crs, crs_of(str(geobox.crs)), *zip(*corners, strict=True))
    # only the target's pixel size counts, its origin would bring in another rounding per window
    (x, right, below) = (np.array(point) for point in zip(*points, strict=True))
    pixel = abs(geobox.resolution.x)
    return float(np.hypot(*(below - x)) / pixel), float(np.hypot(*(right - x)) / pixel)


def _overview_level(dataset: DatasetReader, scale: float) -> int | None:
    """The coarsest overview still as fine as the target, None for full resolution."""
    fitting = [n for n, factor in enumerate(dataset.overviews(1)) if factor * scale <= 1]
    return fitting[-1] if fitting else None


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
        assets: Mapping[str, tuple[str, Asset]],
        access: Access,
        deadline: Deadline,
        **_unused: Any,
    ) -> None:
        self.item_id, self.asset = assets[url]
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
            self.asset,
            geobox,
            resampling=self.resampling.name,
            fill=self.dtype.type(self.fill_value),
            access=self.access,
            deadline=self.deadline,
            item_id=self.item_id,
        )

    def close(self) -> None:
        """Nothing stays open between reads."""

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
