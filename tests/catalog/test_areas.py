"""Areas of interest from files."""

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import box

from lsbatch.catalog import read_area
from lsbatch.errors import CatalogError

UTM = "EPSG:32654"
BOW_TIE = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])


def _save(tmp_path, name, *polygons, crs="EPSG:4326"):
    path = tmp_path / name
    frame = gpd.GeoDataFrame(geometry=list(polygons), crs=crs)
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path)
    return path


@pytest.mark.parametrize("name", ["a.geojson", "a.json", "a.gpkg", "a.shp", "a.parquet"])
def test_every_format_gives_the_same_area(tmp_path, name):
    if name == "a.json":
        (tmp_path / name).write_text(json.dumps(shapely.geometry.mapping(box(141, 42, 142, 43))))
    else:
        _save(tmp_path, name, box(141, 42, 142, 43))
    assert read_area(tmp_path / name).equals(box(141, 42, 142, 43))


def test_polygons_are_united(tmp_path):
    path = _save(tmp_path, "two.gpkg", box(0, 0, 2, 1), box(1, 0, 3, 1), box(5, 5, 6, 6))
    area = read_area(path)
    assert area.geom_type == "MultiPolygon"
    assert area.equals(shapely.MultiPolygon([box(0, 0, 3, 1), box(5, 5, 6, 6)]))


def test_height_is_left_out(tmp_path):
    path = _save(tmp_path, "high.gpkg", shapely.force_3d(box(0, 0, 1, 1), 500.0))
    assert not read_area(path).has_z


def test_long_projected_edges_stay_on_their_line(tmp_path):
    square = box(400_000, 4_650_000, 500_000, 4_750_000)
    area = read_area(_save(tmp_path, "utm.gpkg", square, crs=UTM))
    back = Transformer.from_crs("EPSG:4326", UTM, always_xy=True).transform
    # points half-way between corners, where a straight lon-lat edge would be 100 m off
    lon, lat = shapely.get_coordinates(shapely.segmentize(area, 0.003)).T
    there = shapely.points(np.column_stack(back(lon, lat)))
    assert shapely.distance(there, square.exterior).max() < 0.05


def test_geojson_crs_member_is_heeded(tmp_path):
    path = _save(tmp_path, "utm.geojson", box(400_000, 4_650_000, 401_000, 4_651_000), crs=UTM)
    assert '"crs"' in path.read_text()
    assert read_area(path).bounds == pytest.approx((139.79, 42.0, 139.81, 42.01), abs=0.02)


def test_empty_rows_are_passed_over(tmp_path):
    path = _save(tmp_path, "gap.parquet", None, shapely.Polygon(), box(0, 0, 1, 1))
    assert read_area(path).equals(box(0, 0, 1, 1))


def test_file_without_polygons_is_refused(tmp_path):
    path = tmp_path / "none.geojson"
    path.write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(CatalogError, match=r"at least one polygon; .*none\.geojson"):
        read_area(path)
    with pytest.raises(CatalogError, match="at least one polygon"):
        read_area(_save(tmp_path, "none.parquet", None, shapely.Polygon()))


def test_bow_tie_is_refused_where_it_crosses(tmp_path):
    path = _save(tmp_path, "tie.parquet", None, box(0, 0, 1, 1), BOW_TIE)
    with pytest.raises(CatalogError, match=r"Row 3 of .*Self-intersection\[0\.5 0\.5\]"):
        read_area(path)


def test_coordinates_outside_the_projection_are_refused(tmp_path):
    path = _save(tmp_path, "far.gpkg", box(1e9, 1e9, 2e9, 2e9), crs="EPSG:32654")
    with pytest.raises(CatalogError, match=r"beyond the part of the Earth"):
        read_area(path)


def test_area_across_the_180th_meridian_is_cut_there(tmp_path):
    wrapped = shapely.Polygon([(179, -17), (-179, -17), (-179, -16), (179, -16)])
    halves = box(179, -17, 180, -16), box(-180, -17, -179, -16)
    for path in (_save(tmp_path, "fiji.gpkg", wrapped), _save(tmp_path, "cut.gpkg", *halves)):
        assert read_area(path).equals(shapely.MultiPolygon(halves))


def test_projected_area_across_the_180th_meridian_is_cut_there(tmp_path):
    square = box(800_000, 8_100_000, 900_000, 8_200_000)  # zone 60 south, from 179.8 east on
    area = read_area(_save(tmp_path, "fiji.gpkg", square, crs="EPSG:32760"))
    assert area.bounds[0] == -180 and area.bounds[2] == 180
    assert 0.8 < area.area < 1.0


def test_ring_around_a_pole_is_refused(tmp_path):
    cap = shapely.Polygon([(-170, -60), (-60, -70), (60, -70), (170, -60)])
    with pytest.raises(CatalogError, match="goes around a pole"):
        read_area(_save(tmp_path, "cap.gpkg", cap))
