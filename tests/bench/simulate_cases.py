"""Inventing an event: seconds and memory of a large one, in a process of its own."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator

_MAKE = r"""
import json, re, sys, time
from pathlib import Path
from lsbatch.simulate import simulate_events

start = time.perf_counter()
simulate_events(Path(sys.argv[1]) / "world", seed=5, side_km=float(sys.argv[2]),
                styles=["temperate-hills"], instruments=["s2-l2a"], looks=(1, 1))
seconds = time.perf_counter() - start
# the kernel's own record of this process: getrusage counts the parent that started it too
peak_kb = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]
print(json.dumps({"seconds": seconds, "peak_gb": int(peak_kb) * 1024 / 1e9}))
"""


def cases(*, side_km: float = 20.0) -> Iterator[dict]:
    """One event with a look before and one after it."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", _MAKE, folder, str(side_km)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    found = json.loads(done.stdout)
    for name, key, unit, goal in (
        (f"simulate {side_km:g} km", "seconds", "s", 60.0),
        (f"simulate {side_km:g} km, memory", "peak_gb", "GB", 2.0),
    ):
        value = found[key]
        yield {
            "case": name,
            "value": round(value, 2),
            "unit": unit,
            "goal": f"<= {goal:g}",
            "ok": value <= goal,
            "detail": {"side_km": side_km, "looks": 2},
        }
