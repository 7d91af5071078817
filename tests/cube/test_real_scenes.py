"""Real images on grids of their own: each lands where it belongs, in the units of its record."""

import csv
import json
from datetime import UTC, datetime

import numpy as np
import pytest
import rasterio
import xarray as xr
from odc.geo.geobox import GeoBox
from scipy import ndimage

from lsbatch.cube import build_cube
from lsbatch.domain import EMPTY_FLAG, SENSORS, Asset, Look, Preparation, Scenes, Status
from lsbatch.features import monthly_medians, reasons_of
from lsbatch.search.links import resolve
from lsbatch.search.normalise import image_of
from tests.cogs import HERE, granule_of, scene_of, write_cog

pytestmark = pytest.mark.real

LANDSAT = {
    "LC08_L2SP_008059_20191201_20200825_02_T1": 0.81,
    "LC08_L2SP_005009_20150710_20200908_02_T2": 0.55,
}
"""Scenes, and the share of cloud among their cells with data, as the data's own notes have it."""
C1_CLOUD, C1_FILL = 1 << 4, 1
"""Bits of BQA of Landsat Collection 1, which no sensor of ours has."""


def grid_over(path, pixel: float, *, within: float = 0.0) -> GeoBox:
    """A square grid over a file, in its CRS, on multiples of the pixel."""
    with rasterio.open(path) as file:
        left, bottom, right, top = file.bounds
        crs = str(file.crs)
    box = [round(v / pixel) * pixel for v in (left, bottom, right, top)]
    inset = np.array([within, within, -within, -within]) * pixel
    return GeoBox.from_bbox(tuple(np.array(box) + inset), crs=crs, resolution=pixel, tight=True)


def places_in(path, grid: GeoBox) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A file's numbers, and the row and column of it that holds each pixel centre of a grid."""
    with rasterio.open(path) as file:
        numbers, transform = file.read(1), file.transform
    x, y = np.meshgrid(grid.coords["x"].values, grid.coords["y"].values)
    col, row = ~transform * (x, y)
    return numbers, np.floor(row).astype(int), np.floor(col).astype(int)


def sampled(path, grid: GeoBox, fill):
    """Nearest cells of a file at a grid's pixels; `fill` beyond it."""
    numbers, row, col = places_in(path, grid)
    height, width = numbers.shape
    inside = (row >= 0) & (row < height) & (col >= 0) & (col < width)
    found = numbers[np.clip(row, 0, height - 1), np.clip(col, 0, width - 1)]
    return np.where(inside, found, fill)


def check_between_neighbours(values, path, grid, *, scale=1.0, offset=0.0):
    """A bilinear value lies between the cells around it; checked where all nine have data."""
    numbers, row, col = places_in(path, grid)
    physical = np.where(numbers == 0, np.nan, numbers * scale + offset)
    height, width = physical.shape
    inside = (row >= 1) & (row < height - 1) & (col >= 1) & (col < width - 1)
    low, high = (
        f(physical, size=3)[np.clip(row, 0, height - 1), np.clip(col, 0, width - 1)]
        for f in (ndimage.minimum_filter, ndimage.maximum_filter)
    )
    whole = ndimage.minimum_filter(np.isfinite(physical), size=3)
    here = inside & whole[np.clip(row, 0, height - 1), np.clip(col, 0, width - 1)]
    assert here.mean() > 0.3
    slack = 1e-5 * np.abs(high[here]) + 1e-6
    assert np.isfinite(values[here]).all()
    assert (values[here] >= low[here] - slack).all() and (values[here] <= high[here] + slack).all()
    # and it follows the cell that holds it, as no other place in the file would
    nearest = physical[row[here], col[here]]
    assert np.corrcoef(values[here], nearest)[0, 1] > 0.8


