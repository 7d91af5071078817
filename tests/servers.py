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
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

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

    def times(self, ending: str = "") -> list[float]:
        """When files whose name ends so were asked for, seconds, in order."""
        entries = [json.loads(line) for line in self.ask("/times").splitlines()]
        return sorted(when for path, when in entries if path.endswith(ending))


@contextlib.contextmanager
def serve_folder(folder: Path, certificate: Path | None = None) -> Iterator[RangeServer]:
    """Serve a folder's files by range; behind TLS with a certificate."""
    words = [sys.executable, str(SCRIPT), str(folder), *([str(certificate)] if certificate else [])]
    process = subprocess.Popen(
        words,
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


def write_certificate(folder: Path, name: str) -> Path:
    """A file with a new key and a certificate of its own for a host's name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, plain)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
