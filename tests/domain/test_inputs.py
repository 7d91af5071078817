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


def test_optional_bands_are_those_that_no_required_channel_needs():
    inputs = Inputs(
        (
            Channel("red", "pre"),
            Channel("ndvi", "pre", optional=True),
            Channel("red", "post"),
            Channel("swir16", "post", optional=True),
            Channel("slope_deg", optional=True),
        )
    )
    assert inputs.bands == ("red",)
    assert inputs.optional_bands == ("nir", "swir16")
    assert Channel("red", "pre", optional=True).name == "pre_red"


def test_light_on_slopes_has_a_period_no_band_and_is_always_optional():
    assert Channel("cos_i", "pre").optional
    assert Channel("cos_i", "pre") == Channel("cos_i", "pre", optional=True)
    assert Channel("cos_i", "pre").bands == ()
    with pytest.raises(ContractError, match="'cos_i' cannot have period None"):
        Channel("cos_i")


def test_an_image_before_is_needed_only_where_a_required_channel_is_of_it():
    after = (Channel("red", "post"), Channel("slope_deg"), Channel("cos_i", "post"))
    assert Inputs(after).periods == ("post",)
    assert Inputs((*after, Channel("red", "pre"))).periods == ("pre", "post")


@pytest.mark.parametrize("channel", [Channel("nir", "pre", optional=True), Channel("cos_i", "pre")])
def test_a_wish_that_no_image_would_be_chosen_for_is_refused(channel):
    with pytest.raises(ContractError, match=f"Channel '{channel.name}' is optional, and no other"):
        Inputs((Channel("red", "post"), channel))


def test_the_same_channel_twice_is_refused():
    with pytest.raises(ContractError, match="the same channel twice"):
        Inputs((Channel("red", "pre"), Channel("red", "pre")))
