from dataclasses import replace

import cloudpickle
import dask
import numpy as np
import pytest
import rasterio
import rioxarray  # noqa: F401
import shapely
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from lsbatch.cube import build_cube
from lsbatch.domain import EMPTY_FLAG, NO_FLAG, Asset, Scenes, Sun, blocks_of, check_cube
from lsbatch.search.normalise import image_of
from tests.cogs import (
    LEFT,
    TOP,
    build_geobox,
    field_of,
    granule_of,
    scene_of,
    scenes_of,
    scenes_over,
    write_cog,
    write_field,
    write_noise,
)

GRID = build_geobox(96, 128)


def write_flat(path, number, *, grid=GRID, hole=None, dtype="uint16", **options):
    """One number everywhere on a grid, 0 in a hole (y, x)."""
    values = np.full(grid.shape, number, dtype)
    if hole is not None:
        values[hole] = 0
    corner = (grid.boundingbox.left, grid.boundingbox.top)
    return write_cog(path, values, crs="EPSG:32654", corner=corner, pixel=10.0, **options)


def red(href, **changes):
    return Asset("red", href, **{"scale": 1.0, "nodata": 0.0, **changes})


def load_red(*scenes, grid=GRID, **options):
    return build_cube(scenes_of(*scenes), grid, bands=("red",), **options)["red"].values


# ---- dims, coordinates, types


@pytest.fixture
def cube(tmp_path):
    href = write_flat(tmp_path / "a.tif", 3000)
    return build_cube(scenes_over(href, nodata=0.0), GRID)


def test_a_cube_is_a_cube(cube):
    check_cube(cube)
    assert set(cube.data_vars) == {"red", "quality", "elevation"}
    assert dict(cube.sizes) == {"time": 1, "y": 96, "x": 128}
    types = {name: str(cube[name].dtype) for name in cube.data_vars}
    assert types == {"red": "float32", "quality": "uint16", "elevation": "float32"}
    loaded = cube.load(scheduler="synchronous")
    assert {name: str(loaded[name].dtype) for name in cube.data_vars} == types
    assert list(cube["scene"].values) == ["image"]
    assert list(cube["sensor"].values) == ["generic"]
    assert list(cube["period"].values) == ["pre"]
    assert list(cube["delay_days"].values) == [1]
    assert cube["time"].values[0] == np.datetime64("2018-08-01T01:00:00")
    assert not cube.attrs


def test_coordinates_are_pixel_centres(cube):
    """With stackstac's own default, corners, rioxarray is half a pixel off."""
    assert cube["red"].rio.transform().almost_equals(GRID.affine)
    assert cube["red"].rio.crs.to_epsg() == 32654
    assert cube["x"].values[0] == LEFT + 5 and cube["y"].values[0] == TOP - 5
    assert cube["red"].odc.geobox == GRID


def test_looks_keep_their_order(tmp_path):
    hrefs = [write_flat(tmp_path / f"{n}.tif", n) for n in (30, 10, 20)]
    scenes = [scene_of(granule_of(f"s{n}", red(href))) for n, href in enumerate(hrefs)]
    cube = build_cube(scenes_of(*scenes), GRID)
    assert list(cube["scene"].values) == ["s0", "s1", "s2"]
    assert cube["red"].values[:, 0, 0].tolist() == [30, 10, 20]


def test_bands_left_out_are_those_that_every_look_has(tmp_path):
    href = write_flat(tmp_path / "a.tif", 1)
    rich = granule_of("rich", red(href), Asset("blue", href), Asset("nir", href))
    poor = granule_of("poor", red(href), Asset("nir", href))
    cube = build_cube(scenes_of(scene_of(rich), scene_of(poor)), GRID)
    assert set(cube.data_vars) == {"red", "nir", "quality", "elevation"}


def test_a_band_that_a_look_lacks_is_without_data_there(tmp_path):
    href = write_flat(tmp_path / "a.tif", 7)
    rich, poor = (
        granule_of("rich", red(href), replace(red(href), band="nir")),
        granule_of("poor", red(href)),
    )
    cube = build_cube(scenes_of(scene_of(rich), scene_of(poor)), GRID, bands=("red", "nir")).load()
    assert (cube["red"] == 7).all() and (cube["nir"][0] == 7).all()
    assert cube["nir"].dtype == "float32" and np.isnan(cube["nir"][1]).all()


