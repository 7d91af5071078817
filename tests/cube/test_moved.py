"""Shifts taken out of a cube: what lies off its place comes into it, without a seam."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsbatch.cube import build_cube
from lsbatch.domain import Asset, LocalShift, Shift, blocks_of
from lsbatch.errors import ContractError
from tests.cogs import (
    HERE,
    build_geobox,
    granule_of,
    scene_of,
    scenes_of,
    scenes_over,
    write_cog,
    write_noise,
)

SHAPE = 290, 330
HALO = 9


def local_of(grid, *, reach_m=9.0):
    """A field that waves over a grid."""
    box = grid.boundingbox
    rows, cols = np.indices((6, 6))
    east = reach_m * np.sin(rows + 0.5 * cols)
    north = reach_m * np.cos(0.7 * rows - cols)
    tables = (tuple(map(tuple, table.round(2).tolist())) for table in (east, north))
    return LocalShift(box.left + 100, box.top - 50, 700.0, *tables)


def shifted(scenes, shift):
    looks = tuple(replace(look, scene=replace(look.scene, shift=shift)) for look in scenes.looks)
    return replace(scenes, looks=looks)


def shifts_of(grid):
    return {"scene": Shift(4.37, -11.2), "local": Shift(-3.1, 2.2, local_of(grid))}


@pytest.mark.parametrize("kind", ["scene", "local"])
@pytest.mark.parametrize(
    ("resolution", "crs", "pixel"),
    [(10.0, "EPSG:32654", 10.0), (10.0, "EPSG:4326", 8.98e-5), (7.3, "EPSG:32654", 12.5)],
)
def test_seam_invisible_where_a_shift_is_taken_out(tmp_path, kind, resolution, crs, pixel):
    grid = build_geobox(*SHAPE, resolution=resolution)
    noise = write_noise(tmp_path / "noise.tif", grid, crs=crs, pixel=pixel)
    scenes = shifted(scenes_over(noise, nodata=0), shifts_of(grid)[kind])
    whole = build_cube(scenes, grid.pad(HALO)).load(scheduler="threads")
    assert 0.5 < float(np.isfinite(whole["red"]).mean()) < 1
    for block in blocks_of(grid, side_px=256, halo=HALO):
        part = build_cube(scenes.touching(block.padded), block.padded, bands=("red",))
        height, width = block.padded.shape
        row, col = (place.start for place in block.slices)
        wanted = whole.isel(y=slice(row, row + height), x=slice(col, col + width))
        for name in ("red", "quality", "elevation"):
            np.testing.assert_array_equal(part[name].values, wanted[name].values, err_msg=name)
    chunked = build_cube(scenes, grid.pad(HALO), chunk_px=100)
    np.testing.assert_array_equal(chunked["red"].values, whole["red"].values)
    np.testing.assert_array_equal(chunked["quality"].values, whole["quality"].values)


@given(st.integers(-2000, 2000), st.integers(-2000, 2000))
@settings(max_examples=12)
def test_a_file_off_its_place_comes_back_into_it(tmp_path_factory, east_cm, north_cm):
    """The same smooth ground in two files, one with a corner that lies wrongly."""
    folder = tmp_path_factory.mktemp("files")
    grid = build_geobox(120, 130)
    east, north = east_cm / 100, north_cm / 100
    rows, cols = np.indices((220, 230))
    ground = (3000 + 900 * np.sin(rows / 9) + 700 * np.cos(cols / 11)).astype("uint16")
    box = grid.boundingbox
    corner = (box.left - 500, box.top + 500)
    place = {"crs": "EPSG:32654", "pixel": 10.0, "nodata": 0}
    true = write_cog(folder / "true.tif", ground, corner=corner, **place)
    off = write_cog(
        folder / "off.tif", ground, corner=(corner[0] + east, corner[1] + north), **place
    )
    wanted = build_cube(scenes_over(true, nodata=0), grid)["red"].values
    level = LocalShift(box.left, box.top, 1000.0, ((east,),), ((north,),))
    for shift, within in ((Shift(east, north), 1e-3), (Shift(0.0, 0.0, level), 6e-3)):
        found = build_cube(shifted(scenes_over(off, nodata=0), shift), grid)["red"].values
        np.testing.assert_allclose(found, wanted, atol=within)


@pytest.mark.parametrize("kind", ["scene", "local"])
def test_flags_stay_flags_and_go_with_their_pixels(tmp_path, kind):
    grid = build_geobox(64, 64)
    flags = np.random.default_rng(0).choice(np.array([4, 8], "uint16"), (200, 200))
    box = grid.boundingbox
    path = write_cog(
        tmp_path / "flags.tif", flags, crs="EPSG:32654",
        corner=(box.left - 600 + 10, box.top + 600), pixel=10.0, nodata=0,
    )  # fmt: skip
    local = LocalShift(box.left, box.top, 1000.0, ((10.0,),), ((0.0,),))
    shift = Shift(10.0, 0.0) if kind == "scene" else Shift(0.0, 0.0, local)
    found = build_cube(shifted(scenes_over(path, scale=1.0), shift), grid)
    np.testing.assert_array_equal(found["quality"].values[0], flags[60:124, 60:124])
    # whole pixels: cubic convolution leaves the numbers as they are
    np.testing.assert_allclose(found["red"].values[0], flags[60:124, 60:124], atol=1e-4)


def test_other_looks_keep_their_bits(tmp_path):
    grid = build_geobox(150, 160)
    noise = write_noise(tmp_path / "noise.tif", grid, crs="EPSG:32655", pixel=10.0)
    look = scene_of(granule_of("image", Asset("red", noise, scale=1e-4, nodata=0)))
    alone = scenes_of(look)
    both = scenes_of(replace(look, shift=Shift(5.0, 5.0)), look)
    assert both.access == HERE
    cube = build_cube(both, grid)["red"].values
    np.testing.assert_array_equal(cube[1], build_cube(alone, grid)["red"].values[0])
    assert not np.array_equal(cube[0], cube[1], equal_nan=True)


def test_shifts_check_themselves():
    with pytest.raises(ContractError, match="finite"):
        Shift(float("nan"), 0.0)
    with pytest.raises(ContractError, match="same shape"):
        LocalShift(0.0, 0.0, 100.0, ((0.0,),), ((0.0, 1.0),))
    with pytest.raises(ContractError, match="metres apart"):
        LocalShift(0.0, 0.0, 0.0, ((0.0,),), ((0.0,),))
    field = LocalShift(0.0, 0.0, 100.0, ((0.0, -3.0),), ((2.0, 1.0),))
    assert Shift(1.0, -4.0, field).reach_m == 7.0
