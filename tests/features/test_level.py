"""The light of slopes taken out of looks whose C is known, and of no other."""

import numpy as np
import pytest

from lsbatch.domain import Channel, Inputs, Preparation, light_name
from lsbatch.features import prepare
from lsbatch.kernels import illumination, scs_c
from tests.cubes import LookOf, cube_of, grid_of, hills

SHAPE = (60, 70)
SUN = (150.0, 35.0)
C = 0.4
INPUTS = Inputs((Channel("red", "pre"), Channel("red", "post")))


def cube(*, chunks=-1, c=(C, np.nan)):
    """A look before whose light follows the slopes, and a plain one after."""
    dem = hills(*SHAPE, relief_m=30.0)
    light = illumination(dem, 10.0, azimuth_deg=SUN[0], altitude_deg=SUN[1])
    lit = 0.1 * (np.nan_to_num(light, nan=0.5) + C).astype("float32")
    looks = [
        LookOf("pre", bands={"red": lit}, sun=SUN),
        LookOf("post", bands={"red": np.float32(0.08)}, sun=(200.0, 50.0)),
    ]
    made = cube_of(looks, grid_of(*SHAPE), bands=("red",), elevation=dem, chunks=chunks)
    if c is not None:
        made = made.assign_coords({light_name("red"): ("time", np.array(c))})
    return made, dem


def channels(made):
    plain = Preparation(shadow_reach_m=0.0)
    features = prepare(made, INPUTS, plain).compute()
    return features["channels"].values, features


def test_a_look_with_a_c_is_corrected_and_the_other_left():
    made, dem = cube()
    (pre, post), _ = channels(made)
    level = scs_c(made["red"].values[0], dem, 10.0, azimuth_deg=SUN[0], altitude_deg=SUN[1], c=C)
    known = np.isfinite(level)
    np.testing.assert_array_equal(pre[known], level[known])
    np.testing.assert_array_equal(pre[~known], made["red"].values[0][~known])
    assert (post == np.float32(0.08)).all()
    # what is left varies with the slope alone, whichever way it faces
    assert pre[known].std() < 0.3 * made["red"].values[0][known].std()


def test_without_a_c_nothing_changes():
    made, _ = cube(c=None)
    (pre, _), _ = channels(made)
    np.testing.assert_array_equal(pre, made["red"].values[0])


def test_what_is_set_aside_does_not_depend_on_the_correction():
    plain, level = (channels(cube(c=c)[0])[1] for c in (None, (C, np.nan)))
    for layer in ("status", "pre_count", "post_delay"):
        np.testing.assert_array_equal(plain[layer], level[layer])


@pytest.mark.parametrize("chunks", [17, (32, 40)])
def test_seam_invisible(chunks):
    whole, parts = (channels(cube(chunks=c)[0])[0] for c in (-1, chunks))
    np.testing.assert_array_equal(whole, parts)
