"""Compiled loops on plain arrays: no names, no files, nothing lazy.

Each is single-threaded and lets go of Python's lock: as many may run at once as there are blocks,
and their number never changes a bit.
"""

from lsbatch.kernels.confusion import confusion, confusion_by_cell, mcc
from lsbatch.kernels.planes import fill_planes
from lsbatch.kernels.rank import NO_GROUP, local_quantile
from lsbatch.kernels.screen import is_bright_white, is_snow
from lsbatch.kernels.shadow import shadow_depth
from lsbatch.kernels.spectral import median_of_looks, normalised_difference
from lsbatch.kernels.stitch import blend_weights, stitch_patches
from lsbatch.kernels.terrain import FLAT, aspect, hillshade, illumination, slope
from lsbatch.kernels.warp import move_pixels

__all__ = [
    "FLAT",
    "NO_GROUP",
    "aspect",
    "blend_weights",
    "confusion",
    "confusion_by_cell",
    "fill_planes",
    "hillshade",
    "illumination",
    "is_bright_white",
    "is_snow",
    "local_quantile",
    "mcc",
    "median_of_looks",
    "move_pixels",
    "normalised_difference",
    "shadow_depth",
    "slope",
    "stitch_patches",
]
