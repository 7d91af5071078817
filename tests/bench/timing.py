"""Timing that a busy machine disturbs least."""

import statistics
import time
from collections.abc import Callable, Mapping


def interleaved_medians(
    contestants: Mapping[str, Callable[[], object]], *, repeats: int = 9
) -> dict[str, float]:
    """Median seconds of each contestant, all in one process and warm.

    They take turns, so that whatever slows the machine for a while slows all of them.
    """
    for run in contestants.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(repeats):
        for name, run in contestants.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}
