"""Areas and event lists that are strange, and what a user is told: G1 to G8."""

import csv
import io
import json
import os
import time
import unicodedata

import numpy as np
import pytest
import shapely
import xarray as xr
from odc.geo.geom import Geometry
from pyproj import Geod, Transformer

from lsbatch.catalog import AreaChoice, choose_area, find_event, read_area, read_events
from lsbatch.domain import Status, blocks_of, build_grid, utm_of
from lsbatch.errors import CatalogError, GridMismatchError

GEOD = Geod(ellps="WGS84")
FIJI = [[178.8, -17.4], [-179.7, -17.4], [-179.7, -16.4], [178.8, -16.4], [178.8, -17.4]]


def ground_km2(area):
    parts = shapely.get_parts(shapely.segmentize(area, 0.01))
    return sum(abs(GEOD.geometry_area_perimeter(part)[0]) for part in parts) / 1e6


def polygon(ring):
    return {"type": "Polygon", "coordinates": [ring]}


def square(west, south, east, north):
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def event_file(tmp_path, geometry, name="event.geojson", **properties):
    path = tmp_path / name
    feature = {
        "type": "Feature",
        "properties": {"id": "mine", "time": "2018-09-05T18:07:59Z", **properties},
        "geometry": geometry,
    }
    path.write_text(json.dumps(feature))
    return path


@pytest.fixture
def refused(lsbatch, world, tmp_path):
    """The sentence with which `lsbatch scenes` refuses an event or an area."""

    def refuse(event=None, *words):
        code, _, err = lsbatch(
            "scenes",
            event or world / "events.geojson",
            "--source",
            world / "catalog.json",
            "--detector",
            "ndvi-change",
            *words,
        )
        assert code == 1, err
        assert "Traceback" not in err
        return " ".join(err.split())

    return refuse


# ---- G1: the 180th meridian


def test_g1_area_across_the_180th_meridian_says_which_two_maps_to_make(refused, tmp_path):
    said = refused(event_file(tmp_path, polygon(FIJI)))
    assert "--aoi-side east" in said and "--aoi-side west" in said


def test_g1_two_sides_are_two_grids_without_a_hole_or_an_overlap(tmp_path):
    event = find_event(str(event_file(tmp_path, polygon(FIJI))))
    codes, total = [], 0.0
    for side in ("east", "west"):
        area = choose_area(event, AreaChoice(side=side)).aoi
        codes.append(utm_of(area))
        grid = build_grid(area, crs=codes[-1], resolution=100)
        assert grid.shape.x < 4000, "the grid reaches over one side, not around the Earth"
        total += ground_km2(area)
    assert codes == ["EPSG:32760", "EPSG:32701"]
    drawn = shapely.box(0, -17.4, 1.5, -16.4)
    assert total == pytest.approx(ground_km2(drawn), rel=1e-3)


# ---- G2: poles


@pytest.mark.parametrize("lat", [84.5, -80.5])
def test_g2_area_beyond_utm_asks_for_a_crs(lat):
    with pytest.raises(GridMismatchError, match=r"UTM ends at 84 N and 80 S.*--crs"):
        utm_of(shapely.box(10, lat - 0.1, 10.4, lat + 0.1))


@pytest.mark.parametrize("lat", [95, -91])
def test_g2_latitude_beyond_a_pole_is_refused(refused, tmp_path, lat):
    said = refused(event_file(tmp_path, polygon(square(10, lat - 0.2, 10.4, lat))))
    assert "latitude -90..90" in said


def test_g2_ring_around_a_pole_is_refused(refused, tmp_path):
    ring = [[-170, -60], [-60, -70], [60, -70], [170, -60], [-170, -60]]
    assert "goes around a pole" in refused(event_file(tmp_path, polygon(ring)))


# ---- G3: zones and hemispheres


