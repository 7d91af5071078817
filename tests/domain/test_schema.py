import numpy as np
import pytest
import xarray as xr

from lsbatch.domain import PRODUCT_LAYERS, UNDECIDED, Status, check_cube, check_features
from lsbatch.errors import ContractError


def test_status_values_are_those_of_the_contract():
    wanted = {
        0: "SCORED",
        1: "NO_PRE",
        2: "NO_POST",
        3: "CLOUD",
        4: "SNOW",
        5: "WATER",
        6: "EXCLUDED",
        7: "READ_FAILED",
        8: "DETECTOR_FAILED",
        9: "SHADOW",
        10: "SATURATED",
        255: "NOT_RUN",
    }
    assert {status.value: status.name for status in Status} == wanted


def test_every_status_means_something_of_its_own():
    meanings = [status.meaning for status in Status]
    assert all(meanings)
    assert len(set(meanings)) == len(meanings)


def test_product_layers_are_those_of_the_contract():
    types = {layer.name: layer.dtype for layer in PRODUCT_LAYERS}
    assert types == {
        "score": "float32",
        "landslide": "uint8",
        "status": "uint8",
        "detectable": "uint8",
        "pre_count": "uint16",
        "post_count": "uint16",
        "pre_delay": "int16",
        "post_delay": "int16",
    }


@pytest.mark.parametrize("layer", PRODUCT_LAYERS, ids=lambda layer: layer.name)
def test_every_fill_fits_its_type_and_is_no_result(layer):
    fill = np.array(layer.fill).astype(layer.dtype)
    assert fill == layer.fill or np.isnan(layer.fill)
    fills = {"score": np.nan, "landslide": UNDECIDED, "detectable": UNDECIDED, "status": 255}
    if layer.name in fills:
        assert fill == fills[layer.name] or np.isnan(fill)


def build_cube():
    along = {name: ("time", ["a"]) for name in ("period", "sensor", "scene")}
    return xr.Dataset(
        {
            "red": (("time", "y", "x"), np.zeros((1, 2, 2))),
            "elevation": (("y", "x"), np.ones((2, 2))),
        },
        coords={
            **along,
            "delay_days": ("time", [3]),
            "sun_azimuth_deg": ("time", [170.0]),
            "sun_elevation_deg": ("time", [np.nan]),
        },
    )


def test_a_cube_passes():
    check_cube(build_cube())


@pytest.mark.parametrize(
    "name",
    ["period", "delay_days", "sensor", "scene", "sun_azimuth_deg", "sun_elevation_deg"],
)
def test_a_cube_without_a_coordinate_is_refused(name):
    with pytest.raises(ContractError, match=f"needs the coordinate '{name}' along 'time'"):
        check_cube(build_cube().drop_vars(name))


def test_a_cube_with_a_coordinate_along_nothing_is_refused():
    with pytest.raises(ContractError, match="needs the coordinate 'scene' along 'time'"):
        check_cube(build_cube().assign_coords(scene="one for all"))


def test_a_cube_without_flat_terrain_is_refused():
    cube = build_cube()
    for spoiled in (cube.drop_vars("elevation"), cube.assign(elevation=cube["red"])):
        with pytest.raises(ContractError, match="'elevation' with dims"):
            check_cube(spoiled)


def build_features():
    flat = {
        name: (("y", "x"), np.zeros((2, 2)))
        for name in ("status", "pre_count", "post_count", "pre_delay", "post_delay", "slope_deg")
    }
    return xr.Dataset({"channels": (("channel", "y", "x"), np.zeros((1, 2, 2))), **flat})


def test_features_pass():
    check_features(build_features())


@pytest.mark.parametrize("name", build_features().data_vars)
def test_features_without_a_variable_are_refused(name):
    with pytest.raises(ContractError, match=f"Features lack {name}; prepare"):
        check_features(build_features().drop_vars(name))


def test_features_with_channels_last_are_refused():
    turned = build_features().transpose("y", "x", "channel")
    with pytest.raises(ContractError, match=r"'channels' needs dims \(channel, y, x\)"):
        check_features(turned)
