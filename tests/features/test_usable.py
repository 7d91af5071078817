import numpy as np
import pytest
import rasterio

from lsbatch.domain import (
    EMPTY_FLAG,
    Asset,
    Channel,
    Granule,
    Inputs,
    Look,
    Preparation,
    Scene,
    Scenes,
    Status,
)
from lsbatch.features import prepare, reasons_of, screens_of
from tests.cogs import EVERYWHERE, MOMENT
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

PLAINLY = Preparation(cloud_margin_m=0, snow_margin_m=0, steady_is_ground=False)
VISIBLE = ("red", "green", "blue")
CLOUD_COLOURS = {"red": 0.6, "green": 0.6, "blue": 0.62}


def reasons(look, *, width, bands=("nir", "red"), asked=None):
    cube = cube_of([look], grid_of(1, width), bands=bands)
    return reasons_of(cube, asked or bands, PLAINLY).compute(scheduler="synchronous")[0, 0]


def test_every_scene_class_of_sentinel2_has_its_reason():
    classes = np.arange(12)
    found = reasons(LookOf("pre", quality=classes[None], bands={"nir": 0.3, "red": 0.1}), width=12)
    assert found.dtype == np.uint8
    wanted = [SCL_MEANINGS.get(value, Status.SCORED) for value in range(12)]
    assert found.tolist() == [Status.NO_PRE, *wanted[1:]]


@pytest.mark.parametrize("sensor", ["sentinel-2-l2a", "landsat-c2-l2", "generic"])
def test_where_flags_say_that_there_is_no_data_there_is_none(sensor):
    flags = np.array([[EMPTY_FLAG, NO_FLAG]])
    look = LookOf("post", sensor=sensor, quality=flags, bands={"nir": 0.3, "red": 0.1})
    assert reasons(look, width=2).tolist() == [Status.NO_POST, Status.SCORED]


def test_every_combination_of_landsat_bits_has_its_reason():
    values = np.concatenate([np.arange(256), np.arange(256) | 0b1101_0101_0000_0000])
    cloud = (values & 0b11110) > 0
    snow, water = (values >> 5) & 1 == 1, (values >> 7) & 1 == 1
    fill = values & 1 == 1
    reason = [Status.NO_POST, Status.CLOUD, Status.SNOW, Status.WATER]
    wanted = np.select([fill, cloud, snow, water], reason, 0)
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


def test_screens_are_named_by_what_they_go_by():
    def look(sensor, *bands):
        images = (Granule(sensor, EVERYWHERE, tuple(Asset(band, band) for band in bands)),)
        return Look(Scene(sensor, sensor, MOMENT, MOMENT, images), "post", 1)

    rgb = ("red", "green", "blue")
    red = Inputs((Channel("red", "post"),))
    wide = Inputs(tuple(Channel(band, "post") for band in ("green", "nir", "swir16")))
    flagged = look("sentinel-2-l2a", *rgb, "nir", "swir16", "quality")
    assert screens_of(Scenes((flagged,)), red) == {"sentinel-2-l2a": "the quality band scl"}
    assert screens_of(Scenes((flagged,)), wide) == {
        "sentinel-2-l2a": "the quality band scl; snow by reflectance too"
    }
    plain = look("generic", *rgb)
    assert screens_of(Scenes((plain,)), red) == {
        "generic": "brightness, blue and whiteness; no quality band"
    }
    assert screens_of(Scenes((look("generic", "red"),)), red) == {
        "generic": "none; no quality band"
    }


# ---- Landsat: saturation by its flags, stripes without data


def landsat(flags, *, red=0.1, nir=0.3, quality=64, delay=1):
    bands = {"red": red, "nir": nir, "saturation": flags}
    return LookOf("post", delay, sensor="landsat-c2-l2", quality=quality, bands=bands)


def landsat_cube(looks, width):
    cube = cube_of(looks, grid_of(1, width, side=30.0), bands=("red", "nir", "saturation"))
    return cube.assign(saturation=cube["saturation"].astype("uint16"))


@pytest.mark.parametrize(
    ("bands", "saturated"),
    [(("red",), {2, 3, 9}), (("nir",), {3, 4, 9}), (("red", "nir"), {2, 3, 4, 9})],
)
def test_a_flag_of_saturation_counts_for_its_own_band(bands, saturated):
    flags = np.array([[0, *(1 << bit for bit in range(12)), NO_FLAG]])
    cube = landsat_cube([landsat(flags)], flags.size)
    found = reasons_of(cube, bands, PLAINLY).compute(scheduler="synchronous")[0, 0]
    wanted = [Status.SATURATED if bit - 1 in saturated else 0 for bit in range(14)]
    assert found.tolist() == wanted


def test_an_optional_band_that_flags_call_saturated_is_missing_in_that_band_only():
    inputs = Inputs((Channel("red", "post"), Channel("nir", "post", optional=True)))
    looks = [landsat(np.array([[0, 1 << 4]])), landsat(0, nir=0.5, delay=9)]
    features = prepare(landsat_cube(looks, 2), inputs, PLAINLY).compute(scheduler="synchronous")
    assert (features["post_count"] == 2).all()
    nir = features["channels"].sel(channel="post_nir").values
    np.testing.assert_allclose(nir, [[0.4, 0.5]], rtol=1e-6)


def test_stripes_of_a_failed_scan_line_corrector_are_no_data_and_another_look_fills_them():
    stripe = np.array([[0.1, np.nan, np.nan, 0.1]])
    shifted = np.array([[np.nan, np.nan, 0.2, 0.2]])
    inputs = Inputs((Channel("red", "post"),))
    looks = [landsat(0, red=stripe, quality=np.array([[64, 1, 1, 64]]), delay=3),
             landsat(0, red=shifted, delay=40)]  # fmt: skip
    features = prepare(landsat_cube(looks, 4), inputs).compute(scheduler="synchronous")
    assert features["status"].values.tolist() == [[0, Status.NO_POST, 0, 0]]
    assert features["post_delay"].values.tolist() == [[3, -1, 40, 3]]


@pytest.mark.real
def test_flags_of_a_real_landsat_scene(shared_data):
    """Where QA_RADSAT names a band that is asked for, and only there, the pixel is saturated."""
    (path,) = shared_data.glob("landsat8-c2l2/LC08_L2SP_008059*/*QA_RADSAT.TIF")
    with rasterio.open(path) as file:
        flags = file.read(1)
    assert flags.dtype == np.uint16 and (flags != 0).any()
    red = np.full(flags.shape, 0.1, "float32")
    look = landsat(flags, red=red)
    cube = cube_of([look], grid_of(*flags.shape, side=30.0), bands=("red", "nir", "saturation"))
    cube = cube.assign(saturation=cube["saturation"].astype("uint16"))
    found = reasons_of(cube, ("red",), PLAINLY).compute(scheduler="synchronous")[0]
    wanted = (flags & (1 << 2 | 1 << 3 | 1 << 9)) != 0
    np.testing.assert_array_equal(found == Status.SATURATED, wanted)
