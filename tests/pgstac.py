"""A real STAC API for tests: PostgreSQL with PostGIS, pgstac and stac-fastapi, on this machine."""

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

INSTALL = (
    "needs PostgreSQL with PostGIS and a pgstac server: "
    "apt-get install --no-install-recommends postgresql-15-postgis-3 and "
    "pip install 'stac-fastapi-pgstac>=7' 'pypgstac[psycopg]>=0.9' 'uvicorn>=0.30'"
)
# it is thrown away: nothing has to survive a crash
SETTINGS = (
    "-c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
)


def find_programs():
    """Folder of PostgreSQL's programs; the test skips where anything is missing."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    extension = [*Path("/usr/share/postgresql").glob("*/extension/postgis.control")]
    modules = ("pypgstac", "psycopg", "stac_fastapi.pgstac", "uvicorn")
    try:
        missing = [name for name in modules if importlib.util.find_spec(name) is None]
    except ModuleNotFoundError:
        missing = ["stac_fastapi"]
    has_user = os.getuid() != 0 or shutil.which("su")
    if missing or not folders or not extension or not has_user:
        pytest.skip(INSTALL)
    return folders[-1]


def find_free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(command, **options):
    """Run a command; PostgreSQL refuses to be root, so that it runs as postgres then."""
    if os.getuid() == 0:
        command = ["su", "postgres", "-s", "/bin/sh", "-c", command]
    else:
        command = ["/bin/sh", "-c", command]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", **options)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


@contextlib.contextmanager
def serve_database(programs):
    """A fresh cluster; yields the environment in which clients find it."""
    folder = Path(tempfile.mkdtemp(prefix="pgstac-"))
    port = find_free_port()
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    try:
        run(f"{programs}/initdb -D {folder}/data -A trust -U postgres")
        options = f"-p {port} -k {folder} {SETTINGS}"
        run(f"{programs}/pg_ctl -D {folder}/data -w -o '{options}' -l {folder}/log start")
        try:
            run(f"{programs}/createdb -h 127.0.0.1 -p {port} -U postgres pgstac")
            yield os.environ | {
                "PGHOST": "127.0.0.1",
                "PGPORT": str(port),
                "PGUSER": "postgres",
                "PGDATABASE": "pgstac",
                "PGPASSWORD": "unused",
            }
        finally:
            run(f"{programs}/pg_ctl -D {folder}/data -m immediate stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def serve_api(environment, folder, items, collections):
    """An API over these items; yields its URL."""
    write_lines(folder / "collections.ndjson", map(build_collection, collections))
    write_lines(folder / "items.ndjson", items)
    python = [sys.executable, "-m"]
    load = [*python, "pypgstac.pypgstac"]
    for command in (
        [*load, "migrate"],
        [*load, "load", "collections", str(folder / "collections.ndjson"), "--method", "upsert"],
        [*load, "load", "items", str(folder / "items.ndjson"), "--method", "upsert"],
    ):
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    count_matches(environment)
    port = find_free_port()
    application = ["stac_fastapi.pgstac.app:create_app", "--factory", "--host", "127.0.0.1"]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [*python, "uvicorn", *application, "--port", str(port)],
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/_mgmt/ping", server, folder / "server.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def count_matches(environment):
    """Have the API say how many records match, which it does on request only."""
    import psycopg

    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "dbname": "PGDATABASE"}
    with psycopg.connect(**{key: environment[name] for key, name in names.items()}) as connection:
        connection.execute(
            "insert into pgstac.pgstac_settings (name, value) values ('context', 'on') "
            "on conflict (name) do update set value = excluded.value"
        )


def wait_for(url, server, log):
    for _ in range(300):
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1):
            return
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(f"the STAC server did not answer in 30 s: {log.read_text()}")


def write_lines(path, documents):
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))


def build_collection(name):
    anywhere = {
        "spatial": {"bbox": [[-180, -90, 180, 90]]},
        "temporal": {"interval": [[None, None]]},
    }
    return {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": name,
        "description": name,
        "license": "other",
        "links": [],
        "extent": anywhere,
    }
