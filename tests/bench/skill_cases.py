"""Skill of the detectors: frozen simulated events, real chips held out, ground without slides.

Figures on simulated events are simulated figures; they stand beside real ones, never for them.
"""

import itertools
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from geopandas import GeoDataFrame
from odc.geo.geobox import GeoBox

from lsbatch.batch import view_event
from lsbatch.catalog import catalogs_folder, find_event, read_inventory
from lsbatch.detectors import UNET_INPUTS, load_detector
from lsbatch.domain import Detector
from lsbatch.inference import score_area
from lsbatch.kernels import confusion, mcc, slope
from lsbatch.recipe import DetectorChoice, Recipe
from lsbatch.simulate import simulate_events
from lsbatch.training import EventPixels, read_chips, read_pixels, reflectance_of

SHARED = Path(__file__).parents[3] / "shared" / "data"
CHIPS = Path(os.environ.get("LSBATCH_CHIPS", SHARED / "landslide4sense-rgb"))
HELD_OUT = (0.8, 1.0)
"""The contiguous fifth of the chips, by number, that no training saw."""
INFRARED = ("nir", "swir16")
Runs = dict[str, tuple[Detector, tuple[str, ...]]]
"""Detectors by name, and the bands withheld from each."""
_AREA_CLASSES_M2 = (400, 1000, 3000, 10_000, 100_000_000)


@dataclass(frozen=True)
class Judged:
    """One detector on one event."""

    record: dict[str, Any]
    mcc: float
    precision: float
    recall: float
    by_area: dict[str, float]


