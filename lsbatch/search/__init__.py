"""From a STAC source to scenes: the only room that meets pystac-client."""

from lsbatch.search.choose import choose_scenes
from lsbatch.search.endpoints import find_endpoint, read_endpoints
from lsbatch.search.find import Candidates, find_scenes

__all__ = ["Candidates", "choose_scenes", "find_endpoint", "find_scenes", "read_endpoints"]
