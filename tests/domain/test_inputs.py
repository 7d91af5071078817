import pytest

from lsbatch.domain import Channel, Inputs
from lsbatch.errors import ContractError


def test_channels_name_themselves_and_their_bands():
    assert Channel("red", "post").name == "post_red"
    assert Channel("red", "post").bands == ("red",)
    assert Channel("ndvi", "pre").name == "pre_ndvi"
    assert Channel("ndvi", "pre").bands == ("nir", "red")
    assert Channel("slope_deg").name == "slope_deg"
    assert Channel("slope_deg").bands == ()


@pytest.mark.parametrize(("layer", "period"), [("slope_deg", "pre"), ("red", None)])
def test_terrain_has_no_period_and_all_else_has_one(layer, period):
    with pytest.raises(ContractError, match=f"Channel '{layer}' cannot have period {period!r}"):
        Channel(layer, period)


def test_inputs_ask_for_each_band_once_in_order():
    inputs = Inputs((Channel("ndvi", "pre"), Channel("green", "post"), Channel("red", "post")))
    assert inputs.bands == ("nir", "red", "green")


def test_the_same_channel_twice_is_refused():
    with pytest.raises(ContractError, match="the same channel twice"):
        Inputs((Channel("red", "pre"), Channel("red", "pre")))
