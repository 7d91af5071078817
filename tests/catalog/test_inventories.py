"""Inventories: read, repaired, and burnt into labels that no window changes."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from shapely.geometry import box

from lsbatch.catalog import rasterise, read_inventory
from lsbatch.errors import CatalogError, GridMismatchError

UTM = "EPSG:32643"
BOW_TIE = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
SPIKE = shapely.Polygon([(0, 0), (1, 0), (0, 0)])


def _inventory(*polygons, crs=UTM):
    return gpd.GeoDataFrame(
        {"year": [2005 + i for i in range(len(polygons))]}, geometry=list(polygons), crs=crs
    )


def _grid(*, side_px=64, pixel=10.0, left=700_000.0, bottom=3_800_000.0, crs=UTM):
    extent = (left, bottom, left + side_px * pixel, bottom + side_px * pixel)
    return GeoBox.from_bbox(extent, crs=crs, resolution=pixel, tight=True)


def test_invalid_polygons_are_repaired_and_counted(tmp_path):
    _inventory(box(3, 3, 4, 4), BOW_TIE, SPIKE, None, shapely.Polygon()).to_parquet(
        tmp_path / "i.parquet"
    )
    inventory = read_inventory(tmp_path / "i.parquet")
    assert inventory.attrs == {"repaired": 1, "dropped": 3}
    assert inventory.geometry.is_valid.all()
    assert inventory.geometry.area.tolist() == [1.0, 0.5]
    assert inventory["year"].tolist() == [2005, 2006]
    assert inventory.crs == UTM


def test_named_index_is_kept_as_a_column(tmp_path):
    _inventory(box(0, 0, 1, 1)).set_index("year").to_parquet(tmp_path / "i.parquet")
    assert read_inventory(tmp_path / "i.parquet")["year"].tolist() == [2005]


def test_inventory_without_any_area_is_refused(tmp_path):
    _inventory(SPIKE, None).to_parquet(tmp_path / "i.parquet")
    with pytest.raises(CatalogError, match=r"polygons with an area; none of the 2 in .*i\.parquet"):
        read_inventory(tmp_path / "i.parquet")


def test_an_empty_inventory_says_that_there_was_no_landslide(tmp_path):
    _inventory(box(0, 0, 1, 1)).iloc[:0].to_parquet(tmp_path / "i.parquet")
    inventory = read_inventory(tmp_path / "i.parquet")
    assert inventory.empty and inventory.crs == UTM


def test_pixel_centre_decides():
    grid = _grid(side_px=4)
    # covers the centre of the pixel in row 1, column 2, and corners of its neighbours
    slide = box(700_024, 3_800_024, 700_032, 3_800_032)
    labels = rasterise(_inventory(slide), grid)
    assert labels.dtype == np.uint8 and labels.shape == (4, 4)
    assert np.argwhere(labels).tolist() == [[1, 2]]
    touched = rasterise(_inventory(slide), grid, all_touched=True)
    assert np.argwhere(touched).tolist() == [[0, 2], [0, 3], [1, 2], [1, 3]]


def test_aligned_polygon_covers_its_pixels_exactly():
    labels = rasterise(_inventory(box(700_010, 3_800_000, 700_030, 3_800_040)), _grid(side_px=4))
    np.testing.assert_array_equal(labels, np.tile(np.uint8([0, 1, 1, 0]), (4, 1)))


def test_labels_equal_point_in_polygon():
    rng = np.random.default_rng(7)
    grid = _grid()
    corners = rng.uniform((700_000, 3_800_000), (700_640, 3_800_640), (6, 3, 2))
    slides = [shapely.Polygon(triangle) for triangle in corners]
    x, y = np.meshgrid(grid.coords["x"].values, grid.coords["y"].values)
    expected = shapely.contains_xy(shapely.union_all(slides), x, y)
    np.testing.assert_array_equal(rasterise(_inventory(*slides), grid), expected)


def test_holes_stay_open():
    ring = box(700_000, 3_800_000, 700_640, 3_800_640) - box(700_200, 3_800_200, 700_300, 3_800_300)
    assert (rasterise(_inventory(ring), _grid()) == 0).sum() == 100


def test_labels_are_reprojected():
    grid = _grid()
    slides = _inventory(box(700_100, 3_800_100, 700_300, 3_800_200))
    labels = rasterise(slides.to_crs("EPSG:4326"), grid)
    np.testing.assert_array_equal(labels, rasterise(slides, grid))


def test_polygons_elsewhere_leave_no_label():
    half_the_globe = shapely.Polygon([(70, 30), (165, 0), (70, 40)])
    far = _inventory(
        box(-179, -89, -178, -88), box(10, 10, 11, 11), half_the_globe, crs="EPSG:4326"
    )
    assert not np.isfinite(far.to_crs(UTM).bounds.values).all()
    assert not rasterise(far, _grid()).any()
    assert not rasterise(_inventory(), _grid()).any()


def test_crs_is_needed_on_both_sides():
    slides = _inventory(box(0, 0, 1, 1))
    with pytest.raises(GridMismatchError, match="the inventory has none"):
        rasterise(slides.set_crs(None, allow_override=True), _grid())
    with pytest.raises(GridMismatchError, match="the grid has none"):
        rasterise(slides, GeoBox((4, 4), _grid().affine, None))


def _window(draw, side_px):
    start = draw(st.integers(0, side_px - 1))
    return slice(start, draw(st.integers(start + 1, side_px)))


@settings(max_examples=150)
@given(st.data())
def test_window_equals_window_of_the_whole(data):
    pixel, left, bottom, crs = data.draw(
        st.sampled_from(
            [
                (10.0, 700_000.0, 3_800_000.0, UTM),
                (28.55492349, 700_011.3, 3_800_007.7, UTM),
                (8.983e-05, 73.41, 34.37, "EPSG:4326"),
            ]
        )
    )
    grid = _grid(pixel=pixel, left=left, bottom=bottom, crs=crs)
    # corners on pixel edges and centres: the ties that rounding would decide
    corner = st.tuples(st.integers(-20, 150), st.integers(-20, 150))
    triangles = data.draw(
        st.lists(st.lists(corner, min_size=3, max_size=3), min_size=1, max_size=8)
    )
    a = grid.affine
    slides = _inventory(
        *(
            shapely.Polygon([(a.c + a.a * i / 2, a.f + a.e * j / 2) for i, j in triangle])
            for triangle in triangles
        ),
        crs=crs,
    )
    window = _window(data.draw, 64), _window(data.draw, 64)
    all_touched = data.draw(st.booleans())
    np.testing.assert_array_equal(
        rasterise(slides, grid[window], all_touched=all_touched),
        rasterise(slides, grid, all_touched=all_touched)[window],
    )


@pytest.mark.real
def test_kashmir_inventory_loads_and_rasterises(shared_data):
    inventory = read_inventory(shared_data / "kashmir-2005" / "landslides.parquet")
    assert len(inventory) == 3819
    assert inventory.attrs == {"repaired": 0, "dropped": 0}
    assert {"source", "shape_area_m2", "Year_obs"} <= set(inventory.columns)
    grid = GeoBox.from_bbox(tuple(inventory.total_bounds), crs=UTM, resolution=10)
    labels = rasterise(inventory, grid)
    mapped_m2 = inventory.union_all().area
    assert labels.sum() * 100 == pytest.approx(mapped_m2, rel=0.002)
    window = np.s_[500:1100, 700:1700]
    np.testing.assert_array_equal(rasterise(inventory, grid[window]), labels[window])
