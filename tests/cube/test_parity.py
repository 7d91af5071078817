"""Cubes against odc-stac: an independent path from the same items to the same grid.

GDAL's approximate transformer, which odc-stac uses and cannot switch off, moves pixels by up to an
eighth. It steps aside for lines of up to five points, so the oracle reads columns of five pixels.
GDAL also guesses the kernel's width from the window; the oracle is told the width that odc-geo
works out. What then remains (measured): no pixel of 78,000 with nearest, none of 120,000 with
cubic B-spline, and at most 0.08 of a stored number with bilinear (1 where the file is in degrees
and the grid in the next zone), from the two ways to a width.
"""

import functools
import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import odc.stac
import pystac
import pytest
import rasterio
import rasterio.warp
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from odc.geo.geom import box
from odc.geo.overlap import compute_reproject_roi
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT

from lsbatch.cube import build_cube
from lsbatch.cube.reader import scale_of
from lsbatch.domain import EMPTY_FLAG, Asset, Event, Period, Shift, build_grid
from lsbatch.search import choose_scenes, find_scenes
from tests.cogs import HERE, build_geobox, granule_of, scene_of, scenes_of, write_noise

LARGEST_SHARE = 5e-4
"""Share of pixels that may differ with nearest: a pixel's centre exactly between two cells."""


def load_oracle(items, band, geobox, resampling, monkeypatch, *, nodata=0):
    """One band of a solar day as stored numbers, (y, x) float32, NaN = no data."""
    with rasterio.open(items[0].assets[band].get_absolute_href()) as dataset:
        stored = GeoBox(dataset.shape, dataset.transform, dataset.crs.to_string())
    shrink = compute_reproject_roi(stored, geobox).scale2
    widths = {"XSCALE": f"{1 / shrink.x:.17g}", "YSCALE": f"{1 / shrink.y:.17g}"}
    reproject = rasterio.warp.reproject
    loaded = odc.stac.load(
        items,
        bands=[band],
        geobox=geobox,
        resampling=resampling,
        groupby="solar_day",
        dtype="float32",
        nodata=np.nan,
        stac_cfg={"*": {"assets": {"*": {"nodata": nodata}}}},
        chunks={"x": 5, "y": 4096},
    )
    with monkeypatch.context() as patch:
        patch.setattr(rasterio.warp, "reproject", functools.partial(reproject, **widths))
        (day,) = loaded[band].compute(scheduler="threads").values
    return day


def check_parity(ours, oracle, *, within, least=10_000):
    np.testing.assert_array_equal(np.isnan(ours), np.isnan(oracle))
    far = np.abs(ours - oracle)[~np.isnan(ours)] > within
    assert far.size > least
    assert far.mean() <= LARGEST_SHARE, f"{far.mean():.3%} differ by more than {within}"


@pytest.fixture(scope="module")
def hokkaido(shared_data):
    """(items by id, scenes of the event, a part of its grid)."""
    source = shared_data / "hokkaido-2018" / "catalog.json"
    items = {item.id: item for item in pystac.Catalog.from_file(source).get_items(recursive=True)}
    aoi = shapely.box(141.90, 42.69, 142.02, 42.76)
    event = Event("hokkaido-2018", datetime(2018, 9, 5, 18, 8, tzinfo=UTC), aoi)
    pre = Period(datetime(2018, 1, 1, tzinfo=UTC), event.time)
    post = Period(event.time, datetime(2019, 1, 1, tzinfo=UTC))
    found = find_scenes(event, str(source), pre=pre, post=post)
    scenes, _ = choose_scenes(found, event, pre=pre, post=post, bands=("red",), looks=1)
    scenes = replace(scenes, access=HERE)
    grid = build_grid(aoi, crs="EPSG:32654", resolution=10.0)
    return items, scenes, grid[250:650, 250:550]


@pytest.mark.real
@pytest.mark.parametrize("period", ["pre", "post"])
def test_real_reflectance_equals_odc_stac(hokkaido, period, monkeypatch):
    items, scenes, part = hokkaido
    cube = build_cube(scenes, part, bands=("red",)).load(scheduler="threads")
    place = list(cube["period"].values).index(period)
    scene_id = str(cube["scene"].values[place])
    oracle = load_oracle([items[scene_id]], "red", part, "bilinear", monkeypatch)
    check_parity(cube["red"].values[place] * 1e4, oracle, within=0.1)


