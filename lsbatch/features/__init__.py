"""From a cube to what a detector asked to see: masks, composites, indices, terrain."""

from lsbatch.features.prepare import TERRAIN_HALO, prepare
from lsbatch.features.usable import reasons_of

__all__ = ["TERRAIN_HALO", "prepare", "reasons_of"]
