"""finish_event: polygons, metrics, records and pages, once every block has its receipt."""

import functools
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
import xarray as xr
from odc.geo.geobox import GeoBox

from lsbatch.analysis import evaluate_product, event_metrics, find_landslides
from lsbatch.catalog import read_inventory
from lsbatch.cube import build_cube
from lsbatch.domain import VISIBLE, Preparation, Receipt, Scenes, Status
from lsbatch.errors import ReadError, StoreError
from lsbatch.features import reasons_of, screens_of
from lsbatch.pipeline.plan import Plan, detector_record
from lsbatch.pipeline.weighed import considered_record, offset_record
from lsbatch.report import write_event_page
from lsbatch.store import finish_product, item_of, open_product

logger = logging.getLogger(__name__)

_PREVIEW_PX = 1600


def finish_event(plan: Plan, folder: Path, receipts: Sequence[Receipt]) -> dict[str, Any]:
    """Make everything of an event but its raster.

    Parameters
    ----------
    plan : Plan
    folder : Path
        Holds product.zarr with all blocks written; gets landslides.parquet, metrics.json,
        item.json and report.html.
    receipts : sequence of Receipt
        One for each block.

    Returns
    -------
    dict
        The metrics.
    """
    if {receipt.block for receipt in receipts} != {block.index for block in plan.blocks()}:
        raise StoreError(
            f"The ledger of event {plan.event.id!r} does not hold every block. Run the same "
            "command again: it computes what is missing."
        )
    complete = all(receipt.status == "ok" for receipt in receipts)
    finish_product(folder / "product.zarr", attrs={"complete": complete})
    product = open_product(folder / "product.zarr")
    landslides = _landslides(plan, product)
    try:
        landslides.to_parquet(folder / "landslides.parquet")
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error}.") from error
    metrics = _metrics(plan, product, landslides, receipts)
    write_json(folder / "metrics.json", metrics)
    write_json(folder / "item.json", _item(plan, metrics))
    write_report(plan, folder, receipts)
    return metrics


def write_report(plan: Plan, folder: Path, receipts: Sequence[Receipt]) -> Path:
    """Write an event's report.html from its products, and from the imagery where it is at hand."""
    page = folder / "report.html"
    write_event_page(
        page,
        event=plan.event,
        product=open_product(folder / "product.zarr"),
        landslides=gpd.read_parquet(folder / "landslides.parquet"),
        metrics=json.loads((folder / "metrics.json").read_text(encoding="utf-8")),
        previews=build_previews(plan.scenes, plan.grid),
        provenance=_provenance(plan, [r for r in receipts if r.status != "ok"]),
    )
    return page


def product_attrs(plan: Plan) -> dict[str, Any]:
    """What the product says of itself; nothing of when, where or by how many it was made."""
    event = plan.event
    return {
        "event": {
            "id": event.id,
            "time": event.time.isoformat(),
            "magnitude": event.magnitude,
            "place": event.place,
            "name": event.name,
            "aoi": shapely.geometry.mapping(event.aoi),
        },
        "detector": {
            key: value
            for key, value in detector_record(plan.detector).items()
            if key != "parameters"
        },
        "threshold": plan.recipe.threshold,
        "slope_limit_deg": plan.recipe.slope_limit_deg,
        "preparation": {
            **plan.recipe.preparation.record(),
            "harmonise": plan.recipe.harmonise,
            "screens": screens_of(plan.scenes, plan.detector.inputs, plan.recipe.preparation),
        },
        "detectable_rule": plan.detector.detectable_rule,
        "run_key": plan.run_key,
        "precision": "float32",
        "software": plan.software,
        "sensors": sorted({look.scene.sensor_name for look in plan.scenes.looks}),
        "scenes": {
            "pre": [look.scene.id for look in plan.scenes.pre],
            "post": [look.scene.id for look in plan.scenes.post],
            "terrain": [scene.id for scene in plan.scenes.terrain],
        },
        "terrain_epochs": {
            scene.id: f"{scene.start:%Y-%m-%d}/{scene.end:%Y-%m-%d}"
            for scene in plan.scenes.terrain
        },
        "offsets": [offset_record(check) for check in plan.offsets],
        "shifts": [asdict(check) for check in plan.shifts],
        "complete": False,
    }


def build_previews(scenes: Scenes, grid: GeoBox) -> xr.Dataset | None:
    """Small true-colour images before and after, with elevation, for figures.

    Returns
    -------
    Dataset or None
        ``pre`` and ``post`` (band, y, x) float32 reflectance of red, green, blue: the clearest
        look, its gaps filled from the next clearest; where nothing is usable, cloud and all.
        A period without a look is NaN throughout. ``elevation`` (y, x) metres. NaN = no data. None
        where the imagery has no such bands or cannot be read any more.
    """
    if any(not set(VISIBLE) <= look.scene.bands for look in scenes.looks):
        return None
    try:
        cube = build_cube(scenes, preview_grid(grid), bands=VISIBLE).load(scheduler="threads")
    except ReadError as error:
        logger.warning("stage=previews no images for the report: %s", error)
        return None
    reasons = reasons_of(cube, VISIBLE, Preparation(cloud_margin_m=0, snow_margin_m=0))
    usable = reasons.compute(scheduler="threads") == Status.SCORED
    images = {name: (("band", "y", "x"), _clearest(cube, usable, name)) for name in ("pre", "post")}
    return xr.Dataset({**images, "elevation": cube["elevation"]}, coords={"band": list(VISIBLE)})