@pytest.mark.real
@pytest.mark.parametrize("crs", ["EPSG:32654", "EPSG:32655"])
def test_real_reflectance_off_its_place_equals_gdal_on_a_moved_grid(hokkaido, crs):
    """Against GDAL itself, told to be exact, and how wide its kernel is; beside a swath's edge."""
    _, scenes, part = hokkaido
    grid = GeoBox.from_geopolygon(part.extent.to_crs(crs), resolution=10, crs=crs)
    (look,) = scenes.pre
    shift = 6.41, -12.73
    shifted = scenes_of(replace(look.scene, shift=Shift(*shift)))
    cube = build_cube(shifted, grid, bands=("red",)).load(scheduler="threads")
    target = {
        "crs": crs,
        "transform": Affine.translation(*shift) @ grid.affine,
        "height": grid.shape.y,
        "width": grid.shape.x,
        "dtype": "float32",
        "nodata": np.nan,
    }
    options = {"resampling": Resampling.cubic, "src_nodata": 0, "tolerance": 1e-9}
    (granule,) = look.scene.granules
    with rasterio.open(granule.asset("red").href) as dataset:
        scales = (f"{value:.17g}" for value in scale_of(dataset, grid))
        widths = dict(zip(("YSCALE", "XSCALE"), scales, strict=True))
        with WarpedVRT(dataset, **target, **options, **widths) as warped:
            wanted = warped.read(1)
    assert 0.5 < np.isfinite(wanted).mean() < 1
    check_parity(cube["red"].values[0] * 1e4, wanted, within=0.001)


@pytest.mark.real
def test_real_terrain_equals_odc_stac(hokkaido, monkeypatch):
    items, scenes, part = hokkaido
    ours = build_cube(scenes, part, bands=()).load(scheduler="threads")["elevation"].values
    oracle = load_oracle(
        [items["ALOS_AW3D30_ATSUMA"]], "data", part, "cubic_spline", monkeypatch, nodata=-32768
    )
    check_parity(ours, oracle, within=0.001)


LANDSAT = "landsat8-series-l1/LC08_L1TP_{}_01_T1/LC08_L1TP_{}_B4.TIF"
REAL_FILES = {
    "hokkaido": ("hokkaido-2018/sentinel-2-l1c/S2_ATSUMA_2018_PRE/red.tif",),
    "patagonia, 10 m": ("sentinel2-patagonia/nir.tif",),
    "patagonia, 20 m": ("sentinel2-patagonia/swir16.tif",),
    "landsat, one path": (LANDSAT.format("013032_20180405_20180417", "013032_20180405"),),
    # two rows of one day that overlap, each on a grid of its own, cells not square
    "landsat, two rows": (
        LANDSAT.format("014031_20180428_20180502", "014031_20180428"),
        LANDSAT.format("014032_20180428_20180502", "014032_20180428"),
    ),
}
REAL_GRIDS = {
    "hokkaido": ((141.93, 42.70, 141.97, 42.73), {"EPSG:32654": 10, "EPSG:32655": 10}),
    "patagonia, 10 m": ((0, 0, 1, 1), {"EPSG:32719": 10, "EPSG:32718": 10}),
    "patagonia, 20 m": ((0, 0, 1, 1), {"EPSG:32719": 10, "EPSG:32718": 12.5}),
    "landsat, one path": ((0, 0, 1, 1), {"EPSG:32618": 2000, "EPSG:32617": 1500}),
    "landsat, two rows": ((0, 0, 1, 1), {"EPSG:32618": 2000, "EPSG:32617": 1500}),
}


@pytest.mark.real
@pytest.mark.parametrize("band", ["quality", "red"])
@pytest.mark.parametrize(
    ("name", "crs"), [(name, crs) for name, (_, grids) in REAL_GRIDS.items() for crs in grids]
)
def test_real_files_equal_odc_stac(shared_data, monkeypatch, name, crs, band):
    """Nearest (the flags' way) and bilinear, on grids of the files' own and of the next zone."""
    paths = [str(shared_data / file) for file in REAL_FILES[name]]
    bounds, pixels = REAL_GRIDS[name]
    with rasterio.open(paths[0]) as dataset:
        extent = box(*dataset.bounds, crs=str(dataset.crs))
    if name == "hokkaido":
        extent = box(*bounds, crs="EPSG:4326")
    grid = GeoBox.from_geopolygon(extent.to_crs(crs), resolution=pixels[crs], crs=crs)
    scene = scene_of(*(granule_of(str(n), Asset(band, path)) for n, path in enumerate(paths)))
    bands = () if band == "quality" else (band,)
    cube = build_cube(scenes_of(scene), grid, bands=bands).load(scheduler="threads")
    ours = cube[band].values[0].astype("float32")
    if band == "quality":
        ours[ours >= EMPTY_FLAG] = np.nan
    items = [item_of_file(str(n), path, band) for n, path in enumerate(paths)]
    how = "nearest" if band == "quality" else "bilinear"
    oracle = load_oracle(items, band, grid, how, monkeypatch)
    check_parity(ours, oracle, within=0 if how == "nearest" else 1.0, least=5_000)


