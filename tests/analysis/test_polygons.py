"""Landslides as polygons with their measures."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
import xarray as xr
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from lsbatch.analysis import find_landslides
from lsbatch.errors import ContractError
from lsbatch.kernels import aspect, slope

COLUMNS = [
    "id",
    "event_id",
    "area_m2",
    "perimeter_m",
    "length_m",
    "width_m",
    "score_mean",
    "score_max",
    "slope_mean_deg",
    "aspect_deg",
    "relief_m",
    "crown",
    "toe",
    "pre_delay_days",
    "post_delay_days",
    "geometry",
]


def hills(geobox):
    """A smooth invented elevation, a function of place only, with a hole."""
    x, y = np.meshgrid(*(geobox.coordinates[axis].values for axis in ("x", "y")))
    z = 300 + 40 * np.sin(x / 70) + 25 * np.cos(y / 50) + 0.3 * (x - 600_000)
    z[(x > 600_200) & (x < 600_260)] = np.nan
    return z.astype(np.float32)


def patches(seed, side=60, share=0.8):
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal((side, side)), 1.5)
    return noise > np.quantile(noise, share)


def find(product, **options):
    settings = {"event_id": "quake", "min_area_m2": 0.0, "terrain": hills} | options
    return find_landslides(product, **settings)


def test_a_rectangle_on_a_plane_has_the_measures_one_would_write_down(build_product):
    raster, score, delay = np.zeros((12, 15)), np.full((12, 15), 0.1), np.full((12, 15), 3)
    raster[3:6, 4:10] = 1
    score[3:6, 4:10] = 0.6
    score[4, 5], delay[5, 9] = 0.9, 17
    product = build_product(raster, score=score, pre_delay=delay, post_delay=-np.ones((12, 15)))

    def falling_east(geobox):
        x = geobox.coordinates["x"].values
        return np.tile((600_000 - x) * 0.5, (geobox.shape.y, 1)).astype(np.float32)

    (row,) = find(product, terrain=falling_east).to_dict("records")
    assert row["id"] == "quake-00001"
    assert row["event_id"] == "quake"
    assert (row["area_m2"], row["perimeter_m"]) == (1800.0, 180.0)
    assert (row["length_m"], row["width_m"]) == (60.0, 30.0)
    assert row["score_mean"] == pytest.approx((17 * 0.6 + 0.9) / 18, abs=1e-6)
    assert row["score_max"] == pytest.approx(0.9, abs=1e-6)
    assert row["slope_mean_deg"] == pytest.approx(np.degrees(np.arctan(0.5)), abs=1e-3)
    assert row["aspect_deg"] == 90.0
    assert row["relief_m"] == 25.0
    assert row["crown"].equals(shapely.Point(600_045, 4_700_125))
    assert row["toe"].equals(shapely.Point(600_095, 4_700_125))
    assert row["pre_delay_days"] == 17
    assert row["geometry"].equals(shapely.box(600_040, 4_700_100, 600_100, 4_700_130))
    assert gpd.pd.isna(row["post_delay_days"])


@given(seed=st.integers(0, 99), sides=st.lists(st.integers(5, 61), min_size=2, max_size=2))
def test_neither_polygons_nor_measures_depend_on_the_windows(seed, sides, build_product):
    score = np.random.default_rng(seed).random((60, 60))
    product = build_product(patches(seed), score=score)
    one, other = (find(product, side_px=side) for side in sides)
    assert_geodataframe_equal(one, other)
    assert one.geometry.is_valid.all()


def test_measures_equal_those_of_each_polygon_alone(build_product):
    score = np.random.default_rng(5).random((60, 60)).astype(np.float32)
    product = build_product(patches(5), score=score)
    dem = hills(product.odc.geobox.pad(1))
    slope_deg, aspect_deg = slope(dem, 10.0)[1:-1, 1:-1], aspect(dem, 10.0)[1:-1, 1:-1]
    x, y = np.meshgrid(product.x.values, product.y.values)
    for row in find(product).itertuples():
        own = shapely.contains_xy(row.geometry, x, y)
        assert row.score_mean == pytest.approx(score[own].mean(dtype=float), abs=1e-6)
        assert row.score_max == pytest.approx(score[own].max(), abs=1e-6)
        steep, facing = slope_deg[own], np.radians(aspect_deg[own])
        if np.isnan(steep).all():
            assert np.isnan(row.slope_mean_deg)
            assert np.isnan(row.aspect_deg)
        else:
            assert row.slope_mean_deg == pytest.approx(np.nanmean(steep), abs=1e-3)
            pull = np.nansum(steep * np.exp(1j * facing))
            assert np.exp(1j * np.radians(row.aspect_deg)) == pytest.approx(
                pull / abs(pull), abs=1e-4
            )
        ground = dem[1:-1, 1:-1][own]
        if np.isnan(ground).all():
            assert row.crown is None and np.isnan(row.relief_m)
        else:
            assert row.relief_m == pytest.approx(np.nanmax(ground) - np.nanmin(ground), abs=1e-3)
            assert shapely.intersects(row.geometry, row.crown)


def test_rows_run_from_north_to_south_and_small_ones_are_left_out(build_product):
    found = find(build_product(patches(1)), min_area_m2=500.0)
    everything = find(build_product(patches(1)))
    assert (found.area_m2 >= 500).all()
    assert len(found) == (everything.area_m2 >= 500).sum() < len(everything)
    assert found.bounds.maxy.is_monotonic_decreasing
    assert list(found.id) == [f"quake-{n + 1:05d}" for n in range(len(found))]
    assert (found.length_m >= found.width_m).all()
    assert found.geometry.exterior.is_ccw.all()


def test_geoparquet_brings_everything_back(build_product, tmp_path):
    found = find(build_product(patches(2)))
    assert found.crown.isna().any() and found.crown.notna().any()
    found.to_parquet(tmp_path / "landslides.parquet")
    back = gpd.read_parquet(tmp_path / "landslides.parquet")
    assert_geodataframe_equal(back, found)
    assert list(back.columns) == COLUMNS
    assert back.geometry.name == "geometry"
    assert back.crs == back.crown.crs == back.toe.crs == "EPSG:32654"


@pytest.mark.parametrize("raster", [np.zeros((5, 7)), np.full((5, 7), 255)])
def test_without_landslides_columns_and_dtypes_are_the_same(raster, build_product, tmp_path):
    none, some = find(build_product(raster)), find(build_product(patches(3)))
    assert len(none) == 0
    assert none.dtypes.equals(some.dtypes)
    assert none.crs == none.crown.crs == "EPSG:32654"
    none.to_parquet(tmp_path / "none.parquet")
    assert_geodataframe_equal(gpd.read_parquet(tmp_path / "none.parquet"), none)


def test_without_terrain_its_measures_are_null(build_product):
    no_data = find(build_product(patches(3)), terrain=lambda box: np.full(box.shape, np.nan, "f4"))
    found = find(build_product(patches(3)), terrain=None)
    assert_geodataframe_equal(found, no_data)
    unknown = ["slope_mean_deg", "aspect_deg", "relief_m", "crown", "toe"]
    assert found[unknown].isna().all(axis=None)
    assert found["score_mean"].notna().all()


def test_flat_ground_has_no_aspect(build_product):
    found = find(build_product(patches(3)), terrain=lambda box: np.zeros(box.shape, np.float32))
    assert found["aspect_deg"].isna().all()
    assert (found["slope_mean_deg"] == 0).all()


def test_terrain_of_another_shape_is_refused(build_product):
    with pytest.raises(ContractError, match="must have that shape"):
        find(build_product(patches(3)), terrain=lambda box: np.zeros((3, 3), np.float32))


def test_a_stored_product_gives_the_same_landslides(build_product, tmp_path):
    product = build_product(patches(4))
    product.to_zarr(tmp_path / "product.zarr", zarr_format=3, consolidated=False)
    stored = xr.open_zarr(
        tmp_path / "product.zarr",
        chunks=None,
        decode_coords="all",
        mask_and_scale=False,
        consolidated=False,
    )
    assert_geodataframe_equal(find(stored), find(product))


def test_no_read_is_larger_than_a_window(build_product, watch):
    raster = np.zeros((100, 100))
    raster[5:8, 5:8] = raster[38:42, 58:63] = raster[90:95, 90:95] = 1
    product, reads = watch(build_product(raster))
    assert len(find(product, side_px=20)) == 3
    assert max(reads) == 20 * 20