@pytest.mark.parametrize("name", LANDSAT)
def test_landsat_of_cells_that_are_not_square_is_scaled_and_its_flags_tell_clouds(
    shared_data, name
):
    folder = shared_data / "landsat8-c2l2" / name
    record = json.loads((folder / f"{name}.json").read_text())
    found = image_of(resolve(record, str(folder / f"{name}.json")))
    assert found.sensor.name == "landsat-c2-l2" and found.sun is not None
    red = found.granule.asset("red")
    assert (red.scale, red.offset, red.nodata) == (2.75e-5, -0.2, 0)
    scene = scene_of(found.granule, sensor="landsat-c2-l2")
    grid = grid_over(red.href, 500.0)
    cube = build_cube(Scenes((Look(scene, "post", 3),), access=HERE), grid, bands=("red", "nir"))
    cube = cube.load(scheduler="synchronous")
    check_between_neighbours(cube["red"].values[0], red.href, grid, scale=2.75e-5, offset=-0.2)
    flags = sampled(found.granule.asset("quality").href, grid, 65535)
    np.testing.assert_array_equal(
        cube["quality"].values[0], np.where(flags == 1, EMPTY_FLAG, flags)
    )
    why = reasons_of(cube.chunk(), ("red", "nir"), Preparation(cloud_margin_m=0)).compute()[0]
    has_data = np.isfinite(cube["red"].values[0]) & (flags != 1) & (flags != 65535)
    hidden = np.isin(why, [Status.CLOUD]) & has_data
    # shadow of clouds counts as cloud too, and snow under it may not
    assert hidden.sum() / has_data.sum() == pytest.approx(LANDSAT[name], abs=0.12)
    fill = flags == 1
    assert (fill & np.isfinite(cube["red"].values[0])).any(), "the rim, where cells are mixed"
    assert (why[fill] == Status.NO_POST).all()


@pytest.fixture(scope="module")
def year(shared_data):
    """Nineteen acquisitions of one year, each on its own grid: scenes, and their folders."""
    folder = shared_data / "landsat8-series-l1"
    with open(folder / "acquisitions.csv", encoding="utf-8") as table:
        rows = sorted(csv.DictReader(table), key=lambda row: (row["date"], row["folder"]))
    looks, places = [], []
    for row in rows:
        stem = folder / row["folder"] / "_".join(row["folder"].split("_")[:4])
        assets = [
            Asset(band, f"{stem}_{code}.TIF", nodata=0)
            for band, code in (("red", "B4"), ("nir", "B5"))
        ]
        assets.append(Asset("quality", f"{stem}_BQA.TIF"))
        moment = datetime.strptime(row["date"], "%Y%m%d").replace(hour=15, tzinfo=UTC)
        looks.append(Look(scene_of(granule_of(row["folder"], *assets), moment=moment), "pre", 1))
        places.append(stem)
    assert len({(r["height"], r["width"], r["ulx"], r["uly"], r["cell_x_m"]) for r in rows}) > 15
    return Scenes(tuple(looks), access=HERE), places


def test_nineteen_grids_make_one_cube_and_each_look_lies_where_its_file_has_it(year):
    scenes, places = year
    grid = grid_over(f"{places[0]}_B4.TIF", 3000.0, within=8)
    cube = build_cube(scenes, grid, bands=("red", "nir")).load(scheduler="synchronous")
    assert cube.sizes["time"] == 19 and (np.diff(cube["time"].values) >= np.timedelta64(0)).all()
    for look, place in enumerate(places):
        flags = sampled(f"{place}_BQA.TIF", grid, 65535)
        np.testing.assert_array_equal(cube["quality"].values[look], flags)
        if np.isfinite(cube["red"].values[look]).mean() > 0.6:
            check_between_neighbours(cube["red"].values[look], f"{place}_B4.TIF", grid)


def test_a_year_of_old_landsat_becomes_months_by_a_mask_of_one_s_own(year):
    """BQA of Collection 1 is no sensor's of ours: who knows its bits makes the mask."""
    scenes, places = year
    grid = grid_over(f"{places[0]}_B4.TIF", 3000.0, within=8)
    cube = build_cube(scenes, grid, bands=("red", "nir"))
    flags = cube["quality"]
    usable = (flags & (C1_CLOUD | C1_FILL) == 0) & cube["red"].notnull() & cube["nir"].notnull()
    ndvi = (cube["nir"] - cube["red"]) / (cube["nir"] + cube["red"])
    values = xr.Dataset({"ndvi": ndvi.astype("float32")})
    months, values, usable = (
        v.compute(scheduler="synchronous")
        for v in (monthly_medians(values, usable), values, usable)
    )
    day = cube["time"].dt.dayofyear.values
    assert months["count"].values.sum() == usable.values.sum(), "no day fell between two bins"
    for month, first, last in ((1, 1, 30), (9, 244, 273)):
        here = (day >= first) & (day <= last)
        own = np.where(usable.values[here], values["ndvi"].values[here], np.nan)
        some = np.isfinite(own).any(axis=0)
        wanted = np.nanmedian(own[:, some], axis=0)
        np.testing.assert_allclose(
            months["ndvi"].sel(month=month).values[some], wanted, rtol=1e-5, atol=1e-6
        )
    winter, summer = (float(months["ndvi"].sel(month=m).median()) for m in (1, 7))
    assert summer > winter + 0.05


