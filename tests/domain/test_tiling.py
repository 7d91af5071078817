import itertools

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from lsbatch.domain import CHUNK_PX, Block, blocks_of, build_grid, utm_of
from lsbatch.errors import GridMismatchError
from tests.strategies import RESOLUTIONS, areas, blocks, geoboxes, halos, sides

HOKKAIDO = shapely.box(141.9, 42.6, 142.0, 42.7)
RESOLUTION = st.sampled_from(RESOLUTIONS)


# ---- blocks


@given(grid=geoboxes(), side_px=sides(), halo=halos())
def test_cores_cover_the_grid_exactly_once(grid, side_px, halo):
    owners = np.zeros(grid.shape, int)
    indices = []
    for block in blocks_of(grid, side_px=side_px, halo=halo):
        owners[block.slices] += 1
        indices.append(block.index)
    assert (owners == 1).all()
    rows, cols = (-(-extent // side_px) for extent in grid.shape)
    assert indices == list(itertools.product(range(rows), range(cols)))


@given(block=blocks())
def test_a_core_is_whole_chunks_but_at_the_far_edges(block):
    for place, extent in zip(block.slices, block.grid.shape, strict=True):
        assert place.start % CHUNK_PX == 0
        assert (place.stop - place.start) % CHUNK_PX == 0 or place.stop == extent


@given(block=blocks())
def test_the_core_lies_in_the_padded_window_where_inner_says(block):
    rows, cols = block.inner
    assert block.padded[rows, cols].shape == block.core.shape
    assert tuple(extent + 2 * block.halo for extent in block.core.shape) == tuple(
        block.padded.shape
    )
    centre = block.padded.affine * (cols.start + 0.5, rows.start + 0.5)
    assert centre == pytest.approx(block.core.affine * (0.5, 0.5), abs=1e-6)
    y, x = block.slices
    assert centre == pytest.approx(block.grid.affine * (x.start + 0.5, y.start + 0.5), abs=1e-6)


@pytest.mark.parametrize(("side_px", "halo"), [(0, 0), (-256, 0), (100, 0), (257, 0), (256, -1)])
def test_a_block_that_is_not_whole_chunks_is_refused(side_px, halo):
    grid = GeoBox.from_bbox((0, 0, 5120, 5120), crs="EPSG:32654", resolution=10)
    with pytest.raises(
        GridMismatchError, match="whole chunks of 256 pixels and a halo of at least"
    ):
        Block(grid, 0, 0, side_px, halo)


# ---- grids


@given(area=areas(), resolution=RESOLUTION)
def test_a_grid_covers_its_area_from_a_corner_of_the_lattice(area, resolution):
    grid = build_grid(area, crs=utm_of(area), resolution=resolution)
    lattice = CHUNK_PX * resolution
    box = grid.boundingbox
    for edge in (box.left, box.top):
        assert edge / lattice == pytest.approx(round(edge / lattice), abs=1e-9)
    assert grid.resolution.x == resolution == -grid.resolution.y
    ground = grid.extent.to_crs("EPSG:4326", resolution=1000).geom.buffer(1e-6)
    assert ground.covers(area)
    west, south, east, north = area.bounds
    reach = lattice + 2 * resolution
    width_m = (east - west) * 111_320 * np.cos(np.radians(min(abs(south), abs(north))))
    assert grid.shape.x * resolution <= width_m * 1.3 + reach, "no wider than the area needs"


@given(area=areas(), resolution=RESOLUTION, share=st.floats(0.2, 0.9))
def test_pixels_of_a_smaller_area_are_pixels_of_the_larger(area, resolution, share):
    """Neither the area asked for nor the size of a block may move a pixel."""
    crs = utm_of(area)
    centre = area.centroid
    smaller = shapely.affinity.scale(area, share, share, origin=centre)
    large, small = (build_grid(part, crs=crs, resolution=resolution) for part in (area, smaller))
    offset = ~large.affine * (small.affine * (0, 0))
    for steps in offset:
        assert steps / CHUNK_PX == pytest.approx(round(steps / CHUNK_PX), abs=1e-6)
        assert steps > -1e-6


def test_the_corner_is_the_last_of_the_lattice_before_the_area():
    to_utm = Transformer.from_crs("EPSG:4326", "EPSG:32654", always_xy=True)
    west, _, _, north = to_utm.transform_bounds(*HOKKAIDO.bounds, densify_pts=200)
    grid = build_grid(HOKKAIDO, crs="EPSG:32654", resolution=10)
    assert grid.crs.epsg == 32654
    assert 0 <= west - grid.boundingbox.left < 2560
    assert 0 <= grid.boundingbox.top - north < 2560


@pytest.mark.parametrize("crs", ["EPSG:4326", "ESRI:54009", "EPSG:2263"])
def test_a_crs_that_is_not_projected_in_metres_is_refused(crs):
    with pytest.raises(GridMismatchError, match="projected CRS in metres with an EPSG code"):
        build_grid(HOKKAIDO, crs=crs, resolution=10)


def test_a_crs_that_is_none_is_refused():
    with pytest.raises(GridMismatchError, match="'UTM 54' is not a coordinate system"):
        build_grid(HOKKAIDO, crs="UTM 54", resolution=10)


@pytest.mark.parametrize("resolution", [0, -10, float("nan"), float("inf")])
def test_a_resolution_that_is_no_length_is_refused(resolution):
    with pytest.raises(GridMismatchError, match="A resolution must be above 0 m"):
        build_grid(HOKKAIDO, crs="EPSG:32654", resolution=resolution)


def test_an_area_smaller_than_a_pixel_is_refused():
    with pytest.raises(GridMismatchError, match="less than one pixel of 10 m"):
        build_grid(shapely.Point(142, 42).buffer(1e-6), crs="EPSG:32654", resolution=10)


# ---- zones


@given(lon=st.floats(-179.9, 179.9), lat=st.floats(-79.9, 83.9))
def test_the_zone_is_the_one_that_holds_the_centre(lon, lat):
    assume(abs(lat) > 0.05)
    area = shapely.Point(lon, lat).buffer(0.001)
    code = int(utm_of(area).removeprefix("EPSG:"))
    assert code // 100 == (326 if lat > 0 else 327)
    central_meridian = (code % 100) * 6 - 183
    # Norway's and Svalbard's zones are wider
    assert abs(lon - central_meridian) <= (3.01 if lat < 56 else 9.01)


def test_the_southern_hemisphere_has_its_own_zones():
    assert utm_of(shapely.box(-71.9, -41.0, -71.8, -40.9)) == "EPSG:32719"


@pytest.mark.parametrize("lat", [84.5, 89.0, -80.5, -89.0])
def test_beyond_the_ends_of_utm_is_refused(lat):
    with pytest.raises(
        GridMismatchError, match=r"UTM ends at 84 N and 80 S; .* Name a projected CRS"
    ):
        utm_of(shapely.box(10, lat - 0.1, 10.2, lat + 0.1))


def test_both_sides_of_the_180th_meridian_are_two_maps():
    """The centre of such an area would lie at Greenwich."""
    fiji = shapely.MultiPolygon(
        [shapely.box(179.5, -17, 180, -16), shapely.box(-180, -17, -179.5, -16)]
    )
    for refuse in (utm_of, lambda area: build_grid(area, crs="EPSG:32701", resolution=10)):
        with pytest.raises(GridMismatchError, match="one side of the 180th meridian"):
            refuse(fiji)
