"""How looks become channels: what is set aside, and how the rest is composed."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from lsbatch.errors import ContractError

Composite = Literal["median", "best", "greenest"]
"""Of the usable looks at a pixel: the median of each band; the look nearest to the event; the look
with the largest NDVI."""
GREENEST_BANDS = ("nir", "red")


@dataclass(frozen=True, slots=True)
class Preparation:
    """What a recipe decides between a cube and a detector's channels."""

    cloud_margin_m: float = 20.0
    """How far what a quality band calls cloud or its shadow is widened, metres; 0 = not at all.
    Finds of the screen for looks without such a band are not widened."""
    snow_margin_m: float = 30.0
    """How far snow is widened, metres: where it melts, what lies beside it is half snow."""
    steady_is_ground: bool = True
    """Whether bright ground that is flagged as cloud in all looks of a period, and looks alike in
    two of them or is brown, counts as ground where no other look is usable."""
    shadow_reach_m: float = 2000.0
    """How far to look for hills that hide the sun, metres; 0 = terrain shadow is not looked for."""
    pre: Composite = "median"
    """Composite of the looks before the event."""
    post: Composite = "median"
    """And of those after it."""

    def __post_init__(self) -> None:
        for name in ("cloud_margin_m", "snow_margin_m", "shadow_reach_m"):
            length = getattr(self, name)
            if not (math.isfinite(length) and length >= 0):
                raise ContractError(f"{name} must be 0 m or more; received {length}.")
        if self.post == "greenest":
            raise ContractError(
                "The greenest look after an event is the one that hides its scars: greenest is for "
                "the looks before it. Choose median or best after it."
            )

    @property
    def bands(self) -> tuple[str, ...]:
        """Bands that the composites need, whatever the detector asks to see."""
        return GREENEST_BANDS if self.pre == "greenest" else ()

    def record(self) -> dict[str, Any]:
        """All choices as plain values."""
        return asdict(self)
