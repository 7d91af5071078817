import itertools
import json
from pathlib import Path

import pytest

from lsbatch.domain import EMPTY_FLAG

KEYS = {"case", "value", "unit", "goal", "ok", "detail"}


@pytest.fixture
def cube_cases(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import cube_cases

    return cube_cases


@pytest.mark.slow
@pytest.mark.server
def test_cases_run_small(cube_cases):
    """Those of the first world; the second one's are the same."""
    small = cube_cases.cases(side_px=256, served_px=256, repeats=1)
    results = list(itertools.islice(small, 6))
    assert all(set(json.loads(json.dumps(result))) == KEYS for result in results)
    names = [result["case"] for result in results]
    assert len(names) == len(set(names)) == 6
    for result in results:
        assert {"ours", "odc-stac"} <= set(result["detail"])


@pytest.mark.parametrize("make", ["mosaic", "series"])
def test_both_paths_load_the_same(cube_cases, tmp_path, make):
    world = getattr(cube_cases, make)(tmp_path, 512)
    ours, theirs = (cube_cases.LOADERS[name](world, world.grid) for name in ("ours", "odc-stac"))
    flags = ours["quality"].where(ours["quality"] < EMPTY_FLAG, 0)
    assert (flags == theirs["quality"]).mean() > 0.999
    assert (abs(ours["red"] * 1e4 - theirs["red"]) > 8).mean() < 0.01
