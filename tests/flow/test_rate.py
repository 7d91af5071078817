"""The rate at which servers are asked holds for the whole cluster, not for each worker or block."""

import json

import numpy as np
import pytest

from lsbatch.batch import build_plan, cost_of, map_event
from lsbatch.recipe import Recipe
from tests.servers import serve_folder

RATE, WORKERS, WINDOW_S = 25.0, 3, 2.0


@pytest.fixture(scope="module")
def server(world):
    with serve_folder(world) as served:
        yield served


def recipe_on(server, world, **changes) -> Recipe:
    return Recipe(
        event=str(world / "events.geojson"),
        source=server.url("ok", "catalog.json"),
        detector="ndvi-change",
        looks=1,
        block_px=256,
        **changes,
    )


@pytest.mark.server
@pytest.mark.slow
def test_three_workers_together_keep_the_rate_that_the_server_sees(server, world, tmp_path):
    cluster = {"workers": WORKERS}
    recipe = recipe_on(server, world, reads_per_second=RATE, cluster=cluster)
    server.ask("/forget")
    outcome = map_event(recipe, tmp_path / "run")
    assert not outcome.failed
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert len(record["peak_rss_mb"]) > 1, "several workers read"
    times = np.array(server.times(".tif"))
    assert times.size > 2 * RATE, "enough requests to tell a rate"
    in_window = [np.sum((times >= start) & (times < start + WINDOW_S)) for start in times]
    # each worker's first turn is at once; a busy machine bunches what was sent apart
    assert max(in_window) <= 1.3 * RATE * WINDOW_S + WORKERS


@pytest.mark.server
def test_the_rate_changes_the_time_and_never_the_map(server, world):
    free, slow = (
        build_plan(recipe_on(server, world, reads_per_second=rate)) for rate in (None, 2.0)
    )
    assert free.run_key == slow.run_key
    assert slow.scenes.access.reads_per_second == 2.0
    most = cost_of(slow).requests[1]
    assert 0 < cost_of(slow).requests[0] <= most
    assert cost_of(slow).seconds > cost_of(free).seconds
