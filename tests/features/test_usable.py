import numpy as np
import pytest

from lsbatch.domain import Status
from lsbatch.features import reasons_of
from tests.cubes import NO_FLAG, LookOf, cube_of, grid_of

SCL_MEANINGS = {
    1: Status.SATURATED,
    3: Status.CLOUD,
    6: Status.WATER,
    8: Status.CLOUD,
    9: Status.CLOUD,
    10: Status.CLOUD,
    11: Status.SNOW,
}
"""Sentinel-2 scene classes that end a pixel's use; dark area (2) and unclassified (7) do not."""

VISIBLE = ("red", "green", "blue")
CLOUD_COLOURS = {"red": 0.6, "green": 0.6, "blue": 0.62}


def reasons(look, *, width, bands=("nir", "red"), asked=None):
    cube = cube_of([look], grid_of(1, width), bands=bands)
    return reasons_of(cube, asked or bands).compute()[0, 0]


def test_every_scene_class_of_sentinel2_has_its_reason():
    classes = np.arange(12)
    found = reasons(LookOf("pre", quality=classes[None], bands={"nir": 0.3, "red": 0.1}), width=12)
    assert found.dtype == np.uint8
    assert found.tolist() == [SCL_MEANINGS.get(value, Status.SCORED) for value in range(12)]


def test_every_combination_of_landsat_bits_has_its_reason():
    values = np.concatenate([np.arange(256), np.arange(256) | 0b1101_0101_0000_0000])
    cloud = (values & 0b11110) > 0
    snow, water = (values >> 5) & 1 == 1, (values >> 7) & 1 == 1
    wanted = np.select([cloud, snow, water], [Status.CLOUD, Status.SNOW, Status.WATER], 0)
    look = LookOf(
        "post", sensor="landsat-c2-l2", quality=values[None], bands={"nir": 0.3, "red": 0.1}
    )
    np.testing.assert_array_equal(reasons(look, width=values.size), wanted)


@pytest.mark.parametrize("sensor", ["sentinel-2-l2a", "landsat-c2-l2", "sentinel-2-l1c", "generic"])
def test_no_flag_is_no_reason(sensor):
    look = LookOf("pre", sensor=sensor, quality=NO_FLAG, bands={"nir": 0.3, "red": 0.1})
    assert reasons(look, width=1).tolist() == [Status.SCORED]


def test_flags_of_a_sensor_without_a_table_mean_nothing():
    look = LookOf("pre", sensor="generic", quality=3, bands={"nir": 0.3, "red": 0.1})
    assert reasons(look, width=1).tolist() == [Status.SCORED]


@pytest.mark.parametrize(
    ("quality", "wanted"),
    [(NO_FLAG, Status.CLOUD), (4, Status.SCORED), (11, Status.SNOW)],
)
def test_bright_white_is_cloud_only_where_no_flag_decides(quality, wanted):
    look = LookOf("post", quality=quality, bands=CLOUD_COLOURS)
    assert reasons(look, width=1, bands=VISIBLE).tolist() == [wanted]


def test_dark_ground_without_a_flag_stays_usable():
    look = LookOf("post", bands={"red": 0.05, "green": 0.06, "blue": 0.05})
    assert reasons(look, width=1, bands=VISIBLE).tolist() == [Status.SCORED]


def test_the_screen_needs_all_three_colours():
    colours = {"red": 0.6, "green": 0.6}
    look = LookOf("post", bands=colours)
    assert reasons(look, width=1, bands=tuple(colours)).tolist() == [Status.SCORED]


@pytest.mark.parametrize(("period", "absent"), [("pre", Status.NO_PRE), ("post", Status.NO_POST)])
@pytest.mark.parametrize("band", ["nir", "red"])
def test_missing_data_in_one_band_comes_before_any_flag(period, absent, band):
    bands = {"nir": 0.3, "red": 0.1} | {band: np.nan}
    assert reasons(LookOf(period, quality=9, bands=bands), width=1).tolist() == [absent]


def test_a_band_that_nobody_asks_for_does_not_count():
    look = LookOf("pre", bands={"nir": np.nan, "red": 0.1})
    assert reasons(look, width=1, asked=("red",)).tolist() == [Status.SCORED]


@pytest.mark.parametrize("side", [3, 1024])
def test_a_cube_without_looks_has_no_reasons(side):
    cube = cube_of([], grid_of(side, side))
    assert reasons_of(cube, ("nir", "red")).shape == (0, side, side)


@pytest.mark.parametrize("quality", [4, 5, 7, NO_FLAG])
def test_snow_that_the_flags_miss_is_found_where_the_cube_holds_its_bands(quality):
    snow = {"green": 0.8, "nir": 0.75, "swir16": 0.1}
    look = LookOf("post", quality=quality, bands=snow)
    assert reasons(look, width=1, bands=tuple(snow)).tolist() == [Status.SNOW]
    seen = LookOf("post", quality=quality, bands={"green": 0.8, "nir": 0.75})
    assert reasons(seen, width=1, bands=("green", "nir")).tolist() == [Status.SCORED]
