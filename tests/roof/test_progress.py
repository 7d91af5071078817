"""How far a run is: time left as measured, few lines where there is no terminal."""

import io

import pytest
from rich.console import Console

from lsbatch.batch import Step
from lsbatch.cli import progress
from lsbatch.cli.progress import Tally, run_progress


@pytest.fixture
def clock():
    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    return Clock()


def test_time_left_is_that_of_the_rate_of_this_start_over_all_events(clock):
    tally = Tally(clock)
    tally.take(Step("a", "planned"))
    assert tally.seconds_left is None
    tally.take(Step("a", "mapping", 50, 100))  # done by an earlier start: tells of no rate
    tally.take(Step("b", "mapping", 0, 20))
    assert tally.seconds_left is None
    clock.now = 30.0
    for done in range(51, 61):
        tally.take(Step("a", "mapping", done, 100))
    assert tally.seconds_left == pytest.approx(60 * 30 / 10)
    assert "about 3.0 min left" in tally.note() and "0 of 2 events ended" in tally.note()
    tally.take(Step("a", "published", 100, 100, 3))
    tally.take(Step("b", "failed", 20, 20))
    assert tally.note() == "3 failed, 2 of 2 events ended"


def test_blocks_that_an_audit_found_damaged_are_not_counted_backwards(clock):
    tally = Tally(clock)
    tally.take(Step("a", "mapping", 10, 20))
    clock.now = 5.0
    tally.take(Step("a", "mapping", 6, 20))
    tally.take(Step("a", "mapping", 7, 20))
    assert tally.seconds_left == pytest.approx(13 * 5.0)


def test_without_a_terminal_few_lines_are_said(capsys, monkeypatch, clock):
    monkeypatch.setattr(progress.time, "monotonic", clock)
    with run_progress() as show:
        show(Step("a", "planned"))
        for done in range(100):
            clock.now += 1.0
            show(Step("a", "mapping", done, 100))
        show(Step("a", "finishing", 100, 100))
        show(Step("a", "published", 100, 100))
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "a: planned" and said[-1] == "a: published"
    assert len(said) == 3 and "59 of 100 blocks, about 41 s left" in said[1]


def test_on_a_terminal_there_are_bars(monkeypatch):
    console = Console(force_terminal=True, width=120, record=True, file=io.StringIO())
    monkeypatch.setattr(progress, "ERR", console)
    with run_progress() as show:
        show(Step("first", "planned"))
        show(Step("first", "mapping", 0, 4))
        show(Step("second", "mapping", 0, 4))
        show(Step("first", "mapping", 2, 4))
        show(Step("first", "finishing", 4, 4))
        show(Step("[/second]", "mapping", 1, 4, 1))
    text = console.export_text()
    assert "all blocks" in text and "polygons, metrics, report" in text and "[/second]" in text
