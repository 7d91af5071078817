"""What a catalogue may cost: seconds, bytes, tries."""

import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a catalogue may cost."""

    connect_s: float = 10.0
    read_s: float = 30.0
    """Longest silence."""
    answer_s: float = 120.0
    """One answer, whether it stalls, drips or is asked for again by `retries`."""
    search_s: float = 600.0
    """All requests of one search together."""
    retries: int = 4
    rounds: int = 2
    """Times that a page is asked for, each with its retries."""
    backoff_s: float = 0.5
    """Pause before the second retry; it doubles."""
    retry_after_s: float = 30.0
    """Longest pause that a server may ask for."""
    answer_bytes: int = 64 * 2**20
    """Size of one answer, unpacked."""
    depth: int = 64
    """Nesting of one answer."""


LIMITS = Limits()


def within(seconds: float, call: Callable[[], bytes]) -> bytes:
    """What a call returns; TimeoutError after so many seconds, whatever the call still does."""
    returned: list[bytes] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            returned.append(call())
        except BaseException as error:
            raised.append(error)

    # sockets know silence only: a byte a second would go on for hours
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(max(0.0, seconds))
    if raised:
        raise raised[0]
    if not returned:
        raise TimeoutError
    return returned[0]
