"""Places of a grid's pixels in a file: those of PROJ at every pixel, bit for bit in any window."""

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio import CRS
from rasterio.warp import transform as transform_points

from lsbatch.cube.placing import Lattice, place_pixels
from lsbatch.kernels import resample
from tests.cogs import build_geobox

UTM = Affine(10, 0, 240_000, 0, -10, 4_740_000)
DEGREES = Affine(8.98e-5, 0, 143.8, 0, -8.98e-5, 42.8)


def rows_and_cols(geobox, crs, transform, *, width=20_000):
    """Places as arrays, read out of rasters that hold their own rows and columns."""
    places = place_pixels(geobox, CRS.from_user_input(crs), transform, width)
    out = []
    for nodes in (places.rows, places.cols):
        field = type(places)(nodes, nodes, places.step, places.first, places.shape)
        least, most = field.extent()[0]
        ramp = np.arange(np.floor(least) - 2, most + 3)
        got = np.empty(places.shape, "float64")
        zero = np.zeros_like(nodes)
        line = type(places)(nodes - ramp[0], zero + 0.5, places.step, places.first, places.shape)
        options = {"resampling": "bilinear", "scale": (1.0, 1.0), "nodata": None, "fill": np.nan}
        resample(ramp[:, np.newaxis] + 0.5, (0, 0), line, got, **options)
        out.append(got)
    return out


def exact(geobox, crs, transform):
    cols, rows = np.meshgrid(*(np.arange(side) + 0.5 for side in geobox.shape[::-1]))
    x, y = geobox.affine * (cols.ravel(), rows.ravel())
    x, y = transform_points(str(geobox.crs), crs, x, y)
    cols, rows = ~transform * (np.array(x), np.array(y))
    return rows.reshape(geobox.shape), cols.reshape(geobox.shape)


@pytest.mark.parametrize(
    ("crs", "transform"), [("EPSG:32655", UTM), ("EPSG:4326", DEGREES), ("EPSG:32754", UTM)]
)
@pytest.mark.parametrize("resolution", [3.0, 10.0, 30.0, 100.0, 3000.0])
def test_interpolated_places_are_those_of_every_pixel(crs, transform, resolution):
    grid = build_geobox(150, 170, resolution=resolution)
    found = rows_and_cols(grid, crs, transform)
    for mine, wanted in zip(found, exact(grid, crs, transform), strict=True):
        assert np.abs(mine - wanted).max() < 1e-7


def test_places_do_not_depend_on_the_window():
    grid = build_geobox(200, 300, resolution=7.3)
    whole = rows_and_cols(grid, "EPSG:32655", UTM)
    part = rows_and_cols(grid[37:101, 130:], "EPSG:32655", UTM)
    for all_of, some in zip(whole, part, strict=True):
        # the ramps that they were read from begin elsewhere, which rounds
        np.testing.assert_allclose(some, all_of[37:101, 130:], rtol=0, atol=1e-9)


@pytest.mark.parametrize(("zone", "easting"), [("EPSG:32660", 745_000), ("EPSG:32601", 255_000)])
@pytest.mark.parametrize("west", [179.0, -181.0, -180.9])
def test_longitudes_go_on_beyond_the_180th_meridian(zone, easting, west):
    """Whether a file counts on to 181 degrees or begins at -181, the ground is the same."""
    grid = GeoBox.from_bbox(
        (easting - 2000, 5_000_000, easting + 2000, 5_004_000), crs=zone, resolution=20, tight=True
    )
    transform = Affine(1e-4, 0, west, 0, -1e-4, 45.5)
    rows, cols = rows_and_cols(grid, "EPSG:4326", transform)
    assert np.all(np.diff(cols, axis=1) > 0) and np.all(np.diff(rows, axis=0) > 0)
    assert cols.min() > 0 and cols.max() < 20_000


def test_a_file_of_the_same_pixels_is_known_by_whole_steps():
    crs, grid = CRS.from_epsg(32654), build_geobox(100, 100)
    lattice = Lattice.of(grid[10:, 20:])
    assert lattice.shift(crs, grid.affine) == (10, 20)
    assert lattice.shift(crs, grid.affine @ Affine.translation(0.25, 0)) is None
    assert lattice.shift(crs, grid.affine @ Affine.scale(2)) is None
    assert lattice.shift(crs, grid.affine @ Affine.rotation(0.1)) is None
    assert lattice.shift(CRS.from_epsg(32655), grid.affine) is None
