"""verify_run: what is stored of a run's products, against its ledger and its plan."""

import hashlib
import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lsbatch.batch.folder import RunFolder
from lsbatch.batch.ledger import History, Key
from lsbatch.batch.resume import check_bits, digest_of, read_record, run_plan_of
from lsbatch.errors import StoreConflictError, StoreError
from lsbatch.pipeline import Plan, product_attrs
from lsbatch.store import create_product, finish_product

logger = logging.getLogger(__name__)

Progress = Callable[[int, int, str], None]
"""Called with (blocks done, blocks in all, event)."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A part of a product whose stored bytes are not those on record."""

    event: str
    """Its id."""
    slug: str
    block: tuple[int, int] | None
    """None = what frames the blocks: metadata and coordinates."""
    changed: tuple[str, ...] = ()
    """Files with other bytes, by their path inside the product."""
    missing: tuple[str, ...] = ()
    """Files that are not there."""
    is_unproven: bool = False
    """The ledger has lost the block's receipt: nothing is known of its bytes."""

    @property
    def files(self) -> tuple[str, ...]:
        """Every damaged file."""
        return (*self.changed, *self.missing)

    @property
    def place(self) -> tuple[str, tuple[int, int] | None]:
        """Where it is."""
        return self.slug, self.block


def verify_run(out: Path, *, progress: Progress | None = None) -> tuple[Damage, ...]:
    """What of a run's products, published and staged, is not as it was written.

    Every stored chunk's sha256 is compared with the ledger's, and what frames the chunks of a
    published product with what the frozen plan makes of it.

    Raises
    ------
    StoreError
        If the folder holds no run.
    StoreConflictError
        If its plan cannot be read.
    """
    folder, plans, frames_hold = _open(out)
    known = folder.ledger.histories()
    total = sum(plan.block_count for plan in plans)
    found: list[Damage] = []
    for done, damage in enumerate(_checks(folder, plans, known, frames_hold)):
        if progress:
            progress(min(done, total), total, damage.slug)
        if damage.files or damage.is_unproven:
            found.append(damage)
    return tuple(found)


def _open(out: Path) -> tuple[RunFolder, tuple[Plan, ...], bool]:
    """A run's folder, its plans, and whether their frames would come out as they did."""
    folder = RunFolder(out.resolve())
    if not folder.plan_path.is_file():
        raise StoreError(f"{out} holds no run (there is no plan.json).")
    record = read_record(folder.plan_path)
    run = run_plan_of(record, folder.plan_path)
    try:
        check_bits(run, record, folder.path)
    except StoreConflictError as error:
        logger.warning("Metadata and coordinates are not checked, the chunks are. %s", error)
        return folder, run.plans, False
    return folder, run.plans, True


def _checks(
    folder: RunFolder, plans: tuple[Plan, ...], known: Mapping[Key, History], frames_hold: bool
) -> Iterator[Damage]:
    """What is found of every block of every product that is there, and of its frame."""
    for plan in plans:
        slug = plan.event.slug
        is_published = folder.published(slug).is_dir()
        product = folder.product(slug)
        if not (is_published or product.is_dir()):
            continue
        for block in plan.blocks():
            history = known.get((plan.event.id, block.index))
            if history is not None:
                yield _compare(plan, block.index, history.receipt.digests, product)
            elif is_published:
                yield Damage(plan.event.id, slug, block.index, is_unproven=True)
        if is_published and frames_hold:
            yield _compare(plan, None, _digests(frame_of(plan, known)), product)


def _compare(
    plan: Plan, block: tuple[int, int] | None, digests: Mapping[str, str], product: Path
) -> Damage:
    changed, missing = [], []
    for name, digest in sorted(digests.items()):
        stored = digest_of(product / name)
        if stored is None:
            missing.append(name)
        elif stored != digest:
            changed.append(name)
    return Damage(plan.event.id, plan.event.slug, block, tuple(changed), tuple(missing))


def frame_of(plan: Plan, known: Mapping[Key, History]) -> dict[str, bytes]:
    """The files of a finished product but its chunks, by their path inside it."""
    own = [known.get((plan.event.id, block.index)) for block in plan.blocks()]
    complete = all(history is None or history.receipt.status == "ok" for history in own)
    with tempfile.TemporaryDirectory() as folder:
        product = Path(folder) / "product.zarr"
        create_product(product, plan.grid, attrs=product_attrs(plan))
        finish_product(product, attrs={"complete": complete})
        files = [path for path in product.rglob("*") if path.is_file()]
        return {str(path.relative_to(product)): path.read_bytes() for path in files}


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
