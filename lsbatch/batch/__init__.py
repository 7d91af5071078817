"""The one driver: plan, ledger, drive. `map` is a batch of one."""

from lsbatch.batch.drive import Outcome, map_event
from lsbatch.batch.plan import build_plan, view_event
from lsbatch.batch.review import evaluate_folder, rewrite_pages
from lsbatch.batch.train import train_detector

__all__ = [
    "Outcome",
    "build_plan",
    "evaluate_folder",
    "map_event",
    "rewrite_pages",
    "train_detector",
    "view_event",
]
