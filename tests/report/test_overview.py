import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsbatch.domain import Status
from lsbatch.errors import ContractError
from lsbatch.report import overview as overview_module
from lsbatch.report.overview import largest, read_overview


@settings(max_examples=60)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_largest_is_the_maximum_of_each_cell_also_at_ragged_edges(height, width, step, seed):
    rng = np.random.default_rng(seed)
    values = rng.random((height, width), np.float32)
    values[rng.random(values.shape) < 0.5] = np.nan
    padded = np.full((-(-height // step) * step, -(-width // step) * step), -1, np.float32)
    padded[:height, :width] = np.nan_to_num(values, nan=-1)
    cells = padded.reshape(-(-height // step), step, -(-width // step), step).max(axis=(1, 3))
    expected = np.where(cells < 0, np.nan, cells)
    np.testing.assert_array_equal(largest(values, step), expected)


def test_a_landslide_of_one_pixel_survives_wherever_it_lies(product_from):
    for row, col in ((0, 0), (1309, 1), (777, 2002), (1302, 2204)):
        score, status = np.zeros((1310, 2205), np.float32), np.zeros((1310, 2205), np.uint8)
        score[row, col] = 1.0
        small = read_overview(product_from(score, status), longest_px=200)
        assert max(small.score.shape) <= 200
        assert np.argwhere(small.score == 1).tolist() == [[row // 12, col // 12]]
        west, north = small.geobox.pix2wld(col // 12, row // 12)
        assert 0 <= 573440 + 10 * col - west < 120
        assert 0 <= north - (4738560 - 10 * row) < 120


def test_overview_does_not_depend_on_the_stripes_it_is_read_in(case, monkeypatch):
    whole = read_overview(case.product, longest_px=90)
    monkeypatch.setattr(overview_module, "_STRIPE_PX", 16)
    striped = read_overview(case.product.chunk(y=50, x=70), longest_px=90)
    for name in ("score", "status", "detectable"):
        np.testing.assert_array_equal(getattr(striped, name), getattr(whole, name))
    assert striped.present == whole.present == (Status.SCORED, Status.NO_PRE, Status.CLOUD)
    assert striped.geobox == whole.geobox


def test_a_status_of_one_pixel_is_named_though_the_stride_misses_it(product_from):
    status = np.zeros((300, 300), np.uint8)
    status[101, 101] = Status.DETECTOR_FAILED
    small = read_overview(product_from(np.zeros((300, 300)), status), longest_px=100)
    assert Status.DETECTOR_FAILED in small.present


def test_unknown_status_is_refused(case):
    case.product["status"][3, 3] = 99
    with pytest.raises(ContractError, match="99"):
        read_overview(case.product)


def test_product_without_a_grid_is_refused(case):
    bare = case.product.drop_vars(["x", "y", "spatial_ref"])
    with pytest.raises(ContractError, match="on a grid"):
        read_overview(bare)
