"""Real servers in processes of their own, on this machine only, for tests that read over a wire."""

import contextlib
import json
import subprocess
import sys
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
        """Requests so far: path, range, host."""
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
