"""Plans: of a catalogue of ten thousand items, and what one foretells against the run itself."""

import copy
import json
import math
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pystac

from lsbatch.batch import build_plan, cost_of, map_event
from lsbatch.cube.opening import OpenAsset
from lsbatch.recipe import Recipe
from lsbatch.simulate import simulate_event

_NEAR_EACH_DAY = 2
"""Copies of an image on each day of two years: more than any sensor takes."""
_FAR = (10.0, 45.0, 11.0, 46.0)


def cases(*, count: int = 10_000, side_km: float = 6.0) -> Iterator[dict]:
    """A plan's time and reads on a large catalogue, then its foretelling of a run."""
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder) / "world"
        simulate_event(world, seed=3, side_km=side_km)
        many = write_many(world, Path(folder) / "many.json", count)
        seconds, opened, _ = count_plan(recipe_on(world, many))
        yield {
            "case": f"plan-{count}-items",
            "value": round(seconds, 2),
            "unit": "s",
            "goal": "<= 20",
            "ok": seconds <= 20,
            "detail": {"processor": "s of this process", "files_opened": opened},
        }
        recipe = recipe_on(world, world / "catalog.json", cluster={"workers": 1})
        cost = cost_of(build_plan(recipe))
        started = time.perf_counter()
        map_event(recipe, Path(folder) / "map")
        took = time.perf_counter() - started
        record = json.loads((Path(folder) / "map" / "run.json").read_text())
    peak = max(record["peak_rss_mb"].values()) * 2**20
    yield _ratio("memory", cost.peak_bytes_per_worker, peak, low=1.0, high=2.0)
    yield _ratio("seconds", cost.seconds, took)


def recipe_on(world: Path, source: Path, **changes: object) -> Recipe:
    """The recipe of a simulated event."""
    return Recipe(
        event=str(world / "events.geojson"), source=str(source), detector="ndvi-change", **changes
    )


def write_many(world: Path, path: Path, count: int) -> Path:
    """An item collection: the world's own items, cloudier copies of them near, the rest far."""
    catalog = pystac.Catalog.from_file(str(world / "catalog.json"))
    catalog.make_all_asset_hrefs_absolute()
    own = [item.to_dict(transform_hrefs=False) for item in catalog.get_items(recursive=True)]
    images = [item for item in own if "dem" not in item["collection"]]
    times = [datetime.fromisoformat(item["properties"]["datetime"]) for item in images]
    first = min(times).replace(tzinfo=UTC) - timedelta(days=250)
    items = list(own)
    for number in range(count - len(own)):
        copied = copy.deepcopy(images[number % len(images)])
        copied["id"] = f"copy-{number:05d}"
        when = first + timedelta(days=number // _NEAR_EACH_DAY, hours=number % _NEAR_EACH_DAY)
        if number >= 730 * _NEAR_EACH_DAY:
            when = first + timedelta(hours=number % 17_000)
            west, south, east, north = copied["bbox"] = list(_FAR)
            ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
            copied["geometry"] = {"type": "Polygon", "coordinates": [ring]}
        copied["properties"] |= {"datetime": when.isoformat(), "eo:cloud_cover": 60 + number % 30}
        items.append(copied)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    return path


def count_plan(recipe: Recipe) -> tuple[float, int, object]:
    """Processor seconds of a plan with its cost, files opened meanwhile, and the plan."""
    real, opened = OpenAsset.__init__, []

    def noting(self: OpenAsset, source: object, asset: object) -> None:
        opened.append(asset)
        real(self, source, asset)

    before = _processor_s()
    with mock.patch.object(OpenAsset, "__init__", noting):
        plan = build_plan(recipe)
        cost_of(plan)
    return _processor_s() - before, len(opened), plan


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _ratio(
    name: str, planned: float, found: float, *, low: float = 0.0, high: float = math.inf
) -> dict:
    """A planned value over what was found; without limits it is only reported."""
    ratio = planned / found
    return {
        "case": f"plan-{name}",
        "value": round(ratio, 2),
        "unit": "ratio",
        "goal": f"{low:g} to {high:g}" if high < math.inf else "reported",
        "ok": low <= ratio <= high,
        "detail": {"planned": round(planned, 1), "found": round(found, 1)},
    }
