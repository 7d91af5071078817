"""What reading a source gives: plain records, and what was met on the way."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lsbatch.domain import Endpoint

Item = dict[str, Any]


def properties_of(item: Item) -> dict[str, Any]:
    """An item's properties; none where its record has none, or null."""
    return item.get("properties") or {}


class Placed(NamedTuple):
    """A record as its source has it, and the place against which its hrefs are to be resolved."""

    item: Item
    place: str


@dataclass(slots=True)
class Found:
    """Records of a source, before anything is made of them."""

    placed: list[Placed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Sentences for the plan: counts that do not match, a fallback, a search asked in halves."""
    endpoint: Endpoint | None = None
    """The catalogue that answered, where it has an entry."""
