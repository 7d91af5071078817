"""build_cube: scenes on a grid, as one lazy Dataset in physical units."""

import functools
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import dask.array as da
import numpy as np
import stackstac
import xarray as xr
from odc.geo.geobox import GeoBox
from odc.geo.xr import xr_coords
from rasterio.enums import Resampling

from lsbatch.cube.moved import reach_of, take_out
from lsbatch.cube.patience import READ_WITHIN_S, Deadline
from lsbatch.cube.reader import ExactReader
from lsbatch.domain import (
    FLAGS,
    NO_FLAG,
    QUALITY,
    Access,
    Asset,
    Granule,
    Look,
    Scene,
    Scenes,
    check_cube,
)

_NO_FLAG = np.uint16(NO_FLAG)


@dataclass(frozen=True, slots=True)
class _Target:
    """Where to, and by which rules, files are read."""

    geobox: GeoBox
    chunk: int
    access: Access
    deadline: Deadline
    shift: tuple[float, float] = (0.0, 0.0)
    """East and north, metres: so far from its own place each pixel is read."""


def build_cube(
    scenes: Scenes,
    geobox: GeoBox,
    *,
    bands: Sequence[str] | None = None,
    chunk_px: int | None = None,
    around_px: int = 0,
) -> xr.Dataset:
    """Looks and terrain of an event on a grid; lazy, nothing is read.

    Parameters
    ----------
    scenes : Scenes
        Chosen looks and elevation models; their `access` says where hrefs may lead.
    geobox : GeoBox
        Grid in a projected CRS, square pixels.
    bands : sequence of str, optional
        Bands by common name; all that every look has, if left out.
    chunk_px : int, optional
        Side of a dask chunk; the whole grid is one chunk if left out, as a block wants it. All
        reads of such a block are over `READ_WITHIN_S` after the first one, or raise ReadError.
    around_px : int
        Pixels on each side of the grid whose elevation is read too, since hills cast shadows.

    Returns
    -------
    Dataset, dims (time, y, x)
        A float32 variable for each band: reflectance, NaN = no data, bilinear. ``quality``,
        uint16: the sensor's own flag value, nearest; 65535 = none; so is ``saturation``, if it is
        among the bands. ``elevation`` (y, x), float32 metres, NaN = no data, cubic B-spline (it
        evens out the steps and the noise of 30 m models, which on flat ground pass for slopes).
        With `around_px` also ``surroundings`` (y_around, x_around): the same, and so many pixels
        more on each side. Coordinates along ``time``: ``scene``, ``sensor``,
        ``period`` (pre or post), ``delay_days``, ``sun_azimuth_deg`` and ``sun_elevation_deg``
        (float64, NaN = not known); ``spatial_ref`` holds the CRS. A band that a look does not have
        is NaN there.

    Notes
    -----
    The pixels do not depend on the window: a cube over a block equals that part of a cube over the
    whole, bit for bit. The first granule of a scene with data lies on top.

    A look whose scene has a shift is read where it shows the ground, its bands by cubic
    convolution, which blurs less than bilinear interpolation between pixels; its flags stay
    nearest. One shift for the scene is part of the one resampling that brings a file to the grid. A
    local field is applied after it, from pixels around the grid that are read for it here. A look
    without a shift has the bits that it would have without any of this.
    """
    names = _bands_of(scenes) if bands is None else tuple(bands)
    chunk = chunk_px or max(geobox.shape)
    target = _Target(
        geobox,
        chunk,
        scenes.access,
        Deadline(READ_WITHIN_S if chunk_px is None else math.inf),
    )
    stacked = {name: _stack_looks(scenes.looks, name, target) for name in names}
    cube = xr.Dataset(
        {name: (("time", "y", "x"), data) for name, data in stacked.items()},
        coords=_coords(scenes.looks, geobox),
    )
    cube[QUALITY] = (("time", "y", "x"), _stack_looks(scenes.looks, QUALITY, target))
    wide = replace(target, geobox=geobox.pad(around_px), chunk=chunk_px or chunk + 2 * around_px)
    ground = _terrain(scenes.terrain, wide)
    if around_px:
        cube["surroundings"] = (("y_around", "x_around"), ground)
        ground = ground[around_px:-around_px, around_px:-around_px].rechunk(chunk)
    cube["elevation"] = (("y", "x"), ground)
    check_cube(cube)
    return cube


def _bands_of(scenes: Scenes) -> tuple[str, ...]:
    shared = [look.scene.bands for look in scenes.looks]
    return tuple(sorted(frozenset.intersection(*shared) - {QUALITY})) if shared else ()


