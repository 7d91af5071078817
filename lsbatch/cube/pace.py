"""Pace: turns for requests to servers, so many a second."""

import threading
import time


class Pace:
    """Turns of one process, one after the other; threads may share one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self, per_second: float | None) -> float:
        """Wait for a turn; returns the seconds that it took.

        Parameters
        ----------
        per_second : float or None
            Most turns a second; None = at once. Turns that were not taken are not made up for.
        """
        if per_second is None:
            return 0.0
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + 1 / per_second
        time.sleep(turn - now)
        return turn - now


PACE = Pace()
"""This process's."""