def test_each_look_says_where_the_sun_stood(tmp_path):
    scene = scene_of(granule_of("a", red(write_flat(tmp_path / "a.tif", 7))))
    cube = build_cube(scenes_of(replace(scene, sun=Sun(151.25, 48.5)), scene), GRID)
    for name, value in (("sun_azimuth_deg", 151.25), ("sun_elevation_deg", 48.5)):
        assert cube[name].dims == ("time",) and cube[name].dtype == "float64"
        np.testing.assert_array_equal(cube[name].values, [value, np.nan])


def test_no_scenes_make_an_empty_cube_of_the_same_types():
    cube = build_cube(Scenes(()), GRID, bands=("red",)).load()
    assert cube["red"].shape == (0, 96, 128) and cube["red"].dtype == "float32"
    assert cube["quality"].dtype == "uint16"
    assert np.isnan(cube["elevation"]).all()


def test_the_southern_hemisphere_is_north_up_too(tmp_path):
    box = (300_000, 5_999_000, 301_000, 6_000_000)
    grid = GeoBox.from_bbox(box, crs="EPSG:32719", resolution=10, tight=True)
    values = np.arange(1, 101, dtype="uint16").repeat(100).reshape(100, 100)
    href = write_cog(
        tmp_path / "s.tif", values, crs="EPSG:32719", corner=(300_000, 6_000_000), pixel=10.0
    )
    np.testing.assert_array_equal(
        load_red(scene_of(granule_of("s", red(href))), grid=grid)[0], values
    )


# ---- units: scale, offset and nodata, in every spelling, once


def item_of(asset, **properties):
    return {
        "id": "item",
        "collection": "sentinel-2-l2a",
        "geometry": shapely.geometry.mapping(shapely.box(140, 40, 148, 45)),
        "properties": {"datetime": "2018-08-01T01:00:00Z", **properties},
        "assets": {"red": asset},
    }


