import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from lsbatch.domain import Channel, Inputs, Preparation, Status
from lsbatch.errors import ContractError
from lsbatch.features import TERRAIN_HALO, prepare
from lsbatch.kernels import aspect, slope
from tests.cubes import LookOf, cube_of, grid_of, hills, no_computing

INPUTS = Inputs(
    (
        Channel("red", "pre"),
        Channel("ndvi", "post"),
        Channel("slope_deg"),
        Channel("ndvi", "pre"),
        Channel("aspect_deg"),
        Channel("elevation"),
    )
)
SCL_OF = {0: 4, Status.CLOUD: 9, Status.SNOW: 11, Status.WATER: 6, Status.SATURATED: 1}
PLAINLY = Preparation(cloud_margin_m=0, snow_margin_m=0, steady_is_ground=False)
ABSENT = {"pre": Status.NO_PRE, "post": Status.NO_POST}
LAYERS = {
    "channels": "float32",
    "status": "uint8",
    "pre_count": "uint16",
    "post_count": "uint16",
    "pre_delay": "int16",
    "post_delay": "int16",
    "slope_deg": "float32",
}


def look_of(period, why, *, delay=1, red=0.1, nir=0.4):
    """A look whose pixels have the given reasons, (y, x); the side's own absence = no data."""
    why = np.asarray(why)
    flags = np.vectorize(lambda value: SCL_OF.get(value, 4))(why)
    bands = {"red": np.where(why == ABSENT[period], np.nan, red), "nir": np.full(why.shape, nir)}
    return LookOf(period, delay, quality=flags, bands=bands)


def random_looks(seed, shape, n_pre, n_post):
    rng = np.random.default_rng(seed)
    looks = []
    for period, count in (("pre", n_pre), ("post", n_post)):
        choices = [0, 0, ABSENT[period], Status.CLOUD, Status.SNOW, Status.WATER, Status.SATURATED]
        for n in range(count):
            why = rng.choice(choices, shape)
            values = {name: rng.uniform(0.01, 0.5, shape) for name in ("red", "nir")}
            looks.append((look_of(period, why, delay=10 * n + 3, **values), why))
    return looks


def slow_side(looks, period, y, x):
    """Status, count, delay, red and nir of one pixel and side, look by look."""
    own = [(look, why[y, x]) for look, why in looks if look.period == period]
    usable = [look for look, why in own if why == 0]
    if usable:
        medians = [
            np.median(np.float32([look.bands[band][y, x] for look in usable]).astype("f8"))
            for band in ("red", "nir")
        ]
        return 0, len(usable), usable[0].delay_days, *medians
    with_data = [why for _, why in own if why != ABSENT[period]]
    reason = with_data[0] if with_data else ABSENT[period]
    return reason, 0, -1, np.nan, np.nan


@settings(max_examples=12)
@given(
    seed=st.integers(0, 999),
    n_pre=st.integers(0, 4),
    n_post=st.integers(0, 4),
    chunks=st.sampled_from([-1, 4]),
)
def test_prepare_equals_a_walk_over_looks(seed, n_pre, n_post, chunks):
    shape = (5, 7)
    looks = random_looks(seed, shape, n_pre, n_post)
    cube = cube_of([look for look, _ in looks], grid_of(*shape), chunks=chunks)
    features = prepare(cube, INPUTS, PLAINLY).compute(scheduler="synchronous")
    channels = features["channels"].sel(channel=["pre_red", "pre_ndvi", "post_ndvi"]).values
    for y, x in np.ndindex(shape):
        sides = {side: slow_side(looks, side, y, x) for side in ("pre", "post")}
        for side, (_, count, delay, _, _) in sides.items():
            assert features[f"{side}_count"].values[y, x] == count
            assert features[f"{side}_delay"].values[y, x] == delay
        assert features["status"].values[y, x] == (sides["pre"][0] or sides["post"][0])
        wanted = [sides["pre"][3]]
        wanted += [(nir - red) / (nir + red) for *_, red, nir in (sides["pre"], sides["post"])]
        np.testing.assert_allclose(channels[:, y, x], wanted, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("pre", "post", "wanted"),
    [
        ([Status.CLOUD, 0], [0], Status.SCORED),
        ([Status.NO_PRE, Status.SNOW, Status.CLOUD], [0], Status.SNOW),
        ([Status.NO_PRE, Status.NO_PRE], [0], Status.NO_PRE),
        ([], [0], Status.NO_PRE),
        ([0], [], Status.NO_POST),
        ([0], [Status.NO_POST, Status.WATER], Status.WATER),
        ([Status.SNOW], [Status.CLOUD], Status.SNOW),
        ([], [], Status.NO_PRE),
    ],
)
def test_status_is_that_of_the_nearest_look_with_data_and_before_comes_first(pre, post, wanted):
    looks = [look_of("pre", [[why]]) for why in pre] + [look_of("post", [[why]]) for why in post]
    inputs = Inputs((Channel("red", "pre"), Channel("red", "post")))
    features = prepare(cube_of(looks, grid_of(1, 3)), inputs, PLAINLY)
    assert set(features["status"].values.ravel()) == {wanted}


