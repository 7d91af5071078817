"""Whole runs: where the time goes, and whether a worker's memory grows with the area."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin
from shapely.geometry import box

from lsbatch.batch import map_event
from lsbatch.domain import CHUNK_PX, Event
from lsbatch.recipe import ClusterChoice, DetectorChoice, Recipe
from lsbatch.simulate import simulate_event

_ORIGIN = (307200.0, 3072000.0)
"""A multiple of the lattice of chunks at 10 m, in UTM zone 45 N."""


def stages(*, side_km: float = 8.0) -> Iterator[dict]:
    """Shares of an end-to-end run on a simulated event, one worker; reported, without a goal."""
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder) / "world"
        simulate_event(world, seed=3, side_km=side_km)
        record = _run(world / "events.geojson", world / "catalog.json", Path(folder) / "map")
    whole = record["seconds"]
    inside = record["seconds_in_blocks"]
    total = sum(whole.values())
    parts = {"plan": whole["plan"], **inside, "finish": whole["finish"]}
    parts["cluster"] = total - sum(parts.values())
    for name, seconds in parts.items():
        yield {
            "case": f"stage-{name}",
            "value": round(seconds / total, 3),
            "unit": "share",
            "goal": "reported",
            "ok": True,
            "detail": {"seconds": round(seconds, 2), "of": round(total, 2), "side_km": side_km},
        }


def memory(*, sides: Sequence[int] = (2, 4, 8)) -> Iterator[dict]:
    """Peak memory of one worker on larger and larger areas, against the smallest."""
    peaks = {}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write_source(place, max(sides) * CHUNK_PX)
        for side in sides:
            event = place / f"event-{side}.geojson"
            event.write_text(json.dumps(_event_of(side).to_feature()))
            record = _run(event, place / "items.json", place / f"map-{side}")
            peaks[side**2] = max(record["peak_rss_mb"].values())
    least = min(peaks)
    for blocks, peak in peaks.items():
        ratio = peak / peaks[least]
        yield {
            "case": f"memory-{blocks}-blocks",
            "value": round(ratio, 3),
            "unit": "ratio",
            "goal": "<= 1.1",
            "ok": ratio <= 1.1,
            "detail": {"peak_mb": peak, "against_blocks": least, "block_px": CHUNK_PX},
        }


def _run(event: Path, source: Path, out: Path) -> dict:
    recipe = Recipe(
        event=str(event),
        source=str(source),
        detector=DetectorChoice(name="ndvi-change"),
        block_px=CHUNK_PX,
        cluster=ClusterChoice(workers=1),
    )
    map_event(recipe, out)
    return json.loads((out / "run.json").read_text())


def _event_of(side: int) -> Event:
    """An event whose grid is `side` blocks square, at the source's upper left."""
    import geopandas as gpd

    metres = side * CHUNK_PX * 10.0
    x, y = _ORIGIN
    square = gpd.GeoSeries([box(x, y - metres, x + metres, y).buffer(-20)], crs="EPSG:32645")
    return Event(
        id=f"blocks-{side}", time=datetime(2020, 6, 1, tzinfo=UTC), aoi=square.to_crs(4326).iloc[0]
    )


def write_source(folder: Path, side_px: int) -> None:
    """Noise as imagery: a pair with red and near infrared, and hills, in one item collection."""
    rng = np.random.default_rng(0)
    bounds = _event_of(side_px // CHUNK_PX).aoi.buffer(0.01).bounds
    time = datetime(2020, 6, 1, tzinfo=UTC)
    items = []
    for name, day in (("before", -10), ("after", 10)):
        assets = {}
        for band, level in (("red", 600), ("nir", 3000)):
            values = rng.normal(level, 50, (side_px, side_px)).astype("uint16")
            _write(folder / f"{name}-{band}.tif", values)
            assets[band] = {"href": f"{name}-{band}.tif", "raster:scale": 1e-4, "nodata": 0}
        items.append(_item(name, time + timedelta(days=day), bounds, assets, "pair"))
    rows, cols = np.mgrid[:side_px, :side_px]
    hills = 200 * np.sin(rows / 40) * np.cos(cols / 50) + 500
    _write(folder / "hills.tif", hills.astype("float32"))
    items.append(_item("hills", time, bounds, {"elevation": {"href": "hills.tif"}}, "dem"))
    collection = {"type": "FeatureCollection", "features": items}
    (folder / "items.json").write_text(json.dumps(collection))


def _item(name: str, time: datetime, bounds: tuple, assets: dict, collection: str) -> dict:
    return {
        "type": "Feature",
        "id": name,
        "collection": collection,
        "geometry": None,
        "bbox": list(bounds),
        "properties": {"datetime": time.isoformat(), "proj:code": "EPSG:32645"},
        "assets": assets,
    }


def _write(path: Path, values: np.ndarray) -> None:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=1,
        height=values.shape[0],
        width=values.shape[1],
        dtype=values.dtype.name,
        crs="EPSG:32645",
        transform=from_origin(*_ORIGIN, 10, 10),
        tiled=True,
        blockxsize=256,
        blockysize=256,
        compress="DEFLATE",
    ) as file:
        file.write(values, 1)
