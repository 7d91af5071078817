"""Resampled pixels: equal to GDAL's exact warp, to plain sums where GDAL is wrong; parts equal."""

import numpy as np
import pytest
from affine import Affine
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.vrt import WarpedVRT

from lsbatch.errors import ContractError
from lsbatch.kernels import kernel_reach, resample
from tests.kernels.test_lattice import cubic, places_over

SHAPE = 50, 60
METHODS = "nearest", "bilinear", "cubic", "cubic_spline"


def noise(dtype="uint16", holes=True, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.integers(1, 9000, SHAPE)
    if holes:
        values[rng.random(SHAPE) < 0.1] = 0
    return values.astype(dtype)


def straight(shift, size, first=(0, 0), shape=(40, 45), step=16):
    """Places of a grid whose pixels are `size` source pixels large, from `shift` on."""
    field = places_over(lambda r, c: r, step, first, shape)
    rows, cols = field.rows, places_over(lambda r, c: c, step, first, shape).cols
    parts = [(n + 0.5) * size + s for n, s in zip((rows, cols), shift, strict=True)]
    return type(field)(*parts, step, field.first, shape)


def read(values, places, resampling, scale=(1.0, 1.0), nodata=0.0, origin=(0, 0)):
    flags = resampling == "nearest"
    fill = np.uint16(65535) if flags else np.float32(np.nan)
    out = np.full(places.shape, fill)
    options = {"resampling": resampling, "scale": scale, "nodata": nodata, "fill": fill}
    resample(values, origin, places, out, **options)
    return out


def warp(values, shift, size, resampling, nodata):
    """GDAL's warper between grids of one CRS."""
    profile = {"driver": "GTiff", "count": 1, "dtype": values.dtype, "crs": "EPSG:32654"}
    height, width = values.shape
    corner = Affine.translation(500_000, 4_000_000)
    target = corner @ Affine.scale(10 * size, -10 * size)
    target = Affine.translation(shift[1] * 10, -shift[0] * 10) @ target
    flags = resampling == "nearest"
    with MemoryFile() as memory:
        source = corner @ Affine.scale(10, -10)
        with memory.open(height=height, width=width, transform=source, **profile) as dataset:
            dataset.write(values, 1)
        with (
            memory.open() as dataset,
            WarpedVRT(
                dataset,
                crs="EPSG:32654",
                transform=target,
                height=40,
                width=45,
                resampling=Resampling[resampling],
                src_nodata=nodata,
                nodata=65535 if flags else np.nan,
                dtype="uint16" if flags else "float32",
                tolerance=1e-9,
                XSCALE=str(1 / size),
                YSCALE=str(1 / size),
            ) as warped,
        ):
            return warped.read(1)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64"])
@pytest.mark.parametrize(
    ("resampling", "size"),
    # GDAL follows a widened spline beyond its end
    [(m, s) for m in METHODS for s in (1.0, 0.4, 1.25) if m != "cubic_spline" or s <= 1],
)
def test_pixels_are_those_of_gdal(resampling, size, dtype):
    values, shift = (noise() % 250).astype(dtype), (0.37 - 2, 0.81 - 3)
    found = read(values, straight(shift, size), resampling, (1 / size, 1 / size))
    wanted = warp(values, shift, size, resampling, 0)
    assert np.isfinite(wanted).mean() > 0.5
    # where an edge of pixels is at 0 to rounding, GDAL's own decides
    np.testing.assert_allclose(found, wanted, rtol=2e-7)


def spline(distance):
    x = np.abs(distance)
    near, far = 2 / 3 - x**2 + x**3 / 2, (2 - x) ** 3 / 6
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def triangle(distance):
    return np.maximum(1 - np.abs(distance), 0)


@pytest.mark.parametrize(
    ("resampling", "kernel"), [("bilinear", triangle), ("cubic_spline", spline)]
)
@pytest.mark.parametrize("scale", [(0.7, 0.4), (0.98, 1.3)])
def test_pixels_are_weighted_means(resampling, kernel, scale):
    if resampling == "bilinear" and min(scale) >= 0.95:
        scale = (1.0, 1.0)
    values, places = noise(), straight((2.3, 4.6), 1.0)
    found = read(values, places, resampling, scale)
    rows, cols = (np.arange(side) + 0.5 for side in SHAPE)
    for i, j in ((0, 0), (11, 30), (39, 44)):
        y, x = i + 0.5 + 2.3, j + 0.5 + 4.6
        weights = np.outer(
            kernel((rows - y) * min(scale[0], 1)), kernel((cols - x) * min(scale[1], 1))
        )
        weights *= values > 0
        wanted = (weights * values).sum() / weights.sum()
        if values[int(y), int(x)] == 0:
            wanted = np.nan
        np.testing.assert_allclose(found[i, j], wanted, rtol=1e-6)


def test_no_pixel_weighs_less_than_nothing():
    """GDAL gives a pixel 2.7 pixels away a weight of -0.06 in a spline of scale 0.9996."""
    values = np.zeros(SHAPE, "float32")
    values[:, 30] = 1
    found = read(values, straight((0.0, 0.3), 1.0), "cubic_spline", (1.0, 0.9996), nodata=None)
    assert found.min() == 0 and (found[:, 20:40] > 0).sum(axis=1).max() <= 4
    assert warp_tail() < -0.05


def warp_tail():
    values = np.zeros(SHAPE, "float32")
    values[:, 30] = 1
    return warp(values, (0.0, 0.3), 1.0004, "cubic_spline", -1).min()


@pytest.mark.parametrize("resampling", METHODS)
def test_parts_are_cuts_of_the_whole(resampling):
    values = noise()
    whole = read(values, places_over(bent, 16, (0, 0), SHAPE), resampling, (0.8, 0.9))
    for first, shape in (((0, 0), (1, 1)), ((17, 5), (20, 40)), ((49, 0), (1, 60))):
        part = read(values, places_over(bent, 16, first, shape), resampling, (0.8, 0.9))
        cut = whole[first[0] : first[0] + shape[0], first[1] : first[1] + shape[1]]
        np.testing.assert_array_equal(part, cut)


def bent(rows, cols):
    return (cubic(rows, cols) / 9) % 1e9


@pytest.mark.parametrize("resampling", METHODS)
def test_a_part_of_the_raster_that_is_wide_enough_does_for_the_whole(resampling):
    values, places = noise(), straight((10.3, 20.2), 0.5, shape=(30, 40))
    reach = kernel_reach(resampling, 0.9) + 1
    rows = slice(10 - reach, 26 + reach)
    wanted = read(values, places, resampling, (0.9, 0.9))
    part = read(values[rows], places, resampling, (0.9, 0.9), origin=(rows.start, 0))
    np.testing.assert_array_equal(part, wanted)


@pytest.mark.parametrize("resampling", METHODS)
def test_beyond_the_raster_and_where_places_are_not_numbers_there_is_nothing(resampling):
    values = np.full(SHAPE, 7, "float32")
    places = straight((-20.0, -20.0), 1.0, step=1)
    places.rows[30:, 30:] = np.nan
    found = read(values, places, resampling, nodata=None)
    none = found == 65535 if resampling == "nearest" else np.isnan(found)
    assert none[:20].all() and none[:, :20].all() and none[29:, 29:].all()
    assert (found[20:29, 20:29] == 7).all()


@pytest.mark.parametrize("resampling", METHODS[1:])
def test_not_a_number_weighs_nothing_where_it_is_no_data_and_else_spoils_its_reach(resampling):
    values, places = noise("float32"), straight((0.2, 0.3), 1.0)
    holes = np.where(values == 0, np.nan, values)
    wanted = read(values, places, resampling)
    np.testing.assert_array_equal(read(holes, places, resampling, nodata=np.nan), wanted)
    clean = read(noise("float32", holes=False), places, resampling, nodata=None)
    for nodata in (None, -9999.0):
        found = read(holes, places, resampling, nodata=nodata)
        assert np.isnan(found).sum() > np.isnan(wanted).sum()
        whole = ~np.isnan(found)
        np.testing.assert_array_equal(found[whole], clean[whole])


def test_another_shape_is_refused():
    with pytest.raises(ContractError, match="received an output of shape"):
        resample(
            noise(),
            (0, 0),
            straight((0, 0), 1.0),
            np.zeros((3, 3), "float32"),
            resampling="bilinear",
            scale=(1, 1),
            nodata=None,
            fill=np.nan,
        )
