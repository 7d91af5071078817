"""What reading a source gives: plain records, and what was met on the way."""

from dataclasses import dataclass, field
from typing import Any

from lsbatch.domain import Endpoint

Item = dict[str, Any]


@dataclass(slots=True)
class Found:
    """Records of a source, before anything is made of them."""

    items: list[Item] = field(default_factory=list)
    """As the source has them, with absolute hrefs."""
    notes: list[str] = field(default_factory=list)
    """Sentences for the plan: counts that do not match, a fallback, a search asked in halves."""
    endpoint: Endpoint | None = None
    """The catalogue that answered, where it has an entry."""
