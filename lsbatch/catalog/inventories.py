"""Mapped landslides: our truth, as polygons and as labels."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import rasterio.features
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from lsbatch.catalog.polygons import read_polygons
from lsbatch.domain import LANDSLIDE
from lsbatch.errors import CatalogError, GridMismatchError

_PIXEL_PARTS = 1024
"""Corners are snapped to this fraction of a pixel, then moved half a fraction on. A power of two
keeps the arithmetic exact, and no corner falls on an edge or a centre of a pixel, where rounding
would decide: so every window of a grid is rasterised alike."""


def read_inventory(path: Path) -> gpd.GeoDataFrame:
    """Landslide polygons of an inventory, each valid.

    Parameters
    ----------
    path : Path
        GeoJSON, GeoPackage, shapefile or GeoParquet.

    Returns
    -------
    GeoDataFrame
        In the CRS of the file, with its properties as columns. ``attrs["repaired"]`` counts
        the invalid polygons made valid, ``attrs["dropped"]`` those without any area, left out.
        Empty where the file is: somebody looked, and there was no landslide.

    Raises
    ------
    CatalogError
        For a file that cannot be read, has no CRS, holds points or lines, or polygons none of
        which has an area.
    """
    frame = read_polygons(path)
    invalid = ~(frame.geometry.is_valid | frame.geometry.isna())
    # "structure" without collapsed parts gives polygons only, never a mixed collection
    repaired = shapely.make_valid(
        frame.geometry.values[invalid], method="structure", keep_collapsed=False
    )
    frame.loc[invalid, frame.geometry.name] = gpd.GeoSeries(
        repaired, index=frame.index[invalid], crs=frame.crs
    )
    sound = shapely.area(frame.geometry.values) > 0
    if not sound.any() and not frame.empty:
        raise CatalogError(
            f"An inventory needs polygons with an area; none of the {len(frame)} in {path} has one."
        )
    inventory = frame[sound].reset_index(drop=True)
    inventory.attrs = {
        "repaired": int((invalid & sound).sum()),
        "dropped": int((~sound).sum()),
    }
    return inventory


def rasterise(
    inventory: gpd.GeoDataFrame, geobox: GeoBox, *, all_touched: bool = False
) -> npt.NDArray[np.uint8]:
    """Labels of an inventory on a grid.

    Parameters
    ----------
    inventory : GeoDataFrame
        Valid polygons in any CRS; reprojected to that of the grid.
    geobox : GeoBox, (H, W)
        Any window of a grid gives the same labels as that window of the whole.
    all_touched : bool
        False: pixels whose centre lies in a polygon. True: every pixel that a polygon touches.

    Returns
    -------
    ndarray, uint8, (H, W)
        1 = landslide, 0 = none mapped. There is no third value: pass on where the mappers looked.

    Raises
    ------
    GridMismatchError
        Where the inventory or the grid has no CRS.
    """
    if inventory.crs is None or geobox.crs is None:
        raise GridMismatchError(
            "Labels need a CRS on both sides; "
            f"{'the inventory' if inventory.crs is None else 'the grid'} has none."
        )
    polygons = _to_pixels(inventory, geobox)
    if not len(polygons):
        return np.zeros(geobox.shape, np.uint8)
    labels: npt.NDArray[np.uint8] = rasterio.features.rasterize(
        polygons,
        out_shape=tuple(geobox.shape),
        transform=Affine.identity(),
        all_touched=all_touched,
        default_value=LANDSLIDE,
        dtype="uint8",
    )
    return labels


def _to_pixels(inventory: gpd.GeoDataFrame, geobox: GeoBox) -> npt.NDArray[np.object_]:
    """Polygons that may touch the grid, in its pixels: x = column, y = row."""
    a, b, c, d, e, f, *_ = ~geobox.affine

    def snap(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        x, y = corners.T
        pixels = np.column_stack([a * x + b * y + c, d * x + e * y + f])
        return (np.round(pixels * _PIXEL_PARTS) + 0.5) / _PIXEL_PARTS

    projected = np.asarray(inventory.geometry.to_crs(str(geobox.crs)).values)
    # far from the grid a projection may end in infinity: those polygons are no part of its map
    reached = np.isfinite(shapely.bounds(projected)).all(axis=1)
    polygons: npt.NDArray[np.object_] = shapely.transform(projected[reached], snap)
    left, top, right, bottom = shapely.bounds(polygons).T
    height, width = geobox.shape
    near = (left < width) & (right > 0) & (top < height) & (bottom > 0)
    return np.asarray(polygons[near])
