"""EventWork: one event of a run on its way: what is done, what is left, what went wrong."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsbatch.batch.folder import RunFolder
from lsbatch.batch.frozen import RunPlan
from lsbatch.batch.ledger import History, Key, begin
from lsbatch.domain import Block, Receipt
from lsbatch.errors import StoreError
from lsbatch.pipeline import BlockTask, Plan, finish_event, product_attrs, write_report
from lsbatch.store import create_product, digests_of

logger = logging.getLogger(__name__)

MOST_TRIES = 3
"""A block that failed so often is not tried again by itself."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far an event is."""

    event: str
    stage: str
    """planned, mapping, finishing, published, or failed."""
    done: int = 0
    """Blocks that have come to their end."""
    total: int = 0
    failed: int = 0
    """Of those done, the ones without a map."""


Tell = Callable[[Step], None]


class EventWork:
    """One event on its way. Blocks' receipts are taken by the driver; the end runs beside it."""

    def __init__(
        self,
        plan: Plan,
        folder: RunFolder,
        known: Mapping[Key, History],
        *,
        most_tries: int = MOST_TRIES,
    ) -> None:
        self.plan = plan
        self.fault = ""
        """Why there is no product, once that is certain."""
        self._folder = folder
        self._most_tries = most_tries
        blocks = (block.index for block in plan.blocks())
        keys = ((plan.event.id, index) for index in blocks)
        self._histories = {key[1]: known[key] for key in keys if key in known}
        self._settled = set(self._histories)

    @property
    def is_published(self) -> bool:
        """Whether the products are in their place."""
        return self._folder.published(self.plan.event.slug).is_dir()

    @property
    def is_mapped(self) -> bool:
        """Whether every block has come to its end; known once the tasks were asked for."""
        return not self.fault and len(self._settled) == self.plan.block_count

    @property
    def receipts(self) -> list[Receipt]:
        """The last receipt of every block that has one."""
        return [history.receipt for history in self._histories.values()]

    @property
    def failed(self) -> list[Receipt]:
        """Receipts of blocks without a map."""
        return [receipt for receipt in self.receipts if receipt.status != "ok"]

    def step(self, stage: str) -> Step:
        """How far it is."""
        if self.fault:
            stage = "failed"
        done, failed = len(self._settled), len(self.failed)
        return Step(self.plan.event.id, stage, done, self.plan.block_count, failed)

    def metrics(self) -> dict[str, Any] | None:
        """What was published of it; None where nothing was."""
        path = self._folder.published(self.plan.event.slug) / "metrics.json"
        if not self.is_published:
            return None
        metrics: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return metrics

    def tasks(self) -> Iterator[BlockTask]:
        """A task for each block that is left to try, audited against what lies on disk.

        Ends early where a fault turns up meanwhile.
        """
        if self.is_published:
            return
        product = self._folder.product(self.plan.event.slug)
        if not product.exists():
            product.parent.mkdir(parents=True, exist_ok=True)
            create_product(product, self.plan.grid, attrs=product_attrs(self.plan))
        self._settled = {b.index for b in self.plan.blocks() if self._is_settled(product, b)}
        for task in self.plan.tasks(product):
            if self.fault:
                return
            if task.block.index not in self._settled:
                yield task

    def _is_settled(self, product: Path, block: Block) -> bool:
        """Whether a block has come to its end, with the bytes on record."""
        history = self._histories.get(block.index)
        if history is None:
            return False
        if history.receipt.status != "ok" and history.failures < self._most_tries:
            return False
        try:
            return digests_of(product, block) == history.receipt.digests
        except StoreError:
            return False

    def take(self, receipt: Receipt) -> None:
        """Note a block's receipt."""
        known = self._histories.get(receipt.block)
        if known and known.proven and receipt.status == "ok" and receipt.digests != known.proven:
            self.fault = (
                f"Block {receipt.block} came out with other bytes than before: the imagery has "
                "changed since, or this machine does not compute alike twice."
            )
        self._histories[receipt.block] = known.followed_by(receipt) if known else begin(receipt)
        self._settled.add(receipt.block)

    def finish(self, *, strict: bool) -> None:
        """Make polygons, metrics and pages, and publish.

        Raises
        ------
        StoreError
            If something cannot be written. Any other fault is the event's own.
        """
        slug = self.plan.event.slug
        if strict and self.failed:
            self.fault = f"{len(self.failed)} blocks failed, and --strict withholds such a map."
            return
        try:
            finish_event(self.plan, self._folder.staging(slug), self.receipts)
            self._folder.publish(slug)
        except StoreError:
            raise
        except Exception as error:  # whatever it is, the other events go on
            logger.debug("event=%s stage=finish", self.plan.event.id, exc_info=True)
            self.fault = f"It could not be finished: {type(error).__name__}: {error}"

    def write_report(self) -> Path:
        """Write the page of a published event again; returns its path."""
        return write_report(self.plan, self._folder.published(self.plan.event.slug), self.receipts)


def works_of(
    run: RunPlan, folder: RunFolder, *, most_tries: int = MOST_TRIES
) -> dict[str, EventWork]:
    """The work of each event that can be run, by its id."""
    known = folder.ledger.histories()
    return {
        plan.event.id: EventWork(plan, folder, known, most_tries=most_tries) for plan in run.plans
    }
