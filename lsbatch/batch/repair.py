"""repair_run: damaged blocks computed again from the frozen plan, the same bytes put back."""

import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from lsbatch.batch.folder import RunFolder, write_whole
from lsbatch.batch.frozen import RunPlan
from lsbatch.batch.ledger import History, Key
from lsbatch.batch.queue import receipts_of
from lsbatch.batch.resume import check_bits, read_record, run_plan_of
from lsbatch.batch.verify import Damage, frame_of, verify_run
from lsbatch.cluster import open_cluster
from lsbatch.domain import Receipt, Status
from lsbatch.pipeline import BlockTask, Plan, fail_block, product_attrs
from lsbatch.recipe import ClusterChoice
from lsbatch.store import create_product

_SCRATCH = ".repair"
"""No event's folder has a dot."""


def repair_run(
    out: Path, damages: Collection[Damage], *, cluster: ClusterChoice | None = None
) -> tuple[Damage, ...]:
    """Compute damaged blocks again from the frozen plan and put the same bytes back.

    A block is computed beside the product, and only files with the bytes on record are moved into
    their place: a reader never sees other ones.

    Returns
    -------
    tuple of Damage
        What could not be mended: computed again, it came out with other bytes.

    Raises
    ------
    StoreConflictError
        If another process works in the folder, or what decides bits has changed since.
    """
    folder = RunFolder(out.resolve())
    with folder.locked():
        record = read_record(folder.plan_path)
        run = run_plan_of(record, folder.plan_path)
        check_bits(run, record, folder.path)
        try:
            _mend(run, damages, folder, cluster or ClusterChoice())
        finally:
            shutil.rmtree(folder.staging(_SCRATCH), ignore_errors=True)
    places = {damage.place for damage in damages}
    return tuple(damage for damage in verify_run(out) if damage.place in places)


def _mend(
    run: RunPlan, damages: Collection[Damage], folder: RunFolder, cluster: ClusterChoice
) -> None:
    known = folder.ledger.histories()
    plans = {plan.event.id: plan for plan in run.plans}
    of_block = {(one.event, one.block): one for one in damages if one.block is not None}
    scratch = folder.staging(_SCRATCH)
    tasks = list(_tasks(plans, of_block, scratch))
    for receipt in _receipts(tasks, known, cluster):
        key = (receipt.event_id, receipt.block)
        _put_back(receipt, of_block[key], known.get(key), folder)
    for damage in damages:
        if damage.block is None:
            _put_frame(frame_of(plans[damage.event], known), damage, folder)


def _tasks(
    plans: Mapping[str, Plan], of_block: Mapping[Key, Damage], scratch: Path
) -> Iterator[BlockTask]:
    """A task for each damaged block, into an empty product of its event."""
    for event in dict.fromkeys(event for event, _ in of_block):
        product = scratch / plans[event].event.slug / "product.zarr"
        product.parent.mkdir(parents=True)
        create_product(product, plans[event].grid, attrs=product_attrs(plans[event]))
        for task in plans[event].tasks(product):
            if (event, task.block.index) in of_block:
                yield task


def _receipts(
    tasks: list[BlockTask], known: Mapping[Key, History], cluster: ClusterChoice
) -> Iterator[Receipt]:
    """Receipts of the tasks; of a block that failed before, as it failed before."""
    left = []
    for task in tasks:
        history = known.get((task.event_id, task.block.index))
        if history is None or history.receipt.status == "ok":
            left.append(task)
        else:
            status = _status_of(history.receipt)
            yield fail_block(task, status, history.receipt.reason)
    if left:
        with open_cluster(cluster.name, workers=cluster.workers) as client:
            yield from receipts_of(client, iter(left))


def _status_of(receipt: Receipt) -> Status:
    """What a failed block's pixels carry."""
    failed = str(int(Status.DETECTOR_FAILED))
    return Status.DETECTOR_FAILED if failed in receipt.counts else Status.READ_FAILED


def _put_back(receipt: Receipt, damage: Damage, history: History | None, folder: RunFolder) -> None:
    """Move a block's damaged chunks into place, where they are those on record."""
    recorded = receipt.digests if history is None else history.receipt.digests
    source = folder.staging(_SCRATCH) / damage.slug / "product.zarr"
    for name in receipt.digests if damage.is_unproven else damage.files:
        if recorded[name] == receipt.digests.get(name):
            target = folder.product(damage.slug) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(source / name, target)
    if history is None:
        folder.ledger.append(receipt)


def _put_frame(frame: Mapping[str, bytes], damage: Damage, folder: RunFolder) -> None:
    """Write metadata and coordinates again, each file at once."""
    for name in damage.files:
        target = folder.product(damage.slug) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, frame[name])
