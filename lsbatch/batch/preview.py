"""preview_events: plan some events and tell their costs; nothing is computed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lsbatch.batch.cost import Cost, cost_of
from lsbatch.batch.folder import RunFolder
from lsbatch.batch.frozen import Planned, RunPlan, plan_events
from lsbatch.batch.resume import check_same_recipe, read_record
from lsbatch.errors import LsbatchError
from lsbatch.recipe import BatchRecipe


@dataclass(frozen=True, slots=True)
class Preview:
    """An event as it would be run and what that costs, or why it could not be."""

    planned: Planned
    cost: Cost | None = None


def preview_events(recipe: BatchRecipe) -> Iterator[Preview]:
    """A preview of each of a recipe's events, by the same plan that a run would work from.

    An event that cannot be planned is told in its preview, and the others go on.
    """
    for planned in plan_events(recipe):
        if planned.plan is None:
            yield Preview(planned)
            continue
        try:
            yield Preview(planned, cost_of(planned.plan))
        except LsbatchError as error:
            yield Preview(Planned(planned.event, error=error))


def keep_plan(recipe: BatchRecipe, previews: Iterable[Preview], out: Path) -> Path:
    """Write plan.json into a run's folder, as the run itself would; returns its path.

    Raises
    ------
    StoreConflictError
        If the folder holds another run or anything else.
    StoreError
        If it cannot be written.
    """
    folder = RunFolder(out.resolve())
    with folder.locked():
        if folder.plan_path.is_file():
            check_same_recipe(read_record(folder.plan_path), recipe, folder.path)
        else:
            run = RunPlan(recipe, tuple(preview.planned for preview in previews))
            folder.freeze(run.to_text())
    return folder.plan_path
