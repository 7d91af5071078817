"""From scenes to a lazy cube, and every opening of a file that a catalogue named."""

from lsbatch.cube.build import Loader, build_cube
from lsbatch.cube.check import find_broken
from lsbatch.cube.fence import fence_gdal
from lsbatch.cube.offsets import check_offsets
from lsbatch.cube.opening import GDAL_ENV
from lsbatch.cube.reader import ExactReader
from lsbatch.cube.weigh import Load, Weighed, weigh_reads

__all__ = [
    "GDAL_ENV",
    "ExactReader",
    "Load",
    "Loader",
    "Weighed",
    "build_cube",
    "check_offsets",
    "fence_gdal",
    "find_broken",
    "weigh_reads",
]
