"""From a cube to what a detector asked to see: masks, composites, indices, terrain."""

from lsbatch.features.agreement import LEAST_SHIFT_PX, Decision, Sighting, decide_shift
from lsbatch.features.ground import TERRAIN_HALO, light_of, terrain_of
from lsbatch.features.months import monthly_medians, prepare_months
from lsbatch.features.prepare import prepare
from lsbatch.features.registration import Measurement, measure_shifts
from lsbatch.features.usable import (
    bands_to_read,
    features_halo,
    reasons_of,
    screen_bands,
    screens_of,
)

__all__ = [
    "LEAST_SHIFT_PX",
    "TERRAIN_HALO",
    "Decision",
    "Measurement",
    "Sighting",
    "bands_to_read",
    "decide_shift",
    "features_halo",
    "light_of",
    "measure_shifts",
    "monthly_medians",
    "prepare",
    "prepare_months",
    "reasons_of",
    "screen_bands",
    "screens_of",
    "terrain_of",
]
