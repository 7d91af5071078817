"""Second looks at a finished run: score it against an inventory, write its pages again."""

from pathlib import Path
from typing import Any

import geopandas as gpd
from shapely.geometry import shape

from lsbatch.analysis import evaluate_product, find_landslides
from lsbatch.batch.folder import RunFolder
from lsbatch.batch.resume import read_record, run_plan_of
from lsbatch.batch.tables import read_rows
from lsbatch.batch.work import works_of
from lsbatch.catalog import read_area, read_inventory
from lsbatch.errors import StoreError
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
    run = RunFolder(folder)
    try:
        plan = run_plan_of(read_record(run.plan_path), run.plan_path)
        rows = read_rows(folder / "summary.parquet")
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{folder} is not the folder of a finished run ({error}).") from error
    write_run_page(folder / "report.html", rows)
    works = works_of(plan, run).values()
    return [folder / "report.html", *(w.write_report() for w in works if w.is_published)]
