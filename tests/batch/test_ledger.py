"""The ledger: what is whole is kept, what a kill tore is passed over, tries are counted."""

import pytest

from lsbatch.batch.ledger import Ledger
from lsbatch.domain import Receipt


def receipt(col, status="ok", digest="a", **changes):
    reason = "" if status == "ok" else "the file is gone – née"
    return Receipt("e", (0, col), status, reason, {"score/c/0/0": digest}, **changes)


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger.jsonl")


def test_receipts_there_and_back_are_equal_and_in_order(ledger):
    written = [receipt(0), receipt(1, "failed"), receipt(1, worker="w")]
    for one in written:
        ledger.append(one)
    entries = list(ledger.entries())
    assert [entry.receipt for entry in entries] == written
    assert entries == sorted(entries, key=lambda entry: entry.at)
    assert len(ledger.path.read_bytes().splitlines()) == 3


def test_a_ledger_cut_at_any_byte_keeps_every_whole_line_and_takes_the_next(ledger):
    for col in range(3):
        ledger.append(receipt(col, "failed" if col == 1 else "ok"))
    whole = ledger.path.read_bytes()
    ends = [n + 1 for n, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(len(whole) + 1):
        ledger.path.write_bytes(whole[:cut])
        # the line is whole even where only its line feed is missing
        kept = sum(cut >= end - 1 for end in ends)
        assert [e.receipt.block[1] for e in ledger.entries()] == list(range(kept)), cut
        ledger.append(receipt(7))
        assert [e.receipt.block[1] for e in ledger.entries()] == [*range(kept), 7], cut


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'{"at": "noon"}',
        b'{"at": 7}',
        b'"at"',
        b"7",
        b"[" * 9999,
    ],
)
def test_a_line_that_is_no_receipt_is_passed_over(ledger, line):
    ledger.append(receipt(0))
    with open(ledger.path, "ab") as file:
        file.write(line + b"\n")
    ledger.append(receipt(1))
    assert [e.receipt for e in ledger.entries()] == [receipt(0), receipt(1)]


def test_no_ledger_is_an_empty_one(ledger):
    assert ledger.histories() == {}


def test_the_last_receipt_counts_and_failures_add_up(ledger):
    for one in (receipt(0, "failed"), receipt(1), receipt(0, "failed"), receipt(0, digest="b")):
        ledger.append(one)
    histories = ledger.histories()
    assert histories["e", (0, 0)].failures == 2
    assert histories["e", (0, 0)].receipt == receipt(0, digest="b")
    assert histories["e", (0, 0)].proven == {"score/c/0/0": "b"}
    assert histories["e", (0, 1)].failures == 0


def test_what_was_proven_first_stays_proven(ledger):
    for one in (receipt(0), receipt(0, "failed", digest="x"), receipt(0, digest="other")):
        ledger.append(one)
    assert ledger.histories()["e", (0, 0)].proven == {"score/c/0/0": "a"}
