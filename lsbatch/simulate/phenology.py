"""The year of the plants: when each kind of ground grows, turns and rests in each climate."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lsbatch.simulate.noise import Field
from lsbatch.simulate.spectra import Ground
from lsbatch.simulate.style import Climate

Calendar = tuple[float, float, float, float, float, float]
"""Phases of the year between which plants turn green, turn colour, and lose or shed it."""

_ALWAYS: Calendar = (0.0, 1e-6, 2.0, 2.1, 2.2, 2.3)
_TREES: dict[Climate, Calendar] = {
    "temperate": (0.24, 0.34, 0.72, 0.79, 0.80, 0.85),
    "boreal": (0.34, 0.41, 0.64, 0.69, 0.70, 0.75),
    "monsoon": (0.30, 0.42, 0.95, 1.08, 1.12, 1.22),
    "mediterranean": (0.22, 0.32, 0.78, 0.86, 0.88, 0.95),
    "tropical": _ALWAYS,
}
_GRASS: dict[Climate, Calendar] = {
    "temperate": (0.22, 0.34, 0.76, 0.88, 0.92, 1.08),
    "boreal": (0.34, 0.43, 0.63, 0.72, 0.80, 0.95),
    "monsoon": (0.40, 0.50, 0.82, 0.98, 1.39, 1.40),
    "mediterranean": (0.82, 0.97, 1.30, 1.43, 1.80, 1.82),
    "tropical": (0.30, 0.42, 0.98, 1.10, 1.29, 1.30),
}
_CROPS: dict[Ground, Calendar] = {
    Ground.SUMMER_CROP: (0.36, 0.49, 0.66, 0.72, 0.73, 0.77),
    Ground.WINTER_CROP: (0.80, 0.96, 1.40, 1.47, 1.52, 1.55),
    Ground.PADDY: (0.41, 0.54, 0.68, 0.74, 0.75, 0.79),
    Ground.PLOT: (0.20, 0.32, 0.55, 0.62, 0.64, 0.70),
}
_LATER: dict[Climate, float] = {"boreal": 0.03, "mediterranean": -0.03, "monsoon": 0.08}
"""Crops of the climate lag those of the temperate one by this part of a year."""
_FLOOD = (0.09, 0.03)
"""Paddies stand under water from so long before they turn green until so long after."""
_TREE_KINDS = (Ground.BROADLEAF, Ground.ORCHARD, Ground.YOUNG, Ground.SHRUB, Ground.BAMBOO)
_EVERGREENS = (Ground.CONIFER, Ground.EVERGREEN, Ground.DEAD, Ground.BURNT)
_SHORTER_PER_KM = 0.07
"""Years by which spring is later, and autumn earlier, a kilometre higher up."""


@dataclass(frozen=True, slots=True)
class Season:
    """State of the plants on one day; float32 (H, W), 0 to 1, the rest is dormant."""

    growing: Field
    turned: Field
    flooded: Field
    """Paddies under water."""


def find_season(
    ground: npt.NDArray[np.uint8],
    timing: Field,
    height_km: Field,
    *,
    climate: Climate,
    year_phase: float,
) -> Season:
    """What grows, has turned, rests, or stands under water on a day.

    Parameters
    ----------
    ground : ndarray, uint8, (H, W)
        Values of `Ground`.
    timing : ndarray, float32, (H, W)
        By how much of a year a place is later than its kind.
    height_km : ndarray, float32, (H, W)
        Above the lowest ground.
    climate : Climate
    year_phase : float
        0 = midwinter, 0.5 = midsummer.
    """
    cold = 0.0 if climate in ("tropical", "monsoon") else _SHORTER_PER_KM
    direction = 1.0 if year_phase % 1.0 < 0.5 else -1.0
    growing, turned, flooded = (np.zeros(ground.shape, np.float32) for _ in range(3))
    for kind in np.unique(ground):
        calendar = _calendar_of(Ground(kind), climate)
        here = ground == kind
        late = timing[here] + np.float32(cold * direction) * height_km[here]
        phase = (np.float32(year_phase) - late - calendar[0]) % 1.0 + calendar[0]
        green = _ramp(phase, *calendar[:2])
        fall = _ramp(phase, *calendar[2:4])
        growing[here] = green - fall
        turned[here] = fall - _ramp(phase, *calendar[4:])
        if kind == Ground.PADDY:
            flooded[here] = (phase < calendar[0] + _FLOOD[1]) | (
                phase > calendar[0] + 1 - _FLOOD[0]
            )
    return Season(growing, turned, flooded)


def _calendar_of(kind: Ground, climate: Climate) -> Calendar:
    if kind in _EVERGREENS:
        return _ALWAYS
    if kind in _TREE_KINDS:
        return _TREES[climate]
    if kind in _CROPS:
        later = _LATER.get(climate, 0.0)
        return tuple(phase + later for phase in _CROPS[kind])  # type: ignore[return-value]
    return _GRASS[climate]


def _ramp(phase: Field, start: float, end: float) -> Field:
    """0 before, 1 after, smooth between."""
    part = np.clip((phase - np.float32(start)) / np.float32(end - start), 0, 1)
    return np.asarray(part * part * (3 - 2 * part), np.float32)
