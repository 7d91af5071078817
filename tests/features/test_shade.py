"""Terrain shadow: by the elevation around a cube and the sun of each look."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lsbatch.domain import Channel, Inputs, Preparation, Status
from lsbatch.errors import ContractError
from lsbatch.features import features_halo, prepare, reasons_of
from lsbatch.kernels import cast_shadow, shadow_halo
from tests.cubes import LookOf, cube_of, grid_of, hills

REACH = 150.0
AROUND = shadow_halo(10.0, REACH)
SHAPE = (30, 34)
GROUND = hills(SHAPE[0] + 2 * AROUND, SHAPE[1] + 2 * AROUND, relief_m=260.0, length_px=22.0)
PREPARATION = Preparation(cloud_margin_m=10.0, snow_margin_m=0, shadow_reach_m=REACH)
SUN, LOW_SUN, NO_SUN = (150.0, 45.0), (250.0, 12.0), (np.nan, np.nan)
INPUTS = Inputs((Channel("red", "pre"), Channel("red", "post"), Channel("cos_i", "post")))


def cube_with(suns, *, flags=4, chunks=-1, extra=0):
    """A cube over the middle of GROUND, `extra` pixels less wide; its looks differ by their sun."""
    looks = [
        LookOf(period, quality=flags, bands={"red": 0.1}, sun=sun)
        for period, sun in zip(("pre", "post", "post", "post"), suns, strict=False)
    ]
    inner = slice(AROUND, -AROUND)
    cube = cube_of(looks, grid_of(*SHAPE), bands=("red",), elevation=GROUND[inner, inner],
                   chunks=chunks)  # fmt: skip
    ground = GROUND[extra:-extra, extra:-extra] if extra else GROUND
    return cube.assign(surroundings=(("y_around", "x_around"), ground))


def shadow(sun):
    inner = slice(AROUND, -AROUND)
    return cast_shadow(GROUND, 10.0, azimuth_deg=sun[0], altitude_deg=sun[1], reach_m=REACH)[
        inner, inner
    ]


def reasons(cube, preparation=PREPARATION):
    return reasons_of(cube, ("red",), preparation).compute(scheduler="synchronous")


def test_each_look_has_the_shadow_of_its_own_sun_and_none_without_one():
    found = reasons(cube_with([SUN, LOW_SUN, NO_SUN]))
    assert 0 < (found[0] == Status.SHADOW).mean() < (found[1] == Status.SHADOW).mean() < 1
    for layer, sun in ((found[0], SUN), (found[1], LOW_SUN)):
        np.testing.assert_array_equal(layer, np.where(shadow(sun) == 1, Status.SHADOW, 0))
    assert (found[2] == 0).all()


def test_hills_outside_the_cube_count():
    inner = slice(AROUND, -AROUND)
    alone = cast_shadow(GROUND[inner, inner], 10.0, azimuth_deg=LOW_SUN[0],
                        altitude_deg=LOW_SUN[1], reach_m=REACH)  # fmt: skip
    assert (shadow(LOW_SUN) > alone).sum() > 20


def test_a_lit_look_serves_where_another_lies_in_shadow():
    features = prepare(cube_with([SUN, SUN, LOW_SUN]), INPUTS, PREPARATION).compute()
    dark, darker = shadow(SUN) == 1, shadow(LOW_SUN) == 1
    np.testing.assert_array_equal(features["post_count"], 2 - dark.astype(int) - darker)
    assert (features["status"].values[dark] == Status.SHADOW).all()
    assert (features["status"].values[~dark] == 0).all()


@pytest.mark.parametrize("flag", [11, 6, 3, 9])
def test_what_the_flags_say_comes_first(flag):
    """Flagged ground in shadow keeps its reason, and is not taken for bright ground."""
    found = reasons(cube_with([SUN, LOW_SUN, LOW_SUN], flags=flag), Preparation(
        cloud_margin_m=0, snow_margin_m=0, shadow_reach_m=REACH))  # fmt: skip
    dark = shadow(LOW_SUN) == 1
    assert (found[1][dark] == {11: 4, 6: 5, 3: 3, 9: 3}[flag]).all()
    if flag == 9:
        assert (found[1][~dark] == 0).all(), "alike in two looks"


def test_dark_area_of_the_scene_classes_stays_usable():
    assert (reasons(cube_with([NO_SUN], flags=2)) == 0).all()


def test_without_surroundings_or_reach_there_is_no_shadow():
    cube = cube_with([LOW_SUN])
    assert (reasons(cube.drop_vars("surroundings")) == 0).all()
    assert (reasons(cube, Preparation(shadow_reach_m=0)) == 0).all()


def test_surroundings_that_end_within_the_reach_are_refused():
    assert AROUND == 15
    with pytest.raises(ContractError, match=r"need 15 pixels .* it holds 14"):
        reasons(cube_with([SUN], extra=1))


def test_surroundings_beyond_the_reach_change_nothing():
    short = Preparation(cloud_margin_m=10.0, snow_margin_m=0, shadow_reach_m=80.0)
    wide, narrow = cube_with([LOW_SUN]), cube_with([LOW_SUN], extra=AROUND - 8)
    np.testing.assert_array_equal(reasons(wide, short), reasons(narrow, short))


@settings(max_examples=8)
@example(suns=[(0.0, 5.0)] * 3, place=(8, 1), size=(2, 11), chunks=11)
@given(
    suns=st.lists(st.tuples(st.floats(0, 359), st.floats(5, 60)), min_size=3, max_size=3),
    place=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    size=st.tuples(st.integers(1, 14), st.integers(1, 14)),
    chunks=st.sampled_from([-1, 11]),
)
def test_seam_invisible_in_shadow(suns, place, size, chunks):
    halo = features_halo(PREPARATION, 10.0)
    flags = np.random.default_rng(1).choice([4, 4, 4, 9, 3], SHAPE)
    cube = cube_with(suns, flags=flags, chunks=chunks)
    core = [slice(at, at + length) for at, length in zip(place, size, strict=True)]
    rows, cols = (slice(part.start - halo, part.stop + halo) for part in core)
    padded = cube.isel(
        y=rows, x=cols,
        y_around=slice(rows.start, rows.stop + 2 * AROUND),
        x_around=slice(cols.start, cols.stop + 2 * AROUND),
    )  # fmt: skip
    inner = {"y": slice(halo, halo + size[0]), "x": slice(halo, halo + size[1])}
    whole = prepare(cube, INPUTS, PREPARATION).compute(scheduler="synchronous")
    block = prepare(padded, INPUTS, PREPARATION).compute(scheduler="synchronous").isel(inner)
    xr.testing.assert_identical(whole.isel(y=core[0], x=core[1]), block)