SPELLINGS = {
    "STAC 1.1 bands": {"bands": [{"raster:scale": 2e-4, "raster:offset": -0.05, "nodata": 7}]},
    "raster:bands": {"raster:bands": [{"scale": 2e-4, "offset": -0.05, "nodata": 7}]},
    "on the asset": {"raster:scale": 2e-4, "raster:offset": -0.05, "nodata": 7},
    "stated twice": {
        "bands": [{"raster:scale": 2e-4, "raster:offset": -0.05, "nodata": 7}],
        "raster:bands": [{"scale": 2e-4, "offset": -0.05, "nodata": 7}],
    },
    "offset in another place": {
        "raster:scale": 2e-4,
        "raster:bands": [{"offset": -0.05, "nodata": 7}],
    },
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_stated_scale_and_offset_are_applied_once(tmp_path, spelling):
    href = write_flat(tmp_path / "a.tif", 3000)
    with rasterio.open(href, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as dataset:
        dataset.scales, dataset.offsets = (0.5,), (100.0,)  # a file's own tags are not applied too
    granule = image_of(item_of({"href": href, **SPELLINGS[spelling]})).granule
    assert granule.asset("red").nodata == 7
    read = load_red(scene_of(granule))
    np.testing.assert_array_equal(read, np.float32(3000) * np.float32(2e-4) + np.float32(-0.05))


@pytest.mark.parametrize(
    ("properties", "wanted"),
    [
        ({}, 0.3),
        ({"s2:processing_baseline": "02.12"}, 0.3),
        ({"s2:processing_baseline": "05.10"}, 0.2),
        ({"s2:processing_baseline": "05.10", "earthsearch:boa_offset_applied": True}, 0.3),
    ],
)
def test_the_sensor_table_fills_in_what_is_not_stated(tmp_path, properties, wanted):
    href = write_flat(tmp_path / "a.tif", 3000)
    granule = image_of(item_of({"href": href}, **properties)).granule
    np.testing.assert_allclose(load_red(scene_of(granule)), wanted, rtol=1e-6)


@pytest.mark.parametrize(
    "crs",
    [{"proj:code": "EPSG:32654"}, {"proj:epsg": 32654}, {}],
    ids=["proj:code", "proj:epsg", "neither"],
)
@pytest.mark.parametrize("place", ["item", "asset"])
def test_the_crs_in_any_spelling_gives_the_same_pixels(tmp_path, crs, place):
    href = write_flat(tmp_path / "a.tif", 3000, hole=np.s_[10:20, 30:40])
    on_item, on_asset = (crs, {}) if place == "item" else ({}, crs)
    granule = image_of(item_of({"href": href, **on_asset}, **on_item)).granule
    read = load_red(scene_of(granule))[0]
    assert np.isnan(read[10:20, 30:40]).all()
    assert np.isnan(read).sum() == 100


# ---- mosaics


def test_the_first_granule_lies_on_top_and_the_next_shows_through_its_holes(tmp_path):
    top = write_flat(tmp_path / "top.tif", 100, hole=np.s_[20:40, 50:90])
    below = write_flat(tmp_path / "below.tif", 200, hole=np.s_[30:60, 80:100])
    read = load_red(scene_of(granule_of("a", red(top)), granule_of("b", red(below))))[0]
    wanted = np.full(GRID.shape, 100, "float32")
    wanted[20:40, 50:90] = 200
    wanted[30:40, 80:90] = np.nan
    np.testing.assert_array_equal(read, wanted)


def test_flags_are_merged_like_bands(tmp_path):
    top = write_flat(tmp_path / "top.tif", 4, hole=np.s_[:, 64:], dtype="uint8", nodata=0)
    below = write_flat(tmp_path / "below.tif", 9, hole=np.s_[48:], dtype="uint8", nodata=0)
    scene = scene_of(
        granule_of("a", Asset("quality", top)), granule_of("b", Asset("quality", below))
    )
    read = build_cube(scenes_of(scene), GRID, bands=())["quality"].values[0]
    assert (read[:, :64] == 4).all()
    assert (read[:48, 64:] == 9).all()
    assert (read[48:, 64:] == EMPTY_FLAG).all()


@pytest.mark.parametrize("loader", ["direct", "stackstac"])
@pytest.mark.parametrize("narrow_on_top", [True, False])
def test_a_flag_file_that_ends_and_one_that_says_nothing_is_seen_differ(
    tmp_path, loader, narrow_on_top
):
    hole = np.s_[:, 32:96]
    hollow = write_flat(tmp_path / "hollow.tif", 4, hole=hole, grid=GRID[:, :96], dtype="uint8")
    narrow = write_flat(tmp_path / "narrow.tif", 9, grid=GRID[:48], dtype="uint8")
    flags = [Asset("quality", href, nodata=0.0) for href in (hollow, narrow)]
    order = flags[::-1] if narrow_on_top else flags
    scene = scene_of(*(granule_of(str(n), asset) for n, asset in enumerate(order)))
    read = build_cube(scenes_of(scene), GRID, bands=(), loader=loader)["quality"].values[0]
    assert (read[:48, 32:] == 9).all()
    assert (read[48:, :32] == 4).all()
    assert (read[48:, 32:96] == EMPTY_FLAG).all()
    assert (read[48:, 96:] == NO_FLAG).all()


def test_terrain_models_are_merged_first_on_top(tmp_path):
    near = write_flat(tmp_path / "near.tif", 100, grid=GRID[:, :64], dtype="float32")
    wide = write_flat(tmp_path / "wide.tif", 300, dtype="float32")
    models = [
        scene_of(granule_of(name, Asset("elevation", href)), sensor="dem")
        for name, href in (("near", near), ("wide", wide))
    ]
    read = build_cube(scenes_of(terrain=models), GRID, bands=())["elevation"].values
    np.testing.assert_allclose(read[:, :60], 100, rtol=1e-6)
    np.testing.assert_allclose(read[2:-2, 68:-2], 300, rtol=1e-6)
    assert not np.isnan(read).any()


@pytest.mark.parametrize("chunk_px", [None, 40])
def test_elevation_around_the_grid_is_that_of_a_wider_cube(tmp_path, chunk_px):
    href = write_noise(tmp_path / "dem.tif", GRID.pad(30), crs="EPSG:4326", pixel=1.3e-4)
    model = scene_of(granule_of("dem", Asset("elevation", href, nodata=0.0)), sensor="dem")
    scenes = scenes_of(terrain=[model])
    plain = build_cube(scenes, GRID, bands=(), chunk_px=chunk_px)
    cube = build_cube(scenes, GRID, bands=(), chunk_px=chunk_px, around_px=21)
    check_cube(cube)
    assert "surroundings" not in plain
    wide = build_cube(scenes, GRID.pad(21), bands=())["elevation"].values
    assert np.isfinite(wide).mean() > 0.5
    np.testing.assert_array_equal(cube["surroundings"].values, wide)
    np.testing.assert_array_equal(cube["elevation"].values, plain["elevation"].values)
    assert cube["elevation"].data.chunks == plain["elevation"].data.chunks


def test_flags_of_saturation_are_read_as_flags(tmp_path):
    flags = np.zeros(tuple(GRID.shape), "uint16")
    flags[10:20] = 1 << 6
    corner = (GRID.boundingbox.left, GRID.boundingbox.top)
    href = write_cog(tmp_path / "a.tif", flags, crs="EPSG:32654", corner=corner, pixel=10.0)
    scene = scene_of(granule_of("a", Asset("saturation", href)))
    read = build_cube(scenes_of(scene), GRID, bands=("saturation",))["saturation"]
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read.values[0], flags)


def test_a_granule_without_the_band_leaves_its_place_to_the_others(tmp_path):
    href = write_flat(tmp_path / "a.tif", 200)
    scene = scene_of(granule_of("a", Asset("blue", href)), granule_of("b", red(href)))
    assert (load_red(scene) == 200).all()


def test_granules_of_two_zones_meet_without_a_step(tmp_path):
    """A plane in longitude and latitude, half from zone 54 and half from zone 55."""
    west = write_field(tmp_path / "w.tif", GRID, crs="EPSG:32654", pixel=10.0, share=(0.0, 0.6))
    east = write_field(tmp_path / "e.tif", GRID, crs="EPSG:32655", pixel=10.0, share=(0.4, 1.0))
    assets = [red(west, nodata=None, epsg=32654), red(east, nodata=None, epsg=32655)]
    scene = scene_of(granule_of("a", assets[0]), granule_of("b", assets[1]))
    read = load_red(scene)[0]
    x, y = (values.ravel() for values in np.meshgrid(*(GRID.coords[d].values for d in ("x", "y"))))
    lon, lat = Transformer.from_crs("EPSG:32654", "EPSG:4326", always_xy=True).transform(x, y)
    np.testing.assert_allclose(read, field_of(lon, lat).reshape(GRID.shape), atol=0.02)


# ---- lazy, thrifty


def test_building_computes_nothing_and_opens_nothing(tmp_path, monkeypatch):
    href = write_noise(tmp_path / "a.tif", GRID, crs="EPSG:32655", pixel=10.0)

    def refuse(*_args, **_kwargs):
        raise AssertionError("a cube was computed while it was built")

    monkeypatch.setattr(rasterio, "open", refuse)
    with dask.config.set(scheduler=refuse):
        cube = build_cube(scenes_over(href), GRID, chunk_px=64)
        with pytest.raises(AssertionError, match="computed while it was built"):
            cube.load()


def test_each_file_is_opened_once_or_with_its_overview_twice(tmp_path, monkeypatch):
    grid = build_geobox(300, 600)
    halves = grid[:, :300], grid[:, 300:]
    granules = [
        granule_of(
            name,
            red(write_noise(tmp_path / f"{name}.tif", half, crs="EPSG:32654", **options)),
            footprint=half.extent.to_crs("EPSG:4326").geom,
        )
        for name, half, options in (
            ("plain", halves[0], {"pixel": 10.0}),
            ("fine", halves[1], {"pixel": 2.5, "overviews": "AUTO"}),
        )
    ]
    far = granule_of("far", red(str(tmp_path / "absent.tif")), footprint=shapely.box(0, 0, 1, 1))
    scenes = scenes_of(scene_of(*granules, far))
    counts: dict[str, int] = {}
    open_file = rasterio.open

    def count(href, *args, **kwargs):
        counts[href] = counts.get(href, 0) + 1
        return open_file(href, *args, **kwargs)

    monkeypatch.setattr(rasterio, "open", count)
    for block in blocks_of(grid, side_px=256, halo=10):
        counts.clear()
        part = scenes.touching(block.padded)
        build_cube(part, block.padded, bands=("red",)).load(scheduler="synchronous")
        touched = {granule.asset("red").href for granule in part.looks[0].scene.granules}
        assert counts == {href: 2 if href.endswith("fine.tif") else 1 for href in touched}
    assert granules[0].asset("red").href not in counts, "the last block is far from it"


def test_a_graph_holds_names_not_pixels(tmp_path):
    href = write_noise(tmp_path / "a.tif", GRID, crs="EPSG:32655", pixel=10.0)
    assert len(cloudpickle.dumps(build_cube(scenes_over(href), GRID))) < 60_000
