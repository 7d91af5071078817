"""Places between nodes: polynomials of degree 3 are exact, whole equals parts bit for bit."""

import numpy as np
import pytest

from lsbatch.errors import ContractError
from lsbatch.kernels import Places


def places_over(field, step, first, shape):
    """Places whose rows and columns are both a field of (row, column), at absolute pixels."""
    spans = [
        np.arange(start // step - 1, (start + side - 1) // step + 3) * step
        for start, side in zip(first, shape, strict=True)
    ]
    nodes = field(*np.meshgrid(*spans, indexing="ij")).astype(float)
    return Places(nodes, nodes, step, tuple(start % step for start in first), shape)


def cubic(rows, cols):
    return 3.0 * rows - 0.02 * rows**2 + 1e-4 * cols**3 + 0.5 * cols + 7


def test_extent_is_that_of_all_pixels():
    for step, first, shape in ((1, (3, 5), (6, 4)), (16, (5, 30), (40, 50)), (8, (0, 7), (1, 1))):
        rows, cols = np.mgrid[
            first[0] : first[0] + shape[0], first[1] : first[1] + shape[1]
        ].astype(float)
        wanted = 3.0 * rows + 1e-4 * cols**3
        found = places_over(lambda r, c: 3.0 * r + 1e-4 * c**3, step, first, shape).extent()
        np.testing.assert_allclose(found, [(wanted.min(), wanted.max())] * 2, rtol=1e-12)


def test_nodes_that_are_not_finite_spoil_no_pixel_at_step_1():
    nodes = np.arange(36.0).reshape(6, 6)
    nodes[0] = nodes[:, -1] = np.nan
    assert Places(nodes, nodes, 1, (0, 0), (3, 3)).extent()[0] == (7.0, 21.0)


@pytest.mark.parametrize(
    ("nodes", "first"), [((4, 4), (0, 0)), ((5, 4), (8, 0)), ((5, 4), (-1, 0)), ((6, 4), (0, 0))]
)
def test_too_few_nodes_or_another_beginning_is_refused(nodes, first):
    field = np.zeros(nodes)
    with pytest.raises(ContractError, match=r"'rows' must be|cannot begin at"):
        Places(field, field, 8, first, (12, 4))
