"""run_batch: plan, work through the blocks of all events on one cluster, publish each event."""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsbatch.batch.folder import RunFolder
from lsbatch.batch.frozen import Planned, RunPlan, plan_run
from lsbatch.batch.queue import receipts_of
from lsbatch.batch.resume import (
    check_same_recipe,
    check_unchanged,
    read_record,
    run_plan_of,
    with_choices,
)
from lsbatch.batch.tables import write_run_files
from lsbatch.batch.work import MOST_TRIES, EventWork, Step, Tell, works_of
from lsbatch.cluster import open_cluster
from lsbatch.domain import Receipt
from lsbatch.pipeline import BlockTask
from lsbatch.recipe import BatchRecipe, Recipe

logger = logging.getLogger(__name__)

_ENDLESS = 2**31


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run left of one event."""

    out: Path
    event: str
    """As the recipe names it."""
    slug: str | None = None
    metrics: dict[str, Any] | None = None
    """None where there is no map."""
    failed: tuple[Receipt, ...] = ()
    warnings: tuple[str, ...] = ()
    message: str = ""
    """Why there is no map."""
    was_finished: bool = False
    """The folder held this very run already; nothing was done."""

    @property
    def event_folder(self) -> Path:
        """Where the event's products lie."""
        return self.out / "events" / (self.slug or "")

    @property
    def is_whole(self) -> bool:
        """Whether there is a map, and no block of it failed."""
        return self.metrics is not None and not self.failed


def map_event(
    recipe: Recipe,
    out: Path,
    *,
    tell: Tell | None = None,
    strict: bool = False,
    retry_failed: bool = False,
) -> Outcome:
    """Map one event, start to end: a batch of one.

    Parameters and exceptions are those of `run_batch`.
    """
    batch = BatchRecipe.of_one(recipe)
    (outcome,) = run_batch(batch, out, tell=tell, strict=strict, retry_failed=retry_failed)
    return outcome


def run_batch(
    recipe: BatchRecipe,
    out: Path,
    *,
    tell: Tell | None = None,
    strict: bool = False,
    retry_failed: bool = False,
) -> tuple[Outcome, ...]:
    """Map every event of a recipe, start to end, or go on where an earlier start stopped.

    Parameters
    ----------
    recipe : BatchRecipe
    out : Path
        The run's folder: new, empty, or a run of the same recipe. That one's frozen plan is
        followed: nothing is searched for again.
    tell : callable, optional
        Told how far an event is whenever that changes; also from another thread.
    strict : bool
        Do not publish an event with failed blocks.
    retry_failed : bool
        Try blocks of unpublished events again that failed as often as they may.

    Returns
    -------
    tuple of Outcome
        One for each event of the recipe, in its order. Events and blocks that fail do not raise.

    Raises
    ------
    LsbatchError
        If nothing can start, or nothing can be written any more.
    """
    started = time.perf_counter()
    tell = tell or (lambda step: None)
    # workers may run in another folder than this process
    folder = RunFolder(out.resolve())
    if finished := _finished(recipe, folder):
        return _outcomes(finished, works_of(finished, folder), out, was_finished=True)
    with folder.locked():
        run = _plan(recipe, folder, tell)
        works = works_of(run, folder, most_tries=_ENDLESS if retry_failed else MOST_TRIES)
        clock = {"plan": time.perf_counter() - started}
        tried = _work(works, folder, run, tell, clock, strict=strict)
        write_run_files(folder, run, works, seconds=clock, tried=tried)
        logger.info("stage=finished events=%d blocks=%d", len(works), tried)
    return _outcomes(run, works, out)


def _finished(recipe: BatchRecipe, folder: RunFolder) -> RunPlan | None:
    """The plan of a folder in which this very run came to its end, with every map published."""
    folder.check_free()
    if not (folder.plan_path.is_file() and folder.catalog_path.is_file()):
        return None
    record = read_record(folder.plan_path)
    check_same_recipe(record, recipe, folder.path)
    run = run_plan_of(record, folder.plan_path)
    published = all(folder.published(plan.event.slug).is_dir() for plan in run.plans)
    return run if published else None


