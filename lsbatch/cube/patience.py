"""Patience: how long a read waits, how often it tries again, and when it must be over."""

import random
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Patience:
    """Bounds of one request and of its repetitions.

    A request that always fails is given up after ``tries * request_s`` and the pauses between.
    """

    connect_s: float = 10.0
    read_s: float = 30.0
    """Longest silence of a server."""
    request_s: float = 60.0
    """Longest time for one answer, however steadily it trickles."""
    tries: int = 5
    pause_s: float = 0.5
    """First pause before another try; each further one is twice as long."""
    longest_pause_s: float = 30.0
    """Longest pause, also where a server asks for more."""

    def pause(self, failed: int, asked_s: float | None) -> float:
        """Seconds to wait after that many failures, half of them at random so that workers do not
        come back together; what a server asked for, where it is more.
        """
        own = self.pause_s * 2.0 ** (failed - 1) * random.uniform(0.5, 1.0)
        return min(max(own, asked_s or 0.0), self.longest_pause_s)


PATIENCE = Patience()
"""In force for every read."""

READ_WITHIN_S = 900.0
"""All reads of one cube's chunk of files, a block's, are over after so many seconds."""


class Deadline:
    """A span of time that begins when it is first asked for; in another process it begins anew."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end: float | None = None

    def left(self) -> float:
        """Seconds left, negative once it is over."""
        now = time.monotonic()
        if self._end is None:
            self._end = now + self.seconds
        return self._end - now

    def put_off(self, seconds: float) -> None:
        """Leave so much more time: what was waited by our own rule is no fault of a server's."""
        self.left()
        assert self._end is not None
        self._end += seconds

    def __reduce__(self) -> tuple[Any, ...]:
        return (Deadline, (self.seconds,))

    def __dask_tokenize__(self) -> tuple[str, float]:
        return ("Deadline", self.seconds)