@pytest.mark.parametrize(
    ("area", "code"),
    [
        (shapely.box(143.6, 42, 144.3, 43), "EPSG:32654"),
        (shapely.box(143.7, 42, 144.4, 43), "EPSG:32655"),
        (shapely.box(119.7, -0.5, 119.9, 0.3), "EPSG:32750"),
        (shapely.box(119.7, -0.3, 119.9, 0.5), "EPSG:32650"),
    ],
)
def test_g3_area_across_zones_or_the_equator_has_the_one_grid_of_its_centre(area, code):
    assert utm_of(area) == code
    assert utm_of(shapely.segmentize(area, 0.01)) == code, "whatever its corners"
    grid = build_grid(area, crs=code, resolution=10)
    assert grid.extent.to_crs("EPSG:4326", resolution=1000).geom.buffer(1e-6).covers(area)
    drawn = Geometry(area, "EPSG:4326").to_crs(code, resolution=0.01).geom.area / 1e6
    assert drawn == pytest.approx(ground_km2(area), rel=3e-3), "true to scale beyond its zone too"


def test_g3_blocks_of_such_a_grid_meet_without_a_seam():
    grid = build_grid(shapely.box(143.9, 42.4, 144.1, 42.5), crs="EPSG:32654", resolution=30)
    owned = np.zeros(grid.shape, int)
    for block in blocks_of(grid, side_px=256, halo=9):
        owned[block.slices] += 1
        y, x = block.slices
        assert block.core.affine * (0, 0) == pytest.approx(grid.affine * (x.start, y.start))
    assert (owned == 1).all()


# ---- G4: tiny


def area_within(world, tmp_path, west, north, width_m, height_m):
    """File with a box, placed so many metres within the corner of the event's area."""
    area = find_event(str(world / "events.geojson")).aoi
    crs = utm_of(area)
    x0, _, _, y1 = Geometry(area, "EPSG:4326").to_crs(crs).geom.bounds
    back = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    box = shapely.box(x0 + west, y1 - north - height_m, x0 + west + width_m, y1 - north)
    ring = [back.transform(*corner) for corner in box.exterior.coords]
    path = tmp_path / "tiny.geojson"
    path.write_text(json.dumps(polygon([list(corner) for corner in ring])))
    return path


def test_g4_area_of_five_metres_is_refused(refused, world, tmp_path):
    said = refused(None, "--aoi", area_within(world, tmp_path, 1500, 1500, 5, 5))
    assert "less than one pixel of 10 m" in said


def test_g4_area_that_only_meets_the_images_at_a_corner_is_refused(refused, world, tmp_path):
    said = refused(None, "--aoi", area_within(world, tmp_path, -60_000, -60_000, 1000, 1000))
    assert "No " in said or "less than one pixel" in said


def test_g4_area_smaller_than_the_halo_is_mapped(lsbatch, world, cluster_address, tmp_path):
    aoi, out = area_within(world, tmp_path, 1500, 1500, 70, 50), tmp_path / "out"
    code, said, err = lsbatch(
        *("map", world / "events.geojson", "--source", world / "catalog.json"),
        *("--detector", "brightness-change", "--cluster", cluster_address),
        *("--aoi", aoi, "--out", out),
    )
    assert code == 0, err
    (product,) = out.glob("events/*/product.zarr")
    status = xr.open_zarr(product)["status"].values
    assert 1 <= np.count_nonzero(status != Status.EXCLUDED) <= 7 * 5 + 12, "flat ground is out too"
    metrics = json.loads((product.parent / "metrics.json").read_text())
    assert metrics["aoi_area_km2"] == pytest.approx(0.07 * 0.05, rel=0.01)
    assert "Area of interest: file tiny.geojson." in " ".join(said.split())


# ---- G5: huge


def test_g5_huge_area_is_refused_at_once_with_its_blocks_and_hours(refused, tmp_path):
    event = event_file(tmp_path, polygon(square(60, 0, 120, 60)))
    started = time.perf_counter()
    said = refused(event)
    assert time.perf_counter() - started < 10
    for word in ("6,679 x 6,634 km", "blocks of 512 pixels", "GB to read", "hours", "--yes"):
        assert word in said


def test_g5_confirmed_huge_area_goes_on_to_the_search(refused, tmp_path):
    event = event_file(tmp_path, polygon(square(60, 0, 120, 60)))
    assert "--yes" not in refused(event, "--yes")


# ---- G6: invalid geometries

