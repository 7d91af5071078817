"""brightness-change: for pairs with visible bands only.

Fresh soil is brighter than the vegetation that it replaced, most of all in red, and its colour
rises from blue to red. Season, haze and the sun's height change everything else as well, but they
change slopes that face the same way alike. So each pixel's change in red is compared with the
change of its neighbours that face the same way: no sun angle, no date and no statistic of the
scene or the block is needed, and the answer does not depend on how the area was cut.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lsbatch.detectors.criteria import Plane, at_least, at_most, check_numbers
from lsbatch.domain import Channel, Inputs
from lsbatch.kernels import NO_GROUP, local_quantile

_COLOURS = ("red", "green", "blue")
_INPUTS = Inputs(
    (
        *(Channel(colour, "pre") for colour in _COLOURS),
        *(Channel(colour, "post") for colour in _COLOURS),
        Channel("slope_deg"),
        Channel("aspect_deg"),
    )
)
_SECTORS = 16
"""Aspect classes; a pixel is compared within its own and the two beside it: 67.5 degrees."""
_CHANGE_SPAN = 2.0
"""Changes of ln(red) beyond +-2 (a factor of 7) are all the same to the comparison."""
_FEWEST_NEIGHBOURS = 50
_LIMITS = {
    "brightening_min": (0, 5),
    "brightening_width": (1e-3, 2),
    "soil_index_min": (-1, 1),
    "soil_index_width": (1e-3, 1),
    "slope_min_deg": (0, 90),
    "slope_width_deg": (1e-3, 45),
    "radius_px": (8, 256),
    "usual_quantile": (0.05, 0.95),
    "detectable_red_max": (0, 2),
}


@dataclass(frozen=True, slots=True)
class BrightnessChange:
    """Relative change of red against neighbours that face the same way, soil colour, slope.

    A score of 0.5 or more means: ln(red after / red before) exceeds the `usual_quantile` of its
    neighbours' by `brightening_min` (0.4 = half as bright again), the soil index after,
    (red - blue) / (red + blue), is at least `soil_index_min`, and the slope `slope_min_deg`.
    """

    brightening_min: float = 0.40
    brightening_width: float = 0.10
    soil_index_min: float = 0.05
    soil_index_width: float = 0.03
    slope_min_deg: float = 8.0
    slope_width_deg: float = 1.0
    radius_px: int = 64
    usual_quantile: float = 0.40
    detectable_red_max: float = 0.18

    def __post_init__(self) -> None:
        check_numbers(self.name, self.parameters, _LIMITS)

    @property
    def name(self) -> str:
        """Name in the registry."""
        return "brightness-change"

    @property
    def inputs(self) -> Inputs:
        """Red, green, blue before and after; slope and aspect in degrees."""
        return _INPUTS

    @property
    def halo(self) -> int:
        """The neighbourhood's radius, and a pixel for smoothing."""
        return int(self.radius_px) + 1

    @property
    def multiple(self) -> int:
        """Any patch side will do."""
        return 1

    @property
    def patch_px(self) -> None:
        """A block of any size is taken whole."""

    @property
    def parameters(self) -> dict[str, Any]:
        """Thresholds without unit, slopes in degrees, radius in pixels."""
        return asdict(self)

    @property
    def detectable_rule(self) -> str:
        """Where fresh soil would be brighter than what was there."""
        return f"red reflectance before the event < {self.detectable_red_max:g}"

    def score(self, batch: np.ndarray) -> np.ndarray:
        """Weakest of the three criteria, (N, H, W) float32; NaN where a channel is NaN."""
        return np.stack([self._score_one(image) for image in batch])

    def _score_one(self, image: np.ndarray) -> Plane:
        pre_red, post_red, post_blue = image[..., 0], image[..., 3], image[..., 5]
        slope, aspect = image[..., 6], image[..., 7]
        with np.errstate(divide="ignore", invalid="ignore"):
            change = np.log(post_red / pre_red)
            soil = (post_red - post_blue) / (post_red + post_blue)
        change = _mean_of_nine(change)
        usual = self._usual_change(change, slope, aspect)
        criteria = [
            at_least(change - usual, self.brightening_min, self.brightening_width),
            at_least(soil, self.soil_index_min, self.soil_index_width),
            at_least(slope, self.slope_min_deg, self.slope_width_deg),
        ]
        score: Plane = np.minimum.reduce(criteria)
        # too few neighbours to compare with: nothing stands out, but the pixel itself was seen
        return np.where(np.isnan(usual) & np.isfinite(change), np.float32(0), score)

    def _usual_change(self, change: Plane, slope: Plane, aspect: Plane) -> Plane:
        """What ln(red) did on usable slopes around that face the same way; NaN where too few."""
        steep = np.isfinite(change) & (slope >= self.slope_min_deg / 2) & (aspect >= 0)
        clipped = np.clip(np.nan_to_num(change), -_CHANGE_SPAN, _CHANGE_SPAN)
        steps = np.round((clipped / _CHANGE_SPAN + 1) * 127).astype("uint8")  # 0..254
        codes = np.where(steep, steps + 1, 0).astype("uint8")
        sector = np.floor(np.nan_to_num(aspect) / (360 / _SECTORS)).astype("uint8") % _SECTORS
        groups = np.where(steep, sector, NO_GROUP).astype("uint8")
        found = local_quantile(
            codes,
            groups,
            radius=int(self.radius_px),
            quantile=self.usual_quantile,
            n_groups=_SECTORS,
            min_count=_FEWEST_NEIGHBOURS,
        )
        usual = ((found.astype("float32") - 1) / 127 - 1) * _CHANGE_SPAN
        return np.where(found == 0, np.float32(np.nan), usual.astype("float32"))

    def detectable(self, batch: np.ndarray) -> np.ndarray:
        """Dark before, (N, H, W) bool."""
        return at_most(batch[..., 0], self.detectable_red_max, 1e-3) > 0.5


def _mean_of_nine(values: Plane) -> Plane:
    """Mean over the finite values of each 3 x 3 window; NaN where the centre is NaN.

    Summed in a fixed order, so that the result has the same bits wherever the array was cut.
    """
    height, width = values.shape
    padded = np.pad(values, 1, constant_values=np.nan)
    windows = [padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    total, count = np.zeros(values.shape, "float64"), np.zeros(values.shape, "uint8")
    for window in windows:
        finite = np.isfinite(window)
        total += np.where(finite, window, 0)
        count += finite
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.isfinite(values), total / count, np.nan).astype("float32")