def preview_grid(grid: GeoBox) -> GeoBox:
    """A grid so coarse that an event's images fit a page."""
    step = max(1, -(-max(grid.shape) // _PREVIEW_PX))
    return grid.zoom_out(step)


def _clearest(cube: xr.Dataset, usable: np.ndarray, period: str) -> np.ndarray:
    here = np.flatnonzero(cube["period"].values == period)
    layers = np.stack([cube[band].values[here] for band in VISIBLE], axis=1)
    image = np.full(layers.shape[1:], np.nan, "float32")
    clearest_last = np.argsort(usable[here].sum(axis=(1, 2)), kind="stable")
    # later assignments win: any data first, then usable ground, of the clearest look last of all
    for chosen in (np.isfinite(layers).all(axis=1), usable[here]):
        for look in clearest_last:
            image = np.where(chosen[look], layers[look], image)
    return image


def write_json(path: Path, value: Any) -> None:
    """Plain JSON with a stable layout; NaN is refused, undefined is null."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False, default=str)
    path.write_text(text + "\n", encoding="utf-8")


def _landslides(plan: Plan, product: xr.Dataset) -> gpd.GeoDataFrame:
    terrain_only = replace(plan.scenes, looks=())

    def terrain(window: GeoBox) -> np.ndarray:
        return build_cube(terrain_only, window)["elevation"].compute(scheduler="threads").values

    find = functools.partial(
        find_landslides,
        product,
        event_id=plan.event.id,
        min_area_m2=plan.recipe.min_area_m2,
    )
    try:
        return find(terrain=terrain)
    except ReadError as error:
        logger.warning("stage=polygons no terrain attributes: %s", error)
        return find(terrain=None)


def _metrics(
    plan: Plan, product: xr.Dataset, landslides: gpd.GeoDataFrame, receipts: Sequence[Receipt]
) -> dict[str, Any]:
    low, mid, high = (
        sum(receipt.counts.get(f"landslide_{name}", 0) for receipt in receipts)
        for name in ("low", "mid", "high")
    )
    metrics = event_metrics(
        product,
        landslides,
        aoi=plan.event.aoi,
        complete=all(receipt.status == "ok" for receipt in receipts),
        area_bounds=(low, mid, high),
    )
    if plan.recipe.inventory:
        inventory = read_inventory(Path(plan.recipe.inventory))
        metrics["evaluation"] = evaluate_product(
            product, landslides, inventory, extent=plan.event.aoi
        )
    return {"event_id": plan.event.id, **metrics}


def _item(plan: Plan, metrics: dict[str, Any]) -> dict[str, Any]:
    shown = ("landslide_count", "landslide_area_km2", "observed_fraction", "complete")
    return item_of(
        plan.event,
        plan.grid,
        properties={
            "lsbatch:run_key": plan.run_key,
            "lsbatch:detector": plan.detector.name,
            **{f"lsbatch:{name}": metrics.get(name) for name in shown},
        },
    )


def _provenance(plan: Plan, failed: Sequence[Receipt]) -> dict[str, Any]:
    scenes = [
        {
            "id": look.scene.id,
            "period": look.period,
            "start": look.scene.start.isoformat(),
            "end": look.scene.end.isoformat(),
            "dated": look.scene.is_dated,
            "delay_days": look.delay_days,
            "sensor": look.scene.sensor.title,
            "cloud_percent": look.scene.cloud_percent,
        }
        for look in plan.scenes.looks
    ]
    return {
        "scenes": scenes,
        "terrain": [scene.id for scene in plan.scenes.terrain],
        "considered": [considered_record(one) for one in plan.scenes.considered],
        "shifts": [asdict(check) for check in plan.shifts],
        "rejected": [{"item_id": r.item_id, "reason": r.reason} for r in plan.rejected],
        "warnings": list(plan.warnings),
        "detector": {**detector_record(plan.detector), "rule": plan.detector.detectable_rule},
        "recipe": plan.recipe.model_dump(exclude={"cluster"}),
        "versions": plan.software,
        "run_key": plan.run_key,
        "failed_blocks": [{"block": list(r.block), "reason": r.reason} for r in failed],
        "attribution": [] if plan.event.facts.get("simulated") else attributions(plan.scenes),
    }


def attributions(scenes: Scenes) -> list[str]:
    """Lines that the producers of the imagery ask for."""
    names = {look.scene.sensor_name for look in scenes.looks}
    models = {granule.item_id.lower() for scene in scenes.terrain for granule in scene.granules}
    lines = []
    if any(name.startswith("sentinel-2") for name in names):
        lines.append("Contains modified Copernicus Sentinel data")
    if any(name.startswith("landsat") for name in names):
        lines.append("Landsat imagery courtesy of the U.S. Geological Survey")
    if any("alos" in model or "aw3d" in model for model in models):
        lines.append("ALOS World 3D-30m (AW3D30), (c) JAXA")
    return lines
