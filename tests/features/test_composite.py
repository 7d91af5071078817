"""Composites other than the median: one look at each pixel, and its delay."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsbatch.domain import Channel, Inputs, Preparation, Status
from lsbatch.errors import ContractError
from lsbatch.features import bands_to_read, prepare
from lsbatch.kernels import illumination
from tests.cubes import LookOf, cube_of, grid_of, hills
from tests.features.test_optional import scene

SHAPE = (6, 8)
GROUND = hills(*SHAPE)
INPUTS = Inputs(
    (
        *(Channel("red", period) for period in ("pre", "post")),
        *(Channel("nir", period, optional=True) for period in ("pre", "post")),
        *(Channel("cos_i", period) for period in ("pre", "post")),
    )
)


def random_looks(seed):
    rng = np.random.default_rng(seed)
    looks = []
    for number, period in enumerate(("pre", "pre", "pre", "post", "post")):
        bands = {band: rng.uniform(0.02, 0.5, SHAPE).astype("f4") for band in ("red", "nir")}
        for band in bands.values():
            band[rng.random(SHAPE) < 0.2] = np.nan
        flags = rng.choice([4, 4, 9, 6], SHAPE)
        sun = (rng.uniform(0, 359), rng.uniform(20, 80))
        looks.append(LookOf(period, 5 + number, quality=flags, bands=bands, sun=sun))
    return looks


def prepared(looks, *, chunks=-1, **kinds):
    cube = cube_of(looks, grid_of(*SHAPE), elevation=GROUND, chunks=chunks)
    preparation = Preparation(cloud_margin_m=0, snow_margin_m=0, steady_is_ground=False, **kinds)
    return prepare(cube, INPUTS, preparation).compute(scheduler="synchronous")


def slow_choice(looks, kind, y, x):
    """The look that a pixel rests on, by hand."""
    usable = [
        look for look in looks if look.quality[y, x] == 4 and np.isfinite(look.bands["red"][y, x])
    ]
    if kind == "best" or not usable:
        return usable[0] if usable else None

    def ndvi(look):
        red, nir = (np.float64(look.bands[band][y, x]) for band in ("red", "nir"))
        return (nir - red) / (nir + red)

    known = [look for look in usable if np.isfinite(ndvi(look))]
    return max(known, key=ndvi) if known else usable[0]


@settings(max_examples=6)
@given(
    seed=st.integers(0, 99),
    pre=st.sampled_from(["best", "greenest"]),
    chunks=st.sampled_from([-1, 4]),
)
def test_every_band_light_and_delay_is_that_of_the_look_chosen(seed, pre, chunks):
    looks = random_looks(seed)
    features = prepared(looks, chunks=chunks, pre=pre, post="best")
    median = prepared(looks)
    for side, kind in (("pre", pre), ("post", "best")):
        own = [look for look in looks if look.period == side]
        lit = [illumination(GROUND, 10.0, azimuth_deg=look.sun[0], altitude_deg=look.sun[1])
               for look in own]  # fmt: skip
        shown = features["channels"].sel(channel=[f"{side}_{n}" for n in ("red", "nir", "cos_i")])
        for y, x in np.ndindex(SHAPE):
            look = slow_choice(own, kind, y, x)
            wanted = [np.nan] * 3
            if look is not None:
                wanted = [look.bands["red"][y, x], look.bands["nir"][y, x]]
                wanted.append(lit[own.index(look)][y, x])
            np.testing.assert_array_equal(shown.values[:, y, x], np.float32(wanted))
            delay = -1 if look is None else look.delay_days
            assert features[f"{side}_delay"].values[y, x] == delay
        np.testing.assert_array_equal(features[f"{side}_count"], median[f"{side}_count"])
    np.testing.assert_array_equal(features["status"], median["status"])


def test_the_greenest_look_need_not_be_the_nearest_and_its_delay_says_so():
    near, far = {"red": 0.2, "nir": 0.25}, {"red": 0.04, "nir": 0.4}
    looks = [LookOf("pre", 3, bands=near), LookOf("pre", 300, bands=far), LookOf("post", bands=far)]
    features = prepared(looks, pre="greenest")
    assert (features["pre_delay"] == 300).all() and (features["pre_count"] == 2).all()
    np.testing.assert_allclose(features["channels"].sel(channel="pre_red"), 0.04, rtol=1e-6)


def test_without_a_look_on_one_side_there_is_no_choice():
    features = prepared([LookOf("post", 4, bands={"red": 0.1, "nir": 0.3})], pre="greenest")
    assert (features["status"] == Status.NO_PRE).all() and (features["pre_delay"] == -1).all()
    assert np.isnan(features["channels"].sel(channel="pre_red")).all()
    assert (features["post_delay"] == 4).all()


def test_the_greenest_look_without_near_infrared_is_refused():
    looks = [LookOf(side, bands={"red": 0.1}) for side in ("pre", "post")]
    cube = cube_of(looks, grid_of(2, 2), bands=("red",))
    with pytest.raises(ContractError, match="lacks nir: the greenest look"):
        prepare(cube, INPUTS, Preparation(pre="greenest"))


def test_bands_of_the_composite_are_read():
    from lsbatch.domain import Look, Scenes

    looks = (Look(scene("pre", ("red", "green", "blue", "nir", "quality")), "pre", 1),)
    wish = Inputs((Channel("green", "pre"), Channel("green", "post")))
    assert bands_to_read(Scenes(looks), wish) == ("green",)
    assert bands_to_read(Scenes(looks), wish, Preparation(pre="greenest")) == (
        "green", "nir", "red",
    )  # fmt: skip
