"""Elevation models for the tests of terrain, and gdaldem to compare with."""

import shutil
import subprocess

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin


def rough_dem(shape, *, seed=0, holes=0.0):
    rng = np.random.default_rng(seed)
    dem = (rng.normal(0, 2, shape).cumsum(0).cumsum(1) + 500).astype(np.float32)
    dem[rng.random(shape) < holes] = np.nan
    return dem


def plane(east, north, pixel=10.0, side=7, *, height=None):
    """Ground that rises so many metres a metre."""
    y, x = np.mgrid[:side, :side]
    return (1000 + east * x * pixel - north * y * (height or pixel)).astype(np.float32)


def neighbours(dem):
    """{(down, right): what lies there} in float64 of every pixel, NaN beyond the edge."""
    z = np.pad(dem.astype(np.float64), 1, constant_values=np.nan)
    height, width = dem.shape
    return {
        (i, j): z[1 + i : 1 + i + height, 1 + j : 1 + j + width]
        for i in (-1, 0, 1)
        for j in (-1, 0, 1)
    }


def horn(dem, width, height=None):
    """Gradient to the east and to the south, NaN beside NaN."""
    n = neighbours(dem)
    hole = 0 * sum(n.values())
    east = sum((2 - abs(i)) * (n[i, 1] - n[i, -1]) for i in (-1, 0, 1)) / (8 * width)
    south = sum((2 - abs(j)) * (n[1, j] - n[-1, j]) for j in (-1, 0, 1)) / (8 * (height or width))
    return east + hole, south + hole


def write_dem(path, dem, nodata, *, pixel=(30, 30)):
    profile = {"width": dem.shape[1], "height": dem.shape[0], "count": 1, "dtype": dem.dtype}
    grid = {"crs": "EPSG:32654", "transform": from_origin(500000, 4700000, *pixel)}
    with rasterio.open(path, "w", driver="GTiff", nodata=nodata, **profile, **grid) as target:
        target.write(dem, 1)


def gdaldem(mode, path, *words):
    """What gdaldem makes of a file, masked; the test skips where it is not installed."""
    if shutil.which("gdaldem") is None:
        pytest.skip("gdaldem is not on PATH: apt-get install gdal-bin")
    out = path.with_name(f"{path.stem}-{mode}.tif")
    subprocess.run(["gdaldem", mode, path, out, "-q", *words], check=True)
    with rasterio.open(out) as source:
        return source.read(1, masked=True)
