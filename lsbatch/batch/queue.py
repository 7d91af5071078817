"""receipts_of: blocks given to a cluster's workers, a bounded number at once."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from distributed import Client, as_completed

from lsbatch.domain import Receipt, Status
from lsbatch.errors import StoreError
from lsbatch.pipeline import BlockTask, fail_block, map_block

_IN_FLIGHT = 3
"""Blocks given to each worker at once: enough to keep it busy, few enough to bound memory."""


def receipts_of(client: Client, tasks: Iterator[BlockTask]) -> Iterator[Receipt]:
    """Receipts in order of completion, a bounded number of blocks in flight.

    A task is taken from the iterator only when a worker has room for it.

    Raises
    ------
    StoreError
        If a product cannot be written: no fault of a block's, and none that goes away by itself.
    """
    running: dict[Any, BlockTask] = {}
    completed = as_completed(loop=client.loop)

    def submit() -> None:
        task = next(tasks, None)
        if task is not None:
            if task.scenes.access.reads_per_second is not None:
                # counted anew for each block: workers come and go
                task = sharing(task, _count_workers(client))
            future = client.submit(map_block, task, pure=False, retries=1)
            running[future] = task
            completed.add(future)

    for _ in range(_count_workers(client) * _IN_FLIGHT):
        submit()
    for future in completed:
        task = running.pop(future)
        try:
            receipt = future.result()
        except StoreError:
            raise  # a full disk is no fault of the block: stop, and let the same command resume
        except Exception as error:  # a lost worker or a fault of ours: the block fails, not the run
            reason = f"{type(error).__name__}: {error}"
            receipt = fail_block(task, Status.DETECTOR_FAILED, reason)
        future.release()
        submit()
        yield receipt


def _count_workers(client: Client) -> int:
    return max(1, len(client.scheduler_info(n_workers=-1)["workers"]))


def sharing(task: BlockTask, workers: int) -> BlockTask:
    """The task with its worker's share of the rate at which servers may be asked.

    Each worker keeps to its share, also while others write or score: together they may stay below
    the rate, never above it, but for the blocks in flight when workers join.
    """
    access = task.scenes.access
    if access.reads_per_second is None:
        return task
    return replace(task, scenes=replace(task.scenes, access=access.shared_by(workers)))
