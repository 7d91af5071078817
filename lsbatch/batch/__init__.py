"""The one driver: plan, ledger, drive. `map` is a batch of one."""

from importlib import import_module
from typing import Any

from lsbatch.batch.cost import Cost, cost_of
from lsbatch.batch.drive import Outcome, map_event, run_batch
from lsbatch.batch.frozen import RunPlan
from lsbatch.batch.plan import build_plan, view_event
from lsbatch.batch.preview import Preview, keep_plan, preview_events
from lsbatch.batch.repair import repair_run
from lsbatch.batch.review import evaluate_folder, rewrite_pages
from lsbatch.batch.status import RunStatus, status_of
from lsbatch.batch.verify import Damage, verify_run
from lsbatch.batch.work import Step

__all__ = [
    "Cost",
    "Damage",
    "Outcome",
    "Preview",
    "RunPlan",
    "RunStatus",
    "Step",
    "build_plan",
    "cost_of",
    "evaluate_folder",
    "keep_plan",
    "map_event",
    "measure_halo",
    "preview_events",
    "repair_run",
    "rewrite_pages",
    "run_batch",
    "status_of",
    "train_detector",
    "verify_run",
    "view_event",
]


_WITH_KERAS = {"measure_halo": "halo", "train_detector": "train"}


def __getattr__(name: str) -> Any:
    """Load on first use what needs Keras, whose import takes seconds."""
    if name in _WITH_KERAS:
        return getattr(import_module(f"lsbatch.batch.{_WITH_KERAS[name]}"), name)
    raise AttributeError(f"module 'lsbatch.batch' has no attribute {name!r}")
