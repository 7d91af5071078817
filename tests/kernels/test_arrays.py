import numpy as np
import pytest

from lsbatch import kernels
from lsbatch.errors import ContractError

BOOL = np.zeros((4, 4), np.bool_)
BYTES = np.zeros((4, 4), np.uint8)
FLOATS = np.zeros((4, 4), np.float32)


@pytest.mark.parametrize(
    "call",
    [
        lambda: kernels.slope(FLOATS.astype(np.float64), 30.0),
        lambda: kernels.aspect(FLOATS[0], 30.0),
        lambda: kernels.hillshade(BYTES, 30.0),
        lambda: kernels.normalised_difference(FLOATS, FLOATS[:3]),
        lambda: kernels.median_of_looks(FLOATS[None], BOOL),
        lambda: kernels.confusion(BYTES, BOOL, BOOL),
        lambda: kernels.has_twin(FLOATS[None, None], BOOL, absolute=0.1, relative=0.1),
        lambda: kernels.widen(BYTES, radius_px=1.0),
        lambda: kernels.is_bright_brown(FLOATS, FLOATS[:3], FLOATS),
        lambda: kernels.confusion(BOOL[0], BOOL, BOOL),
        lambda: kernels.confusion_by_cell(BOOL, BOOL, BOOL[:2], cell_px=2),
        lambda: kernels.stitch_patches(
            FLOATS[None], np.zeros(2, np.int64), np.zeros(1, np.int64), FLOATS + 1, (4, 4)
        ),
        lambda: kernels.shadow_depth(BYTES, 10.0, azimuth_deg=150.0, altitude_deg=40.0),
        lambda: kernels.move_pixels(FLOATS, FLOATS[:3], FLOATS),
        lambda: kernels.move_pixels(FLOATS[0], FLOATS, FLOATS),
        lambda: kernels.local_quantile(
            BYTES, BYTES[:2], radius=1, quantile=0.5, n_groups=4, min_count=1
        ),
    ],
)
def test_wrong_dtype_or_shape_never_reaches_a_loop(call):
    with pytest.raises(ContractError, match=r"must be .* received"):
        call()


def test_layout_in_memory_changes_nothing():
    dem = np.random.default_rng(1).normal(size=(9, 12)).astype(np.float32)
    frozen = np.asfortranarray(dem)
    frozen.flags.writeable = False
    np.testing.assert_array_equal(kernels.slope(frozen, 1.0), kernels.slope(dem, 1.0))


def test_door_lists_exactly_what_it_offers():
    offered = {name for name in vars(kernels) if not name.startswith("_")}
    assert set(kernels.__all__) <= offered
    assert all(getattr(kernels, name).__doc__ for name in kernels.__all__)
