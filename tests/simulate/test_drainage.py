"""Drainage: water reaches the outlet, no area is lost, incision only lowers."""

import numpy as np
import pytest

from lsbatch.simulate.drainage import find_drainage, find_upstream, incise
from lsbatch.simulate.noise import fractal

CELL_M = 10.0


@pytest.fixture
def flow():
    ground = 30 * fractal((40, 55), np.random.default_rng(1), slope=3.0, longest_px=40)
    outlet = np.zeros(ground.shape, bool)
    outlet[-1] = True
    return ground.astype(float), outlet, find_drainage(ground.astype(float), CELL_M, outlet=outlet)


def test_every_cell_reaches_the_outlet_downhill(flow):
    ground, outlet, drainage = flow
    level, cells = drainage.filled.ravel(), np.arange(ground.size)
    assert (drainage.filled >= ground).all()
    inner = ~outlet.ravel()
    assert (level[drainage.receiver[inner]] < level[inner]).all()
    for _ in range(ground.size):
        cells = drainage.receiver[cells]
    assert outlet.ravel()[cells].all()


def test_no_area_is_lost(flow):
    ground, outlet, drainage = flow
    assert drainage.area[outlet].sum() == pytest.approx(ground.size * CELL_M**2)


def test_upstream_holds_the_area_that_drains(flow):
    _, _, drainage = flow
    cell = int(np.argsort(drainage.area.ravel())[-60])
    upstream = find_upstream(drainage, cell)
    assert upstream.sum() * CELL_M**2 == pytest.approx(drainage.area.flat[cell])


def test_incision_lowers_and_keeps_the_outlet(flow):
    _, outlet, drainage = flow
    strength = np.sqrt(drainage.area)
    cut = incise(drainage.filled, drainage.order, drainage.receiver, strength, CELL_M)
    assert (cut[outlet] == drainage.filled[outlet]).all()
    assert (cut[~outlet] < drainage.filled[~outlet]).all()
