"""Real servers in processes of their own, on this machine only, for tests that read over a wire."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).parent / "faults" / "range_server.py"


@dataclass(frozen=True)
class RangeServer:
    """The scripted server of tests/faults/range_server.py."""

    port: int
    folder: Path

    def url(self, script: str, name: str, query: str = "") -> str:
        """Where a file is served in that way."""
        return f"http://127.0.0.1:{self.port}/{script}/{name}" + (f"?{query}" if query else "")

    def ask(self, path: str) -> str:
        """What it answers."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def log(self) -> list[list[str]]:
        """Requests so far: path, range, host, authorization, who pays."""
        return [json.loads(line) for line in self.ask("/log").splitlines()]


@contextlib.contextmanager
def serve_folder(folder: Path) -> Iterator[RangeServer]:
    """Serve a folder's files by range."""
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield RangeServer(int(process.stdout.readline()), folder)
    finally:
        process.stdin.close()
        try:
            process.wait(timeout=10)
        finally:
            process.kill()


S3_ACTIONS_BEFORE_KEYS = 5
"""Calls that the S3 server takes from anybody: those that make a user, a key and a bucket."""


@contextlib.contextmanager
def serve_s3() -> Iterator[str]:
    """Moto's S3 server, which checks signatures once the bucket is there; gives its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [Path(sys.executable).with_name("moto_server"), "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(S3_ACTIONS_BEFORE_KEYS)},
    )
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        finally:
            process.kill()


def _wait_for(port: int) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"no server at port {port} within 30 s")
