"""A run's plan back from plan.json, and whether it may be gone on with."""

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from lsbatch.batch.frozen import Planned, RunPlan, run_key_of
from lsbatch.domain import slug_of
from lsbatch.errors import LsbatchError, StoreConflictError
from lsbatch.pipeline import Plan
from lsbatch.pipeline.plan import detector_record, versions
from lsbatch.recipe import BatchRecipe

_NEW_FOLDER = "A run's folder is one version; name a new folder with --out."


def read_record(path: Path) -> dict[str, Any]:
    """A plan.json as it is written.

    Raises
    ------
    StoreConflictError
        If it is none.
    """
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        BatchRecipe(**record["recipe"])
        if run_key_of(record["events"]) == record["run_key"]:
            return record
        fault = "its key is not that of its events"
    except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
        fault = f"{type(error).__name__}: {error}"
    raise StoreConflictError(
        f"{path} is not a plan of lsbatch ({fault}). Name a new folder with --out."
    )


def slug_in(record: dict[str, Any]) -> str:
    """Folder of an event of a plan.json; of one without a plan the one it would have."""
    event = record.get("event")
    return slug_of(str(event["properties"]["id"]) if event else record["name"])


def run_plan_of(record: dict[str, Any], path: Path) -> RunPlan:
    """The plan of a plan.json.

    Raises
    ------
    StoreConflictError
        If what it holds cannot be made sense of.
    """
    try:
        recipe = BatchRecipe(**record["recipe"])
        return RunPlan(recipe, tuple(_planned_of(event) for event in record["events"]))
    except (AttributeError, TypeError, ValueError, LookupError) as error:
        raise StoreConflictError(
            f"{path} cannot be followed ({type(error).__name__}: {error}). {_NEW_FOLDER}"
        ) from error


def _planned_of(record: dict[str, Any]) -> Planned:
    if "error" in record:
        return Planned(record["name"], error=LsbatchError(record["error"]))
    return Planned(record["name"], Plan.from_json(record))


def check_same_recipe(record: dict[str, Any], asked: BatchRecipe, folder: Path) -> None:
    """Raise StoreConflictError where a folder's plan is of another recipe, naming what differs."""
    there = BatchRecipe(**record["recipe"]).binding()
    differing = [
        f"{name} is {there[name]!r} there and {value!r} here"
        for name, value in asked.binding().items()
        if there[name] != value
    ]
    if differing:
        raise StoreConflictError(
            f"{folder} holds another run: {'; '.join(differing)}. {_NEW_FOLDER}"
        )


def check_bits(run: RunPlan, record: dict[str, Any], folder: Path) -> None:
    """Raise StoreConflictError where what decides a block's bytes has changed since the plan."""
    _refuse_changes(run, record, folder, _changed_bits(run, record))


def check_unchanged(run: RunPlan, record: dict[str, Any], folder: Path) -> None:
    """Raise StoreConflictError where anything that decides a product has changed since the plan."""
    changes = itertools.chain(_changed_bits(run, record), _changed_inventories(run))
    _refuse_changes(run, record, folder, changes)


def _refuse_changes(
    run: RunPlan, record: dict[str, Any], folder: Path, changes: Iterable[str]
) -> None:
    if changed := dict.fromkeys(changes):
        raise StoreConflictError(
            f"The run in {folder} was planned with something else: {'; '.join(changed)}. Bring it "
            f"back, and the same command goes on; or start anew. {_NEW_FOLDER}"
        )
    if run.run_key != record["run_key"]:
        raise StoreConflictError(f"The plan in {folder} was changed by hand. {_NEW_FOLDER}")


def _changed_bits(run: RunPlan, record: dict[str, Any]) -> Iterator[str]:
    here = versions()
    planned = [event for event in record["events"] if "error" not in event]
    for event, plan in zip(planned, run.plans, strict=True):
        for name, version in event["versions"].items():
            if here.get(name) != version:
                yield f"{name} was {version} and is {here.get(name)}"
        if detector_record(plan.detector)["digest"] != event["detector"]["digest"]:
            yield f"detector {plan.detector.name} has other weights or thresholds"


def _changed_inventories(run: RunPlan) -> Iterator[str]:
    for plan in run.plans:
        inventory = plan.recipe.inventory
        if inventory and digest_of(Path(inventory)) != plan.inventory_sha256:
            yield f"{inventory} is not the file that it was"


def digest_of(path: Path) -> str | None:
    """sha256 of a file; None where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def with_choices(run: RunPlan, asked: BatchRecipe) -> RunPlan:
    """The frozen plan, worked through as the asked recipe wants it: where, how, how fast."""
    return replace(run, recipe=asked, events=tuple(_chosen(one, asked) for one in run.events))


def _chosen(planned: Planned, asked: BatchRecipe) -> Planned:
    if planned.plan is None:
        return planned
    plan = planned.plan
    free = {name: getattr(asked, name) for name in ("cluster", "loader", "yes")}
    scenes = plan.scenes
    if asked.reads_per_second is not None:
        access = replace(scenes.access, reads_per_second=asked.reads_per_second)
        scenes = replace(scenes, access=access)
    return replace(
        planned, plan=replace(plan, recipe=plan.recipe.model_copy(update=free), scenes=scenes)
    )
