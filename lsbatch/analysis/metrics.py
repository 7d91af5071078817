"""What a run found in one event: areas looked at, landslides, densities."""

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
import xarray as xr
from shapely.geometry.base import BaseGeometry

from lsbatch.analysis.plain import norm_plain, ratio
from lsbatch.analysis.size_frequency import size_frequency
from lsbatch.analysis.windows import extent_of, inside, pixel_km2, windows_of
from lsbatch.domain import DETECTABLE, LANDSLIDE, Status, project_area

EDGE_SHARE = 0.1
"""Width of the band along the AOI's edge, as a share of the side of a square of its area."""


def event_metrics(
    product: xr.Dataset,
    landslides: gpd.GeoDataFrame,
    *,
    aoi: BaseGeometry,
    complete: bool,
    area_bounds: tuple[int, int, int],
) -> dict[str, Any]:
    """Metrics of an event that need no inventory.

    Parameters
    ----------
    product : Dataset, (y, x)
        Read window by window.
    landslides : GeoDataFrame
        What `find_landslides` makes of it.
    aoi : polygon(s), EPSG:4326
        The event's area of interest; may reach beyond the grid.
    complete : bool
        False where blocks failed.
    area_bounds : (int, int, int)
        Landslide pixels at threshold + 0.1, at the threshold and at threshold - 0.1.

    Returns
    -------
    dict
        Plain values, floats of 9 significant digits, None where undefined; areas on the map, of
        pixels whose centre lies in the AOI.

        - `aoi_area_km2`, `observed_area_km2` (status 0), `detectable_area_km2`,
          `observed_fraction`, `area_by_status_km2`: by name of status, with `outside_grid`;
        - `landslide_count`, `landslide_area_km2`, `largest_m2`, from the polygons;
          `landslide_area_km2_low`, `landslide_area_km2_high`: that area times the ratio of the
          counts in `area_bounds`, None without a landslide pixel at the threshold;
        - `landslide_density` (km2 per km2) and `landslide_number_density` (per km2), each over the
          `observed`, `detectable` and `steep` ground. Status 6 already takes out what is flatter
          than the recipe's limit, so `steep` is `observed`;
        - `edge_density_ratio`: density in a band inside the AOI's edge, as wide as a tenth of the
          square root of its area on the grid, over the density of the whole; about 1 or more says
          that the AOI cuts the affected area;
        - `size_frequency`: see there; `pixels`: {`total`, `scored`, `landslide`}; `complete`.
    """
    geobox = product.odc.geobox
    area = project_area(aoi, geobox.crs)
    on_grid = shapely.intersection(area, extent_of(geobox))
    band = shapely.difference(on_grid, area.buffer(-EDGE_SHARE * np.sqrt(on_grid.area)))
    counts = _count_pixels(product, area, band)
    pixel = pixel_km2(geobox)
    observed, detectable = counts["scored"] * pixel, counts["detectable"] * pixel
    by_status = {status.name.lower(): counts["by_status"][status] * pixel for status in Status}
    facts: dict[str, Any] = norm_plain(
        {
            "aoi_area_km2": area.area / 1e6,
            "observed_area_km2": observed,
            "detectable_area_km2": detectable,
            "observed_fraction": ratio(observed, area.area / 1e6),
            "area_by_status_km2": {
                **by_status,
                "outside_grid": max(0.0, area.area - on_grid.area) / 1e6,
            },
            **_landslide_facts(landslides, area_bounds),
            **_densities(landslides, observed, detectable),
            "edge_density_ratio": _edge_ratio(
                landslides, band, band_km2=counts["band"] * pixel, whole_km2=observed
            ),
            "size_frequency": size_frequency(landslides["area_m2"]),
            "pixels": {name: counts[name] for name in ("total", "scored", "landslide")},
            "complete": complete,
        }
    )
    return facts


def _landslide_facts(
    landslides: gpd.GeoDataFrame, area_bounds: tuple[int, int, int]
) -> dict[str, Any]:
    area_km2 = landslides["area_m2"].sum() / 1e6
    fewest, at_threshold, most = area_bounds
    return {
        "landslide_count": len(landslides),
        "landslide_area_km2": area_km2,
        "landslide_area_km2_low": ratio(area_km2 * fewest, at_threshold),
        "landslide_area_km2_high": ratio(area_km2 * most, at_threshold),
        "largest_m2": landslides["area_m2"].max() if len(landslides) else None,
    }


def _densities(
    landslides: gpd.GeoDataFrame, observed_km2: float, detectable_km2: float
) -> dict[str, Any]:
    area_km2 = landslides["area_m2"].sum() / 1e6
    ground = {"observed": observed_km2, "detectable": detectable_km2, "steep": observed_km2}
    return {
        "landslide_density": {name: ratio(area_km2, km2) for name, km2 in ground.items()},
        "landslide_number_density": {
            name: ratio(len(landslides), km2) for name, km2 in ground.items()
        },
    }


def _count_pixels(product: xr.Dataset, area: BaseGeometry, band: BaseGeometry) -> dict[str, Any]:
    """Pixels in the AOI, by status and kind; `band` counts the scored ones along its edge."""
    geobox = product.odc.geobox
    by_status = np.zeros(256, np.int64)
    counts = dict.fromkeys(("detectable", "landslide", "band"), 0)
    for roi in windows_of(geobox):
        within = inside(area, geobox[roi])
        if not within.any():
            continue
        status = product["status"][roi].values
        scored = within & (status == Status.SCORED)
        by_status += np.bincount(status[within], minlength=256)
        kinds = {
            "detectable": product["detectable"][roi].values == DETECTABLE,
            "landslide": product["landslide"][roi].values == LANDSLIDE,
            "band": inside(band, geobox[roi]),
        }
        for name, pixels in kinds.items():
            counts[name] += int((pixels & scored).sum())
    scored_px = int(by_status[Status.SCORED])
    return {**counts, "by_status": by_status, "total": int(by_status.sum()), "scored": scored_px}


def _edge_ratio(
    landslides: gpd.GeoDataFrame, band: BaseGeometry, *, band_km2: float, whole_km2: float
) -> float | None:
    whole = ratio(landslides["area_m2"].sum() / 1e6, whole_km2)
    in_band = shapely.intersection(landslides.geometry.values, band)
    edge = ratio(shapely.area(in_band).sum() / 1e6, band_km2)
    return None if edge is None or whole is None else ratio(edge, whole)
