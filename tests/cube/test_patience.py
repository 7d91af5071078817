import pickle
import time

import dask.base
import pytest

from lsbatch.cube.patience import Deadline, Patience


def test_a_deadline_begins_when_it_is_first_asked_for():
    deadline = Deadline(0.2)
    time.sleep(0.25)
    assert deadline.left() == pytest.approx(0.2, abs=0.05)
    time.sleep(0.25)
    assert deadline.left() < 0


def test_a_deadline_begins_anew_in_another_process_and_names_its_task_the_same():
    deadline = Deadline(5.0)
    deadline.left()
    again = pickle.loads(pickle.dumps(deadline))
    assert again.seconds == 5.0 and again._end is None
    assert dask.base.tokenize(deadline) == dask.base.tokenize(again)
    assert dask.base.tokenize(deadline) != dask.base.tokenize(Deadline(6.0))


def test_pauses_double_differ_and_are_bounded():
    patience = Patience(pause_s=1.0, longest_pause_s=6.0)
    for failed, most in ((1, 1.0), (2, 2.0), (3, 4.0), (4, 6.0), (9, 6.0)):
        pauses = {patience.pause(failed, None) for _ in range(20)}
        assert all(min(most, 2 ** (failed - 1)) / 2 <= pause <= most for pause in pauses)
        assert len(pauses) > 1 or most == 6.0
    assert patience.pause(1, 3.0) == 3.0
    assert patience.pause(1, 3600.0) == 6.0
    assert patience.pause(1, -5.0) > 0
