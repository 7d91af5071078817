"""ShakeMap grids: the real one of Loma Prieta, and files that are none."""

from datetime import UTC, datetime

import numpy as np
import pytest
import shapely

from lsbatch.catalog.shakemap import read_shakemap, shaken_area
from lsbatch.errors import CatalogError

HEAD = '<?xml version="1.0"?>\n'
GRID = """<shakemap_grid xmlns="http://earthquake.usgs.gov/eqcenter/shakemap">
<event event_timestamp="{time}" />
<grid_specification nlon="{nlon}" nlat="{nlat}" />
<grid_field index="1" name="LON" units="dd" /><grid_field index="2" name="LAT" units="dd" />
<grid_field index="3" name="MMI" units="{units}" />
<grid_data>
{numbers}
</grid_data></shakemap_grid>"""


def rows(values, *, west=10.0, north=46.0, dx=0.5, dy=0.25):
    values = np.asarray(values)
    return "\n".join(
        f"{west + dx * x} {north - dy * y} {values[y, x]}"
        for y in range(values.shape[0])
        for x in range(values.shape[1])
    )


HILL = [[4, 4, 4, 4], [4, 8, 4, 4], [4, 4, 4, 4]]


def written(tmp_path, values=HILL, *, head=HEAD, name="grid.xml", **changes):
    shape = np.shape(values)
    said = {
        "time": "2016-10-30T06:40:17Z",
        "nlon": shape[1],
        "nlat": shape[0],
        "units": "intensity",
        "numbers": rows(values),
    }
    path = tmp_path / name
    path.write_text(head + GRID.format(**{**said, **changes}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def loma_prieta(shared_data):
    return read_shakemap(shared_data / "shakemap-loma-prieta" / "grid.xml")


def test_real_grid_has_its_nodes_spacing_and_time(loma_prieta):
    assert loma_prieta.time == datetime(1989, 10, 18, 0, 4, 15, tzinfo=UTC)
    assert (loma_prieta.lon.size, loma_prieta.lat.size) == (241, 193)
    assert (loma_prieta.lon[0], loma_prieta.lon[-1]) == (-125.38, -119.38)
    assert (loma_prieta.lat[0], loma_prieta.lat[-1]) == (39.434, 34.646)
    assert np.diff(loma_prieta.lon).mean() == pytest.approx(0.025, abs=1e-6)
    assert -np.diff(loma_prieta.lat).mean() == pytest.approx(0.024938, abs=1e-6)
    assert set(loma_prieta.layers) == {"PGA", "PGV", "MMI"}
    assert loma_prieta.layers["MMI"][0, 0] == 3.61


@pytest.mark.parametrize(("measure", "level"), [("mmi", 6), ("MMI", 7.5), ("pga", 20), ("pgv", 15)])
def test_real_contour_holds_the_nodes_above_and_no_others(loma_prieta, measure, level):
    area, cut_off = shaken_area(loma_prieta, measure, level)
    x, y = np.meshgrid(loma_prieta.lon, loma_prieta.lat)
    nodes = shapely.points(x.ravel(), y.ravel())
    values = loma_prieta.layers[measure.upper()].ravel()
    shapely.prepare(area)
    inside = shapely.intersects(area, nodes)
    assert inside[values > level].all() and not inside[values < level - 1e-9].any()
    assert area.is_valid and not cut_off
    assert inside.sum() > 100


def test_real_contours_lie_within_each_other_about_the_epicentre(loma_prieta):
    areas = [shaken_area(loma_prieta, "mmi", level)[0] for level in (5, 6, 7)]
    assert areas[0].area > areas[1].area > areas[2].area
    assert areas[0].buffer(1e-6).contains(areas[1])
    assert areas[1].distance(shapely.Point(-121.88, 37.04)) < 0.2
    assert shaken_area(loma_prieta, "mmi", 3)[1], "so weak a shaking goes on beyond the map"


def test_small_grid_and_its_other_time_stamp_are_read(shared_data):
    small = read_shakemap(shared_data / "shakemap-loma-prieta" / "grid_small.xml")
    assert small.time == datetime(1989, 10, 18, 0, 4, 15, tzinfo=UTC)
    assert (small.lon.size, small.lat.size) == (49, 29)
    assert shaken_area(small, "mmi", 7)[0].area > 0


def test_file_of_uncertainties_has_no_shaking(shared_data):
    uncertainty = read_shakemap(shared_data / "shakemap-loma-prieta" / "uncertainty.xml")
    with pytest.raises(CatalogError, match="has no MMI; it holds none"):
        shaken_area(uncertainty, "mmi", 6)


@pytest.mark.parametrize(
    "time",
    [
        "2016-10-30T06:40:17Z",
        "2016-10-30T06:40:17UTC",
        "2016-10-30T06:40:17",
        "2016-10-30T06:40:17.00Z",
        "2016-10-30T07:40:17+01:00",
        "2016-10-30 06:40:17 GMT",
    ],
)
def test_times_are_written_in_several_ways(tmp_path, time):
    found = read_shakemap(written(tmp_path, time=time)).time
    assert found == datetime(2016, 10, 30, 6, 40, 17, tzinfo=UTC)


def test_time_that_nobody_can_read_is_not_known(tmp_path):
    assert read_shakemap(written(tmp_path, time="")).time is None
    assert read_shakemap(written(tmp_path, time="yesterday")).time is None


def test_contour_between_nodes_is_linear_in_both_spacings(tmp_path):
    """Nodes, not cells: the peak stands at (10.5, 45.75), with 0.5 and 0.25 degrees about it."""
    area, cut_off = shaken_area(read_shakemap(written(tmp_path)), "mmi", 6)
    assert not cut_off
    assert area.bounds == pytest.approx((10.25, 45.625, 10.75, 45.875))
    assert area.centroid.coords[0] == pytest.approx((10.5, 45.75))


def test_hole_in_the_shaking_is_a_hole(tmp_path):
    ring = np.full((5, 5), 8.0)
    ring[2, 2], ring[[0, -1]], ring[:, [0, -1]] = 4, 4, 4
    area, _ = shaken_area(read_shakemap(written(tmp_path, ring)), "mmi", 6)
    assert len(area.interiors) == 1 and not area.contains(shapely.Point(11, 45.5))


@pytest.mark.parametrize("again", [False, True])
def test_grid_across_the_180th_meridian_gives_both_sides(tmp_path, again):
    """The peak stands at 180.0, with nodes at 179.5 and at 180.5 or -179.5."""
    numbers = rows(HILL, west=179.5)
    if again:
        numbers = numbers.replace("180.5 ", "-179.5 ").replace("181.0 ", "-179.0 ")
    area, _ = shaken_area(read_shakemap(written(tmp_path, numbers=numbers)), "mmi", 6)
    west, east = sorted(area.geoms, key=lambda part: part.bounds[0])
    assert west.bounds == pytest.approx((-180, 45.625, -179.75, 45.875))
    assert east.bounds == pytest.approx((179.75, 45.625, 180, 45.875))


def test_contour_at_the_edge_says_so(tmp_path):
    area, cut_off = shaken_area(
        read_shakemap(written(tmp_path, [[8, 8, 4], [8, 8, 4], [4, 4, 4]])), "mmi", 6
    )
    assert cut_off and area.bounds[0] == 10 and area.bounds[3] == 46


def test_level_that_no_node_reaches_names_the_peak(tmp_path):
    with pytest.raises(CatalogError, match=r"No place in .* MMI 9\. The strongest .* MMI 8\."):
        shaken_area(read_shakemap(written(tmp_path)), "mmi", 9)


BOMB = '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]>'
FETCH = '<?xml version="1.0"?><!DOCTYPE g SYSTEM "file:///etc/passwd">'


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"head": BOMB}, "declares a document type"),
        ({"head": FETCH}, "declares a document type"),
        ({"numbers": "&xxe;"}, "not readable as XML: undefined entity"),
        ({"numbers": "10 46 &lt;"}, "not a sound ShakeMap grid: could not convert"),
        ({"numbers": "10 46 5"}, "4 x 3 nodes of 3 fields are not 3 numbers"),
        ({"nlon": "many"}, "not a sound ShakeMap grid: invalid literal"),
        ({"nlon": "1", "nlat": "1"}, "1 x 1 nodes"),
        ({"units": "ln(intensity)"}, r"its MMI is in 'ln\(intensity\)', not in intensity"),
        ({"numbers": rows(HILL).replace(" 8", " nan")}, "its MMI is not a finite number"),
        ({"numbers": rows(HILL, dx=-0.5)}, "do not run from west to east"),
        ({"numbers": rows(HILL, dy=-0.25)}, "do not run from west to east"),
        ({"numbers": rows(HILL).replace("10.5 45.75", "10.6 45.75")}, "do not run from west"),
        ({"head": "<wrong>"}, "not readable as XML"),
    ],
)
def test_file_that_is_no_grid_is_refused(tmp_path, changes, reason):
    with pytest.raises(CatalogError, match=rf"grid\.xml.*{reason}"):
        read_shakemap(written(tmp_path, **changes))


def test_other_xml_is_refused(tmp_path):
    path = tmp_path / "grid.xml"
    path.write_text("<a><b/></a>")
    with pytest.raises(CatalogError, match="no grid_specification and grid_field"):
        read_shakemap(path)
    path.write_text(
        '<g><grid_specification nlon="2" nlat="2"/><grid_field name="MMI" units=""/>'
        "<grid_data>1 2 3 4</grid_data></g>"
    )
    with pytest.raises(CatalogError, match="no LON and LAT"):
        read_shakemap(path)


def test_missing_or_huge_file_is_refused(tmp_path, monkeypatch):
    with pytest.raises(CatalogError, match=r"none\.xml cannot be read: No such file"):
        read_shakemap(tmp_path / "none.xml")
    monkeypatch.setattr("lsbatch.catalog.shakemap._MOST_BYTES", 100)
    with pytest.raises(CatalogError, match="larger than 0 MB"):
        read_shakemap(written(tmp_path))
