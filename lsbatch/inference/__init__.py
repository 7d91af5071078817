"""From features to a score: halo in, core out; detectors are known only by their contract."""

from lsbatch.inference.blocks import score_block
from lsbatch.inference.curve import HaloError, error_by_halo
from lsbatch.inference.lazy import detect
from lsbatch.inference.patches import score_area

__all__ = ["HaloError", "detect", "error_by_halo", "score_area", "score_block"]
