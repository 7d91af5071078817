"""open_cluster: a Dask client by name."""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import dask
from distributed import Client, LocalCluster

from lsbatch.errors import RecipeError

_WORKERS_WITHIN = "30s"
_IGNORE_INTERRUPT = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
_ADDRESS = re.compile(r"(tcp|tls)://([^/@\s]+):\d{1,5}")
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@contextmanager
def open_cluster(name: str, *, workers: int | None = None) -> Iterator[Client]:
    """A client of the named cluster, closed on leaving.

    Parameters
    ----------
    name : str
        ``local``: worker processes on this machine, listening on loopback only. Or the address of
        a scheduler on this machine, ``tcp://127.0.0.1:…``, or of any with TLS, ``tls://…``.
    workers : int, optional
        Worker processes of the local cluster; one for each core if left out.

    Raises
    ------
    RecipeError
        For a name that is none of these, or a scheduler that others could reach without TLS.
    """
    if name == "local":
        with _local(workers) as client:
            yield client
        return
    address = _ADDRESS.fullmatch(name)
    if address is None:
        raise RecipeError(
            f"A cluster is 'local' or the address of a scheduler (tcp://127.0.0.1:8786, "
            f"tls://host:8786); received {name!r}."
        )
    protocol, host = address.groups()
    if protocol == "tcp" and host not in _LOOPBACK:
        raise RecipeError(
            f"{name} is not on this machine and has no TLS: whoever reaches it can run code on it. "
            "Start the scheduler with TLS and give its tls:// address."
        )
    try:
        client = Client(name, timeout="10s", set_as_default=False)
    except (OSError, TypeError, ValueError) as error:  # no answer, no TLS keys, no such port
        raise RecipeError(f"No Dask scheduler answers at {name} ({error}).") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_WORKERS_WITHIN)
        except TimeoutError as error:
            raise RecipeError(
                f"The scheduler at {name} has no workers. Start some: dask worker {name}"
            ) from error
        yield client


@contextmanager
def _local(workers: int | None) -> Iterator[Client]:
    if workers is not None and workers < 1:
        raise RecipeError(f"A cluster needs at least 1 worker; received {workers}.")
    settings = {
        "distributed.worker.daemon": True,
        "logging.distributed": "critical",
        "distributed.scheduler.allowed-failures": 3,
        # Ctrl-C reaches every process of a terminal; only the driver is to answer it
        "distributed.worker.preload": [_IGNORE_INTERRUPT],
        # a block is one task: its own reading threads are enough
        "distributed.nanny.pre-spawn-environ.OMP_NUM_THREADS": "1",
    }
    count = count_local_workers(workers)
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def count_local_workers(wanted: int | None = None) -> int:
    """Worker processes of the local cluster: as many as wanted, or one for each core."""
    return wanted or len(os.sched_getaffinity(0))