def item_of_file(item_id, path, band):
    with rasterio.open(path) as dataset:
        footprint = box(*dataset.bounds, crs=str(dataset.crs)).to_crs("EPSG:4326").geom
        properties = {
            "proj:code": str(dataset.crs),
            "proj:shape": dataset.shape,
            "proj:transform": list(dataset.transform)[:6],
        }
    moment = datetime(2018, 4, 28, 15, tzinfo=UTC)
    geometry = shapely.geometry.mapping(footprint)
    item = pystac.Item(item_id, geometry, list(footprint.bounds), moment, properties)
    item.stac_extensions = ["https://stac-extensions.github.io/projection/v2.0.0/schema.json"]
    item.add_asset(band, pystac.Asset(path, media_type="image/tiff; application=geotiff"))
    return item


def write_item(folder, item_id, grid, **source):
    """A STAC item of one noisy image, as the file that both paths read."""
    href = write_noise(folder / f"{item_id}.tif", grid, reach_m=-300.0, **source)
    with rasterio.open(href) as dataset:
        code, shape, transform = dataset.crs.to_string(), dataset.shape, dataset.transform
    stored = {"data_type": "uint16", "nodata": 0, "raster:scale": 1e-4, "raster:offset": 0}
    footprint = grid.extent.to_crs("EPSG:4326").geom
    asset = {"href": href, "type": "image/tiff; application=geotiff", "roles": ["data"]}
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": [
            "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
            "https://stac-extensions.github.io/raster/v2.0.0/schema.json",
        ],
        "id": item_id,
        "geometry": shapely.geometry.mapping(footprint),
        "bbox": list(footprint.bounds),
        "properties": {
            "datetime": "2018-08-01T01:00:00Z",
            "proj:code": code,
            "proj:shape": shape,
            "proj:transform": list(transform)[:6],
        },
        "links": [],
        "assets": {
            band: {**asset, "bands": [{"name": band, **stored}]}
            for band in ("red", "scl", "elevation")
        },
    }


@pytest.fixture(scope="module")
def solar_day(tmp_path_factory):
    """Two granules of one day in two zones, as pystac items and as scenes."""
    folder = tmp_path_factory.mktemp("day")
    grid = build_geobox(260, 300)
    sources = ({"crs": "EPSG:32654", "pixel": 10.0}, {"crs": "EPSG:32655", "pixel": 10.0})
    parts = grid[:, :200], grid[:, 90:]
    records = [
        write_item(folder, name, part, **source)
        for name, part, source in zip("ab", parts, sources, strict=True)
    ]
    for record in records:
        record["properties"]["constellation"] = "sentinel-2"
    source = folder / "items.json"
    source.write_text(json.dumps({"type": "FeatureCollection", "features": records}))
    moment = datetime(2018, 8, 2, tzinfo=UTC)
    event = Event("here", moment, grid.extent.to_crs("EPSG:4326").geom)
    period = Period(datetime(2018, 7, 1, tzinfo=UTC), moment)
    found = find_scenes(event, str(source), pre=period, post=period)
    return [pystac.Item.from_dict(record) for record in records], found, grid


def test_a_mosaic_of_two_zones_equals_odc_stac(solar_day, monkeypatch):
    """Flags, so nearest: which granule lies on top shows in every pixel that both have."""
    items, found, grid = solar_day
    (scene,) = found.scenes
    assert [granule.item_id for granule in scene.granules] == ["a", "b"]
    cube = build_cube(scenes_of(scene), grid, bands=()).load(scheduler="threads")
    ours = cube["quality"].values[0].astype("float32")
    ours[ours >= EMPTY_FLAG] = np.nan
    check_parity(ours, load_oracle(items, "scl", grid, "nearest", monkeypatch), within=0)
