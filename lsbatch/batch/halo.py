"""measure_halo: a detector's error against the halo, on an invented event."""

import tempfile
from pathlib import Path

import numpy as np

from lsbatch.batch.train import read_event
from lsbatch.catalog import read_events
from lsbatch.domain import Detector
from lsbatch.inference import HaloError, error_by_halo
from lsbatch.simulate import simulate_events

CORE_PX = 64
"""Small blocks: most of their pixels lie near a seam."""
_STEPS = 7
_SIDE_KM = 2.0


def measure_halo(detector: Detector) -> list[HaloError]:
    """Errors for halos from 0 to the detector's own, on an event invented for it (simulated)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulate_events(folder, seed=1, events=1, side_km=_SIDE_KM, styles=["temperate-hills"])
        event = read_events(folder / "events.geojson")[0]
        pixels = read_event(folder, event, looks=2, inputs=detector.inputs)
    halos = sorted({round(share * detector.halo) for share in np.linspace(0, 1, _STEPS)})
    channels = pixels.channels.astype(np.float32)
    return error_by_halo(channels, detector, halos, core_px=CORE_PX)
