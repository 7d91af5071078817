"""status_of: how far a run is, told from its folder alone; nothing is opened but two files."""

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lsbatch.batch.folder import RunFolder
from lsbatch.batch.ledger import History, histories_of
from lsbatch.batch.lock import Holder
from lsbatch.batch.resume import read_record, slug_in
from lsbatch.errors import StoreError


@dataclass(frozen=True, slots=True)
class EventStatus:
    """How far one event is."""

    event: str
    """As the recipe names it."""
    slug: str
    state: str
    """published, unfinished, or failed (it could not be planned)."""
    blocks: int = 0
    done: int = 0
    """Blocks with a map."""
    failed: int = 0
    """Blocks that were tried and have none."""
    message: str = ""

    @property
    def left(self) -> int:
        """Blocks that were not tried yet."""
        return self.blocks - self.done - self.failed


@dataclass(frozen=True, slots=True)
class RunStatus:
    """How far a run is."""

    run_key: str
    holder: Holder | None
    """The process that works on it; None = nobody does."""
    events: tuple[EventStatus, ...]
    blocks_per_second: float | None
    """Of the start that goes on now, measured; None where none does, or none is done yet."""

    @property
    def left(self) -> int:
        """Blocks that were not tried yet."""
        return sum(event.left for event in self.events)

    @property
    def seconds_left(self) -> float | None:
        """Until the last block, at the rate of this start; the end of its event comes after."""
        return self.left / self.blocks_per_second if self.blocks_per_second else None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "run_key": self.run_key,
            "running": self.holder is not None,
            "holder": None if self.holder is None else asdict(self.holder),
            "events": [{**asdict(event), "left": event.left} for event in self.events],
            "blocks": {
                name: sum(getattr(event, name) for event in self.events)
                for name in ("blocks", "done", "failed", "left")
            },
            "blocks_per_second": self.blocks_per_second,
            "seconds_left": self.seconds_left,
        }


def status_of(out: Path) -> RunStatus:
    """How far the run of a folder is.

    Raises
    ------
    StoreError
        If the folder holds no run.
    """
    folder = RunFolder(out)
    if not folder.plan_path.is_file():
        where = folder.holder
        planning = f" {where} is planning one." if where else ""
        raise StoreError(f"{out} holds no run (there is no plan.json).{planning}")
    record = read_record(folder.plan_path)
    entries = list(folder.ledger.entries())
    of_event: dict[str, list[History]] = defaultdict(list)
    for (event_id, _), history in histories_of(entries).items():
        of_event[event_id].append(history)
    holder = folder.holder
    return RunStatus(
        run_key=record["run_key"],
        holder=holder,
        events=tuple(_status(event, folder, of_event) for event in record["events"]),
        blocks_per_second=None if holder is None else _rate([e.at for e in entries], holder),
    )


def _status(
    record: dict[str, Any], folder: RunFolder, of_event: dict[str, list[History]]
) -> EventStatus:
    slug = slug_in(record)
    if "error" in record:
        return EventStatus(record["name"], slug, "failed", message=record["error"])
    own = of_event[str(record["event"]["properties"]["id"])]
    failed = sum(history.receipt.status != "ok" for history in own)
    return EventStatus(
        event=record["name"],
        slug=slug,
        state="published" if folder.published(slug).is_dir() else "unfinished",
        blocks=record["blocks"]["count"],
        done=len(own) - failed,
        failed=failed,
    )


def _rate(moments: list[datetime], holder: Holder) -> float | None:
    """Blocks a second since the holder began to work, up to the last one on record."""
    since = datetime.fromisoformat(f"{holder.since}+00:00")
    own = [moment for moment in moments if moment >= since]
    if not own:
        return None
    return len(own) / max((own[-1] - since).total_seconds(), 0.001)