@pytest.mark.parametrize("day", ["20170703", "20190723"])
def test_classes_of_20_m_give_the_reasons_of_10_m_pixels(shared_data, tmp_path, day):
    folder = shared_data / "sentinel2-scl-alps"
    with rasterio.open(folder / f"S2A2A_{day}_BOA_10m.tif") as file:
        numbers, corner, crs = file.read(4), (file.transform.c, file.transform.f), str(file.crs)
    numbers[numbers == 65535] = 0
    href = write_cog(tmp_path / "red.tif", numbers, crs=crs, corner=corner, pixel=10.0, nodata=0)
    scl = folder / f"S2A2A_{day}_SCL_20m.tif"
    red = Asset("red", href, scale=1e-4, nodata=0)
    granule = granule_of("alps", red, Asset("quality", str(scl)))
    look = Look(scene_of(granule, sensor="sentinel-2-l2a"), "post", 3)
    grid = grid_over(href, 10.0)
    cube = build_cube(Scenes((look,), access=HERE), grid, bands=("red",))
    why = reasons_of(cube, ("red",), Preparation(cloud_margin_m=0, steady_is_ground=False))
    why, cube = why.compute(scheduler="synchronous")[0], cube.load(scheduler="synchronous")
    classes = sampled(scl, grid, 0).astype("uint16")
    classes[classes == 0] = EMPTY_FLAG
    np.testing.assert_array_equal(cube["quality"].values[0], classes)
    sensor = next(sensor for sensor in SENSORS if sensor.name == "sentinel-2-l2a")
    table = {**dict(sensor.quality.classes), EMPTY_FLAG: Status.NO_POST}
    seen = np.isfinite(cube["red"].values[0])
    assert set(np.unique(classes)) >= {2, 4, 5, 6, 7}
    for number in np.unique(classes[seen]):
        wanted = table.get(int(number), Status.SCORED)
        assert (why[seen & (classes == number)] == wanted).all(), number


def test_bands_of_one_shape_and_two_extents_are_laid_by_place_not_by_index(shared_data):
    folder = shared_data / "sentinel2-patagonia"
    names = ("red", "nir", "swir16")
    assets = [Asset(n, str(folder / f"{n}.tif"), scale=1e-4, nodata=0) for n in names]
    shapes = {rasterio.open(asset.href).shape for asset in assets}
    assert len(shapes) == 1, "the trap: stacked by shape they would fit"
    scenes = Scenes((Look(scene_of(granule_of("arid", *assets)), "post", 3),), access=HERE)
    grid = grid_over(assets[2].href, 10.0)
    cube = build_cube(scenes, grid, bands=names).load(scheduler="synchronous")
    for asset in assets[:2]:
        values = cube[asset.band].values[0]
        own = sampled(asset.href, grid, 0)
        inner = ndimage.minimum_filter(own > 0, size=3)
        np.testing.assert_allclose(values[inner], own[inner] * 1e-4, atol=1e-6)
        assert np.isnan(values[ndimage.maximum_filter(own, size=5) == 0]).all()
        assert np.isfinite(values).mean() == pytest.approx(0.25, abs=0.02)
    swir = cube["swir16"].values[0]
    inner = swir[2:-2, 2:-2]
    nearest = sampled(assets[2].href, grid, 0)[2:-2, 2:-2] * 1e-4
    assert np.isfinite(inner).all() and np.corrcoef(inner.ravel(), nearest.ravel())[0, 1] > 0.98
