"""From scenes to a lazy cube: stackstac, and every opening of a file that a catalogue named."""

from lsbatch.cube.build import build_cube
from lsbatch.cube.check import find_broken
from lsbatch.cube.offsets import check_offsets
from lsbatch.cube.reader import GDAL_ENV, ExactReader

__all__ = ["GDAL_ENV", "ExactReader", "build_cube", "check_offsets", "find_broken"]
