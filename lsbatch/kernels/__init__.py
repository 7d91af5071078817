"""Compiled loops on plain arrays: no names, no files, nothing lazy.

Each is single-threaded and lets go of Python's lock: as many may run at once as there are blocks,
and their number never changes a bit.
"""

from lsbatch.kernels.confusion import confusion, confusion_by_cell, mcc
from lsbatch.kernels.correction import c_coefficient, light_sums, scs_c
from lsbatch.kernels.curvature import plan_curvature, profile_curvature, total_curvature
from lsbatch.kernels.lattice import Places
from lsbatch.kernels.light import hillshade, illumination
from lsbatch.kernels.looks import has_twin, widen
from lsbatch.kernels.physical import copy_stored, scale_stored
from lsbatch.kernels.planes import fill_planes
from lsbatch.kernels.rank import NO_GROUP, local_quantile
from lsbatch.kernels.relief import mean_step, roughness, tpi, tri
from lsbatch.kernels.resample import kernel_reach, resample
from lsbatch.kernels.screen import is_bright_brown, is_bright_white, is_snow
from lsbatch.kernels.shadow import cast_shadow, shadow_depth, shadow_halo
from lsbatch.kernels.spectral import median_of_looks, normalised_difference
from lsbatch.kernels.stitch import blend_weights, stitch_patches
from lsbatch.kernels.terrain import FLAT, aspect, slope
from lsbatch.kernels.warp import move_flags, move_image, move_pixels

__all__ = [
    "FLAT",
    "NO_GROUP",
    "Places",
    "aspect",
    "blend_weights",
    "c_coefficient",
    "cast_shadow",
    "confusion",
    "confusion_by_cell",
    "copy_stored",
    "fill_planes",
    "has_twin",
    "hillshade",
    "illumination",
    "is_bright_brown",
    "is_bright_white",
    "is_snow",
    "kernel_reach",
    "light_sums",
    "local_quantile",
    "mcc",
    "mean_step",
    "median_of_looks",
    "move_flags",
    "move_image",
    "move_pixels",
    "normalised_difference",
    "plan_curvature",
    "profile_curvature",
    "resample",
    "roughness",
    "scale_stored",
    "scs_c",
    "shadow_depth",
    "shadow_halo",
    "slope",
    "stitch_patches",
    "total_curvature",
    "tpi",
    "tri",
    "widen",
]
