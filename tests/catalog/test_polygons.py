"""What every polygon file must be, whoever reads it."""

import json

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from shapely.geometry import LineString, Point, box

from lsbatch.catalog import read_area, read_inventory
from lsbatch.errors import CatalogError

READERS = pytest.mark.parametrize("read", [read_area, read_inventory])


def _frame(*geometries, crs="EPSG:4326"):
    return gpd.GeoDataFrame(
        {"label": [str(i) for i in range(len(geometries))]}, geometry=list(geometries), crs=crs
    )


def _write(frame, path):
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path)
    return path


@READERS
@pytest.mark.parametrize("ending", [".geojson", ".json", ".gpkg", ".shp", ".parquet"])
def test_missing_file_is_named(read, ending, tmp_path):
    with pytest.raises(CatalogError, match=rf"none\{ending} cannot be read: No such file"):
        read(tmp_path / f"none{ending}")


@READERS
def test_unknown_ending_lists_the_known(read, tmp_path):
    with pytest.raises(CatalogError, match=r"ending in \.geojson, .*received .*area\.kml"):
        read(tmp_path / "area.kml")


@READERS
@pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".shp", ".parquet"])
def test_virtual_dataset_under_another_name_is_not_opened(read, ending, tmp_path):
    real = _write(_frame(box(0, 0, 1, 1)), tmp_path / "real.gpkg")
    path = tmp_path / f"trap{ending}"
    path.write_text(
        f'<OGRVRTDataSource><OGRVRTLayer name="real"><SrcDataSource>{real}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )
    with pytest.raises(CatalogError, match="not what its ending says"):
        read(path)


@READERS
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.geojson", b'{"type": "Polygon", "coordinates": [[[1, 1'),
        ("other.json", b'{"a": 1}'),
        ("nan.geojson", b'{"type":"Polygon","coordinates":[[[NaN,1],[2,1],[2,2],[NaN,1]]]}'),
        ("open.geojson", b'{"type":"Polygon","coordinates":[[[1,1],[2,1],[2,2]]]}'),
        ("cut.gpkg", b"SQLite format 3\x00...."),
        ("cut.shp", b"\x00\x00\x27\x0a...."),
        ("cut.parquet", b"PAR1...."),
    ],
)
def test_damaged_file_is_refused(read, name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CatalogError, match=rf"{name} cannot be read as polygons"):
        read(tmp_path / name)


@READERS
def test_table_without_geometry_is_refused(read, tmp_path):
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "plain.parquet")
    with pytest.raises(CatalogError, match="cannot be read as polygons"):
        read(tmp_path / "plain.parquet")
    pyogrio.write_dataframe(pd.DataFrame({"a": [1]}), tmp_path / "plain.gpkg")
    with pytest.raises(CatalogError, match="one layer of polygons; it holds none"):
        read(tmp_path / "plain.gpkg")


@READERS
def test_two_layers_are_not_guessed_between(read, tmp_path):
    path = tmp_path / "two.gpkg"
    for layer in ("before", "after"):
        _frame(box(0, 0, 1, 1)).to_file(path, layer=layer)
    with pytest.raises(CatalogError, match="it holds before, after"):
        read(path)


@READERS
@pytest.mark.parametrize("ending", [".gpkg", ".shp", ".parquet"])
def test_crs_is_required(read, ending, tmp_path):
    path = _write(_frame(box(0, 0, 1, 1), crs=None), tmp_path / f"bare{ending}")
    with pytest.raises(CatalogError, match=r"does not say its coordinate system"):
        read(path)


@READERS
def test_crs_must_be_on_the_earth(read, tmp_path):
    local = (
        'ENGCRS["site",EDATUM["peg"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],UNIT["m",1]]'
    )
    path = _write(_frame(box(0, 0, 1, 1), crs=local), tmp_path / "site.parquet")
    with pytest.raises(CatalogError, match="on the Earth"):
        read(path)


@READERS
def test_points_and_lines_are_refused(read, tmp_path):
    mixed = _frame(box(0, 0, 1, 1), Point(0, 0), LineString([(0, 0), (1, 1)]))
    path = _write(mixed, tmp_path / "mixed.parquet")
    with pytest.raises(CatalogError, match=r"polygons only; it also holds LineString, Point"):
        read(path)


@READERS
def test_swapped_longitude_and_latitude_are_noticed(read, tmp_path):
    swapped = _frame(box(1, 1, 2, 2), shapely.box(42, 141, 43, 142))
    with pytest.raises(CatalogError, match=r"row 2 of .*swapped\?"):
        read(_write(swapped, tmp_path / "swapped.gpkg"))


@READERS
def test_latitude_beyond_the_pole_is_refused(read, tmp_path):
    path = tmp_path / "far.geojson"
    ring = [[200, 80], [201, 80], [201, 95], [200, 80]]
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    with pytest.raises(CatalogError, match=r"row 1 of .*has \(200, 80\)\.$"):
        read(path)


@READERS
def test_nan_corner_is_named(read, tmp_path):
    broken = shapely.Polygon([(0, 0), (1, 0), (float("nan"), 1), (0, 0)])
    path = _write(_frame(box(0, 0, 1, 1), broken), tmp_path / "nan.parquet")
    with pytest.raises(CatalogError, match=r"row 2 of .*has \(nan, 1\)"):
        read(path)


@READERS
def test_rows_are_counted_whatever_the_index(read, tmp_path):
    broken = shapely.box(0, 0, 1, 400)
    frame = _frame(box(0, 0, 1, 1), broken).set_index("label")
    with pytest.raises(CatalogError, match="row 2 of"):
        read(_write(frame, tmp_path / "named.parquet"))
