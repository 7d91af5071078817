"""RunPlan: every event of a run as it was planned, frozen in plan.json before any work."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsbatch.batch.plan import build_plan
from lsbatch.catalog import choose_events, find_event, read_events
from lsbatch.domain import bare_text
from lsbatch.errors import CatalogError, LsbatchError, RecipeError
from lsbatch.pipeline import Plan
from lsbatch.recipe import BatchRecipe


@dataclass(frozen=True, slots=True)
class Planned:
    """An event as it will be run, or why it cannot be."""

    event: str
    """As the recipe names it."""
    plan: Plan | None = None
    error: LsbatchError | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values, as plan.json holds them."""
        found = {"error": bare_text(str(self.error))} if self.plan is None else self.plan.to_json()
        return {"name": self.event, **found}


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run will compute, event by event."""

    recipe: BatchRecipe
    events: tuple[Planned, ...]

    @property
    def plans(self) -> tuple[Plan, ...]:
        """Of the events that can be run."""
        return tuple(one.plan for one in self.events if one.plan is not None)

    @property
    def run_key(self) -> str:
        """sha256 of all that decides the products; of one event it is the event's own.

        A product carries the key of its event's plan, and so does not depend on its company.
        """
        return run_key_of([one.to_json() for one in self.events])

    def to_text(self) -> str:
        """plan.json: one event a line, so that it can be read by eye and by line."""
        events = [one.to_json() for one in self.events]
        head = {
            "lsbatch_run": 1,
            "run_key": run_key_of(events),
            "recipe": self.recipe.binding(),
        }
        lines = ",\n".join(json.dumps(event, default=str) for event in events)
        return f'{json.dumps(head, indent=1)[:-2]},\n "events": [\n{lines}\n]}}\n'


def run_key_of(events: list[dict[str, Any]]) -> str:
    """The run key of the records of a plan.json's events."""
    if len(events) == 1 and "run_key" in events[0]:
        return str(events[0]["run_key"])
    keys = [[event["name"], event.get("run_key")] for event in events]
    return hashlib.sha256(json.dumps(keys).encode()).hexdigest()


def plan_events(recipe: BatchRecipe) -> Iterator[Planned]:
    """The recipe's events, each planned as soon as it is asked for.

    One that cannot be planned is told in its place, and the others go on.

    Raises
    ------
    RecipeError
        For a filter that cannot be followed or keeps nothing.
    CatalogError
        For a catalogue that cannot be read.
    """
    folders: dict[str, str] = {}
    for event in names_of(recipe):
        try:
            plan = build_plan(recipe.for_event(event))
            other = folders.setdefault(plan.event.slug, event)
            if other != event:
                raise CatalogError(
                    f"Event {plan.event.id!r} of {event} has the folder of {other}. Rename one."
                )
            yield Planned(event, plan)
        except LsbatchError as error:
            yield Planned(event, error=error)


def plan_run(recipe: BatchRecipe, *, tell: Callable[[Planned], None]) -> RunPlan:
    """The plan of a run.

    Parameters
    ----------
    recipe : BatchRecipe
    tell : callable
        Told of each event once it is planned, or found that it cannot be.

    Raises
    ------
    LsbatchError
        If no event can be run.
    """
    events = []
    for planned in plan_events(recipe):
        events.append(planned)
        tell(planned)
    if not any(one.plan for one in events):
        _refuse_all(events)
    return RunPlan(recipe, tuple(events))


def _refuse_all(events: list[Planned]) -> None:
    if len(events) == 1 and events[0].error is not None:
        raise events[0].error
    reasons = "; ".join(f"{one.event}: {one.error}" for one in events[:3])
    more = f"; and {len(events) - 3} more" if len(events) > 3 else ""
    raise RecipeError(f"None of the {len(events)} events can be run. {reasons}{more}")


def names_of(recipe: BatchRecipe) -> tuple[str, ...]:
    """The events that a recipe chooses, as it names them."""
    if recipe.filter is None and recipe.events:
        return recipe.events
    catalog = Path(recipe.catalog) if recipe.catalog else None
    if recipe.events:
        named = {find_event(name, catalog): name for name in recipe.events}
    else:
        named = {event: event.id for event in read_events(catalog)}
    kept = choose_events(named, recipe.filter) if recipe.filter else tuple(named)
    if not kept:
        raise RecipeError(
            f"The recipe chooses no event: the filter {recipe.filter!r} keeps none of {len(named)}."
        )
    return tuple(named[event] for event in kept)
