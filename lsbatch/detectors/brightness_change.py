"""brightness-change: for pairs with visible bands only.

Fresh soil is brighter than the vegetation that it replaced, most of all in red, and its colour
rises from blue to red. Haze adds the same to everything around: the darkest ground nearby tells how
much, and it is taken off. Season and the sun's height change everything as well, but they change
slopes that face the same way alike: so each pixel's change in red is compared with the change of
its neighbours that face the same way. No sun angle, no date and no statistic of the scene or the
block is needed, and the answer does not depend on how the area was cut.

The thresholds were set on simulated events, as surface reflectance and with a haze added.
"""

from dataclasses import dataclass

import numpy as np

from lsbatch.detectors.criteria import Plane, Rule, at_least, at_most, check_numbers
from lsbatch.domain import Channel, Inputs
from lsbatch.errors import RecipeError
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
_BRIGHTEST = 0.5
"""Reflectance beyond which all is the same to the comparison."""
_DARK_QUANTILE = 0.02
_LIMITS = {
    "brightening_min": (0, 5),
    "brightening_width": (1e-3, 2),
    "contrast_min": (-2, 5),
    "contrast_width": (1e-3, 2),
    "soil_index_min": (-1, 1),
    "soil_index_width": (1e-3, 1),
    "slope_min_deg": (0, 90),
    "slope_width_deg": (1e-3, 45),
    "radius_px": (8, 256),
    "usual_quantile": (0.05, 0.95),
    "dark_reflectance": (1e-3, 0.2),
    "detectable_red_max": (0, 2),
}


@dataclass(frozen=True, slots=True)
class BrightnessChange(Rule):
    """Relative change of red against neighbours that face the same way, soil colour, slope.

    Red and blue are first rid of haze: of every pixel the darkest 2 % of its surroundings are
    taken off, and `dark_reflectance` is put back. A score of 0.5 or more then means: ln(red after
    / red before) exceeds the `usual_quantile` of its neighbours' by `brightening_min` (0.45 = more
    than half as bright again); ln(red after) exceeds the median around by `contrast_min`; the soil
    index after, (red - blue) / (red + blue), is at least `soil_index_min`; the slope is at least
    `slope_min_deg`. The quantile is low because where most of a hillside slid, most neighbours
    changed too.

    Notes
    -----
    Dark-object subtraction: Chavez (1988), Remote Sensing of Environment 24; here local.
    """

    brightening_min: float = 0.45
    brightening_width: float = 0.10
    contrast_min: float = 0.20
    contrast_width: float = 0.05
    soil_index_min: float = 0.10
    soil_index_width: float = 0.03
    slope_min_deg: float = 8.0
    slope_width_deg: float = 1.0
    radius_px: int = 48
    usual_quantile: float = 0.25
    dark_reflectance: float = 0.05
    detectable_red_max: float = 0.18

    def __post_init__(self) -> None:
        check_numbers(self.name, self.parameters, _LIMITS)
        if not isinstance(self.radius_px, int):
            raise RecipeError(
                f"Detector {self.name!r}: radius_px must be a whole number of pixels; received "
                f"{self.radius_px!r}."
            )

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
        """Neighbours, the surroundings of each of them, and a pixel for smoothing."""
        return 2 * self.radius_px + 1

    @property
    def detectable_rule(self) -> str:
        """Where fresh soil would be brighter than what was there."""
        return f"red reflectance before the event < {self.detectable_red_max:g}"

    def score(self, batch: np.ndarray) -> np.ndarray:
        """Weakest of the four criteria, (N, H, W) float32; NaN where a channel is NaN."""
        return np.stack([self._score_one(image) for image in batch])

    def _score_one(self, image: np.ndarray) -> Plane:
        pre_red, post_red, post_blue = (self._without_haze(image[..., axis]) for axis in (0, 3, 5))
        slope, aspect = image[..., 6], image[..., 7]
        change = _mean_of_nine(np.log(post_red / pre_red))
        soil = (post_red - post_blue) / (post_red + post_blue)
        contrast = _mean_of_nine(np.log(post_red / self._typical(post_red)))
        usual = self._usual_change(change, slope, aspect)
        criteria = [
            at_least(change - usual, self.brightening_min, self.brightening_width),
            at_least(contrast, self.contrast_min, self.contrast_width),
            at_least(soil, self.soil_index_min, self.soil_index_width),
            at_least(slope, self.slope_min_deg, self.slope_width_deg),
        ]
        score: Plane = np.minimum.reduce(criteria)
        # too few neighbours to compare with: nothing stands out, but the pixel itself was seen
        score = np.where(np.isnan(score), np.float32(0), score)
        return np.where(np.isfinite(image).all(axis=-1), score, np.float32(np.nan))

    def _without_haze(self, reflectance: Plane) -> Plane:
        """Reflectance above the darkest ground around, that ground at `dark_reflectance`."""
        dark = self._of_surroundings(reflectance, _DARK_QUANTILE)
        clear = reflectance - dark + np.float32(self.dark_reflectance)
        return np.maximum(clear, np.float32(self.dark_reflectance / 2))

    def _typical(self, reflectance: Plane) -> Plane:
        """Median of the surroundings, whichever way they face."""
        return self._of_surroundings(reflectance, 0.5)

    def _of_surroundings(self, reflectance: Plane, quantile: float) -> Plane:
        groups = np.where(np.isfinite(reflectance), 0, NO_GROUP).astype("uint8")
        return self._quantile(reflectance, groups, quantile, low=0.0, high=_BRIGHTEST)

    def _usual_change(self, change: Plane, slope: Plane, aspect: Plane) -> Plane:
        """What ln(red) did on usable slopes around that face the same way; NaN where too few."""
        steep = np.isfinite(change) & (slope >= self.slope_min_deg / 2) & (aspect >= 0)
        sector = np.floor(np.nan_to_num(aspect) / (360 / _SECTORS)).astype("uint8") % _SECTORS
        groups = np.where(steep, sector, NO_GROUP).astype("uint8")
        return self._quantile(
            change, groups, self.usual_quantile, low=-_CHANGE_SPAN, high=_CHANGE_SPAN
        )

    def _quantile(
        self, values: Plane, groups: np.ndarray, quantile: float, *, low: float, high: float
    ) -> Plane:
        """Local quantile of values, within 1/254 of the span from `low` to `high`."""
        scaled = np.clip((np.nan_to_num(values) - low) / (high - low), 0, 1)
        codes = np.where(groups == NO_GROUP, 0, np.round(scaled * 254) + 1).astype("uint8")
        found = local_quantile(
            codes,
            groups,
            radius=self.radius_px,
            quantile=quantile,
            n_groups=_SECTORS,
            min_count=_FEWEST_NEIGHBOURS,
        ).astype("float32")
        back = np.float32(low) + (found - 1) / 254 * np.float32(high - low)
        return np.where(found == 0, np.float32(np.nan), back)

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
