"""The landslides of a product as polygons, one row each."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr
from numpy.typing import NDArray
from rasterio.transform import Affine

from lsbatch.analysis.measures import Terrain, measure_pixels
from lsbatch.analysis.outlines import trace_outlines
from lsbatch.analysis.windows import WINDOW_PX

_DECIMALS = {
    "area_m2": 3,
    "perimeter_m": 3,
    "length_m": 3,
    "width_m": 3,
    "score_mean": 6,
    "score_max": 6,
    "slope_mean_deg": 3,
    "aspect_deg": 3,
    "relief_m": 3,
}
"""Measures and the decimals kept: beyond what they mean, short of where machines differ."""


def find_landslides(
    product: xr.Dataset,
    *,
    event_id: str,
    min_area_m2: float,
    terrain: Terrain | None,
    side_px: int = WINDOW_PX,
) -> gpd.GeoDataFrame:
    """Every landslide of a product, with its measures.

    Parameters
    ----------
    product : Dataset, (y, x)
        With `landslide`, `score`, `pre_delay` and `post_delay`; read window by window.
    event_id : str
        Goes into every row; ids are ``<event_id>-00001`` and on, from north to south.
    min_area_m2 : float
        Smaller ones are left out.
    terrain : callable or None
        Elevation over a grid that it is given: float32 (H, W), metres, NaN = no data.
    side_px : int
        Side of the windows; changes memory, never the result.

    Returns
    -------
    GeoDataFrame
        In the product's CRS (projected, metres), columns in this order:

        - `id`, `event_id`;
        - `area_m2`, `perimeter_m`; `length_m` >= `width_m` of the smallest rectangle around;
        - `score_mean`, `score_max`;
        - `slope_mean_deg`; `aspect_deg`: mean downslope direction weighted by slope, clockwise from
          north; `relief_m`: highest less lowest elevation;
        - `crown`, `toe`: points, centres of the highest and the lowest pixel;
        - `pre_delay_days`, `post_delay_days`: longest of its pixels, Int16;
        - `geometry`: valid polygons of edge-connected pixels.

        Null where not known. Without landslides: no rows, the same columns and dtypes.

    Raises
    ------
    ContractError
        If `terrain` returns another shape than asked for.
    """
    affine, crs = product.odc.geobox.affine, product.odc.geobox.crs
    outlines = trace_outlines(product, side_px=side_px)
    large = shapely.area(outlines.polygons) * abs(affine.determinant) >= min_area_m2
    outlines = outlines.take(large)
    if not large.any():
        return _frame(event_id, np.empty(0, object), pd.DataFrame(), crs)
    measures = measure_pixels(product, outlines, side_px=side_px, terrain=terrain)
    on_map = _on_map(outlines.polygons, affine)
    measures["area_m2"], measures["perimeter_m"] = shapely.area(on_map), shapely.length(on_map)
    measures["width_m"], measures["length_m"] = _sides(on_map)
    for end in ("crown", "toe"):
        place = measures[[f"{end}_x", f"{end}_y"]].to_numpy()
        points = np.full(len(place), None, object)
        known = ~np.isnan(place).any(axis=1)
        points[known] = shapely.points(place[known])
        measures[end] = _on_map(points, affine)
    return _frame(event_id, on_map, measures, crs)


def _on_map(pixels: NDArray[np.object_], affine: Affine) -> NDArray[np.object_]:
    """Geometries in pixel units as geometries in the product's CRS."""
    matrix = np.array([[affine.a, affine.d], [affine.b, affine.e]])
    moved = shapely.transform(pixels, lambda corners: corners @ matrix + (affine.c, affine.f))
    return np.asarray(moved)


def _sides(polygons: NDArray[np.object_]) -> NDArray[np.float64]:
    """Short and long side of each polygon's smallest rectangle, (2, N)."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(polygons)).reshape(-1, 5, 2)
    sides = np.linalg.norm(np.diff(corners[:, :3], axis=1), axis=2)
    return np.sort(sides, axis=1).T


def _frame(
    event_id: str, geometry: NDArray[np.object_], measures: pd.DataFrame, crs: object
) -> gpd.GeoDataFrame:
    columns: dict[str, object] = {
        "id": pd.Series([f"{event_id}-{n + 1:05d}" for n in range(len(geometry))], dtype=object),
        "event_id": pd.Series([event_id] * len(geometry), dtype=object),
    }
    for name, decimals in _DECIMALS.items():
        columns[name] = measures.get(name, pd.Series(dtype=float)).round(decimals)
    for end in ("crown", "toe"):
        columns[end] = gpd.GeoSeries(measures.get(end, []), crs=str(crs))
    for name in ("pre_delay_days", "post_delay_days"):
        columns[name] = measures.get(name, pd.Series(dtype=float)).astype("Int16")
    columns["geometry"] = gpd.GeoSeries(geometry, crs=str(crs))
    return gpd.GeoDataFrame(columns, geometry="geometry")
