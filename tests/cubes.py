"""Cubes, channels and ground made from plain arrays, and a scheduler that refuses to compute."""

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dask
import dask.array as da
import numpy as np
import xarray as xr
from odc.geo.geobox import GeoBox
from odc.geo.xr import xr_coords

from lsbatch.domain import check_cube, check_features
from lsbatch.kernels import aspect, slope

NO_FLAG = 65535


@dataclass(frozen=True)
class LookOf:
    """One look of a cube: bands and flags are (y, x) arrays or single numbers."""

    period: str
    delay_days: int = 1
    sensor: str = "sentinel-2-l2a"
    quality: Any = NO_FLAG
    bands: Mapping[str, Any] = field(default_factory=dict)
    sun: tuple[float, float] = (np.nan, np.nan)
    """Azimuth and elevation, degrees; NaN = not known."""


def grid_of(
    height: int,
    width: int,
    *,
    left: float = 600_000.0,
    top: float = 4_700_160.0,
    side: float = 10.0,
) -> GeoBox:
    box = (left, top - height * side, left + width * side, top)
    return GeoBox.from_bbox(box, crs="EPSG:32654", shape=(height, width), tight=True)


def cube_of(
    looks: Sequence[LookOf],
    grid: GeoBox,
    *,
    bands: Sequence[str] = ("nir", "red"),
    elevation: Any = 0.0,
    chunks: Any = -1,
) -> xr.Dataset:
    """A cube as `build_cube` makes it: one dask chunk along time for each look."""
    shape = tuple(grid.shape)

    def stack(values: Sequence[Any], dtype: str) -> da.Array:
        planes = [np.broadcast_to(np.asarray(value, dtype), shape) for value in values]
        if not planes:
            return da.zeros((0, *shape), dtype=dtype, chunks=(1, chunks, chunks))
        return da.stack([da.from_array(plane, chunks=chunks) for plane in planes])

    cube = xr.Dataset(
        {
            band: (("time", "y", "x"), stack([look.bands[band] for look in looks], "float32"))
            for band in bands
        },
        coords={
            **xr_coords(grid),
            "time": np.arange(len(looks)).astype("datetime64[D]").astype("datetime64[ns]"),
            "scene": ("time", [f"scene-{n}" for n in range(len(looks))]),
            "sensor": ("time", [look.sensor for look in looks]),
            "period": ("time", [look.period for look in looks]),
            "delay_days": ("time", np.array([look.delay_days for look in looks], "int32")),
            "sun_azimuth_deg": ("time", np.array([look.sun[0] for look in looks], "float64")),
            "sun_elevation_deg": ("time", np.array([look.sun[1] for look in looks], "float64")),
        },
    )
    cube["quality"] = (("time", "y", "x"), stack([look.quality for look in looks], "uint16"))
    ground = np.array(np.broadcast_to(np.asarray(elevation, "float32"), shape))
    cube["elevation"] = (("y", "x"), da.from_array(ground, chunks=chunks))
    check_cube(cube)
    return cube


def features_of(channels: np.ndarray, grid: GeoBox, *, status: Any = 0) -> xr.Dataset:
    """Features with the given channels, (H, W, C), every pixel usable unless `status` says else."""
    shape = channels.shape[:2]
    layers = {
        "status": np.broadcast_to(np.uint8(status), shape),
        "slope_deg": np.zeros(shape, "float32"),
        **{f"{side}_count": np.ones(shape, "uint16") for side in ("pre", "post")},
        **{f"{side}_delay": np.ones(shape, "int16") for side in ("pre", "post")},
    }
    features = xr.Dataset(
        {name: (("y", "x"), values) for name, values in layers.items()}, coords=xr_coords(grid)
    )
    features["channels"] = (("channel", "y", "x"), np.moveaxis(channels, -1, 0))
    check_features(features)
    return features


def hills(height: int, width: int, *, relief_m: float = 120.0, length_px: float = 40.0):
    """Elevation (y, x), float32 metres: round hills and hollows whose sides face every way."""
    y, x = np.mgrid[:height, :width] * (2 * np.pi / length_px)
    return (relief_m * (np.sin(x) + np.cos(y * 0.9) + 0.3 * np.sin(0.5 * (x + y)))).astype(
        "float32"
    )


def slope_and_aspect(elevation: np.ndarray, *, pixel_m: float = 10.0):
    """Slope and aspect of the inner pixels, without the ring that has none."""
    inner = np.s_[1:-1, 1:-1]
    return slope(elevation, pixel_m)[inner], aspect(elevation, pixel_m)[inner]


@contextmanager
def no_computing():
    """Fail on any compute inside."""

    def refuse(*_args, **_settings):
        raise AssertionError("something was computed while a lazy object was built")

    with dask.config.set(scheduler=refuse):
        yield
