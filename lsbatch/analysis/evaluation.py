"""A product against an inventory: where it was right, and the ground that holds for."""

import math
from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.features import rasterize
from scipy.ndimage import binary_dilation, label
from shapely.geometry.base import BaseGeometry

from lsbatch.analysis.objects import object_scores
from lsbatch.analysis.outlines import trace_labels
from lsbatch.analysis.pixel_scores import pixel_scores
from lsbatch.analysis.plain import norm_plain, ratio
from lsbatch.analysis.tally import ScoreTally
from lsbatch.analysis.windows import (
    WINDOW_PX,
    extent_of,
    inside,
    pixel_km2,
    windows_of,
)
from lsbatch.catalog import rasterise
from lsbatch.domain import LANDSLIDE, Status, project_area
from lsbatch.errors import GridMismatchError
from lsbatch.kernels import confusion_by_cell

CELL_M = 1000.0
"""Least side of the cells that the bootstrap draws."""
JUDGED = 0.5
"""Share of a reference object that must have been observed for it to be judged."""


def evaluate_product(
    product: xr.Dataset,
    landslides: gpd.GeoDataFrame,
    inventory: gpd.GeoDataFrame,
    *,
    extent: BaseGeometry | None = None,
) -> dict[str, Any]:
    """Scores of a product inside an inventory's mapped extent, where the product observed.

    Parameters
    ----------
    product : Dataset, (y, x)
        Read window by window.
    landslides : GeoDataFrame
        What `find_landslides` makes of it.
    inventory : GeoDataFrame
        Mapped landslides, valid polygons, any CRS; may be empty.
    extent : polygon(s), EPSG:4326, optional
        Where the inventory's authors looked. Default: the whole grid.

    Returns
    -------
    dict
        Plain values, floats of 9 significant digits, None where undefined.

        - `pixel`: see `pixel_scores`, with `auc`, `pr_auc`, `brier`, `ece` of the scores
          (`ScoreTally`), over pixels of status 0 whose centre lies in the extent;
        - `object`: see `object_scores`. A reference object is judged by its observed part, and left
          out where that is less than half of it; mapped objects are judged against all parts;
        - `extent`: `area_km2`, `observed_area_km2`, `observed_fraction`, and of the inventory
          inside it `inventory_count`, `inventory_area_km2`, `inventory_area_unobserved_km2`,
          `inventory_count_unobserved` (objects left out);
        - `reference_area_unobserved_km2`: the same area.

    Raises
    ------
    GridMismatchError
        Where the inventory has no CRS.
    """
    geobox = product.odc.geobox
    area = extent_of(geobox) if extent is None else project_area(extent, geobox.crs)
    references = _cut(_on_grid(inventory, geobox), area)
    found = _cut(landslides.to_crs(str(geobox.crs)).geometry.values, area)
    cells, tally, observed = _walk(product, area, references)
    own, seen = shapely.area(references), shapely.area(observed)
    judged = seen >= JUDGED * own
    ground = shapely.union_all(observed)
    inventory_m2 = shapely.union_all(references).area
    unobserved_km2 = max(inventory_m2 - ground.area, 0.0) / 1e6
    observed_km2 = float(cells.sum()) * pixel_km2(geobox)
    facts: dict[str, Any] = norm_plain(
        {
            "pixel": pixel_scores(cells) | tally.scores(),
            "object": object_scores(observed[judged], found, ground=ground),
            "extent": {
                "area_km2": area.area / 1e6,
                "observed_area_km2": observed_km2,
                "observed_fraction": ratio(observed_km2, area.area / 1e6),
                "inventory_count": len(references),
                "inventory_count_unobserved": int((~judged).sum()),
                "inventory_area_km2": inventory_m2 / 1e6,
                "inventory_area_unobserved_km2": unobserved_km2,
            },
            "reference_area_unobserved_km2": unobserved_km2,
        }
    )
    return facts


def _on_grid(inventory: gpd.GeoDataFrame, geobox: GeoBox) -> NDArray[np.object_]:
    """Polygons of an inventory in the CRS of a grid."""
    if inventory.crs is None:
        raise GridMismatchError("An inventory needs a CRS; this one has none. Set it with set_crs.")
    polygons = np.asarray(inventory.geometry.to_crs(str(geobox.crs)).values)
    # far from the grid a projection may end in infinity
    polygons = polygons[np.isfinite(shapely.bounds(polygons)).all(axis=1)]
    # slivers may cross themselves on another map
    return np.asarray(shapely.make_valid(polygons, method="structure", keep_collapsed=False))


def _cut(polygons: NDArray[np.object_], area: BaseGeometry) -> NDArray[np.object_]:
    """What of each polygon lies in an area; those without any are left out."""
    cut = np.asarray(shapely.intersection(np.asarray(polygons), area))
    mixed = shapely.get_type_id(cut) == shapely.GeometryType.GEOMETRYCOLLECTION
    cut[mixed] = shapely.buffer(cut[mixed], 0)  # lines along a common edge go
    return np.asarray(cut[shapely.area(cut) > 0])


def _walk(
    product: xr.Dataset, area: BaseGeometry, references: NDArray[np.object_]
) -> tuple[NDArray[np.int64], ScoreTally, NDArray[np.object_]]:
    """Confusion of each cell, tally of the scores, and the observed part of each reference."""
    geobox = product.odc.geobox
    cell_px = math.ceil(CELL_M / abs(geobox.resolution.x))
    tree, tally, cells = shapely.STRtree(references), ScoreTally(), []
    parts: list[list[BaseGeometry]] = [[] for _ in references]
    # windows of whole cells: a cell is one witness, not two
    for roi in windows_of(geobox, side_px=cell_px * max(WINDOW_PX // cell_px, 1)):
        window, score = geobox[roi], product["score"][roi].values
        counted = inside(area, window) & (product["status"][roi].values == Status.SCORED)
        counted &= np.isfinite(score)
        near = np.sort(tree.query(extent_of(window)))
        labels = gpd.GeoDataFrame(geometry=references[near], crs=str(geobox.crs))
        truth = rasterise(labels, window) == LANDSLIDE
        marked = product["landslide"][roi].values == LANDSLIDE
        cells.append(confusion_by_cell(marked, truth, counted, cell_px=cell_px).reshape(-1, 4))
        tally.add(score[counted], truth[counted])
        for owner, part in _observed_parts(references[near], counted, window):
            parts[near[owner]].append(part)
    observed = np.array([shapely.union_all(own) for own in parts], object)
    return np.concatenate(cells), tally, observed


def _observed_parts(
    references: NDArray[np.object_], counted: NDArray[np.bool_], window: GeoBox
) -> Iterator[tuple[int, BaseGeometry]]:
    """Pieces of reference polygons on counted pixels, each with its polygon's index."""
    if not (len(references) and counted.any()):
        return
    if counted.all():
        seen = np.array([extent_of(window)], object)
    else:
        touched = rasterize(
            references, out_shape=window.shape, transform=window.affine, all_touched=True
        )
        # clouds have a thousand outlines; only those about the references matter
        labels, count = label(counted & binary_dilation(touched))
        seen = np.array(trace_labels(labels, count, window.affine), object)
    owner, piece = shapely.STRtree(seen).query(references, predicate="intersects")
    yield from zip(owner, shapely.intersection(references[owner], seen[piece]), strict=True)
