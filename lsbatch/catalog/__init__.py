"""Events and inventories: read, check, rasterise."""

from lsbatch.catalog.areas import read_area
from lsbatch.catalog.events import find_event, read_events
from lsbatch.catalog.inventories import rasterise, read_inventory
from lsbatch.domain import catalogs_folder

__all__ = [
    "catalogs_folder",
    "find_event",
    "rasterise",
    "read_area",
    "read_events",
    "read_inventory",
]