def _plan(recipe: BatchRecipe, folder: RunFolder, tell: Tell) -> RunPlan:
    """The folder's frozen plan, or a new one, frozen before anything is computed."""
    if folder.plan_path.is_file():
        record = read_record(folder.plan_path)
        check_same_recipe(record, recipe, folder.path)
        run = run_plan_of(record, folder.plan_path)
        check_unchanged(run, record, folder.path)
    else:
        run = plan_run(recipe, tell=lambda one: tell(_planned(one)))
        folder.freeze(run.to_text())
    return with_choices(run, recipe)


def _planned(one: Planned) -> Step:
    if one.plan is None:
        return Step(one.event, "failed")
    return Step(one.plan.event.id, "planned", total=one.plan.block_count)


def _work(
    works: dict[str, EventWork],
    folder: RunFolder,
    run: RunPlan,
    tell: Tell,
    clock: dict[str, float],
    *,
    strict: bool,
) -> int:
    """Map and publish every event that is not; returns how many blocks were tried."""
    for work in works.values():
        tell(work.step("published" if work.is_published else "mapping"))
    started = time.perf_counter()
    ends = _Ends(strict, tell)
    tried = _map(works, folder, run, tell, ends)
    mapped = time.perf_counter()
    ends.wait()
    clock |= {"map": mapped - started, "finish": time.perf_counter() - mapped}
    return tried


def _map(
    works: dict[str, EventWork], folder: RunFolder, run: RunPlan, tell: Tell, ends: "_Ends"
) -> int:
    tasks = _queue(works, ends)
    first = next(tasks, None)
    if first is None:
        return 0
    tried = 0
    cluster = run.recipe.cluster
    with open_cluster(cluster.name, workers=cluster.workers) as client:
        for receipt in receipts_of(client, itertools.chain([first], tasks)):
            folder.ledger.append(receipt)
            tried += 1
            work = works[receipt.event_id]
            work.take(receipt)
            tell(work.step("mapping"))
            ends.begin_if_due(work)
            logger.debug("event=%s block=%s %s", receipt.event_id, receipt.block, receipt.status)
    return tried


def _queue(works: dict[str, EventWork], ends: "_Ends") -> Iterator[BlockTask]:
    """The blocks of one event after the other: workers pass to the next before one is done.

    So maps come out one by one from early on, and few are half-made at any time.
    """
    for work in works.values():
        yield from work.tasks()
        ends.begin_if_due(work)  # all its blocks may have been on record


class _Ends:
    """Ends of events, one after the other in a thread beside the mapping.

    The thread is a daemon: an interrupted run does not wait for it, and makes that end again.
    """

    def __init__(self, strict: bool, tell: Tell) -> None:
        self._strict = strict
        self._tell = tell
        self._one_at_a_time = threading.Lock()
        self._begun: dict[str, Future[None]] = {}

    def begin_if_due(self, work: EventWork) -> None:
        """Let an event come to its end once it is mapped."""
        slug = work.plan.event.slug
        if work.is_mapped and not work.is_published and slug not in self._begun:
            self._begun[slug] = _beside(lambda: self._end(work))

    def _end(self, work: EventWork) -> None:
        with self._one_at_a_time:
            self._tell(work.step("finishing"))
            work.finish(strict=self._strict)
            self._tell(work.step("published"))

    def wait(self) -> None:
        """Wait for every end that was begun; raises what one of them raised."""
        for end in self._begun.values():
            end.result()


def _beside(call: Callable[[], None]) -> Future[None]:
    """A call's end, made in a thread of its own that dies with the process."""
    end: Future[None] = Future()

    def run() -> None:
        try:
            call()
        except BaseException as error:
            end.set_exception(error)
        else:
            end.set_result(None)

    threading.Thread(target=run, daemon=True).start()
    return end


def _outcomes(
    run: RunPlan, works: dict[str, EventWork], out: Path, *, was_finished: bool = False
) -> tuple[Outcome, ...]:
    found = []
    for one in run.events:
        if one.plan is None:
            found.append(Outcome(out, one.event, message=str(one.error), was_finished=was_finished))
            continue
        work = works[one.plan.event.id]
        found.append(
            Outcome(
                out=out,
                event=one.event,
                slug=one.plan.event.slug,
                metrics=work.metrics(),
                failed=tuple(work.failed),
                warnings=one.plan.warnings,
                message=work.fault,
                was_finished=was_finished,
            )
        )
    return tuple(found)
