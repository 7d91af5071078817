import numpy as np
import pytest

from lsbatch.detectors import detector_names, load_detector
from lsbatch.errors import RecipeError, WeightsError

RULES = tuple(name for name in detector_names() if not name.startswith("unet"))
PARAMETERS = [(name, key) for name in RULES for key in load_detector(name).parameters]


@pytest.mark.parametrize("name", detector_names())
def test_every_name_loads_a_detector_of_that_name(name):
    assert load_detector(name).name == name


def test_names_are_sorted():
    assert detector_names() == tuple(sorted(detector_names()))


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_its_name_and_its_thresholds(name):
    detector = load_detector(name)
    assert load_detector(name, **detector.parameters) == detector


@pytest.mark.parametrize("name", ["", "NDVI-CHANGE", "unet-pre", "../unet"])
def test_an_unknown_name_is_refused_with_the_known_ones(name):
    with pytest.raises(WeightsError) as caught:
        load_detector(name)
    assert repr(name) in str(caught.value)
    assert all(known in str(caught.value) for known in detector_names())


def test_an_unknown_parameter_is_refused_with_the_known_ones():
    with pytest.raises(RecipeError, match=r"no parameter ndvi_min, slope\. It has .*slope_min_deg"):
        load_detector("ndvi-change", slope=3, ndvi_min=0.2, slope_min_deg=5)


@pytest.mark.parametrize(("name", "key"), PARAMETERS)
@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -1e9, 1e9, "0.3", True, None, [0.3], np.float32(0.3)]
)
def test_a_value_that_is_no_number_in_range_is_refused(name, key, value):
    with pytest.raises(RecipeError, match=key) as caught:
        load_detector(name, **{key: value})
    assert repr(value) in str(caught.value) and name in str(caught.value)


@pytest.mark.parametrize("radius", [8.5, 64.0])
def test_a_radius_is_whole_pixels(radius):
    with pytest.raises(RecipeError, match="whole number of pixels"):
        load_detector("brightness-change", radius_px=radius)
    assert load_detector("brightness-change", radius_px=8).radius_px == 8
