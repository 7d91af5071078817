"""Fixtures and guards for the whole suite."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "lsbatch", deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("LSBATCH_HYPOTHESIS", "lsbatch"))

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real imagery beside the project; the test skips where there is none."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real imagery is not at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    """Refuse connections beyond this machine: no test needs the internet."""
    real_connect = socket.socket.connect

    def connect(self, address):
        host = address[0] if isinstance(address, tuple) else "local"
        if host not in ("local", "127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {host}")
        return real_connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(scope="session")
def cluster_address():
    """A real Dask cluster of two worker processes on this machine, shared by the suite."""
    from lsbatch.cluster import open_cluster

    with open_cluster("local", workers=2) as client:
        yield client.scheduler.address


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> Path:
    """Folder of a small simulated event: catalog.json, events.geojson, inventories/."""
    from lsbatch.simulate import simulate_event

    folder = tmp_path_factory.mktemp("simulated") / "world"
    simulate_event(folder, seed=1, side_km=4.0)
    return folder


@pytest.fixture
def lsbatch(monkeypatch, capsys):
    """Run the command line in this process: lsbatch("events", "list") -> (code, stdout, stderr)."""
    import sys

    from lsbatch.cli import main

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["lsbatch", *map(str, words)])
        with pytest.raises(SystemExit) as leaving:
            main()
        said = capsys.readouterr()
        return leaving.value.code, said.out, said.err

    return run
