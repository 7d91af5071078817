"""build_cube: scenes on a grid, as one lazy Dataset in physical units."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import dask.array as da
import numpy as np
import xarray as xr
from odc.geo.geobox import GeoBox
from odc.geo.xr import xr_coords

from lsbatch.cube.moved import reach_of, take_out, uneven_shift
from lsbatch.cube.patience import READ_WITHIN_S, Deadline
from lsbatch.cube.pieces import Target, fill_of, load_pieces
from lsbatch.domain import QUALITY, Look, Scene, Scenes, check_cube, light_name

Loader = Literal["direct", "stackstac"]


def build_cube(
    scenes: Scenes,
    geobox: GeoBox,
    *,
    bands: Sequence[str] | None = None,
    chunk_px: int | None = None,
    around_px: int = 0,
    loader: Loader = "direct",
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
    loader : "direct" or "stackstac"
        What makes the lazy arrays: our own pieces, or stackstac with our reader. The pixels are the
        same; stackstac takes longer (`make bench ONLY=cubes`).

    Returns
    -------
    Dataset, dims (time, y, x)
        A float32 variable for each band: reflectance, NaN = no data, bilinear. ``quality``,
        uint16: the sensor's own flag value, nearest; 65534 = there is no data, 65535 = there is no
        flag; so is ``saturation``, if it is among the bands. ``elevation`` (y, x), float32 metres,
        NaN = no data, cubic B-spline (it evens out the steps and the noise of 30 m models, which on
        flat ground pass for slopes).
        With `around_px` also ``surroundings`` (y_around, x_around): the same, and so many pixels
        more on each side. Coordinates along ``time``: ``scene``, ``sensor``,
        ``period`` (pre or post), ``delay_days``, ``sun_azimuth_deg`` and ``sun_elevation_deg``
        (float64, NaN = not known), and of scenes with a C of their light one for each band
        (`light_name`); ``spatial_ref`` holds the CRS. A band that a look does not have
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
    within = Deadline(READ_WITHIN_S if chunk_px is None else math.inf)
    target = Target(geobox, chunk, scenes.access, within)
    stacked = {name: _stack_looks(scenes.looks, name, target, loader) for name in (*names, QUALITY)}
    cube = xr.Dataset(
        {name: (("time", "y", "x"), data) for name, data in stacked.items()},
        coords=_coords(scenes.looks, geobox),
    )
    wide = Target(geobox.pad(around_px), chunk_px or chunk + 2 * around_px, scenes.access, within)
    ground = _terrain(scenes.terrain, wide, loader)
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
    along_time |= _light_coords(looks)
    moments = [look.scene.start.replace(tzinfo=None) for look in looks]
    return {
        **xr_coords(geobox),
        "time": np.array(moments, "datetime64[ns]"),
        **{name: ("time", values) for name, values in along_time.items()},
    }


def _light_coords(looks: Sequence[Look]) -> dict[str, Any]:
    """C of each band that has one in any look, by the coordinate's name; NaN where it has none."""
    known = [dict(look.scene.light_c) for look in looks]
    return {
        light_name(band): np.array([own.get(band, math.nan) for own in known])
        for band in sorted(set().union(*known))
    }


def _stack_looks(looks: Sequence[Look], band: str, target: Target, loader: Loader) -> Any:
    """One band of all looks, dask (time, y, x), in physical units; flags as they are."""
    scenes = [look.scene for look in looks]
    if any(uneven_shift(scene) for scene in scenes):
        return da.stack([_in_place(scene, band, target, loader) for scene in scenes])
    return _mosaics(scenes, band, target, loader)


def _in_place(scene: Scene, band: str, target: Target, loader: Loader) -> Any:
    """One band of one scene, dask (y, x), with its shift taken out."""
    shift = uneven_shift(scene)
    if shift is None:
        return _mosaics([scene], band, target, loader)[0]
    reach = reach_of(shift, target.geobox)
    wide = replace(target, geobox=target.geobox.pad(reach), chunk_px=target.chunk_px + 2 * reach)
    layer = _mosaics([replace(scene, shift=None)], band, wide, loader)[0]
    return take_out(layer, shift, wide.geobox, reach).rechunk(target.chunk_px)


def _terrain(models: Sequence[Scene], target: Target, loader: Loader) -> Any:
    """Elevation in metres, dask (y, x); the first model with data on top."""
    whole = [replace(models[0], granules=sum((m.granules for m in models), ()))] if models else []
    if whole:
        return _mosaics(whole, "elevation", target, loader)[0]
    return da.full(tuple(target.geobox.shape), fill_of("elevation"), chunks=target.chunk_px)


def _mosaics(scenes: Sequence[Scene], band: str, target: Target, loader: Loader) -> Any:
    """One band of each scene, dask (scene, y, x): granules merged, the first with data on top."""
    if not scenes:
        shape = (0, *target.geobox.shape)
        return da.zeros(shape, dtype=fill_of(band).dtype, chunks=target.chunk_px)
    if loader == "direct":
        return load_pieces(scenes, band, target)
    from lsbatch.cube.stacked import load_stacked

    return load_stacked(scenes, band, target)
