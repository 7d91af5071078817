"""Every picture of an event's page, with the words for those who cannot see it."""

import base64
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from odc.geo.crs import CRS
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from lsbatch.catalog import catalogs_folder
from lsbatch.domain import Event, Status, project_area
from lsbatch.errors import CatalogError
from lsbatch.report.canvas import Extent
from lsbatch.report.closeups import Closeup, choose_closeups, draw_closeup
from lsbatch.report.figures import (
    STATUS_COLOURS,
    UNDETECTABLE_COLOUR,
    draw_image,
    draw_landslides,
    draw_score,
    draw_status,
)
from lsbatch.report.imagery import Views
from lsbatch.report.locator import draw_locator
from lsbatch.report.overview import Overview
from lsbatch.report.sizes import draw_sizes
from lsbatch.report.surroundings import draw_surroundings
from lsbatch.report.wording import area, percent, plain


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG file and what it shows."""

    png: bytes
    alt: str
    caption: str = ""

    @property
    def src(self) -> str:
        """The file as a ``data:`` address."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, as the file says."""
        width, height = struct.unpack(">II", self.png[16:24])
        return width, height


def draw_pictures(
    event: Event,
    overview: Overview,
    *,
    views: Views | None,
    landslides: GeoDataFrame,
    threshold: float,
    sizes: Mapping[str, Any],
) -> dict[str, Any]:
    """Give the page's pictures by name: each a Picture, or None where it cannot be drawn.

    Parameters
    ----------
    event : Event
    overview : Overview
    views : Views or None
    landslides : GeoDataFrame
        Polygons in the CRS of the overview, with `area_m2`.
    threshold : float
        Score from which a pixel is a landslide.
    sizes : mapping
        `size_frequency` of the event's metrics.

    Returns
    -------
    dict
        `locator`, `surroundings`, `score`, `landslides`, `status`: Picture; `pre`, `post`,
        `sizes`: Picture or None; `closeups`: list of Picture.
    """
    aoi = project_area(event.aoi, overview.crs)
    frame, plot = _frame_of(overview, aoi), draw_sizes(sizes)
    return {
        "locator": Picture(
            draw_locator(event, _land_file()),
            "Map of the region with the area of interest and the epicentre, and a world map.",
        ),
        "surroundings": Picture(
            draw_surroundings(event, overview, aoi=aoi, landslides=landslides.geometry),
            "Map of the area of interest, the ground observed in it and the landslides as dots.",
        ),
        "pre": _image("before", views.pre, views, frame=frame, aoi=aoi) if views else None,
        "post": _image("after", views.post, views, frame=frame, aoi=aoi) if views else None,
        "score": Picture(
            draw_score(overview, views, frame=frame, aoi=aoi, threshold=threshold),
            "Map of the detector's score over hillshade; ground not observed is blue-grey.",
        ),
        "landslides": Picture(
            draw_landslides(landslides, overview, views, frame=frame),
            f"Map with the outlines of {len(landslides)} landslides.",
        ),
        "closeups": [
            _closeup(closeup, views, overview.crs) for closeup in choose_closeups(landslides, views)
        ]
        if views
        else [],
        "status": Picture(
            draw_status(overview, frame=frame, aoi=aoi),
            "Map of why each pixel has, or has not, a score; colours in the table.",
        ),
        "sizes": plot and Picture(plot, "Plot of probability density against landslide area."),
    }


def legend(
    overview: Overview, metrics: Mapping[str, Any], *, only_after: bool = False
) -> list[dict[str, str]]:
    """Rows of the status map's key: colour, meaning, and how much of the AOI that is.

    Of a map that rests on images after the event alone nothing is said of the ground before.
    """
    whole = metrics.get("aoi_area_km2")
    by_status = dict(metrics.get("area_by_status_km2") or {})
    scored, told = by_status.get("scored"), metrics.get("detectable_area_km2")
    untold = None if scored is None or told is None else scored - told
    least = 1e-6 * (whole or 1.0)  # less is the rounding of two areas' difference
    rows = []
    for status in overview.present:
        km2 = by_status.get(status.name.lower())
        if status is not Status.SCORED:
            rows.append((STATUS_COLOURS[status], status.meaning, km2))
            continue
        rows.append((STATUS_COLOURS[status], "scored, and a fresh scar would show", told))
        if untold is None or untold > least:
            why = "" if only_after else " bare before:"
            text = f"scored, but{why} a scar could not be told"
            rows.append((UNDETECTABLE_COLOUR, text, untold))
    beyond = by_status.get("outside_grid") or 0.0
    if beyond > least:
        rows.append(("#ffffff", "beyond all images", beyond))
    return [
        {
            "colour": colour,
            "meaning": text,
            "km2": plain(km2),
            "share": percent(km2 / whole if km2 is not None and whole else None),
        }
        for colour, text, km2 in rows
    ]


def _land_file() -> Path | None:
    """The world's outline; a page can do without it where the catalogues are not installed."""
    try:
        return catalogs_folder() / "land.geojson"
    except CatalogError:
        return None


def _frame_of(overview: Overview, aoi: BaseGeometry) -> Extent:
    """The part of the grid that the AOI spans, with a small margin: grids begin on a lattice."""
    whole, (west, south, east, north) = Extent.of(overview.geobox), aoi.bounds
    margin = 0.02 * max(east - west, north - south)
    return Extent(
        max(whole.left, west - margin),
        min(whole.right, east + margin),
        max(whole.bottom, south - margin),
        min(whole.top, north + margin),
    )


def _image(
    when: str,
    image: NDArray[np.uint8] | None,
    views: Views,
    *,
    frame: Extent,
    aoi: BaseGeometry,
) -> Picture | None:
    if image is None:
        return None
    png = draw_image(image, views.extent, frame=frame, aoi=aoi)
    return Picture(png, f"True-colour image {when} the event; grey where there is no data.")


def _closeup(closeup: Closeup, views: Views, crs: CRS) -> Picture:
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(*closeup.centre)
    count, largest = len(closeup.landslides), closeup.landslides["area_m2"].max()
    noun = "landslide" if count == 1 else "landslides"
    caption = (
        f"{abs(lat):.4f}\u00b0{'N' if lat >= 0 else 'S'} {abs(lon):.4f}\u00b0"
        f"{'E' if lon >= 0 else 'W'}: {count} {noun}, the largest {area(largest)}"
    )
    when = "After" if views.pre is None else "Before and after"
    return Picture(draw_closeup(closeup, views), f"{when} at {caption}.", caption)
