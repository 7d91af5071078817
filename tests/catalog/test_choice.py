"""Which area of an event is mapped."""

import math
from datetime import UTC, datetime

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod

from lsbatch.catalog import AreaChoice, choose_area, find_event
from lsbatch.catalog.choice import circle_about
from lsbatch.domain import Event
from lsbatch.errors import CatalogError

GEOD = Geod(ellps="WGS84")


def event(**changes):
    said = {
        "id": "loma-prieta",
        "time": datetime(1989, 10, 18, 0, 4, 15, tzinfo=UTC),
        "aoi": shapely.box(-122.3, 36.7, -121.4, 37.4),
        "magnitude": 6.9,
        "epicentre": (-121.88, 37.04),
        "facts": {"depth_km": 17.2, "mechanism": "strike-slip"},
    }
    return Event(**{**said, **changes})


@pytest.fixture
def grid(shared_data):
    return shared_data / "shakemap-loma-prieta" / "grid.xml"


def refused(match, choice, **changes):
    with pytest.raises(CatalogError, match=match):
        choose_area(event(**changes), choice)


def test_without_a_choice_the_event_stays_as_it_is():
    assert choose_area(event(), AreaChoice()) == event()


def test_file_takes_the_place_of_the_box(tmp_path):
    path = tmp_path / "valley.gpkg"
    square = shapely.box(600_000, 4_090_000, 610_000, 4_100_000)
    gpd.GeoDataFrame(geometry=[square], crs="EPSG:32610").to_file(path)
    chosen = choose_area(event(), AreaChoice(path=path))
    assert chosen.aoi.bounds == pytest.approx((-121.88, 36.95, -121.76, 37.04), abs=0.02)
    assert chosen.facts["aoi_source"] == "file valley.gpkg"
    assert chosen.facts["depth_km"] == 17.2


# ---- ShakeMap


@pytest.mark.parametrize(
    ("level", "words"), [("mmi=6.5", "mmi >= 6.5"), (" PGA = 30 ", "pga >= 30")]
)
def test_shakemap_gives_its_contour_and_the_level_stands_in_the_event(grid, level, words):
    chosen = choose_area(event(), AreaChoice(path=grid, level=level, land=False))
    assert chosen.facts["aoi_source"] == f"ShakeMap grid.xml, {words}"
    assert chosen.aoi.distance(shapely.Point(event().epicentre)) < 0.2
    assert chosen.aoi.bounds != event().aoi.bounds
    assert Event.from_feature(chosen.to_feature()) == chosen


def test_open_sea_is_left_out_of_a_contour_and_said(grid):
    whole = choose_area(event(), AreaChoice(path=grid, level="mmi=5", land=False))
    chosen = choose_area(event(), AreaChoice(path=grid, level="mmi=5"))
    assert chosen.aoi.area < whole.aoi.area and whole.aoi.buffer(1e-9).contains(chosen.aoi)
    assert "without the sea further than 60 km" in chosen.facts["aoi_source"]
    assert "sea" not in whole.facts["aoi_source"]


def test_contour_cut_off_by_the_map_says_so(grid):
    chosen = choose_area(event(), AreaChoice(path=grid, level="mmi=3", land=False))
    assert chosen.facts["aoi_source"].endswith("cut off by the edge of the ShakeMap")


def test_shakemap_without_a_level_names_what_it_holds(grid):
    refused(r"--aoi-level, such as mmi=6\. The strongest .*PGA .* % g.*MMI", AreaChoice(path=grid))


@pytest.mark.parametrize("level", ["6", "mmi", "mmi=", "mmi=strong", "sa=3", "mmi=-1", "pga=nan"])
def test_level_that_is_none_is_refused(grid, level):
    refused("written pga=VALUE", AreaChoice(path=grid, level=level))


def test_shakemap_of_another_earthquake_is_refused(grid):
    later = datetime(1989, 10, 19, tzinfo=UTC)
    refused("earthquake of 1989-10-18 00:04 UTC", AreaChoice(path=grid, level="mmi=6"), time=later)


def test_level_without_a_shakemap_is_refused(tmp_path):
    refused("name its grid.xml with --aoi", AreaChoice(level="mmi=6"))
    refused("grid.xml", AreaChoice(path=tmp_path / "a.gpkg", level="mmi=6"))


