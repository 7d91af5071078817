import numpy as np
import pytest

from lsbatch.domain import Preparation
from lsbatch.errors import ContractError


@pytest.mark.parametrize("name", ["cloud_margin_m", "snow_margin_m", "shadow_reach_m"])
@pytest.mark.parametrize("length", [-1.0, np.nan, np.inf])
def test_a_length_below_nothing_is_refused(name, length):
    with pytest.raises(ContractError, match=f"{name} must be 0 m or more"):
        Preparation(**{name: length})


def test_the_greenest_look_after_an_event_is_refused_with_the_reason():
    with pytest.raises(ContractError, match="hides its scars"):
        Preparation(post="greenest")


def test_only_the_greenest_composite_needs_bands_of_its_own():
    assert Preparation(pre="greenest").bands == ("nir", "red")
    assert Preparation(pre="best", post="best").bands == ()


def test_a_record_holds_every_choice():
    chosen = Preparation(
        cloud_margin_m=5, snow_margin_m=7, pre="greenest", post="best", steady_is_ground=False
    )
    assert Preparation(**chosen.record()) == chosen
