"""What a finished block returns: small, plain, and enough to audit it."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of one block's work."""

    event_id: str
    block: tuple[int, int]
    """(row, column) in the event's grid of blocks."""
    status: str
    """``ok``, or ``failed``: its pixels then carry status 7 or 8."""
    reason: str = ""
    digests: dict[str, str] = field(default_factory=dict, hash=False)
    """sha256 of each stored chunk, by its path inside the product."""
    counts: dict[str, int] = field(default_factory=dict, hash=False)
    """Pixels by status value, and landslide pixels at the thresholds of `area_low/high`."""
    seconds: dict[str, float] = field(default_factory=dict, hash=False)
    """Wall time by stage."""
    peak_rss_mb: float = 0.0
    bytes_read: int | None = None
    worker: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values; `from_json` makes an equal receipt."""
        return {**asdict(self), "block": list(self.block)}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Receipt":
        """Receipt of a ledger line."""
        return cls(**{**record, "block": tuple(record["block"])})
