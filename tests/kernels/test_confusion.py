import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lsbatch.errors import ContractError
from lsbatch.kernels import confusion, confusion_by_cell

maps = st.tuples(st.integers(0, 17), st.integers(0, 17)).flatmap(
    lambda shape: hnp.arrays(np.bool_, (3, *shape))
)


def four_counts(predicted, truth, counted):
    pairs = ((True, True), (True, False), (False, True), (False, False))
    return tuple(
        int(((predicted == marked) & (truth == real) & counted).sum()) for marked, real in pairs
    )


@given(arrays=maps)
def test_counts_equal_numpy(arrays):
    found = confusion(*arrays)
    assert found == four_counts(*arrays)
    assert all(type(count) is int for count in found)


@given(arrays=maps, cell_px=st.integers(1, 20))
def test_each_cell_equals_numpy_on_its_pixels(arrays, cell_px):
    found = confusion_by_cell(*arrays, cell_px=cell_px)
    assert found.shape[:2] == tuple(-(-extent // cell_px) for extent in arrays.shape[1:])
    for row, col in np.ndindex(found.shape[:2]):
        rows, cols = (slice(at * cell_px, (at + 1) * cell_px) for at in (row, col))
        assert tuple(found[row, col]) == four_counts(*arrays[:, rows, cols])


def test_cells_sum_to_the_whole_beyond_narrow_sums():
    arrays = np.random.default_rng(8).random((3, 70, 1500)) < 0.8
    cells = confusion_by_cell(*arrays, cell_px=64)
    assert tuple(cells.sum((0, 1))) == confusion(*arrays) == four_counts(*arrays)


def test_cell_without_a_side_is_refused():
    empty = np.zeros((2, 2), np.bool_)
    with pytest.raises(ContractError, match="received 0"):
        confusion_by_cell(empty, empty, empty, cell_px=0)
