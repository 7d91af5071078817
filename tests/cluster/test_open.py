import gc
import os
import time

import dask
import pytest
from distributed import Client

from lsbatch.cluster import open_cluster
from lsbatch.errors import RecipeError


def opened(name, **settings):
    with open_cluster(name, **settings) as client:
        return client


@pytest.fixture
def impatient(monkeypatch):
    """Waits of half a second in place of the real bound, which is written down."""
    bounds = []
    gc.collect()  # or a client that failed before is cleared away while the next one starts

    def connect(name, *, timeout, **settings):
        bounds.append(timeout)
        return Client(name, timeout="0.5s", **settings)

    monkeypatch.setattr("lsbatch.cluster.open.Client", connect)
    return bounds


@pytest.mark.slow
def test_the_local_cluster_works_in_another_process_and_listens_on_loopback_only():
    with open_cluster("local", workers=1) as client:
        assert client.submit(os.getpid, pure=False).result(timeout=60) != os.getpid()
        told = client.scheduler_info()
        addresses = [told["address"], *told["workers"], client.dashboard_link]
        addresses += [worker["nanny"] for worker in told["workers"].values()]
        assert len(told["workers"]) == 1
        assert {address.split("//")[1].split(":")[0] for address in addresses} == {"127.0.0.1"}
        address = told["address"]
        # a scheduler that runs already is joined, and outlives who joined it
        with open_cluster(address) as guest:
            assert guest.submit(sum, [1, 2, 3], pure=False).result(timeout=60) == 6
        assert client.submit(sum, [1, 2], pure=False).result(timeout=60) == 3
    assert client.status == "closed"


@pytest.mark.parametrize(
    "name",
    [
        "tcp://0.0.0.0:8786",
        "tcp://192.168.1.20:8786",
        "tcp://scheduler.example.org:8786",
        "tcp://127.0.0.1.example.org:8786",
        "tcp://[::]:8786",
        "tcp://localhost:example.org:8786",
    ],
)
def test_a_scheduler_that_others_could_reach_needs_tls(name):
    with pytest.raises(RecipeError, match="no TLS") as caught:
        opened(name)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "locals",
        "LOCAL",
        "slurm",
        "http://127.0.0.1:8786",
        "inproc://a",
        "127.0.0.1:1",
        "tcp://",
        "tls://",
        "tcp://127.0.0.1:",
        "tcp://127.0.0.1:nope",
        "tcp://127.0.0.1:1@example.org:80",
        "tcp://127.0.0.1:8786\n",
    ],
)
def test_an_unknown_name_is_refused_with_the_known_ones(name):
    with pytest.raises(RecipeError, match="A cluster is 'local' or the address") as caught:
        opened(name)
    assert repr(name) in str(caught.value)


def test_tls_without_keys_is_said_at_once(impatient):
    with pytest.raises(RecipeError, match=r"answers at tls.*TLS configuration"):
        opened("tls://127.0.0.1:1")


def test_a_dead_scheduler_is_said_in_bounded_time(impatient):
    begun = time.monotonic()
    with pytest.raises(RecipeError, match="No Dask scheduler answers at tcp"):
        opened("tcp://127.0.0.1:1")
    assert time.monotonic() - begun < 5
    assert impatient == ["10s"]


@pytest.mark.parametrize("workers", [0, -1])
def test_a_cluster_without_workers_is_refused(workers):
    with pytest.raises(RecipeError, match=f"at least 1 worker; received {workers}"):
        opened("local", workers=workers)


@pytest.mark.usefixtures("impatient")
def test_dask_outside_stays_as_it_was_even_after_a_failure():
    before = dask.config.get("scheduler", None)
    with pytest.raises(RecipeError):
        opened("tcp://127.0.0.1:1")
    assert dask.config.get("scheduler", None) == before
