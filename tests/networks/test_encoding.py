"""Input planes: one fixed scale, a stated fill, a flag for each group."""

import numpy as np
import pytest

from lsbatch.errors import ContractError
from lsbatch.networks import FILL, SCALINGS, count_planes, encode

LAYERS = ("red", "green", "slope_deg")
GROUPS = ((0, 1), (2,))


def test_scale_is_the_same_whatever_else_is_in_the_image():
    rng = np.random.default_rng(0)
    batch = rng.uniform(0, 0.5, (1, 4, 4, 3)).astype("float32")
    bright = batch.copy()
    bright[0, 0, 0] = 1.5
    one, other = (encode(image, LAYERS, GROUPS) for image in (batch, bright))
    np.testing.assert_array_equal(one[0, 1:], other[0, 1:])


def test_reflectance_is_scaled_by_its_root():
    scaling = SCALINGS["red"]
    image = np.array([0.0625, 0.25, -0.1, 9.0], "float32").reshape(1, 2, 2, 1)
    got = encode(image, ("red",), ((0,),))[..., 0].ravel()
    expected = (np.sqrt([0.0625, 0.25, 0.0, 1.6]) - scaling.centre) / scaling.width
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_a_missing_member_takes_its_group_away_and_no_other():
    batch = np.full((1, 2, 2, 3), 0.2, "float32")
    batch[0, 0, 0, 1] = np.nan
    planes = encode(batch, LAYERS, GROUPS)
    assert planes.shape == (1, 2, 2, count_planes(LAYERS, GROUPS))
    np.testing.assert_array_equal(planes[0, 0, 0], [FILL, FILL, planes[0, 1, 1, 2], 0, 1])
    np.testing.assert_array_equal(planes[0, 1, 1, 3:], [1, 1])
    assert np.isfinite(planes).all()


def test_another_number_of_channels_is_refused():
    with pytest.raises(ContractError, match="takes 3 channels; received 2"):
        encode(np.zeros((1, 2, 2, 2), "float32"), LAYERS, GROUPS)
