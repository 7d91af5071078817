import io

import pytest
from PIL import Image

from lsbatch.report.sizes import draw_sizes


@pytest.mark.parametrize(
    "missing", [(), ("beta",), ("area_min_m2",), ("inverse_gamma", "rollover_m2"), ("sigma", "n")]
)
def test_what_was_not_fitted_is_left_out(case, missing):
    sizes = dict(case.metrics["size_frequency"])
    for count, name in enumerate(missing):
        if count % 2:
            del sizes[name]
        else:
            sizes[name] = None
    assert Image.open(io.BytesIO(draw_sizes(sizes))).format == "PNG"


def test_each_fit_is_drawn(case):
    sizes = case.metrics["size_frequency"]
    whole = draw_sizes(sizes)
    for name in ("beta", "inverse_gamma", "rollover_m2"):
        assert draw_sizes({**sizes, name: None}) != whole


@pytest.mark.parametrize("bins", [None, {}, {"area_m2": [100.0], "density_per_m2": [0.1]}])
def test_too_few_landslides_make_no_plot(bins):
    assert draw_sizes({"bins": bins}) is None
