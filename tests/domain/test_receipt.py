import json

from hypothesis import given
from hypothesis import strategies as st

from lsbatch.domain import Receipt

NAMES = st.text(max_size=12)
COUNTS = st.integers(0, 2**40)


@given(
    receipt=st.builds(
        Receipt,
        event_id=NAMES,
        block=st.tuples(st.integers(0, 999), st.integers(0, 999)),
        status=st.sampled_from(["ok", "failed"]),
        reason=NAMES,
        digests=st.dictionaries(NAMES, st.from_regex(r"[0-9a-f]{64}", fullmatch=True), max_size=3),
        counts=st.dictionaries(NAMES, COUNTS, max_size=3),
        seconds=st.dictionaries(NAMES, st.floats(0, 1e6), max_size=3),
        peak_rss_mb=st.floats(0, 1e6),
        bytes_read=st.none() | COUNTS,
        worker=NAMES,
    )
)
def test_a_ledger_line_there_and_back_is_the_same_receipt(receipt):
    line = json.dumps(receipt.to_json())
    assert "\n" not in line
    assert Receipt.from_json(json.loads(line)) == receipt
    assert hash(Receipt.from_json(json.loads(line))) == hash(receipt)