def frozen_set() -> dict[str, Any]:
    """The frozen events, and the rule that anchors how hard they are."""
    text = (catalogs_folder() / "evaluation.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def cases() -> Iterator[dict]:
    """All figures of skill."""
    yield from skill()
    yield from chips()
    yield from fields()
    yield from hills()


def skill(*, records: Sequence[dict[str, Any]] | None = None) -> Iterator[dict]:
    """MCC of the shipped network and of the tuned rule on the frozen events."""
    frozen = frozen_set()
    records = frozen["events"] if records is None else records
    anchor = load_detector(frozen["anchor"]["detector"], **frozen["anchor"]["parameters"])
    runs: Runs = {
        "unet": (load_detector("unet"), ()),
        "unet without infrared": (load_detector("unet"), INFRARED),
        "tuned brightness-change": (anchor, ()),
    }
    found: dict[str, list[Judged]] = {name: [] for name in runs}
    for record in records:
        with tempfile.TemporaryDirectory() as folder:
            for name, judged in _judge_event(Path(folder), record, runs):
                found[name].append(judged)
    goals = {"unet": 0.75, "unet without infrared": 0.65}
    for name, judged in found.items():
        yield _median_case(name, judged, goals.get(name))
    worst = min(judged.mcc for judged in found["unet"])
    yield _case("skill worst frozen event, unet", worst, "MCC (simulated)", 0.55)
    gain = _median(found["unet"]) - _median(found["tuned brightness-change"])
    yield _case("skill unet above tuned brightness-change", gain, "MCC (simulated)", 0.15)


def chips(*, folder: Path = CHIPS, part: tuple[float, float] = HELD_OUT) -> Iterator[dict]:
    """MCC of unet-post on real chips that no training saw; LSBATCH_CHIPS names other ones."""
    if not folder.is_dir():
        return
    held = read_chips(folder)
    if folder == SHARED / "landslide4sense-rgb":
        held = held.part(*part)
    score = score_chips(load_detector("unet-post"), held.image)
    counts = _confuse(score, held.label)
    detail = {**_rates(counts), "chips": len(held)}
    yield _case("skill unet-post on held-out chips", mcc(*counts) or 0.0, "MCC", 0.68, detail)


def score_chips(detector: Detector, image: np.ndarray) -> np.ndarray:
    """Scores (N, H, W) of uint8 chips (N, H, W, 3) red, green, blue, by a post-only detector."""
    reflectance = reflectance_of(image)
    batch = np.full((*image.shape[:3], len(detector.inputs.channels)), np.nan, np.float32)
    for number, channel in enumerate(detector.inputs.channels):
        if channel.layer in ("red", "green", "blue"):
            batch[..., number] = reflectance[..., ("red", "green", "blue").index(channel.layer)]
    return np.concatenate([detector.score(batch[n : n + 16]) for n in range(0, len(batch), 16)])


def fields(*, folder: Path = SHARED / "sentinel2-bitemporal-fields") -> Iterator[dict]:
    """Share of real farmland without landslides that the network marks, in both orders of time.

    Its terrain is given as flat, which it is; a run would leave it out for that (status 6).
    """
    if not folder.is_dir():
        return
    import rasterio

    dates = []
    for name in ("date-1.tif", "date-2.tif"):
        with rasterio.open(folder / name) as source:
            red, green, blue, nir = source.read().astype(np.float32) * np.float32(1e-4)
        dates.append({"red": red, "green": green, "blue": blue, "nir": nir})
    flat = np.zeros_like(dates[0]["red"])
    for order, (pre, post) in {"1-2": dates, "2-1": dates[::-1]}.items():
        share = _share_marked(pre, post, flat)
        yield _case(f"false alarms on fields, order {order}", share, "% of area", 0.1, below=True)


def hills(*, folder: Path = SHARED / "sentinel2-series-slovenia") -> Iterator[dict]:
    """Share of a square kilometre of real, forested hills without landslides that is marked.

    The three clear dates of one summer, as seen from above the air, in every order; the worst.
    """
    if not folder.is_dir():
        return
    scenes = np.load(folder / "reference_scenes.npz")
    dem = np.load(folder / "static.npz")["dem"].astype(np.float32)
    names, bands = list(scenes["band"]), {
        "blue": "B02", "green": "B03", "red": "B04", "nir": "B08", "swir16": "B11",
    }  # fmt: skip
    clear = scenes["reflectance_e4"][2:].astype(np.float32) * np.float32(1e-4)
    dates = [{band: date[..., names.index(name)] for band, name in bands.items()} for date in clear]
    steep = slope(dem, pixel_m=10.0)
    shares = [_share_marked(pre, post, steep) for pre, post in itertools.permutations(dates, 2)]
    yield _case("false alarms on hills, worst of 6 orders", max(shares), "% of area", None)


def _share_marked(
    pre: dict[str, np.ndarray], post: dict[str, np.ndarray], slope_deg: np.ndarray
) -> float:
    """Percent of the area that `unet` marks, the sun unknown."""
    sides = {"pre": pre, "post": post}
    channels = np.full((*slope_deg.shape, len(UNET_INPUTS.channels)), np.nan, np.float32)
    for number, channel in enumerate(UNET_INPUTS.channels):
        if channel.layer == "slope_deg":
            channels[..., number] = slope_deg
        elif channel.period and channel.layer in sides[channel.period]:
            channels[..., number] = sides[channel.period][channel.layer]
    return 100 * float((score_area(channels, load_detector("unet")) >= 0.5).mean())


def _judge_event(folder: Path, record: dict[str, Any], runs: Runs) -> Iterator[tuple[str, Judged]]:
    world = folder / "world"
    simulate_events(
        world, seed=record["seed"], events=1, side_km=record["side_km"],
        styles=[record["style"]], instruments=[record["instrument"]],
    )  # fmt: skip
    # detectors that ask to see the same are given the same
    seen = {detector.inputs: read_world(world, detector) for detector, _ in runs.values()}
    for name, (detector, withheld) in runs.items():
        pixels, inventory, grid = seen[detector.inputs]
        channels = pixels.channels.astype(np.float32)
        for number, channel in enumerate(detector.inputs.channels):
            if channel.layer in withheld:
                channels[..., number] = np.nan
        landslide = score_area(channels, detector) >= 0.5
        counts = confusion(landslide, pixels.label, pixels.counts)
        rates = _rates(counts)
        yield (
            name,
            Judged(
                record,
                mcc(*counts) or 0.0,
                rates["precision"],
                rates["recall"],
                _found_by_area(landslide, pixels, inventory, grid),
            ),
        )


def read_world(
    world: Path, detector: Detector, *, registration: str = "auto"
) -> tuple[EventPixels, GeoDataFrame, GeoBox]:
    """Channels and labels of a one-event world as a run reads them; its inventory, its grid."""
    event = find_event(str(world / "events.geojson"))
    place = world / "inventories" / f"{event.id}.parquet"
    recipe = Recipe(
        event=str(world / "events.geojson"),
        source=str(world / "catalog.json"),
        detector=DetectorChoice(name=detector.name),
        registration=registration,
    )
    plan = view_event(recipe, detector.inputs)
    inventory = read_inventory(place)
    pixels = read_pixels(
        event.id, plan.scenes, plan.grid,
        inputs=detector.inputs, inventory=inventory, extent=event.aoi,
    )  # fmt: skip
    return pixels, inventory.to_crs(plan.grid.crs), plan.grid


def _found_by_area(
    landslide: np.ndarray, pixels: EventPixels, inventory: GeoDataFrame, grid: GeoBox
) -> dict[str, float]:
    """Share of mapped landslides, by area, of which the map covers a tenth of the seen pixels."""
    from rasterio.features import rasterize

    if not len(inventory):
        return {}
    shapes = zip(inventory.geometry, range(1, len(inventory) + 1), strict=True)
    number = rasterize(shapes, out_shape=landslide.shape, transform=grid.affine, dtype="int32")
    seen = np.bincount(number[pixels.counts], minlength=len(inventory) + 1)[1:]
    hit = np.bincount(number[pixels.counts & landslide], minlength=len(inventory) + 1)[1:]
    area = inventory.geometry.area.to_numpy()
    rates = {}
    for low, high in itertools.pairwise(_AREA_CLASSES_M2):
        here = (area >= low) & (area < high) & (seen > 0)
        if here.any():
            rates[f"from {low} m2"] = round(float((hit[here] >= 0.1 * seen[here]).mean()), 3)
    return rates


def _confuse(score: np.ndarray, label: np.ndarray) -> tuple[int, int, int, int]:
    rows = [plane.reshape(-1, plane.shape[-1]) for plane in (score >= 0.5, label)]
    return confusion(rows[0], rows[1], np.ones_like(rows[1]))


def _rates(counts: Sequence[int]) -> dict[str, float]:
    tp, fp, fn, _ = counts
    return {
        "precision": round(tp / max(tp + fp, 1), 3),
        "recall": round(tp / max(tp + fn, 1), 3),
    }


def _median(judged: Sequence[Judged]) -> float:
    return float(np.median([one.mcc for one in judged]))


def _median_case(name: str, judged: Sequence[Judged], goal: float | None) -> dict:
    landsat = [one for one in judged if not one.record["instrument"].startswith("s2")]
    detail = {
        "landsat_median": round(_median(landsat), 3) if landsat else None,
        "events": [
            {
                **one.record,
                "mcc": round(one.mcc, 3),
                "precision": one.precision,
                "recall": one.recall,
                "found_by_area": one.by_area,
            }
            for one in judged
        ],
    }
    return _case(f"skill median, {name}", _median(judged), "MCC (simulated)", goal, detail)


def _case(
    name: str,
    value: float,
    unit: str,
    goal: float | None,
    detail: dict[str, Any] | None = None,
    *,
    below: bool = False,
) -> dict:
    met = goal is None or (value <= goal if below else value >= goal)
    sign = "<=" if below else ">="
    return {
        "case": name,
        "value": round(value, 4),
        "unit": unit,
        "goal": "reported" if goal is None else f"{sign} {goal:g}",
        "ok": bool(met),
        "detail": detail or {},
    }
