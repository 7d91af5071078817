"""STAC servers for tests: answers written down beforehand, served by a process of its own."""

import contextlib
import json
import subprocess
import sys
import urllib.request
from pathlib import Path

PROGRAM = Path(__file__).parent / "faults" / "stac_server.py"
CONFORMS = [
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/collections",
    "https://api.stacspec.org/v1.0.0/item-search",
]
FILTERS = "https://api.stacspec.org/v1.0.0/item-search#filter"


class Scripted:
    """A running server: its URL, and what it was asked."""

    def __init__(self, url):
        self.url = url

    def asked(self, route=""):
        """Requests so far, as dicts with route, query and body."""
        with urllib.request.urlopen(f"{self.url}/log", timeout=10) as answer:
            return [entry for entry in json.load(answer) if entry["route"].startswith(route)]


@contextlib.contextmanager
def serve(folder, routes):
    """Serve these routes (see faults/stac_server.py); yields a Scripted."""
    script = Path(folder) / "script.json"
    script.write_text(json.dumps(routes))
    server = subprocess.Popen(
        [sys.executable, "-S", "-E", str(PROGRAM), str(script)], stdout=subprocess.PIPE, text=True
    )
    try:
        yield Scripted(f"http://127.0.0.1:{int(server.stdout.readline())}")
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def build_root(method="POST", *, conforms=(), links=(), search="{url}/search"):
    """The landing page of an API that searches by one method."""
    return {
        "type": "Catalog",
        "id": "api",
        "stac_version": "1.0.0",
        "description": "d",
        "conformsTo": [*CONFORMS, *conforms],
        "links": [
            {"rel": "self", "href": "{url}/"},
            {"rel": "root", "href": "{url}/"},
            {"rel": "data", "href": "{url}/collections"},
            {"rel": "search", "href": search, "method": method, "type": "application/geo+json"},
            *links,
        ],
    }


def build_api(*pages, method="POST", collections=("sentinel-2-l2a",), **root):
    """Routes of an API; each page is a step of the search."""
    listed = {"collections": [{"id": name} for name in collections], "links": []}
    return {
        "GET /": [{"json": build_root(method, **root)}],
        "GET /collections": [{"json": listed}],
        f"{method} /search": list(pages),
    }


def build_page(*items, following=None, method="POST", **more):
    """One page of results as a step; `following` names the token of the next page."""
    links = []
    if following is not None and method == "POST":
        links = [{"rel": "next", "href": "{url}/search", "method": "POST"}]
        links[0] |= {"merge": True, "body": {"token": following}}
    elif following is not None:
        links = [{"rel": "next", "href": f"{{url}}/search?token={following}"}]
    page = {"type": "FeatureCollection", "features": list(items), "links": links}
    return {"json": page | more}
