"""ExactReader: one band of one file on the wanted grid, the same bits whatever the window.

GDAL's warper interpolates coordinates to 1/8 of a pixel and works out its kernel's width for each
window; blocks cut from such a warp differ from the whole. Here both are fixed: the transformer is
exact (tolerance 1e-9 pixel) and the scale comes from the file, not from the window.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from rasterio import CRS
from rasterio.enums import Resampling
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform as transform_points
from rasterio.windows import Window

from lsbatch.cube.opening import OpenAsset, open_asset
from lsbatch.cube.patience import Deadline
from lsbatch.domain import Access, Asset
from lsbatch.errors import ReadError

_TOLERANCE_PX = 1e-9
_BEYOND = 1e9
"""No sensor stores numbers as large; undeclared fill values such as 1e20, 1e30 and -3.4e38 are."""
_CANVAS_M = 2.1e7
"""Half the side of the canvas: beyond every projected coordinate on Earth."""
GDAL_BLOCK = (128, 512)
"""Rows and columns of a block of GDAL's warped images."""


class ExactReader:
    """A stackstac reader that is exact, strict and small to pickle.

    Threads: each ``read`` opens and closes its own dataset, so one instance may serve many.
    """

    def __init__(
        self,
        *,
        url: str,
        spec: Any,
        resampling: Resampling,
        dtype: np.dtype,
        fill_value: float,
        assets: Mapping[str, Asset],
        access: Access,
        deadline: Deadline,
        item_id: str = "",
        shift: tuple[float, float] = (0.0, 0.0),
        **_unused: Any,
    ) -> None:
        self.asset = assets[url]
        self.access = access
        self.deadline = deadline
        self.item_id = item_id
        self.shift = shift
        self.spec = spec
        self.resampling = resampling
        self.dtype = dtype
        self.fill_value = fill_value

    def read(self, window: Window, **_unused: Any) -> np.ndarray:
        """Stored numbers on the spec's grid, (H, W); `fill_value` where there is no data.

        Raises
        ------
        ReadError
            If the file cannot be opened or decoded. Never nodata in its place.
        """
        try:
            with open_asset(self.asset, self.access, self.deadline) as opened:
                return self._masked(self._warp(opened, window))
        except ReadError as error:
            if not self.item_id:
                raise
            raise ReadError(f"item {self.item_id}, {error}") from error

    def _warp(self, opened: OpenAsset, window: Window) -> np.ndarray:
        target = _moved(self.spec.vrt_params, self.shift)
        level = overview_level(opened.dataset, target)
        dataset = opened.dataset if level is None else opened.reopen(overview_level=level)
        return self._warp_from(dataset, opened.nodata, target, window)

    def _masked(self, data: np.ndarray) -> np.ndarray:
        """Without what cannot be a measurement: not finite, or beyond any stored number."""
        if data.dtype.kind == "f":
            with np.errstate(invalid="ignore"):
                data[~(np.abs(data) < _BEYOND)] = self.fill_value
        return data

    def _warp_from(
        self, dataset: DatasetReader, nodata: float | None, target: dict[str, Any], window: Window
    ) -> np.ndarray:
        xscale, yscale = _scale(dataset, target)
        canvas, place = _canvas(target, window)
        with (
            rasterio.Env(GDAL_VRT_WARP_USE_DATASET_RASTERIO=_by_window(dataset, target)),
            WarpedVRT(
                dataset,
                **canvas,
                resampling=self.resampling,
                tolerance=_TOLERANCE_PX,
                src_nodata=nodata,
                nodata=self.fill_value,
                dtype=str(self.dtype),
                add_alpha=nodata is None,
                XSCALE=f"{xscale:.17g}",
                YSCALE=f"{yscale:.17g}",
            ) as vrt,
        ):
            data, *alpha = vrt.read(window=place)
        if alpha:
            data[alpha[0] == 0] = self.fill_value
        return data[: window.height, : window.width]

    def close(self) -> None:
        """Nothing stays open between reads."""

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


def _moved(target: dict[str, Any], shift: tuple[float, float]) -> dict[str, Any]:
    """The target so far east and north of its place that its pixels meet a shifted image's."""
    if shift == (0.0, 0.0):
        return target
    return {**target, "transform": Affine.translation(*shift) @ target["transform"]}


def _canvas(target: dict[str, Any], window: Window) -> tuple[dict[str, Any], Window]:
    """One canvas around the whole projection, and a window's place on it.

    Coordinates are counted from its corner, so that they round alike whichever window asks.
    """
    pixel = target["transform"].a
    half = math.ceil(_CANVAS_M / pixel / max(GDAL_BLOCK)) * max(GDAL_BLOCK)
    # a millionth of a pixel: what the origins of two windows of one grid may differ by
    x, y = (round(v / pixel, 6) for v in (target["transform"].c, -target["transform"].f))
    col, row = math.floor(x), math.floor(y)
    left, top = round(x - col, 6) - half, half - round(y - row, 6)
    canvas = {
        **target,
        "transform": Affine(pixel, 0, left * pixel, 0, -pixel, top * pixel),
        "width": 2 * half,
        "height": 2 * half,
    }
    # GDAL fills a window no larger than its block from all the blocks that the window meets
    shape = (window.height, window.width)
    height, width = (max(side, block + 1) for side, block in zip(shape, GDAL_BLOCK, strict=True))
    return canvas, Window(col + half + window.col_off, row + half + window.row_off, width, height)


def _by_window(dataset: DatasetReader, target: dict[str, Any]) -> bool:
    """Whether GDAL may warp a window at once; else it goes by its own blocks of the canvas.

    Within one coordinate system any tolerance lets it interpolate between a window's ends.
    """
    return dataset.crs != CRS.from_user_input(target["crs"])


def _scale(dataset: DatasetReader, target: dict[str, Any]) -> tuple[float, float]:
    """Target pixels per source pixel, (x, y), at the source's centre: the same for every window."""
    a = dataset.transform
    row, col = dataset.height / 2, dataset.width / 2
    corners = [a * point for point in ((col, row), (col + 1, row), (col, row + 1))]
    xs, ys = transform_points(dataset.crs, target["crs"], *zip(*corners, strict=True))
    # only the target's pixel size counts, its origin would bring in another rounding per window
    pixel = target["transform"].a
    return (
        math.hypot(xs[1] - xs[0], ys[1] - ys[0]) / pixel,
        math.hypot(xs[2] - xs[0], ys[2] - ys[0]) / pixel,
    )


def overview_level(dataset: DatasetReader, target: dict[str, Any]) -> int | None:
    """The coarsest overview still as fine as the target, None for full resolution."""
    shrink = 1 / max(_scale(dataset, target))
    fitting = [level for level, factor in enumerate(dataset.overviews(1)) if factor <= shrink]
    return fitting[-1] if fitting else None
