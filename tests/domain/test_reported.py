import pytest

from lsbatch.domain import WEIGHTS, Merit, Reported
from lsbatch.errors import CatalogError


@pytest.mark.parametrize(
    "name", ["cloud_percent", "shadow_percent", "snow_percent", "nodata_percent"]
)
@pytest.mark.parametrize("value", [-0.1, 100.1, float("nan")])
def test_a_share_is_from_0_to_100(name, value):
    with pytest.raises(CatalogError, match=f"{name} must be from 0 to 100"):
        Reported(**{name: value})


def test_what_is_hidden_twice_is_hidden_once():
    assert Reported(70, 20, 30).open_share == 0.0
    assert Reported(None, 20, 30).open_share is None


def test_snow_is_a_share_of_what_is_seen():
    assert Reported(50, 0, 25).snow_share == 0.5
    assert Reported(None, None, 25).snow_share == 0.25
    assert Reported(0, 0, None).snow_share is None
    assert Reported(95, 0, 1).snow_share is None
    assert Reported(80, 0, 40).snow_share == 1.0


def test_weights_are_shares_of_one_score():
    assert sum(WEIGHTS.values()) == pytest.approx(1)
    best = Merit(covered=1, open=1, near=1, season=1, sun=1, track=1)
    worst = Merit(covered=0, open=0, near=0, season=0, sun=0, track=0)
    unknown = Merit(covered=1, open=None, near=0.5, season=None, sun=None, track=None)
    assert (best.score, unknown.score, worst.score) == (1, 0.5, 0)