RING = square(10, 10, 11, 11)
BAD_AREAS = {
    "bow-tie": (polygon([[10, 10], [11, 11], [11, 10], [10, 11], [10, 10]]), "10.5 10.5"),
    "unclosed": (polygon(RING[:-1]), r"not closed: it begins at \[10, 10\] and ends at \[10, 11\]"),
    "empty": (polygon([]), "empty geometry|not readable"),
    "no rings": ({"type": "Polygon", "coordinates": []}, "empty geometry"),
    "a line": (polygon([[10, 10], [11, 11], [10, 10]]), "not readable|Too few points"),
    "flat": (polygon([[10, 10], [11, 11], [12, 12], [10, 10]]), "not a valid polygon|no extent"),
    "words": (polygon([["x", 10], [11, 10], [11, 11], ["x", 10]]), "not readable GeoJSON"),
    "swapped": (polygon(square(42.5, 141.5, 42.9, 142.3)), "swapped"),
    "metres": (polygon(square(5e5, 4.7e6, 5.1e5, 4.8e6)), "EPSG:4326"),
    "collection": (
        {"type": "GeometryCollection", "geometries": [polygon(RING)]},
        "must be a Polygon or MultiPolygon; received GeometryCollection",
    ),
    "point": ({"type": "Point", "coordinates": [10, 10]}, "received Point"),
    "no type": ({"coordinates": [RING]}, "not readable GeoJSON"),
    "unclosed part": (
        {"type": "MultiPolygon", "coordinates": [[RING], [square(20, 20, 21, 21)[:-1]]]},
        r"begins at \[20, 20\]",
    ),
}


@pytest.mark.parametrize("name", BAD_AREAS)
def test_g6_bad_area_of_an_event_is_refused_and_its_place_named(tmp_path, name):
    geometry, words = BAD_AREAS[name]
    with pytest.raises(CatalogError, match=words):
        find_event(str(event_file(tmp_path, geometry)))


def test_g6_not_a_number_is_refused(tmp_path):
    path = event_file(tmp_path, polygon(RING))
    path.write_text(path.read_text().replace("11", "NaN", 1))
    with pytest.raises(CatalogError, match="NaN is not a JSON number"):
        find_event(str(path))


def test_g6_swap_that_stays_on_the_earth_is_told_by_the_epicentre(refused, tmp_path):
    path = event_file(tmp_path, polygon(square(42, 12, 44, 14)), epicentre=[13.1, 42.9])
    assert "only with longitude and latitude swapped" in refused(path)


def test_g6_coordinates_in_another_crs_are_refused_by_name(tmp_path):
    path = event_file(tmp_path, polygon(RING))
    feature = json.loads(path.read_text())
    for name, known in (("urn:ogc:def:crs:OGC:1.3:CRS84", True), ("EPSG:32654", False)):
        feature["crs"] = {"type": "name", "properties": {"name": name}}
        path.write_text(json.dumps(feature))
        if known:
            assert find_event(str(path)).id == "mine"
        else:
            with pytest.raises(CatalogError, match=r"says that its coordinates are in .*32654"):
                find_event(str(path))


def test_g6_feature_collection_and_third_dimension_are_taken(tmp_path):
    high = [[*corner, 500.0] for corner in RING]
    event = find_event(str(event_file(tmp_path, polygon(high))))
    assert not event.aoi.has_z
    path = tmp_path / "area.geojson"
    for content in (
        polygon(high),
        {"type": "Feature", "properties": {}, "geometry": polygon(RING)},
        {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "properties": {}, "geometry": polygon(RING)}],
        },
    ):
        path.write_text(json.dumps(content))
        assert read_area(path).equals(shapely.box(10, 10, 11, 11))


# ---- G7: event lists

HEAD = "id,time,west,south,east,north,magnitude\n"
ROW = "{id},{time},12.8,42.5,13.4,43.2,6.6\n"


