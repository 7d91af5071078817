"""Channels that a detector can do without: bands that some looks lack, and the light on slopes."""

import warnings

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from lsbatch.domain import (
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
from lsbatch.features import TERRAIN_HALO, bands_to_read, prepare
from lsbatch.kernels import illumination
from tests.cogs import EVERYWHERE, MOMENT
from tests.cubes import LookOf, cube_of, grid_of, hills, no_computing

RED = (Channel("red", "pre"), Channel("red", "post"))
NIR = tuple(Channel("nir", period, optional=True) for period in ("pre", "post"))
LIGHT = (Channel("cos_i", "pre"), Channel("cos_i", "post"))
PLAIN, FULL = Inputs(RED), Inputs((*RED, *NIR, *LIGHT, Channel("ndvi", "post", optional=True)))
AFTER = Inputs((Channel("red", "post"), NIR[1], Channel("slope_deg"), LIGHT[1]))
SHAPE = (18, 22)
GROUND = hills(*SHAPE)
LAYERS = ("status", "pre_count", "post_count", "pre_delay", "post_delay", "slope_deg")
PLAINLY = Preparation(cloud_margin_m=0, snow_margin_m=0, steady_is_ground=False)
SUN, LOW_SUN = (150.0, 55.0), (200.0, 25.0)


def random_looks(seed):
    """Looks with holes, flags, saturated cells, and suns of which some are not known."""
    rng = np.random.default_rng(seed)
    looks = []
    for period in ("pre", "pre", "pre", "post", "post"):
        bands = {band: rng.uniform(0.01, 0.5, SHAPE) for band in ("red", "nir")}
        for band in bands.values():
            band[rng.random(SHAPE) < 0.2] = np.nan
            band[rng.random(SHAPE) < 0.1] = 1.9
        sun = (rng.uniform(0, 360), rng.uniform(20, 80)) if rng.random() < 0.7 else (np.nan, np.nan)
        flags = rng.choice([4, 4, 4, 9, 6], SHAPE)
        looks.append(LookOf(period, quality=flags, bands=bands, sun=sun))
    return looks


def prepared(looks, inputs=FULL, *, bands=("red", "nir"), chunks=-1):
    cube = cube_of(looks, grid_of(*SHAPE), bands=bands, elevation=GROUND, chunks=chunks)
    return prepare(cube, inputs, PLAINLY).compute(scheduler="synchronous")


def plane(features, name):
    return features["channels"].sel(channel=name).values


def light(sun):
    return illumination(GROUND, 10.0, azimuth_deg=sun[0], altitude_deg=sun[1])


@settings(max_examples=10)
@given(seed=st.integers(0, 99))
def test_optional_channels_change_nothing_but_themselves(seed):
    looks = random_looks(seed)
    with_wishes, without = (prepared(looks, inputs) for inputs in (FULL, PLAIN))
    for layer in LAYERS:
        np.testing.assert_array_equal(with_wishes[layer], without[layer], err_msg=layer)
    for name in ("pre_red", "post_red"):
        np.testing.assert_array_equal(plane(with_wishes, name), plane(without, name))


@settings(max_examples=10)
@given(seed=st.integers(0, 99), chunks=st.sampled_from([-1, 7]))
def test_optional_channels_equal_numpy_over_the_looks_that_have_them(seed, chunks):
    looks = random_looks(seed)
    features = prepared(looks, chunks=chunks)
    for period in ("pre", "post"):
        own = [look for look in looks if look.period == period]
        red, nir = (np.float32([look.bands[band] for look in own]) for band in ("red", "nir"))
        usable = np.array([look.quality == 4 for look in own]) & (red <= 1.6)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            medians = np.nanmedian(np.where(usable & (nir <= 1.6), nir, np.nan), axis=0)
            seen = np.where(usable, [light(look.sun) for look in own], np.nan)
            means = np.nanmean(seen.astype("float64"), axis=0)
        np.testing.assert_allclose(plane(features, f"{period}_nir"), medians, rtol=1e-6)
        np.testing.assert_allclose(plane(features, f"{period}_cos_i"), means, atol=1e-6)


@pytest.mark.parametrize("bands", [("red",), ("red", "nir")])
def test_a_band_that_no_look_has_is_a_plane_without_data_and_the_pixel_is_usable(bands):
    looks = [LookOf(side, bands={"red": 0.1, "nir": np.nan}) for side in ("pre", "post")]
    features = prepared(looks, bands=bands)
    for name in ("pre_nir", "post_nir", "post_ndvi", "pre_cos_i", "post_cos_i"):
        assert np.isnan(plane(features, name)).all(), name
    assert (features["status"].values == Status.SCORED).all()
    assert features["channels"].dtype == np.float32


def test_a_required_index_without_a_value_still_ends_a_pixel_s_use_and_an_optional_one_does_not():
    looks = [LookOf(side, bands={"red": 0.0, "nir": 0.0}) for side in ("pre", "post")]
    wish, need = (Channel("ndvi", "post", optional=optional) for optional in (True, False))
    assert (prepared(looks, Inputs((*RED, wish)))["status"] == Status.SCORED).all()
    assert (prepared(looks, Inputs((*RED, need)))["status"] == Status.NO_POST).all()


@pytest.mark.parametrize("value", [np.nan, 1.9])
def test_a_look_without_the_band_counts_as_missing_in_that_band_only(value):
    first, second = {"red": 0.1, "nir": value}, {"red": 0.3, "nir": 0.4}
    looks = [LookOf("pre", 3, bands=first), LookOf("pre", 9, bands=second)]
    features = prepared([*looks, LookOf("post", bands=second)])
    np.testing.assert_allclose(plane(features, "pre_red"), 0.2, rtol=1e-6)
    np.testing.assert_allclose(plane(features, "pre_nir"), 0.4, rtol=1e-6)
    assert (features["pre_count"] == 2).all() and (features["pre_delay"] == 3).all()


def test_light_is_that_of_the_looks_whose_sun_is_known_and_that_are_usable():
    flags = np.full(SHAPE, 4)
    flags[5:8] = 9
    bands = {"red": 0.1, "nir": 0.4}
    looks = [
        LookOf("pre", bands=bands, sun=SUN),
        LookOf("pre", bands=bands, sun=(np.nan, np.nan)),
        LookOf("post", bands=bands, sun=SUN),
        LookOf("post", bands=bands, sun=LOW_SUN, quality=flags),
    ]
    features = prepared(looks)
    np.testing.assert_array_equal(plane(features, "pre_cos_i"), light(SUN))
    both = (light(SUN).astype("float64") + light(LOW_SUN)) / 2
    both[5:8] = light(SUN)[5:8]
    np.testing.assert_allclose(plane(features, "post_cos_i"), both, atol=1e-7)


def test_on_level_ground_light_is_the_sine_of_the_sun_s_elevation():
    looks = [
        LookOf(side, bands={"red": 0.1, "nir": 0.4}, sun=(70.0, 30.0)) for side in ("pre", "post")
    ]
    cube = cube_of(looks, grid_of(5, 5), bands=("red", "nir"))
    inner = plane(prepare(cube, FULL), "pre_cos_i")[1:-1, 1:-1]
    np.testing.assert_allclose(inner, 0.5, rtol=1e-6)


@settings(max_examples=12)
@given(
    seed=st.integers(0, 99),
    place=st.tuples(st.integers(1, 8), st.integers(1, 12)),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
)
def test_seam_invisible_in_optional_channels(seed, place, size):
    cube = cube_of(
        random_looks(seed), grid_of(*SHAPE), bands=("red", "nir"), elevation=GROUND, chunks=11
    )
    core = [slice(at, at + length) for at, length in zip(place, size, strict=True)]
    halo = TERRAIN_HALO
    padded = cube.isel(
        y=slice(core[0].start - halo, core[0].stop + halo),
        x=slice(core[1].start - halo, core[1].stop + halo),
    )
    inner = {"y": slice(halo, halo + size[0]), "x": slice(halo, halo + size[1])}
    whole = prepare(cube, FULL, PLAINLY).compute(scheduler="synchronous")
    block = prepare(padded, FULL, PLAINLY).compute(scheduler="synchronous").isel(inner)
    xr.testing.assert_identical(whole.isel(y=core[0], x=core[1]), block)


def test_a_look_that_is_absent_and_one_without_data_light_the_ground_alike():
    """A block's scenes leave out what does not touch it."""
    bands = {"red": 0.1, "nir": 0.4}
    there = [LookOf(side, bands=bands, sun=SUN) for side in ("pre", "post")]
    gone = LookOf("pre", 9, bands={"red": np.nan, "nir": np.nan}, sun=LOW_SUN)
    xr.testing.assert_identical(prepared([there[0], gone, there[1]]), prepared(there))


# ---- a detector that looks only at images from after the event


@pytest.mark.parametrize("with_pre", [False, True])
def test_where_no_image_before_is_needed_none_counts(with_pre):
    bands = {"red": 0.1, "nir": 0.4}
    flags = np.full(SHAPE, 4)
    flags[3:6] = 9
    before = [LookOf("pre", 3, bands=bands, quality=9)] if with_pre else []
    features = prepared([*before, LookOf("post", 5, bands=bands, quality=flags, sun=SUN)], AFTER)
    assert set(np.unique(features["status"])) == {Status.SCORED, Status.CLOUD}
    assert (features["pre_count"] == 0).all() and (features["pre_delay"] == -1).all()
    assert ((features["post_count"] == 1) == (features["status"] == 0)).all()
    np.testing.assert_array_equal(
        plane(features, "post_cos_i"), np.where(flags == 4, light(SUN), np.float32(np.nan))
    )


def test_without_an_image_after_there_is_no_score_whatever_there_was_before():
    features = prepared([LookOf("pre", bands={"red": 0.1, "nir": 0.4})], AFTER)
    assert (features["status"] == Status.NO_POST).all()


def test_building_optional_channels_computes_nothing():
    cube = cube_of(random_looks(0), grid_of(*SHAPE), bands=("red",), elevation=GROUND, chunks=9)
    with no_computing():
        assert prepare(cube, FULL)["channels"].chunks


# ---- what is read


def scene(name, *granules):
    images = tuple(
        Granule(f"{name}{n}", EVERYWHERE, tuple(Asset(band, f"{name}{n}/{band}") for band in bands))
        for n, bands in enumerate(granules)
    )
    return Scene(name, "sentinel-2-l1c", MOMENT, MOMENT, images)


def test_optional_bands_are_read_where_at_least_one_image_has_them():
    rgb = ("red", "green", "blue")
    some = scene("pre", (*rgb, "nir", "quality"), (*rgb, "quality"))
    none = scene("post", (*rgb, "quality"))
    looks = Look(some, "pre", 1), Look(none, "post", 1)
    wishes = Inputs((*RED, *NIR, Channel("swir16", "post", optional=True)))
    assert bands_to_read(Scenes(looks), wishes) == ("red", "nir")
    assert bands_to_read(Scenes(looks[1:]), wishes) == ("red",)
    unflagged = Scenes((Look(scene("pre", (*rgb, "nir")), "pre", 1),))
    assert bands_to_read(unflagged, wishes) == ("red", "green", "blue", "nir")


def test_a_large_block_without_a_look_on_one_side_can_be_prepared():
    """Of arrays without a look dask cannot choose chunks by their size."""
    cube = cube_of([LookOf("post", bands={"red": 0.1, "nir": 0.3})], grid_of(1030, 1160))
    with no_computing():
        features = prepare(cube, AFTER, PLAINLY)
    assert features["channels"].shape == (len(AFTER.channels), 1030, 1160)
