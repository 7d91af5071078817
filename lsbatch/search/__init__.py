"""From a STAC source to scenes: the only room that meets pystac-client."""

from lsbatch.search.choose import choose_scenes
from lsbatch.search.endpoints import find_endpoint, read_endpoints
from lsbatch.search.find import Candidates, find_scenes
from lsbatch.search.permits import access_of

__all__ = [
    "Candidates",
    "access_of",
    "choose_scenes",
    "find_endpoint",
    "find_scenes",
    "read_endpoints",
]