def _coords(looks: Sequence[Look], geobox: GeoBox) -> dict[str, Any]:
    suns = [look.scene.sun for look in looks]
    along_time = {
        "scene": [look.scene.id for look in looks],
        "sensor": [look.scene.sensor_name for look in looks],
        "period": [look.period for look in looks],
        "delay_days": np.array([look.delay_days for look in looks], "int32"),
        "sun_azimuth_deg": np.array([sun and sun.azimuth_deg for sun in suns], "float64"),
        "sun_elevation_deg": np.array([sun and sun.elevation_deg for sun in suns], "float64"),
    }
    moments = [look.scene.start.replace(tzinfo=None) for look in looks]
    return {
        **xr_coords(geobox),
        "time": np.array(moments, "datetime64[ns]"),
        **{name: ("time", values) for name, values in along_time.items()},
    }


def _stack_looks(looks: Sequence[Look], band: str, target: _Target) -> Any:
    """One band of all looks, dask (time, y, x), in physical units; flags as they are."""
    resampling = Resampling.nearest if band in FLAGS else Resampling.bilinear
    layers = [_in_place(look.scene, band, target, resampling) for look in looks]
    if layers:
        return da.stack(layers)
    dtype = _NO_FLAG.dtype if band in FLAGS else np.dtype("float32")
    return da.zeros((0, *target.geobox.shape), dtype=dtype, chunks=target.chunk)


def _in_place(scene: Scene, band: str, target: _Target, resampling: Resampling) -> Any:
    """One band of one scene, dask (y, x), with the scene's shift taken out."""
    shift = scene.shift
    if shift is None:
        return _mosaic(scene, band, target, resampling)
    if shift.local is None:
        moved = replace(target, shift=(shift.east_m, shift.north_m))
        sharp = resampling if band in FLAGS else Resampling.cubic
        return _mosaic(scene, band, moved, sharp)
    reach = reach_of(shift, target.geobox)
    wide = replace(target, geobox=target.geobox.pad(reach), chunk=target.chunk + 2 * reach)
    layer = _mosaic(scene, band, wide, resampling)
    return take_out(layer, shift, wide.geobox, reach).rechunk(target.chunk)


def _terrain(models: Sequence[Scene], target: _Target) -> Any:
    """Elevation in metres, dask (y, x); the first model with data on top."""
    layers = [_mosaic(model, "elevation", target, Resampling.cubic_spline) for model in models]
    top = da.full(tuple(target.geobox.shape), np.float32(np.nan), chunks=target.chunk)
    for layer in reversed(layers):
        top = da.where(da.isnan(layer), top, layer)
    return top


def _mosaic(scene: Scene, band: str, target: _Target, resampling: Resampling) -> Any:
    """One band of one scene, dask (y, x): granules merged, scale and offset applied by us."""
    is_flag = band in FLAGS
    fill = _NO_FLAG if is_flag else np.float32(np.nan)
    having = [(g, asset) for g in scene.granules if (asset := g.asset(band)) is not None]
    top = da.full(tuple(target.geobox.shape), fill, dtype=fill.dtype, chunks=target.chunk)
    for granule, asset in reversed(having):
        layer = _stack(granule, asset, target, resampling, fill)
        empty = layer == fill if is_flag else da.isnan(layer)
        if not is_flag and (asset.scale, asset.offset) != (1.0, 0.0):
            layer = layer * np.float32(asset.scale) + np.float32(asset.offset)
        top = da.where(empty, top, layer)
    return top


def _stack(
    granule: Granule, asset: Asset, target: _Target, resampling: Resampling, fill: Any
) -> Any:
    """One file through stackstac and our reader, dask (y, x)."""
    geobox = target.geobox
    reader = functools.partial(
        ExactReader,
        assets={asset.href: asset},
        access=target.access,
        deadline=target.deadline,
        item_id=granule.item_id,
        shift=target.shift,
    )
    with warnings.catch_warnings():
        # stackstac 0.5.1 is frozen and still multiplies affines with *
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        stack = stackstac.stack(
            [_item_of(granule, asset, geobox)],
            assets=[asset.band],
            epsg=geobox.crs.epsg,
            bounds=tuple(geobox.boundingbox),
            resolution=abs(geobox.resolution.x),
            xy_coords="center",
            snap_bounds=False,
            rescale=False,
            dtype=fill.dtype,
            fill_value=fill,
            resampling=resampling,
            chunksize=(1, 1, target.chunk, target.chunk),
            reader=reader,
            errors_as_nodata=(),
        )
    return stack.data[0, 0]


def _item_of(granule: Granule, asset: Asset, geobox: GeoBox) -> dict[str, Any]:
    """The least record that stackstac accepts.

    Only the target grid is given, and the footprint as "somewhere in it": stackstac's own reading
    of projection metadata knows one spelling of several, and gets extents wrong without a word.
    """
    bounds = tuple(geobox.boundingbox)
    record = {
        "href": asset.href,
        "type": "image/tiff",
        "proj:epsg": geobox.crs.epsg,
        "proj:bbox": bounds,
    }
    return {
        "id": granule.item_id,
        "bbox": granule.footprint.bounds,
        "properties": {"datetime": "2000-01-01T00:00:00Z", "proj:epsg": geobox.crs.epsg},
        "assets": {asset.band: record},
    }
