"""How far a run is, while it goes on: bars on a terminal, few lines elsewhere."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from lsbatch.cli.screen import ERR, time_text

_QUIET_S = 60.0
"""Between two lines that only tell how far a run is."""
_ENDED = ("published", "failed")


@contextlib.contextmanager
def run_progress() -> Iterator[Callable[[Any], None]]:
    """What a run's driver may tell its steps to; from any thread."""
    if not ERR.is_terminal:
        yield _Lines().show
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=ERR) as bars:
        yield _Bars(bars).show


class Tally:
    """The latest step of every event, and how long the rest takes at the rate of this start."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.steps: dict[str, Any] = {}
        self._clock = clock
        self._before: dict[str, int] = {}
        self._started: float | None = None

    def take(self, step: Any) -> None:
        """Note a step."""
        self.steps[step.event] = step
        if step.stage == "planned":
            return
        if step.stage == "mapping" and self._started is None:
            self._started = self._clock()
        # blocks that an audit found damaged count as not done before
        self._before[step.event] = min(self._before.get(step.event, step.done), step.done)

    def sum(self, name: str) -> int:
        """Blocks of all events: done, total or failed."""
        return sum(getattr(step, name) for step in self.steps.values())

    @property
    def seconds_left(self) -> float | None:
        """Until the last block; None before the first one of this start is done."""
        done = self.sum("done") - sum(self._before.values())
        if self._started is None or done <= 0:
            return None
        return (self.sum("total") - self.sum("done")) * (self._clock() - self._started) / done

    def note(self) -> str:
        """What stands beside the count of all blocks."""
        failed, left = self.sum("failed"), self.seconds_left
        told = [f"about {time_text(left)} left"] if left else []
        told += [f"{failed} failed"] if failed else []
        ended = sum(step.stage in _ENDED for step in self.steps.values())
        if len(self.steps) > 1:
            told.append(f"{ended} of {len(self.steps)} events ended")
        return ", ".join(told)


class _Lines:
    """A line for each event that is planned or ended, and now and then how far the run is."""

    def __init__(self) -> None:
        self._tally = Tally(time.monotonic)
        self._last = time.monotonic()

    def show(self, step: Any) -> None:
        self._tally.take(step)
        now = time.monotonic()
        if step.stage in ("planned", *_ENDED):
            self._say(f"{step.event}: {step.stage}")
        elif now - self._last >= _QUIET_S:
            done, total = self._tally.sum("done"), self._tally.sum("total")
            self._say(f"{done} of {total} blocks, {self._tally.note()}".rstrip(", "))

    def _say(self, text: str) -> None:
        self._last = time.monotonic()
        ERR.print(text, markup=False, highlight=False, soft_wrap=True)


class _Bars:
    """A bar for all blocks, and one for each event that is being worked on."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tally = Tally(time.monotonic)
        self._all = bars.add_task("planning", total=None, note="")
        self._own: dict[str, TaskID] = {}

    def show(self, step: Any) -> None:
        self._tally.take(step)
        if step.stage == "planned":
            self._bars.update(self._all, note=f"{len(self._tally.steps)} events")
            return
        self._bars.update(
            self._all,
            description="all blocks",
            total=self._tally.sum("total"),
            completed=self._tally.sum("done"),
            note=self._tally.note(),
        )
        self._show_own(step)

    def _show_own(self, step: Any) -> None:
        begun = step.stage == "finishing" or step.done > 0
        if step.event not in self._own and begun and step.stage not in _ENDED:
            self._own[step.event] = self._bars.add_task(step.event, total=step.total, note="")
        if step.event not in self._own:
            return
        own = self._own[step.event]
        note = "polygons, metrics, report …" if step.stage == "finishing" else ""
        self._bars.update(own, completed=step.done, note=note, visible=step.stage not in _ENDED)
