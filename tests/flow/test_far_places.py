"""Whole maps where longitudes start anew, zones end and hemispheres meet, from tiny images."""

import json
from dataclasses import dataclass

import numpy as np
import pytest
import shapely
import xarray as xr
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from rasterio.features import geometry_mask

from lsbatch.batch import build_plan
from lsbatch.cube import build_cube
from lsbatch.detectors import load_detector
from lsbatch.domain import Preparation, Status, project_area
from lsbatch.features import prepare
from lsbatch.inference import score_area
from lsbatch.recipe import Recipe
from tests.cogs import write_cog

MERIDIAN, EQUATOR = "EPSG:32760", ("EPSG:32650", "EPSG:32750")


@dataclass(frozen=True)
class Place:
    """Where an event strikes, and in which systems its images come."""

    lon: float
    lat: float
    file_crs: tuple[str, ...]
    map_crs: int
    side: str | None = None
    crs: str | None = None
    slide: tuple[float, float] = (0.0, 0.0)
    """Kilometres east and north of it."""
    footprint: str = "jump"
    """How images across the 180th meridian are written: jump or box."""


PLACES = {
    "eastern side": Place(
        180.0, -17.0, (MERIDIAN,), 32760, "east", slide=(-0.35, 0.1), footprint="jump"
    ),
    "western side, images of the other zone": Place(
        180.0, -17.0, (MERIDIAN,), 32701, "west", slide=(0.35, 0.1), footprint="box"
    ),
    "northernmost zone": Place(20.0, 83.95, ("EPSG:32634",), 32634),
    "southernmost zone": Place(20.0, -79.95, ("EPSG:32734",), 32734),
    "beyond the zones": Place(20.0, 86.0, ("EPSG:3413",), 3413, crs="EPSG:3413"),
    "both hemispheres": Place(119.9, -0.001, EQUATOR, 32750, slide=(0.1, 0.2)),
}
HALF_M = 700.0
"""From an event to the edges of its area."""


def degrees(place, east_m, north_m):
    """Longitude, beyond 180 too, and latitude so far from a place."""
    lat = place.lat + north_m / 111_200
    return place.lon + east_m / 111_200 / np.cos(np.radians(place.lat)), lat


def around(place, half_m):
    return (*degrees(place, -half_m, -half_m), *degrees(place, half_m, half_m))


def footprint_of(place, box):
    """Geometry and bbox of an image, as catalogues write them where it reaches beyond 180."""
    west, south, east, north = box
    if east <= 180:
        return shapely.geometry.mapping(shapely.box(*box)), list(box)
    jump = [(west, south), (east - 360, south), (east - 360, north), (west, north), (west, south)]
    return {
        "jump": ({"type": "Polygon", "coordinates": [jump]}, [-180.0, south, 180.0, north]),
        "box": (None, [west, south, east - 360, north]),
    }[place.footprint]


def write_image(folder, place, crs, period):
    """Red and near infrared of one day on the pixels of a system; the scar lies by degrees."""
    to_file = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = to_file.transform(place.lon, place.lat)
    left, bottom = (round(v / 10) * 10 - 1200 for v in (x, y))
    grid = GeoBox.from_bbox((left, bottom, left + 2400, bottom + 2400), crs=crs, resolution=10)
    cols, rows = np.meshgrid(np.arange(240) + 0.5, np.arange(240) + 0.5)
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(
        *(grid.affine * (cols, rows))
    )
    centre = degrees(place, *(1000 * step for step in place.slide))
    away = (lon - centre[0] + 180) % 360 - 180
    east_m, north_m = away * 111_200 * np.cos(np.radians(lat)), (lat - centre[1]) * 111_200
    scar = (np.hypot(east_m, north_m) < 100) & (period == "post")
    assets = {}
    for band, ground, bare in (("red", 500, 2000), ("nir", 4000, 2300)):
        path = folder / f"{period}-{crs[5:]}-{band}.tif"
        numbers = np.where(scar, bare, ground).astype("uint16")
        write_cog(path, numbers, crs=crs, corner=(left, bottom + 2400), pixel=10.0, nodata=0)
        assets[band] = {"href": path.name, "raster:scale": 1e-4, "raster:offset": 0, "nodata": 0}
    geometry, box = footprint_of(place, around(place, 1000))
    moment = {"pre": "2018-08-01", "post": "2018-10-01"}[period]
    return {
        "type": "Feature", "id": f"{period}-{crs[5:]}", "collection": "mine",
        "geometry": geometry, "bbox": box, "assets": assets,
        "properties": {"datetime": f"{moment}T23:59:00Z", "proj:code": crs},
    }  # fmt: skip