def table(tmp_path, *rows, head=HEAD, mark="", end="\n"):
    path = tmp_path / "list.csv"
    text = head + "".join(ROW.format(**{"id": "a", "time": "2016-10-30", **row}) for row in rows)
    path.write_bytes((mark + text).replace("\n", end).encode())
    return path


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{}, {"id": "b"}, {}], "events 1 and 3 are both 'a'"),
        ([{}, {"id": "b", "time": "2999-01-01"}], "Event 2 of .*'b' lies in the future"),
        ([{}, {"id": "b", "time": "31/12/2016"}], "Row 3: .*'time' as ISO 8601"),
        ([{}, {"id": "b", "time": ""}], "Row 3: .*'time'"),
        ([{}, {"id": "=cmd()"}], "Row 3: its id '=cmd..' begins like a spreadsheet formula"),
    ],
)
def test_g7_bad_row_is_named(lsbatch, tmp_path, rows, words):
    path = table(tmp_path, *rows)
    with pytest.raises(CatalogError, match=words):
        read_events(path)
    code, _, err = lsbatch("events", "list", "--catalog", path)
    assert code == 1 and "Traceback" not in err and "list.csv" in err


def test_g7_missing_column_is_named(tmp_path):
    with pytest.raises(CatalogError, match="lacks the column time"):
        read_events(table(tmp_path, {}, head=HEAD.replace("time", "when")))


def test_g7_byte_order_mark_and_crlf_change_nothing(tmp_path):
    (event,) = read_events(table(tmp_path, {}, mark="\ufeff", end="\r\n"))
    assert (event.id, event.magnitude) == ("a", 6.6)


@pytest.mark.parametrize("year", [1900, 1965])
def test_g7_event_before_any_satellite_is_listed_but_not_mapped(refused, tmp_path, year):
    path = table(tmp_path, {"time": f"{year}-10-30"})
    assert len(read_events(path)) == 1
    assert "no satellite looked before Landsat 1" in refused(path)


def test_g7_future_event_is_refused_in_a_file_of_its_own_too(refused, tmp_path):
    said = refused(event_file(tmp_path, polygon(RING), time="2999-01-01"))
    assert "lies in the future (2999-01-01" in said


def test_g7_event_without_images_after_it_says_so(refused):
    assert "No usable scene after" in refused(None, "--post", "2055-01-01/2055-02-01")


def test_g7_formula_in_an_id_does_not_reach_the_summary():
    import pandas as pd

    from lsbatch.batch.tables import _plain_cell

    text = pd.DataFrame([{"id": "=HYPERLINK(1)", "n": -3, "name": "@x"}]).map(_plain_cell).to_csv()
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["id"], row["n"], row["name"]) == ("'=HYPERLINK(1)", "-3", "'@x")


# ---- G8: ids

IDS = [
    unicodedata.normalize("NFC", "Ōita é"),
    unicodedata.normalize("NFD", "Ōita é"),
    "quake",
    "Quake",
    "QUAKE",
    "🌋",
    "🌋🌋",
    "x" * 300,
    "x" * 299 + "y",
    "two words",
    "two  words",
    "con",
    "CON",
    "nul",
    "com1",
    "lpt9",
    "..",
    "a/b",
    "a\\b",
    "日本",
]


def test_g8_every_id_has_a_folder_of_its_own_and_is_kept_as_it_is(tmp_path):
    features = [
        {
            "type": "Feature",
            "properties": {"id": event_id, "time": "2018-09-05"},
            "geometry": polygon(RING),
        }
        for event_id in IDS
    ]
    path = tmp_path / "all.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    events = read_events(path)
    assert [event.id for event in events] == IDS
    slugs = [event.slug for event in events]
    assert len({slug.casefold() for slug in slugs}) == len(IDS), "on a case-blind disk too"
    for slug in slugs:
        os.mkdir(tmp_path / slug)
        assert slug.isascii() and len(slug) <= 80
        assert slug.split(".")[0] not in {"con", "prn", "aux", "nul", "com1", "lpt9"}
    assert [find_event(event_id, path).slug for event_id in IDS if "json" not in event_id] == slugs


def test_g8_id_that_is_another_ones_folder_is_refused(tmp_path):
    other = find_event(str(event_file(tmp_path, polygon(RING), id="Quake"))).slug
    features = [
        json.loads(event_file(tmp_path, polygon(RING), id=event_id).read_text())
        for event_id in ("Quake", other)
    ]
    path = tmp_path / "twins.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    with pytest.raises(CatalogError, match=r"and a folder; in .* features 1 and 2 are 'Quake' and"):
        read_events(path)