# ---- radius


def test_radius_is_that_far_on_the_ground():
    chosen = choose_area(event(), AreaChoice(radius=30.0, land=False))
    lon, lat = shapely.get_coordinates(chosen.aoi).T
    start = np.full((2, lon.size), np.array(event().epicentre)[:, None])
    _, _, metres = GEOD.inv(*start, lon, lat)
    np.testing.assert_allclose(metres, 30_000, rtol=1e-6)
    assert chosen.facts["aoi_source"] == "radius of 30 km about the epicentre"


def test_radius_of_marc_says_its_figure_and_what_it_rests_on():
    words = choose_area(event(), AreaChoice(radius="marc")).facts["aoi_source"]
    assert words.startswith("radius of 47.9 km about the epicentre (scaling of Marc et al. 2016")
    assert "M 6.9, sources 12 km deep, strike-slip" in words
    words = choose_area(event(facts={}), AreaChoice(radius="marc")).facts["aoi_source"]
    assert "sources 10 km deep (assumed), mechanism not known: reverse assumed" in words
    odd = event(facts={"depth_km": math.nan})
    assert "10 km deep (assumed)" in choose_area(odd, AreaChoice(radius="marc")).facts["aoi_source"]


def test_radius_of_marc_on_the_shipped_catalogue_holds_most_boxes():
    found = find_event("gorkha-2015")
    chosen = choose_area(found, AreaChoice(radius="marc"))
    assert chosen.aoi.contains(shapely.Point(found.epicentre))


def test_circle_across_the_180th_meridian_is_cut_there():
    circle = circle_about((179.9, -17.0), 50.0)
    assert circle.bounds[0] == -180 and circle.bounds[2] == 180
    whole = circle_about((100.0, -17.0), 50.0)
    area = sum(abs(GEOD.geometry_area_perimeter(part)[0]) for part in circle.geoms)
    assert area == pytest.approx(abs(GEOD.geometry_area_perimeter(whole)[0]), rel=1e-3)
    assert area == pytest.approx(math.pi * 50_000**2, rel=2e-3)
    with pytest.raises(CatalogError, match="around a pole"):
        circle_about((20.0, 89.9), 50.0)


def test_radius_needs_an_epicentre_and_marc_a_magnitude():
    refused("needs an epicentre", AreaChoice(radius=30.0), epicentre=None)
    refused("needs a magnitude", AreaChoice(radius="marc"), magnitude=None)


def test_radius_and_file_contradict_each_other(tmp_path):
    refused("either a file", AreaChoice(path=tmp_path / "a.gpkg", radius=30.0))


def test_radius_at_sea_is_refused_and_can_be_kept():
    refused("--no-aoi-land", AreaChoice(radius=20.0), epicentre=(-140.0, 30.0))
    chosen = choose_area(event(epicentre=(-140.0, 30.0)), AreaChoice(radius=20.0, land=False))
    assert chosen.aoi.contains(shapely.Point(-140, 30))


# ---- sides and swaps


FIJI = shapely.Polygon([(179, -17), (-179, -17), (-179, -16), (179, -16)])


def test_area_across_the_180th_meridian_asks_for_a_side():
    refused("--aoi-side east", AreaChoice(), aoi=FIJI, epicentre=None)
    east, west = (
        choose_area(event(aoi=FIJI, epicentre=None), AreaChoice(side=side))
        for side in ("east", "west")
    )
    assert east.aoi.equals(shapely.box(179, -17, 180, -16))
    assert west.aoi.equals(shapely.box(-180, -17, -179, -16))
    assert east.facts["aoi_source"] == "box of the catalogue, its eastern longitudes only"
    refused("leave --aoi-side out", AreaChoice(side="west"))


def test_swapped_area_is_found_by_the_epicentre():
    """Both orders are on the Earth here: only the epicentre tells."""
    italy = event(aoi=shapely.box(42.5, 12.8, 43.2, 13.5), epicentre=(13.1, 42.86))
    with pytest.raises(CatalogError, match="only with longitude and latitude swapped"):
        choose_area(italy, AreaChoice())
    far = event(aoi=shapely.box(10.5, 12.8, 11.2, 13.5), epicentre=(13.1, 42.86))
    assert choose_area(far, AreaChoice()) == far
