"""Things that score a block, all behind one contract."""

from lsbatch.detectors.registry import detector_names, load_detector

__all__ = ["detector_names", "load_detector"]
