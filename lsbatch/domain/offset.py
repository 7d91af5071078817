"""OffsetCheck: what an image's own numbers say of the offset that its record states."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class OffsetCheck:
    """The decision on one image's offset, and what it rests on."""

    item_id: str
    stated: float
    """Offset in reflectance that the record states, of all bands."""
    applied: float
    """Offset with which the cube is made."""
    lows: tuple[tuple[str, float], ...]
    """For each band looked at, the number that 1 % of its valid and cloud-free cells lie below."""
    verdict: Literal["agrees", "corrected", "unclear"]
    reason: str
