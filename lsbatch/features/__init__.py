"""From a cube to what a detector asked to see: masks, composites, indices, terrain."""

from lsbatch.features.ground import TERRAIN_HALO
from lsbatch.features.prepare import prepare
from lsbatch.features.usable import bands_to_read, reasons_of

__all__ = ["TERRAIN_HALO", "bands_to_read", "prepare", "reasons_of"]
