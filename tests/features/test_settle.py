"""Clouds and snow are widened, and bright ground is told from them."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from lsbatch.domain import Channel, Inputs, Preparation, Status
from lsbatch.features import features_halo, prepare, reasons_of
from tests.cubes import LookOf, cube_of, grid_of, hills, no_computing

COLOURS = ("red", "green", "blue")
GREY = {"red": 0.30, "green": 0.30, "blue": 0.30}
BROWN = {"red": 0.24, "green": 0.18, "blue": 0.11}
OTHER = {"red": 0.45, "green": 0.46, "blue": 0.48}
FOREST = {"red": 0.03, "green": 0.05, "blue": 0.03}
CLOUD, SHADOW, CLEAR = 9, 3, 5
NO_MARGIN = Preparation(cloud_margin_m=0, snow_margin_m=0)


def look(colour, flag=CLEAR, period="post", **others):
    return LookOf(period, quality=flag, bands=colour, **others)


def reasons(looks, preparation=NO_MARGIN, shape=(1, 1), side=10.0):
    cube = cube_of(looks, grid_of(*shape, side=side), bands=COLOURS)
    return reasons_of(cube, COLOURS, preparation).compute(scheduler="synchronous")


def scaled(colour, factor):
    return {name: value * factor for name, value in colour.items()}


@pytest.mark.parametrize(
    ("looks", "wanted"),
    [
        # grey ground: alike in two looks that both call it cloud
        ([look(GREY, CLOUD), look(scaled(GREY, 1.05), 8)], [0, 0]),
        # one look says nothing of grey
        ([look(GREY, CLOUD)], [3]),
        # another brightness: clouds
        ([look(GREY, CLOUD), look(OTHER, CLOUD)], [3, 3]),
        # two of three agree
        ([look(GREY, CLOUD), look(OTHER, CLOUD), look(GREY, CLOUD)], [0, 3, 0]),
        # brown: one look is enough
        ([look(BROWN, CLOUD)], [0]),
        # a usable look: the others stay as they are, whether alike or not
        ([look(GREY, CLOUD), look(GREY, CLOUD), look(FOREST)], [3, 3, 0]),
        ([look(GREY, CLOUD), look(GREY)], [3, 0]),
        # shadow of cloud is alike as well, and nobody takes ground for it
        ([look(FOREST, SHADOW), look(FOREST, SHADOW)], [3, 3]),
        # cirrus neither
        ([look(BROWN, 10), look(BROWN, 10)], [3, 3]),
        # whatever is as bright as snow is not ground
        ([look(scaled(GREY, 2.5), CLOUD), look(scaled(GREY, 2.5), CLOUD)], [3, 3]),
        # looks of the two sides of the event say nothing of each other
        ([look(GREY, CLOUD, "pre"), look(GREY, CLOUD)], [3, 3]),
    ],
)
def test_what_stays_cloud_at_one_place_and_alike_is_ground(looks, wanted):
    assert reasons(looks).ravel().tolist() == wanted


def test_the_rule_can_be_switched_off():
    off = Preparation(cloud_margin_m=0, snow_margin_m=0, steady_is_ground=False)
    assert reasons([look(GREY, CLOUD), look(BROWN, CLOUD)], off).ravel().tolist() == [3, 3]


def test_landsat_bright_ground_is_found_by_its_bits_of_cloud_and_their_margin():
    for bits, wanted in ((1 << 3, 0), (1 << 1, 0), (1 << 4, 3), (1 << 2, 3)):
        looks = [look(GREY, bits, sensor="landsat-c2-l2") for _ in range(2)]
        assert reasons(looks).ravel().tolist() == [wanted] * 2, bits


def test_screens_of_looks_without_flags_are_never_overruled():
    """They find snow and cloud alike, and snow is steady."""
    looks = [look(GREY, 65535, sensor="sentinel-2-l1c") for _ in range(2)]
    assert reasons(looks).ravel().tolist() == [3, 3]


@pytest.mark.parametrize(
    ("margin_m", "side", "row"),
    [(0, 10, "0003000"), (9, 10, "0003000"), (10, 10, "0033300"), (20, 10, "0333330"),
     (30, 10, "3333333"), (20, 30, "0003000"), (30, 30, "0033300")],
)  # fmt: skip
def test_clouds_and_their_shadows_grow_by_whole_pixels_within_the_margin(margin_m, side, row):
    for flag in (CLOUD, SHADOW):
        flags = np.array([[CLEAR] * 3 + [flag] + [CLEAR] * 3])
        colour = {name: np.linspace(0.02, 0.5, 7)[None] for name in COLOURS}
        found = reasons([look(colour, flags)], Preparation(cloud_margin_m=margin_m), (1, 7), side)
        assert "".join(map(str, found.ravel())) == row


def test_finds_of_the_screen_for_looks_without_flags_are_not_widened():
    white = np.array([[False, True, False, False]])
    colour = {name: np.where(white, 0.6, 0.1) for name in COLOURS}
    for sensor, flags, wanted in (
        ("generic", 65535, [0, 3, 0, 0]),
        ("sentinel-2-l2a", np.where(white, CLOUD, CLEAR), [3, 3, 3, 0]),
    ):
        found = reasons(
            [look(colour, flags, sensor=sensor)], Preparation(cloud_margin_m=10), (1, 4)
        )
        assert found.ravel().tolist() == wanted, sensor


def test_water_and_missing_data_are_not_widened_nor_covered():
    flags = np.array([[11, CLOUD, 6, CLEAR, CLEAR, CLEAR]])
    colour = {name: np.array([[0.1] * 3 + [np.nan] + [0.1] * 2]) for name in COLOURS}
    alone = Preparation(cloud_margin_m=30, snow_margin_m=0)
    found = reasons([look(colour, flags)], alone, (1, 6))
    assert found.ravel().tolist() == [Status.SNOW, 3, Status.WATER, Status.NO_POST, 3, 0]


@pytest.mark.parametrize(
    ("margin_m", "row"),
    [(0, "4000035"), (10, "4400035"), (30, "4444035")],
)
def test_what_lies_beside_snow_is_snow_whatever_another_look_shows(margin_m, row):
    flags = np.array([[11, CLEAR, CLEAR, CLEAR, CLEAR, CLOUD, 6]])
    alone = Preparation(cloud_margin_m=0, snow_margin_m=margin_m, steady_is_ground=True)
    colour = {name: np.full((1, 7), FOREST[name]) for name in COLOURS}
    found = reasons([look(colour, flags), look(colour)], alone, (1, 7))
    assert "".join(map(str, found[0, 0])) == row
    assert not found[1].any()


def test_no_margin_is_laid_around_ground_that_passed_for_cloud():
    flags = np.array([[CLEAR, CLEAR, CLOUD, CLEAR, CLEAR]])
    brown = {name: np.where(flags == CLOUD, BROWN[name], FOREST[name]) for name in COLOURS}
    assert reasons([look(brown, flags)], Preparation(), (1, 5)).ravel().tolist() == [0] * 5
    grey = {name: np.where(flags == CLOUD, GREY[name], FOREST[name]) for name in COLOURS}
    assert reasons([look(grey, flags)], Preparation(), (1, 5)).ravel().tolist() == [3] * 5
    # seen clear in another look: ground, though the look itself is not needed there
    pair = reasons([look(grey, flags), look(grey)], Preparation(), (1, 5))
    assert pair[:, 0].tolist() == [[0, 0, 3, 0, 0], [0] * 5]


def test_a_margin_leaves_ground_that_is_alike_in_another_look_where_nothing_else_is_left():
    first = np.array([[CLOUD, CLEAR, CLEAR, CLEAR, CLEAR]])
    colour = {name: np.full((1, 5), FOREST[name]) for name in COLOURS}
    colour_now = {name: np.where(first == CLOUD, 0.7, colour[name]) for name in COLOURS}
    looks = [look(colour_now, first), look(colour_now, first)]
    assert reasons(looks, Preparation(), (1, 5))[:, 0].tolist() == [[3, 0, 0, 0, 0]] * 2
    alone = reasons(looks[:1], Preparation(), (1, 5))
    assert alone[0, 0].tolist() == [3, 3, 3, 0, 0]


SHAPE = (24, 28)


def random_cube(seed, chunks=-1):
    """Looks with specks of every flag, many of them bright ground, over hills."""
    rng = np.random.default_rng(seed)
    ground = rng.uniform(0.05, 0.4, SHAPE)
    looks = []
    for period in ("pre", "pre", "post", "post", "post"):
        bands = {}
        for name, tint in (("red", 1.2), ("green", 1.0), ("blue", rng.choice([0.5, 1.0]))):
            bands[name] = ground * tint * rng.uniform(0.8, 1.2) + rng.normal(0, 0.01, SHAPE)
        flags = rng.choice([4, 4, 4, 4, 8, 9, 3, 11, 0], SHAPE)
        sun = (rng.uniform(0, 360), rng.uniform(15, 60))
        looks.append(LookOf(period, quality=flags, bands=bands, sun=sun))
    elevation = hills(*SHAPE, relief_m=200.0, length_px=12.0)
    return cube_of(looks, grid_of(*SHAPE), bands=COLOURS, elevation=elevation, chunks=chunks)


INPUTS = Inputs((*(Channel(n, p) for p in ("pre", "post") for n in COLOURS), Channel("slope_deg")))


@settings(max_examples=8)
@given(
    seed=st.integers(0, 99),
    margin_m=st.sampled_from([10.0, 20.0, 35.0]),
    kind=st.sampled_from(["median", "best"]),
    swapped=st.booleans(),
    place=st.tuples(st.integers(3, 9), st.integers(3, 12)),
    size=st.tuples(st.integers(1, 10), st.integers(1, 10)),
)
def test_seam_invisible_with_margins_and_steady_ground(seed, margin_m, kind, swapped, place, size):
    preparation = Preparation(cloud_margin_m=10, snow_margin_m=margin_m, pre=kind, post=kind)
    if swapped:
        preparation = replace(preparation, cloud_margin_m=margin_m, snow_margin_m=0)
    halo = features_halo(preparation, 10.0)
    assert halo == int(margin_m / 10)
    core = [slice(at, at + length) for at, length in zip(place, size, strict=True)]
    cube = random_cube(seed)
    padded = cube.isel(
        y=slice(core[0].start - halo, core[0].stop + halo),
        x=slice(core[1].start - halo, core[1].stop + halo),
    )
    inner = {"y": slice(halo, halo + size[0]), "x": slice(halo, halo + size[1])}
    whole = prepare(cube, INPUTS, preparation).compute(scheduler="synchronous")
    block = prepare(padded, INPUTS, preparation).compute(scheduler="synchronous").isel(inner)
    xr.testing.assert_identical(whole.isel(y=core[0], x=core[1]), block)


@pytest.mark.parametrize("chunks", [5, 13])
def test_chunks_do_not_show_and_building_computes_nothing(chunks):
    with no_computing():
        lazy = prepare(random_cube(3, chunks), INPUTS)
    xr.testing.assert_identical(
        lazy.compute(scheduler="synchronous"),
        prepare(random_cube(3), INPUTS).compute(scheduler="synchronous"),
    )