def write_terrain(folder, place):
    """Even slopes down to the south, one model for each side of the 180th meridian."""
    west, south, east, north = around(place, 4000)
    side = 1 / 3600
    for number, (low, high) in enumerate(((west, min(east, 180)), (180, east))):
        if high <= low:
            continue
        turn = 360 * number
        low = high - np.ceil((high - low) / side) * side if number == 0 else low
        rows, cols = (int(span / side) + 2 * number for span in (north - south, high - low))
        heights = 500 + 0.6 * 111_200 * (north - (np.arange(rows) + 0.5) * side - place.lat)
        values = np.repeat(heights[:, None], cols, axis=1).astype("float32")
        path = folder / f"terrain-{number}.tif"
        write_cog(path, values, crs="EPSG:4326", corner=(low - turn, north), pixel=side)
        box = [low - turn, south, high - turn, north]
        yield {
            "type": "Feature", "id": path.stem, "collection": "dem", "bbox": box, "geometry": None,
            "properties": {"datetime": "2015-01-01T00:00:00Z", "proj:code": "EPSG:4326"},
            "assets": {"elevation": {"href": path.name}},
        }  # fmt: skip


def write_case(folder, place):
    """Event file and catalogue of a place."""
    items = [write_image(folder, place, crs, p) for crs in place.file_crs for p in ("pre", "post")]
    items += write_terrain(folder, place)
    (folder / "items.json").write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    west, south, east, north = around(place, HALF_M)
    ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    ring = [(lon - 360 if lon > 180 else lon, lat) for lon, lat in ring]
    event = {
        "type": "Feature", "properties": {"id": "far", "time": "2018-09-05T18:07:59Z"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }  # fmt: skip
    (folder / "event.geojson").write_text(json.dumps(event))
    return folder / "event.geojson", folder / "items.json"


def check_scar(place, grid, marked):
    """It has its size, and lies where it is, to the pixel."""
    assert grid.crs.epsg == place.map_crs
    assert marked.sum() == pytest.approx(np.pi * 10**2, rel=0.1)
    rows, cols = (axis.mean() for axis in np.nonzero(marked))
    back = Transformer.from_crs(str(grid.crs), "EPSG:4326", always_xy=True)
    lon, lat = back.transform(*(grid.affine * (cols + 0.5, rows + 0.5)))
    wanted = degrees(place, *(1000 * step for step in place.slide))
    away = ((lon - wanted[0] + 180) % 360 - 180) * np.cos(np.radians(lat)), lat - wanted[1]
    assert np.hypot(*away) * 111_200 < 10


@pytest.mark.parametrize("name", PLACES)
def test_the_area_is_seen_whole_and_the_landslide_lies_where_it_is(name, tmp_path):
    place = PLACES[name]
    event, source = write_case(tmp_path, place)
    recipe = Recipe(
        event=str(event), source=str(source), detector="ndvi-change", registration="off",
        aoi_side=place.side, crs=place.crs,
    )  # fmt: skip
    plan = build_plan(recipe)
    assert not [one for one in plan.rejected if not one.item_id.startswith("terrain")]
    preparation = Preparation(shadow_reach_m=0)
    cube = build_cube(plan.scenes, plan.grid)
    features = prepare(cube, plan.detector.inputs, preparation).load(scheduler="synchronous")
    area = project_area(plan.event.aoi, plan.grid.crs)
    inside = ~geometry_mask([area], out_shape=plan.grid.shape, transform=plan.grid.affine)
    assert (features["status"].values[inside] == Status.SCORED).all()
    channels = np.moveaxis(features["channels"].values, 0, -1)
    marked = score_area(channels, load_detector("ndvi-change")) >= 0.5
    check_scar(place, plan.grid, marked & inside)


def test_a_map_beyond_the_180th_meridian_is_made_from_images_of_this_side(
    lsbatch, cluster_address, tmp_path
):
    place = PLACES["western side, images of the other zone"]
    event, source = write_case(tmp_path, place)
    code, _, err = lsbatch(
        *("map", event, "--source", source, "--detector", "ndvi-change", "--aoi-side", place.side),
        *("--cluster", cluster_address, "--registration", "off", "--out", tmp_path / "out"),
    )
    assert code == 0, err
    (product,) = (tmp_path / "out").glob("events/*/product.zarr")
    found = xr.open_zarr(product, decode_coords="all", mask_and_scale=False)
    check_scar(place, found.odc.geobox, found["landslide"].values == 1)
    metrics = json.loads((product.parent / "metrics.json").read_text())
    assert metrics["observed_fraction"] == pytest.approx(1.0, abs=0.02), "but for its rim"
    assert metrics["aoi_area_km2"] == pytest.approx(2 * (HALF_M / 1000) ** 2, rel=0.01)
    record = json.loads((product.parent / "item.json").read_text())
    west, _, east, _ = record["bbox"]
    assert west > 179 and east < -179, "its whole blocks reach over the meridian"
    assert shapely.geometry.shape(record["geometry"]).area < 0.01
