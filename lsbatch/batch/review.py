"""Second looks at a finished run: score it against an inventory, write its pages again."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely.geometry import shape

from lsbatch.analysis import evaluate_product, find_landslides
from lsbatch.batch.folder import RunFolder
from lsbatch.catalog import read_area, read_inventory
from lsbatch.errors import StoreError
from lsbatch.pipeline import Plan, write_report
from lsbatch.report import write_run_page
from lsbatch.store import open_product

_MIN_AREA_M2 = 400.0


def evaluate_folder(
    product: Path, inventory: Path, *, extent: Path | None = None
) -> dict[str, Any]:
    """Scores of a product against mapped polygons, where it observed and the inventory covers.

    Without an extent the inventory is taken to cover the product's area of interest.

    The polygons are those beside the product; without them they are made from the raster.

    Raises
    ------
    StoreError
        If there is no product.
    CatalogError
        If the inventory or the extent cannot be read.
    """
    dataset = open_product(product)
    if "event" not in dataset.attrs:
        raise StoreError(f"{product} is a Zarr store, but not a product of lsbatch.")
    beside = product.parent / "landslides.parquet"
    if beside.is_file():
        landslides = gpd.read_parquet(beside)
    else:
        event_id = str(dataset.attrs["event"]["id"])
        landslides = find_landslides(
            dataset, event_id=event_id, min_area_m2=_MIN_AREA_M2, terrain=None
        )
    return evaluate_product(
        dataset,
        landslides,
        read_inventory(inventory),
        extent=shape(dataset.attrs["event"]["aoi"]) if extent is None else read_area(extent),
    )


def rewrite_pages(folder: Path) -> list[Path]:
    """Write the pages of a finished run again; returns their paths.

    Raises
    ------
    StoreError
        If the folder is not a finished run.
    """
    try:
        plan = Plan.from_json(json.loads((folder / "plan.json").read_text(encoding="utf-8")))
        rows = pd.read_parquet(folder / "summary.parquet").to_dict("records")
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{folder} is not the folder of a finished run ({error}).") from error
    run = RunFolder(folder, plan.run_key)
    receipts = list(run.receipts().values())
    page = write_report(plan, run.published(plan.event.slug), receipts)
    write_run_page(folder / "report.html", rows)
    return [folder / "report.html", page]
