"""Things that score a block, all behind one contract."""

from lsbatch.detectors.registry import detector_names, load_detector
from lsbatch.detectors.unet import UNET_GROUPS, UNET_INPUTS

__all__ = ["UNET_GROUPS", "UNET_INPUTS", "detector_names", "load_detector"]
