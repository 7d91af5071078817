"""Shifts between images taken out, on simulated events whose true shifts are known.

All figures are of simulated events, none of them used to choose a limit; ratios inside one run.
"""

import itertools
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from skill_cases import frozen_set, read_world

import lsbatch.simulate.images
from lsbatch.batch import view_event
from lsbatch.detectors import load_detector
from lsbatch.domain import Detector
from lsbatch.inference import score_area
from lsbatch.kernels import confusion, mcc
from lsbatch.recipe import DetectorChoice, Recipe
from lsbatch.simulate import simulate_events

EVENTS = (
    (7301, "temperate-hills", "s2-l2a"),
    (7302, "boreal-hills", "s2-l2a"),
    (7303, "monsoon-range", "s2-l2a"),
    (7304, "mediterranean-badlands", "s2-l2a"),
    (7305, "tropical-ridges", "s2-l1c"),
    (7306, "alpine-forest", "s2-l2a"),
)
Place = tuple[float, float]
"""East and north, metres."""


def cases(*, events: Sequence[tuple[int, str, str]] = EVENTS, side_km: float = 4.0) -> Iterator:
    """Distance of the images from each other before and after, and MCC after over MCC before."""
    frozen = frozen_set()["anchor"]
    detectors = {
        "unet": load_detector("unet"),
        "tuned brightness-change": load_detector(frozen["detector"], **frozen["parameters"]),
    }
    records: list[dict[str, Any]] = []
    ratios: dict[str, list[float]] = {name: [] for name in detectors}
    distances: list[tuple[float, float]] = []
    for seed, style, instrument in events:
        with tempfile.TemporaryDirectory() as folder:
            world = Path(folder) / "world"
            truth = _simulate(world, seed, style, instrument, side_km)
            looks = _distances(world, truth)
            scores = {name: _scores(world, one) for name, one in detectors.items()}
        distances += looks
        for name, (before, after) in scores.items():
            if before > 0:
                ratios[name].append(after / before)
        records.append({"seed": seed, "style": style, "apart_m": looks, "mcc": scores})
    detail = {"events": records, "simulated": True}
    yield _distance_case(distances, detail)
    for name, found in ratios.items():
        yield _case(f"MCC with over without registration, {name}", np.median(found), "ratio")


def _simulate(world: Path, seed: int, style: str, instrument: str, side_km: float) -> list[Place]:
    """Make a one-event world; the true place of each image, in order of time."""
    real = lsbatch.simulate.images.draw_shift
    places: list[Place] = []

    def record(elevation: np.ndarray, pixel_m: float, **settings: Any) -> Any:
        shift = real(elevation, pixel_m, **settings)
        # a pixel that is read further down and to the right shows its ground further up and left
        east, north = -float(np.median(shift.right)), float(np.median(shift.down))
        places.append((east * pixel_m, north * pixel_m))
        return shift

    with mock.patch.object(lsbatch.simulate.images, "draw_shift", record):
        simulate_events(
            world, seed=seed, events=1, side_km=side_km, styles=[style], instruments=[instrument]
        )
    return places


def _distances(world: Path, truth: list[Place]) -> list[tuple[float, float]]:
    """True distances between looks of which one is moved, before and after, metres."""
    detector = load_detector("unet")
    recipe = Recipe(
        event=str(world / "events.geojson"),
        source=str(world / "catalog.json"),
        detector=DetectorChoice(name=detector.name),
    )
    view = view_event(recipe, detector.inputs)
    # ids end in the date, and so do the folders of all images that there are
    names = sorted((p.name for p in world.glob("*/*_*") if "DEM" not in p.name), key=_date_of)
    place = dict(zip(names, truth, strict=True))
    found = []
    for one, other in itertools.combinations([look.scene for look in view.scenes.looks], 2):
        shifts = [(s.shift.east_m, s.shift.north_m) if s.shift else None for s in (one, other)]
        if shifts == [None, None]:
            continue
        lies = np.subtract(place[one.id], place[other.id])
        left = lies - np.subtract(*(shift or (0.0, 0.0) for shift in shifts))
        found.append((round(float(np.hypot(*lies)), 2), round(float(np.hypot(*left)), 2)))
    return found


def _date_of(name: str) -> str:
    return name.rpartition("_")[2]


def _scores(world: Path, detector: Detector) -> tuple[float, float]:
    """MCC without and with registration."""
    found = []
    for choice in ("off", "auto"):
        pixels, _, _ = read_world(world, detector, registration=choice)
        landslide = score_area(pixels.channels.astype(np.float32), detector) >= 0.5
        found.append(round(mcc(*confusion(landslide, pixels.label, pixels.counts)) or 0.0, 4))
    return found[0], found[1]


def _distance_case(distances: list[tuple[float, float]], detail: dict[str, Any]) -> dict:
    before, after = np.median(np.array(distances or [(1.0, 1.0)]), axis=0)
    told = {**detail, "before_m": round(float(before), 2), "after_m": round(float(after), 2)}
    return _case("true distance between images, after over before", after / before, "ratio", told)


def _case(name: str, value: float, unit: str, detail: dict[str, Any] | None = None) -> dict:
    return {
        "case": f"registration: {name} (simulated)",
        "value": round(float(value), 4),
        "unit": unit,
        "goal": "reported",
        "ok": True,
        "detail": detail or {},
    }
