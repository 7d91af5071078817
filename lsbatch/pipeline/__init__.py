"""The stories: what happens to one block, and what happens to an event once its blocks are done."""

from lsbatch.pipeline.finish import finish_event, product_attrs, write_report
from lsbatch.pipeline.map_block import fail_block, map_block
from lsbatch.pipeline.plan import BlockTask, Plan

__all__ = [
    "BlockTask",
    "Plan",
    "fail_block",
    "finish_event",
    "map_block",
    "product_attrs",
    "write_report",
]
