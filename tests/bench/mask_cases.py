"""Pixels of true landslides that could be seen and were set aside all the same.

All figures are of simulated events, none of them among those that judge detectors. What could be
seen is told by what the simulator itself laid over each image, not by any quality band.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import rasterio
from odc.geo.geobox import GeoBox
from rasterio.warp import Resampling, reproject

import lsbatch.simulate.images
from lsbatch.batch import view_event
from lsbatch.catalog import find_event, rasterise, read_inventory
from lsbatch.cube import build_cube
from lsbatch.detectors import load_detector
from lsbatch.domain import Inputs, Preparation, Scene, Status
from lsbatch.features import bands_to_read, prepare
from lsbatch.kernels import shadow_halo
from lsbatch.recipe import DetectorChoice, Recipe
from lsbatch.simulate import simulate_events

EVENTS = (
    (7601, "temperate-hills", "s2-l2a"),
    (7602, "boreal-hills", "s2-l2a"),
    (7603, "alpine-forest", "s2-l2a"),
    (7604, "monsoon-range", "s2-l2a"),
    (7605, "mediterranean-badlands", "s2-l2a"),
    (7606, "tropical-ridges", "s2-l2a"),
    (7607, "forest-hills", "s2-l2a"),
    (7608, "temperate-hills", "oli"),
    (7701, "temperate-hills", "s2-l2a"),
    (7702, "boreal-hills", "s2-l2a"),
    (7703, "alpine-forest", "s2-l2a"),
    (7704, "monsoon-range", "s2-l2a"),
    (7705, "mediterranean-badlands", "s2-l2a"),
    (7706, "tropical-ridges", "s2-l2a"),
)
GOAL_PERCENT = 2.0
_HIDDEN = 0.1
"""Opacity, part of the sunlight lost, or part of a pixel that is snow, from which ground counts as
hidden; and part of flat ground's sunlight below which it lies in the shadow of a hill."""


def cases(
    *,
    events: Sequence[tuple[int, str, str]] = EVENTS,
    looks_after: Sequence[int] = (2, 3),
    side_km: float = 4.0,
) -> Iterator[dict]:
    """Percent of the landslides' pixels, by the number of looks after the event."""
    for count in looks_after:
        judged = []
        for seed, style, instrument in events:
            with tempfile.TemporaryDirectory() as folder:
                world = Path(folder) / "world"
                skies = _simulate(world, seed, style, instrument, looks=(2, count), side=side_km)
                judged.append({"seed": seed, "style": style, **_judge(world, skies)})
        yield _case(count, judged)


def _simulate(
    world: Path, seed: int, style: str, instrument: str, *, looks: tuple[int, int], side: float
) -> list[np.ndarray]:
    """Make a one-event world; where each image shows the ground, in order of time."""
    real = lsbatch.simulate.images.judge
    clear: list[np.ndarray] = []

    def record(clues: Any, rng: np.random.Generator) -> Any:
        hidden = [clues.cloud, clues.cirrus, clues.shadow, clues.snow, 1 - clues.valid]
        lit = clues.sunlight > _HIDDEN
        clear.append(lit & (np.maximum.reduce(hidden) < _HIDDEN) & (clues.water < 0.5))
        return real(clues, rng)

    with mock.patch.object(lsbatch.simulate.images, "judge", record):
        simulate_events(
            world, seed=seed, events=1, side_km=side, styles=[style], instruments=[instrument],
            looks=looks,
        )  # fmt: skip
    return clear


def _judge(world: Path, skies: list[np.ndarray]) -> dict[str, Any]:
    """Pixels of landslides that could be seen before and after, and of them those set aside.

    Beside them what a laxer mask would cost: pixels, of landslides or not, that are used though
    nothing showed them.
    """
    detector = load_detector("unet")
    event = find_event(str(world / "events.geojson"))
    recipe = Recipe(
        event=str(world / "events.geojson"),
        source=str(world / "catalog.json"),
        detector=DetectorChoice(name=detector.name),
    )
    view = view_event(recipe, detector.inputs)
    inventory = read_inventory(world / "inventories" / f"{event.id}.parquet")
    shown = np.ones(view.grid.shape, bool)
    for side in (view.scenes.pre, view.scenes.post):
        shown &= np.any([_onto(look.scene, view.grid, world, skies) for look in side], axis=0)
    seen = shown & rasterise(inventory, view.grid).astype(bool)
    status = _status_of(view, detector.inputs)
    lost = Counter(Status(value).name for value in status[seen] if value)
    used = status == Status.SCORED
    return {
        "could_be_seen": int(seen.sum()),
        "set_aside": dict(lost),
        "used_though_hidden_percent": round(100 * float((~shown & used).sum() / used.sum()), 2),
    }


def _onto(scene: Scene, grid: GeoBox, world: Path, skies: list[np.ndarray]) -> np.ndarray:
    """Where an image shows the ground, on a grid."""
    # ids end in the date, and so do the folders of all images that there are
    names = sorted((p.name for p in world.glob("*/*_*") if "DEM" not in p.name), key=_date_of)
    clear = skies[names.index(scene.id)].astype("uint8")
    with rasterio.open(scene.granules[0].asset("quality").href) as flags:
        place = {"src_transform": flags.transform, "src_crs": flags.crs}
    found = np.zeros(grid.shape, "uint8")
    to = {"dst_transform": grid.affine, "dst_crs": str(grid.crs)}
    reproject(clear, found, **place, **to, resampling=Resampling.nearest)
    return found.astype(bool)


def _date_of(name: str) -> str:
    return name.rpartition("_")[2]


def _status_of(view: Any, inputs: Inputs) -> np.ndarray:
    """Status of each pixel, as a run's features have it."""
    preparation, pixel_m = Preparation(), float(view.grid.resolution.x)
    cube = build_cube(
        view.scenes,
        view.grid,
        bands=bands_to_read(view.scenes, inputs, preparation),
        around_px=shadow_halo(pixel_m, preparation.shadow_reach_m),
    )
    return prepare(cube, inputs, preparation)["status"].compute(scheduler="threads").values


def _case(count: int, judged: list[dict[str, Any]]) -> dict:
    seen = sum(one["could_be_seen"] for one in judged)
    reasons = sum((Counter(one["set_aside"]) for one in judged), Counter())
    percent = 100 * reasons.total() / max(seen, 1)
    return {
        "case": f"mask: landslide pixels that could be seen and are set aside, {count} looks after"
        " (simulated)",
        "value": round(percent, 3),
        "unit": "% of pixels",
        "goal": f"<= {GOAL_PERCENT:g}",
        "ok": percent <= GOAL_PERCENT,
        "detail": {
            "percent_by_reason": {
                name: round(100 * value / max(seen, 1), 3) for name, value in reasons.most_common()
            },
            "pixels": seen,
            "events": judged,
        },
    }
