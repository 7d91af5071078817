"""From a cube to what a detector asked to see: masks, composites, indices, terrain."""

from lsbatch.features.ground import TERRAIN_HALO
from lsbatch.features.months import monthly_medians, prepare_months
from lsbatch.features.prepare import prepare
from lsbatch.features.usable import bands_to_read, features_halo, reasons_of, screens_of

__all__ = [
    "TERRAIN_HALO",
    "bands_to_read",
    "features_halo",
    "monthly_medians",
    "prepare",
    "prepare_months",
    "reasons_of",
    "screens_of",
]
