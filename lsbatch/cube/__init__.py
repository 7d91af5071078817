"""From scenes to a lazy cube, and every opening of a file that a catalogue named."""

from lsbatch.cube.build import Loader, build_cube
from lsbatch.cube.check import find_broken
from lsbatch.cube.fence import fence_gdal
from lsbatch.cube.offsets import check_offsets
from lsbatch.cube.opening import GDAL_ENV
from lsbatch.cube.reader import ExactReader

__all__ = [
    "GDAL_ENV",
    "ExactReader",
    "Loader",
    "build_cube",
    "check_offsets",
    "fence_gdal",
    "find_broken",
]
