"""Events and inventories: read, check, rasterise."""

from lsbatch.catalog.areas import read_area
from lsbatch.catalog.choice import AreaChoice, choose_area
from lsbatch.catalog.events import check_time, find_event, read_events
from lsbatch.catalog.filter import choose_events
from lsbatch.catalog.inventories import rasterise, read_inventory
from lsbatch.domain import catalogs_folder

__all__ = [
    "AreaChoice",
    "catalogs_folder",
    "check_time",
    "choose_area",
    "choose_events",
    "find_event",
    "rasterise",
    "read_area",
    "read_events",
    "read_inventory",
]
