"""A server of files by range that misbehaves on command: `python range_server.py FOLDER`,
or with a file that holds a key and a certificate, behind TLS.

It prints its port and serves until its standard input ends. A path's first part is the script:
`/503x2,stall/a.tif` answers the first two requests of that path with 503, lets the third hang, and
serves the rest. What was asked is under `/log`, as JSON lines of the path and the headers LOGGED,
and when under `/times`, as JSON lines of the path and seconds; `/forget` starts anew.

Steps: a status code, with `after1` (Retry-After: 1) or `regioneu` (S3's hint) behind it; `short`
(half of the promised bytes), `reset` (the connection is cut), `stall` (no answer for STALL_S),
`drip` (a byte every tenth of a second), `html`, `ignore` (200 with the whole file), `shift` (the
wrong part), `other` (another ETag), `plain` (none), `odd` (a Content-Range without numbers), `ok`;
`to:URL` (302, percent-encoded). `x3` repeats; a `+` at the end makes the last step last for ever;
`token` asks for `?sig=` and the newest token of `/token`.
"""

import json
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

STALL_S = 20.0
LOGGED = ("Range", "Host", "Authorization", "x-amz-request-payer")
_lock = threading.Lock()
_asked: list[list[str]] = []
_times: list[list] = []
_counts: dict[str, int] = {}
_token = {"value": 0}


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    # else each body waits 40 ms for the acknowledgement of its header
    disable_nagle_algorithm = True
    folder = Path()

    def do_GET(self):
        parts = urlsplit(self.path)
        if parts.path == "/log":
            return self.send("".join(json.dumps(entry) + "\n" for entry in _asked).encode())
        if parts.path == "/times":
            return self.send("".join(json.dumps(entry) + "\n" for entry in _times).encode())
        if parts.path == "/forget":
            with _lock:
                _asked.clear(), _counts.clear(), _times.clear()
            return self.send(b"")
        if parts.path == "/token":
            with _lock:
                _token["value"] += 1
            return self.send(str(_token["value"]).encode())
        with _lock:
            _asked.append([self.path, *(self.headers.get(name, "") for name in LOGGED)])
            _times.append([self.path, time.monotonic()])
        _, script, name = parts.path.split("/", 2)
        step = self.step_of(unquote(script), parts.path)
        self.serve(step, self.folder / unquote(name), parse_qs(parts.query))

    def do_HEAD(self):
        """Tell a file's size, which GDAL asks for first; steps go on with the request after it."""
        path = self.folder / unquote(urlsplit(self.path).path.split("/", 2)[2])
        self.begin(200, path.stat().st_size if path.is_file() else 0, {"Accept-Ranges": "bytes"})

    def do_CONNECT(self):
        """Be a proxy that lets nobody through."""
        with _lock:
            _asked.append([f"CONNECT {self.path}", *(self.headers.get(n, "") for n in LOGGED)])
        self.send(b"", 403)

    def step_of(self, script, path):
        steps = []
        for word in script.split(","):
            name, _, times = word.rpartition("x")
            if not name or not times.isdigit() or word.startswith("to:"):
                name, times = word, "1"
            steps += [name] * int(times)
        with _lock:
            count = _counts[path] = _counts.get(path, -1) + 1
        if count < len(steps):
            return steps[count].removesuffix("+")
        return steps[-1].removesuffix("+") if steps[-1].endswith("+") else "ok"

    def serve(self, step, path, query):
        if step.startswith("to:"):
            return self.send(b"", 302, Location=step.removeprefix("to:"))
        if step == "token":
            with _lock:
                step = "ok" if query.get("sig") == [str(_token["value"])] else "403"
        if step == "stall":
            return time.sleep(STALL_S)
        if step == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self.close_connection = True
            return self.connection.close()
        if step == "html":
            return self.send(b"<!doctype html><title>Sign in</title>")
        if step[:3].isdigit():
            return self.send(b"no", int(step[:3]), **_extra(step[3:]))
        return self.send_part(step, path)

    def send_part(self, step, path):
        if not path.is_file():
            return self.send(b"not here", 404)
        if step == "ignore":
            return self.send(path.read_bytes())
        size = path.stat().st_size
        asked = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")
        start, stop = int(asked[0]), min(int(asked[1] or size), size - 1) + 1
        if start >= size:
            return self.send(b"", 416)
        start += step == "shift"
        with open(path, "rb") as file:
            file.seek(start)
            body = file.read(stop - start)
        span = f"bytes {start}-{stop - 1}/{size}"
        headers = {"Content-Range": "lines few" if step == "odd" else span, "ETag": '"1"'}
        if step == "other":
            headers["ETag"] = '"2"'
        if step == "plain":
            del headers["ETag"]
        if step in ("short", "drip"):
            return self.send_badly(step, body, headers)
        return self.send(body, 206, **headers)

    def send_badly(self, step, body, headers):
        self.begin(206, len(body), headers)
        if step == "short":
            self.wfile.write(body[: len(body) // 2])
        else:
            for place in range(len(body)):
                self.wfile.write(body[place : place + 1])
                time.sleep(0.1)
        self.close_connection = True

    def send(self, body, code=200, **headers):
        self.begin(code, len(body), headers)
        self.wfile.write(body)

    def begin(self, code, length, headers):
        self.send_response(code)
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def log_message(self, *_args):
        """Say nothing."""


def _extra(word):
    if word.startswith("region"):
        return {"x_amz_bucket_region": word.removeprefix("region")}
    return {"Retry-After": word.removeprefix("after")} if word else {}


class Server(ThreadingHTTPServer):
    """Says nothing of connections that were cut on purpose."""

    daemon_threads = True

    def handle_error(self, *_args):
        """Say nothing."""


def main():
    Handler.folder = Path(sys.argv[1])
    server = Server(("127.0.0.1", 0), Handler)
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