@pytest.mark.parametrize(("period", "absent"), ABSENT.items())
def test_an_index_without_a_value_is_no_usable_look(period, absent):
    dark = {"red": np.array([[0.0, 0.1, -0.2]]), "nir": np.array([[0.0, 0.4, 0.1]])}
    light = {"red": 0.1, "nir": 0.4}
    looks = [LookOf(side, bands=dark if side == period else light) for side in ("pre", "post")]
    inputs = Inputs((Channel("ndvi", "pre"), Channel("ndvi", "post")))
    features = prepare(cube_of(looks, grid_of(1, 3)), inputs)
    assert features["status"].values.tolist() == [[absent, 0, absent]]
    values = features["channels"].sel(channel=f"{period}_ndvi").values
    np.testing.assert_allclose(values, [[np.nan, 0.6, np.nan]], rtol=1e-6)


def test_layers_have_the_types_they_announce():
    cube = cube_of([look_of(side, np.zeros((6, 6))) for side in ABSENT], grid_of(6, 6), chunks=3)
    lazy = prepare(cube, INPUTS)
    eager = lazy.compute()
    assert {name: str(lazy[name].dtype) for name in LAYERS} == LAYERS
    assert {name: str(eager[name].dtype) for name in LAYERS} == LAYERS
    assert eager["channel"].values.tolist() == [channel.name for channel in INPUTS.channels]


def test_terrain_equals_the_kernels_whatever_the_chunks():
    ground = hills(13, 17)
    ground[4, 5] = np.nan
    looks = [look_of(side, np.zeros((13, 17))) for side in ABSENT]
    features = prepare(cube_of(looks, grid_of(13, 17), elevation=ground, chunks=4), INPUTS)
    for name, wanted in (
        ("slope_deg", slope(ground, 10.0)),
        ("aspect_deg", aspect(ground, 10.0)),
        ("elevation", ground),
    ):
        np.testing.assert_array_equal(features["channels"].sel(channel=name).values, wanted)
    np.testing.assert_array_equal(features["slope_deg"].values, slope(ground, 10.0))


@pytest.mark.parametrize("side_m", [10.0, 12.3, 28.555])
def test_the_same_ground_has_the_same_slope_wherever_it_lies(side_m):
    # beyond x = 2^19 coordinates have a binary digit less; pixels must not become longer by that
    ground = np.random.default_rng(0).uniform(0, 100, (1200, 1200)).astype("float32")
    inputs = Inputs((Channel("slope_deg"),))
    west, east = (
        prepare(cube_of([], grid_of(1200, 1200, left=left, side=side_m), elevation=ground), inputs)
        for left in (400_000.0, 600_000.0)
    )
    np.testing.assert_array_equal(west["slope_deg"].values, east["slope_deg"].values)


@settings(max_examples=12)
@given(
    seed=st.integers(0, 99),
    place=st.tuples(st.integers(1, 8), st.integers(1, 12)),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
)
def test_seam_invisible_with_the_halo_of_terrain(seed, place, size):
    shape = (18, 22)
    looks = [look for look, _ in random_looks(seed, shape, 2, 2)]
    cube = cube_of(looks, grid_of(*shape), elevation=hills(*shape), chunks=11)
    core = [slice(at, at + length) for at, length in zip(place, size, strict=True)]
    halo = TERRAIN_HALO
    padded = cube.isel(
        y=slice(core[0].start - halo, core[0].stop + halo),
        x=slice(core[1].start - halo, core[1].stop + halo),
    )
    inner = {"y": slice(halo, halo + size[0]), "x": slice(halo, halo + size[1])}
    whole = prepare(cube, INPUTS, PLAINLY).compute(scheduler="synchronous")
    block = prepare(padded, INPUTS, PLAINLY).compute(scheduler="synchronous").isel(inner)
    xr.testing.assert_identical(whole.isel(y=core[0], x=core[1]), block)


def test_building_computes_nothing():
    looks = [look_of(side, np.zeros((6, 6))) for side in ("pre", "pre", "post")]
    cube = cube_of(looks, grid_of(6, 6), chunks=3)
    with no_computing():
        features = prepare(cube, INPUTS)
        assert all(features[name].chunks for name in LAYERS)
        with pytest.raises(AssertionError):
            features["status"].compute()


def test_a_missing_band_is_named():
    cube = cube_of([LookOf("pre", bands={"red": 0.1})], grid_of(2, 2), bands=("red",))
    with pytest.raises(ContractError, match="nir"):
        prepare(cube, INPUTS)


@pytest.mark.parametrize("lost", ["period", "delay_days", "sensor", "scene", "elevation"])
def test_what_is_not_a_cube_is_refused(lost):
    cube = cube_of([look_of("pre", np.zeros((2, 2)))], grid_of(2, 2)).drop_vars(lost)
    with pytest.raises(ContractError, match=lost):
        prepare(cube, INPUTS)
