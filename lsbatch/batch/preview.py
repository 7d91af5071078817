"""preview_events: plan some events and tell their costs; nothing is computed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lsbatch.batch.cost import Cost, cost_of
from lsbatch.batch.folder import RunFolder
from lsbatch.batch.plan import build_plan
from lsbatch.errors import LsbatchError
from lsbatch.pipeline import Plan
from lsbatch.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Preview:
    """An event as it would be run, or why it could not be."""

    event: str
    """As the recipe names it."""
    plan: Plan | None = None
    cost: Cost | None = None
    error: LsbatchError | None = None


def preview_events(recipes: Iterable[Recipe]) -> Iterator[Preview]:
    """A preview of each recipe's event, by the same plan that a run would work from.

    An event that cannot be planned is told in its preview, and the others go on.
    """
    for recipe in recipes:
        try:
            plan = build_plan(recipe)
            yield Preview(recipe.event, plan, cost_of(plan))
        except LsbatchError as error:
            yield Preview(recipe.event, error=error)


def keep_plan(plan: Plan, out: Path) -> Path:
    """Write plan.json into a run's folder, as the run itself would; returns its path.

    Raises
    ------
    StoreConflictError
        If the folder holds another run or anything else.
    StoreError
        If it cannot be written.
    """
    folder = RunFolder(out.resolve(), plan.run_key)
    folder.claim(plan.to_json())
    return folder.plan_path
