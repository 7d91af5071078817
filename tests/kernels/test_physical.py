"""Stored numbers in physical units: equal to numpy, no data stays no data."""

import numpy as np
import pytest

from lsbatch.errors import ContractError
from lsbatch.kernels import copy_stored, scale_stored


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32"])
@pytest.mark.parametrize("nodata", [None, 0.0, float("nan"), -9999.0])
def test_what_has_data_is_copied(dtype, nodata):
    values = np.random.default_rng(0).integers(0, 5, (30, 40)).astype(dtype)
    none = values == nodata
    if dtype == "float32":
        values[3] = np.nan
        none |= np.isnan(values)
    # a part of a larger image, as a file at its edge fills it
    image = np.full((50, 60), np.float32(-1))
    copy_stored(values, image[10:40, 20:60], nodata=nodata, fill=-2)
    np.testing.assert_array_equal(image[10:40, 20:60], np.where(none, np.float32(-2), values))
    assert (image[:10] == -1).all() and (image[:, :20] == -1).all()


def test_scaling_is_that_of_numpy_in_float32():
    stored = np.random.default_rng(1).integers(0, 60_000, (30, 40)).astype("float32")
    wanted = stored * np.float32(2.75e-5) + np.float32(-0.2)
    found = scale_stored(stored, scale=2.75e-5, offset=-0.2, most=1e9)
    assert found is stored
    np.testing.assert_array_equal(found, wanted)


def test_what_is_no_measurement_becomes_no_data():
    values = np.array([[1e20, -3.4e38, np.inf, -np.inf, np.nan, 1e9, -5.0]], "float32")
    found = scale_stored(values, scale=2.0, offset=1.0, most=1e9)
    np.testing.assert_array_equal(found, [[np.nan] * 6 + [-9.0]])


def test_other_shapes_and_types_are_refused():
    with pytest.raises(ContractError, match="cannot be copied to an image"):
        copy_stored(np.zeros((3, 4), "uint8"), np.zeros((4, 4), "float32"), nodata=None, fill=0)
    with pytest.raises(ContractError, match="'values' must be float32"):
        scale_stored(np.zeros((3, 4)), scale=1, offset=0, most=1)
