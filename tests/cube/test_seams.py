"""The seam law: a cube over a block is that part of the cube over the whole, bit for bit."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from lsbatch.cube import build_cube
from lsbatch.domain import Asset, Event, Period, blocks_of, build_grid
from lsbatch.search import choose_scenes, find_scenes
from tests.cogs import (
    HERE,
    build_geobox,
    granule_of,
    scene_of,
    scenes_of,
    scenes_over,
    write_noise,
)
from tests.strategies import windows

HALO = 37
SHAPE = 300, 390

SOURCES = {
    "same zone": {"crs": "EPSG:32654", "pixel": 10.0},
    "next zone": {"crs": "EPSG:32655", "pixel": 10.0},
    "degrees": {"crs": "EPSG:4326", "pixel": 8.98e-5},
    "three times coarser": {"crs": "EPSG:32654", "pixel": 30.0},
    "coarser, in degrees": {"crs": "EPSG:4326", "pixel": 2.7e-4},
    "finer, with overviews": {"crs": "EPSG:32655", "pixel": 2.5, "overviews": "AUTO"},
    "float with NaN": {"crs": "EPSG:4326", "pixel": 8.98e-5, "dtype": "float32", "nodata": np.nan},
    "no nodata, ending inside": {
        "crs": "EPSG:32655",
        "pixel": 10.0,
        "nodata": None,
        "reach_m": -650.0,
    },
}


def check_parts(whole, scenes, grid, *, side_px, halo):
    """Compare each block's cube with its part of `whole`, a cube over the padded grid."""
    for block in blocks_of(grid, side_px=side_px, halo=halo):
        part = build_cube(scenes.touching(block.padded), block.padded, bands=("red",))
        height, width = block.padded.shape
        row, col = (place.start for place in block.slices)
        check_equal(part, whole.isel(y=slice(row, row + height), x=slice(col, col + width)))


def check_equal(part, wanted):
    for name in wanted.data_vars:
        np.testing.assert_array_equal(part[name].values, wanted[name].values, err_msg=name)
    np.testing.assert_allclose(part["x"], wanted["x"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(part["y"], wanted["y"], rtol=0, atol=1e-6)


def check_has_data(cube):
    """Comparing nothing with nothing would prove nothing."""
    for name in ("red", "elevation"):
        share = float(np.isfinite(cube[name]).mean())
        assert share > 0.25, f"{name} has data in {share:.0%}"


@pytest.mark.parametrize("source", SOURCES)
def test_seam_invisible_for_any_source(tmp_path, source):
    grid = build_geobox(*SHAPE)
    scenes = scenes_over(write_noise(tmp_path / "noise.tif", grid, **SOURCES[source]))
    whole = build_cube(scenes, grid.pad(HALO)).load(scheduler="threads")
    check_has_data(whole)
    check_parts(whole, scenes, grid, side_px=256, halo=HALO)


@pytest.mark.parametrize(("resolution", "pixel"), [(10.0, 28.0), (7.3, 12.5), (3.0, 12.5)])
def test_seam_invisible_where_source_and_grid_share_a_zone(tmp_path, resolution, pixel):
    """There GDAL interpolates between a window's ends, which rounds by window: a few bits in 1e6.

    Pixels of 7.3 m, which binary numbers cannot hold, also round by the window's corner.
    """
    grid = build_geobox(600, 900, resolution=resolution)
    href = write_noise(tmp_path / "noise.tif", grid, crs="EPSG:32654", pixel=pixel)
    whole = build_cube(scenes_over(href), grid.pad(HALO)).load(scheduler="threads")
    check_has_data(whole)
    check_parts(whole, scenes_over(href), grid, side_px=256, halo=HALO)


@pytest.fixture(scope="module")
def two_granules(tmp_path_factory):
    """A scene of two granules with holes, in two zones, over one grid; and its whole cube."""
    folder = tmp_path_factory.mktemp("granules")
    grid = build_geobox(*SHAPE)
    hrefs = [
        write_noise(folder / f"{number}.tif", grid, reach_m=-500.0 * number, **SOURCES[name])
        for number, name in enumerate(("degrees", "next zone", "same zone"))
    ]
    granules = [
        granule_of(str(n), *(Asset(band, href, nodata=0.0) for band in ("red", "quality")))
        for n, href in reversed(list(enumerate(hrefs)))
    ]
    model = scene_of(granule_of("dem", Asset("elevation", hrefs[0], nodata=0.0)), sensor="dem")
    scenes = scenes_of(scene_of(*granules), terrain=[model])
    return scenes, grid, build_cube(scenes, grid).load(scheduler="threads")


@settings(max_examples=10)
@given(data=st.data())
def test_seam_invisible_for_any_window(two_granules, data):
    scenes, grid, whole = two_granules
    rows, cols = data.draw(windows(SHAPE))
    part = build_cube(scenes.touching(grid[rows, cols]), grid[rows, cols], bands=("red",))
    check_equal(part, whole.isel(y=rows, x=cols))


def test_chunks_do_not_show(two_granules):
    scenes, grid, whole = two_granules
    chunked = build_cube(scenes, grid, chunk_px=256)
    assert chunked["red"].data.chunks == ((1,), (256, 44), (256, 134))
    check_equal(chunked.compute(scheduler="threads"), whole)


@pytest.fixture(scope="module")
def hokkaido(shared_data):
    """Real scenes before and after the earthquake, the grid over a part, and the whole cube."""
    aoi = shapely.box(141.93, 42.70, 141.99, 42.75)
    event = Event("hokkaido-2018", datetime(2018, 9, 5, 18, 8, tzinfo=UTC), aoi)
    periods = {
        "pre": Period(datetime(2018, 1, 1, tzinfo=UTC), event.time),
        "post": Period(event.time, datetime(2019, 1, 1, tzinfo=UTC)),
    }
    source = str(shared_data / "hokkaido-2018" / "catalog.json")
    found = find_scenes(event, source, **periods)
    scenes, _ = choose_scenes(found, event, bands=("red",), looks=1, **periods)
    scenes = replace(scenes, access=HERE)
    grid = build_grid(aoi, crs="EPSG:32654", resolution=10.0)
    return scenes, grid, build_cube(scenes, grid.pad(64), bands=("red",)).load(scheduler="threads")


@pytest.mark.real
@pytest.mark.parametrize(("side_px", "halo"), [(256, 0), (256, 64), (512, 26)])
def test_seam_invisible_in_real_images(hokkaido, side_px, halo):
    scenes, grid, whole = hokkaido
    check_has_data(whole)
    inner = slice(64 - halo, halo - 64 or None)
    check_parts(whole.isel(y=inner, x=inner), scenes, grid, side_px=side_px, halo=halo)
