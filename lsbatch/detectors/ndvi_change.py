"""ndvi-change: vegetation lost on a slope that had some."""

from dataclasses import dataclass

import numpy as np

from lsbatch.detectors.criteria import Plane, Rule, at_least, at_most, check_numbers
from lsbatch.domain import Channel, Inputs

_INPUTS = Inputs((Channel("ndvi", "pre"), Channel("ndvi", "post"), Channel("slope_deg")))
_LIMITS = {
    "ndvi_pre_min": (-1, 1),
    "ndvi_change_max": (-2, 2),
    "ndvi_post_max": (-1, 1),
    "ndvi_width": (1e-3, 1),
    "slope_min_deg": (0, 90),
    "slope_width_deg": (1e-3, 45),
}


@dataclass(frozen=True, slots=True)
class NdviChange(Rule):
    """NDVI difference with vegetation and slope gates.

    A score of 0.5 or more means: NDVI before of at least `ndvi_pre_min`, a fall of at least
    ``-ndvi_change_max`` to at most `ndvi_post_max`, on ground of at least `slope_min_deg`. The
    widths say how fast the score leaves 0.5.
    """

    ndvi_pre_min: float = 0.30
    ndvi_change_max: float = -0.20
    ndvi_post_max: float = 0.40
    ndvi_width: float = 0.05
    slope_min_deg: float = 10.0
    slope_width_deg: float = 1.5

    def __post_init__(self) -> None:
        check_numbers(self.name, self.parameters, _LIMITS)

    @property
    def name(self) -> str:
        """Name in the registry."""
        return "ndvi-change"

    @property
    def inputs(self) -> Inputs:
        """NDVI before, NDVI after, slope in degrees."""
        return _INPUTS

    @property
    def halo(self) -> int:
        """Each pixel is judged alone."""
        return 0

    @property
    def detectable_rule(self) -> str:
        """Where a loss of vegetation can show."""
        return f"NDVI before the event >= {self.ndvi_pre_min:g}"

    def score(self, batch: np.ndarray) -> np.ndarray:
        """Weakest of the four criteria, (N, H, W) float32; NaN where a channel is NaN."""
        pre, post, slope = (batch[..., axis] for axis in range(3))
        criteria: list[Plane] = [
            at_least(pre, self.ndvi_pre_min, self.ndvi_width),
            at_most(post - pre, self.ndvi_change_max, self.ndvi_width),
            at_most(post, self.ndvi_post_max, self.ndvi_width),
            at_least(slope, self.slope_min_deg, self.slope_width_deg),
        ]
        return np.minimum.reduce(criteria)

    def detectable(self, batch: np.ndarray) -> np.ndarray:
        """Vegetated before, (N, H, W) bool."""
        return batch[..., 0] >= self.ndvi_pre_min
