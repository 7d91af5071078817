"""The stories: what happens to one block, and what happens to an event once its blocks are done."""

from importlib import import_module
from typing import Any

from lsbatch.pipeline.map_block import fail_block, map_block
from lsbatch.pipeline.plan import BlockTask, Plan

_FINISH = ("finish_event", "preview_grid", "product_attrs", "write_report")

__all__ = [
    "BlockTask",
    "Plan",
    "fail_block",
    "finish_event",
    "map_block",
    "preview_grid",
    "product_attrs",
    "write_report",
]


def __getattr__(name: str) -> Any:
    """Load the end of the story on first use: workers have no need of figures and statistics."""
    if name in _FINISH:
        return getattr(import_module("lsbatch.pipeline.finish"), name)
    raise AttributeError(f"module 'lsbatch.pipeline' has no attribute {name!r}")
