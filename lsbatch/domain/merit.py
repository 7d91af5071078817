"""Merit: how well a look serves an event, part by part; Considered: a look that was weighed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

WEIGHTS: dict[str, float] = {
    "seen": 0.40,
    "near": 0.25,
    "season": 0.20,
    "sun": 0.10,
    "track": 0.05,
}
"""Share of each part in the score; they add up to 1. Our own choice, by what a part can spoil, and
fitted to no event:

- seen: ground that is not seen has no map at all, so that nothing outweighs it; yet a scene with
  some cloud soon after the event still beats a clear one long after.
- near: a landslide is dated only to the gap between two looks, and scars grow over.
- season: leaves that fall or fields that are cut look like scars over wide areas; a little less
  than nearness, so that only another season is worth a year's distance, not a few weeks.
- sun: another height or side of the sun moves the shadows on steep slopes, which detectors can
  partly correct for.
- track: another side of view shifts what is high by some pixels, at most.
"""
UNKNOWN = 0.5
"""Counts in place of a part that no record tells: neither praise nor blame."""


@dataclass(frozen=True, slots=True)
class Merit:
    """How well a look serves, from 0 (not at all) to 1; None = no record tells."""

    covered: float
    """Share of the area of interest within its images, each place counted once."""
    open: float | None
    """Share of that without cloud, its shadow, snow and ice."""
    near: float
    """Nearness in time to the event."""
    season: float | None
    """How near in the year it is to a look on the other side of the event."""
    sun: float | None
    """How near its sun stands to that of a look on the other side."""
    track: float | None
    """Share of its images that see the ground from a track of the other side."""
    snow: float | None = None
    """Share of snow and ice in the ground that it sees; it hides that ground, so it is in `open`,
    and decides which looks come last."""

    @property
    def seen(self) -> float:
        """Share of the area of interest that is likely to be seen."""
        return self.covered * (UNKNOWN if self.open is None else self.open)

    @property
    def score(self) -> float:
        """Weighted sum of the parts, to four digits so that rounding decides nothing."""
        parts = {name: getattr(self, name) for name in WEIGHTS}
        known = {name: UNKNOWN if part is None else part for name, part in parts.items()}
        return round(sum(WEIGHTS[name] * part for name, part in known.items()), 4)


@dataclass(frozen=True, slots=True)
class Considered:
    """A look that was weighed against the others of its period."""

    scene_id: str
    sensor_name: str
    start: datetime
    end: datetime
    period: Literal["pre", "post"]
    delay_days: int
    merit: Merit
    is_chosen: bool
    reason: str
    """Why it was chosen, or left."""
