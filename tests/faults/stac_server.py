"""A STAC server that misbehaves on command, to be run as a process of its own.

``python stac_server.py SCRIPT`` prints its port. SCRIPT is a JSON file: a route such as
``"POST /search"`` has a list of steps, of which each request takes the next and the last one
repeats. A step may have: ``status``, ``headers``, ``json`` or ``text`` (``{url}`` in them is the
server's own), ``bomb`` (MB of packed zeros), ``deep`` (levels of nesting), ``cut`` (bytes left out
at the end), ``drop`` (no answer at all), ``silent_s`` (pause before the answer), ``drip_s`` (pause
after each byte). ``GET /log`` gives the requests so far.
"""

import gzip
import http.server
import json
import sys
import threading
import time
from pathlib import Path

ROUTES = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
LOG = []
TAKEN = dict.fromkeys(ROUTES, 0)
LOCK = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        asked = self.rfile.read(length).decode()
        path = self.path.partition("?")[0]
        if path == "/log":
            self.send({"json": LOG})
            return
        route = f"{self.command} {path}"
        with LOCK:
            LOG.append({"route": route, "query": self.path.partition("?")[2], "body": asked})
            steps = ROUTES.get(route) or [{"status": 404, "text": "nothing here"}]
            number = TAKEN.get(route, 0)
            TAKEN[route] = number + 1
        self.send(steps[min(number, len(steps) - 1)])

    do_GET = do_POST = answer

    def send(self, step):
        time.sleep(step.get("silent_s", 0))
        if step.get("drop"):
            self.close_connection = True
            self.connection.close()
            return
        body, headers = self.body_of(step)
        headers |= step.get("headers", {})
        self.send_response(step.get("status", 200))
        for name, value in headers.items():
            self.send_header(name, value.replace("{url}", self.own_url()))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if "drip_s" in step:
            for byte in body:
                self.wfile.write(bytes([byte]))
                time.sleep(step["drip_s"])
            return
        if step.get("cut"):
            body = body[: -step["cut"]]
            self.close_connection = True
        self.wfile.write(body)

    def body_of(self, step):
        kind = {"Content-Type": "application/json"}
        if "bomb" in step:
            packed = gzip.compress(b"0" * step["bomb"] * 10**6, 9)
            return packed, kind | {"Content-Encoding": "gzip"}
        if "deep" in step:
            return b"[" * step["deep"] + b"]" * step["deep"], kind
        text = step["text"] if "text" in step else json.dumps(step.get("json"))
        return text.replace("{url}", self.own_url()).encode(), kind

    def own_url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def log_message(self, *_args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_args):
        pass  # clients that hang up are part of the game


server = Server(("127.0.0.1", 0), Handler)
sys.stdout.write(f"{server.server_port}\n")
sys.stdout.flush()
server.serve_forever()
