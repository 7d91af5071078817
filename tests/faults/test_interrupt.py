"""Ctrl-C in the middle of a run: a clean stop, and the same command goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest


@pytest.mark.slow
def test_interrupt_stops_cleanly_and_the_same_command_resumes(world, tmp_path):
    out = tmp_path / "map"
    command = [Path(sys.executable).with_name("lsbatch"), "map", world / "events.geojson"]
    command += ["--source", world / "catalog.json", "--detector", "ndvi-change", "--out", out]
    command += ["--block", "256", "--workers", "1"]
    ledger = out / "ledger.jsonl"
    run = subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    while not ledger.exists() and run.poll() is None:
        time.sleep(0.1)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does: every process of the group
    said = run.communicate(timeout=60)[0]
    assert run.returncode == 130, said
    assert "Interrupted" in said and "Traceback" not in said
    assert not (out / "events").exists()
    done = len(ledger.read_text().splitlines())

    again = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert again.returncode == 0, again.stderr
    blocks = [tuple(json.loads(line)["block"]) for line in ledger.read_text().splitlines()]
    assert len(blocks) == len(set(blocks)) > done, "a finished block was computed again"
