"""Turns for requests: so many a second, however many threads ask."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lsbatch.cube import pace
from lsbatch.cube.pace import Pace
from lsbatch.cube.patience import Deadline


@pytest.fixture
def clock(monkeypatch):
    """A clock that only `sleep` moves."""

    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

        def sleep(self, seconds):
            assert seconds >= 0
            self.now += seconds

    clock = Clock()
    monkeypatch.setattr(pace, "time", clock)
    return clock


def test_turns_are_apart_by_the_rate_and_the_first_is_at_once(clock):
    turns = Pace()
    waited = [turns.wait(4.0) for _ in range(5)]
    assert waited == pytest.approx([0, 0.25, 0.25, 0.25, 0.25]) and clock.now == 101.0


def test_turns_that_were_not_taken_are_not_made_up_for(clock):
    turns = Pace()
    turns.wait(4.0)
    clock.now += 60
    assert [turns.wait(4.0) for _ in range(3)] == pytest.approx([0, 0.25, 0.25])


def test_without_a_rate_nobody_waits(clock):
    turns = Pace()
    assert [turns.wait(None) for _ in range(9)] == [0.0] * 9 and clock.now == 100.0


def test_threads_take_turns():
    turns, count = Pace(), 12
    started = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: turns.wait(50.0), range(count)))
    assert time.monotonic() - started >= (count - 1) / 50


def test_what_was_waited_for_a_turn_is_not_taken_from_the_deadline():
    deadline = Deadline(10.0)
    deadline.put_off(500.0)
    assert 500.0 < deadline.left() <= 510.0
