"""STAC 1.1 items of simulated images and elevation models."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pystac
import shapely
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from shapely.geometry.base import BaseGeometry

from lsbatch.domain import Event, box_of, cut_at_180
from lsbatch.simulate.elevation_model import ElevationModel
from lsbatch.simulate.images import Image, Layer
from lsbatch.simulate.instruments import INSTRUMENTS, Instrument
from lsbatch.simulate.season import Overpass

TERRAIN = "dem"
COLLECTION_TITLES = {
    "sentinel-2-l2a": "Simulated Sentinel-2 surface reflectance",
    "sentinel-2-l1c": "Simulated Sentinel-2 top-of-atmosphere reflectance",
    "landsat-c2-l2": "Simulated Landsat surface reflectance",
    TERRAIN: "Simulated 30 m surface model with canopy",
}
_EXTENSIONS = [
    "https://stac-extensions.github.io/eo/v2.0.0/schema.json",
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/raster/v2.0.0/schema.json",
    "https://stac-extensions.github.io/view/v1.0.0/schema.json",
]
_SURVEYS = (datetime(2000, 2, 16, tzinfo=UTC), datetime(2015, 1, 1, tzinfo=UTC))
"""Of the two global elevation models, the later one where it came before the event."""


def image_item(event: Event, image: Image, overpass: Overpass) -> pystac.Item:
    """Record of one image; its files lie beside it, named for their assets."""
    instrument = INSTRUMENTS[overpass.instrument]
    measured = {k: v for k, v in image.layers.items() if k != instrument.quality}
    finest = max(measured.values(), key=lambda layer: layer.numbers.size)
    properties: dict[str, Any] = {
        "platform": instrument.platform,
        "instruments": list(instrument.instruments),
        "gsd": instrument.gsd,
        "eo:cloud_cover": round(float(image.cloud_percent), 2),
        "view:sun_azimuth": round(overpass.sun_azimuth_deg, 3),
        "view:sun_elevation": round(overpass.sun_elevation_deg, 3),
        **_projection(finest.grid),
    }
    if instrument.constellation:
        properties["constellation"] = instrument.constellation
        properties["s2:processing_baseline"] = "05.10"
    item = _make_item(
        f"{overpass.instrument.upper()}_{event.id}_{overpass.time:%Y%m%d}",
        _footprint(finest),
        overpass.time,
        properties,
    )
    for key, layer in image.layers.items():
        item.add_asset(key, _image_asset(key, layer, instrument))
    return item


def terrain_item(event: Event, model: ElevationModel) -> pystac.Item:
    """Record of an event's elevation model; its file lies beside it as ``data.tif``."""
    date = _SURVEYS[event.time > _SURVEYS[1]]
    properties = {"gsd": 30, **_projection(model.grid)}
    item = _make_item(f"DEM_{event.id}", model.grid.extent.geom, date, properties)
    bands = [{"name": "data", "data_type": "float32", "unit": "m"}]
    item.add_asset("data", _asset("data.tif", "Surface height", model.grid, bands))
    return item


def _image_asset(key: str, layer: Layer, instrument: Instrument) -> pystac.Asset:
    band: dict[str, Any] = {"name": key, "data_type": layer.numbers.dtype.name, "nodata": 0}
    if key == instrument.quality:
        return _asset(f"{key}.tif", "Quality flags", layer.grid, [band])
    band |= {
        "eo:common_name": key,
        "raster:scale": instrument.scale,
        "raster:offset": instrument.offset,
    }
    return _asset(f"{key}.tif", key, layer.grid, [band])


def _asset(href: str, title: str, grid: GeoBox, bands: list[dict[str, Any]]) -> pystac.Asset:
    return pystac.Asset(
        href=f"./{href}",
        title=title,
        media_type=pystac.MediaType.COG,
        roles=["data"],
        extra_fields={"bands": bands, **_projection(grid)},
    )


def _projection(grid: GeoBox) -> dict[str, Any]:
    return {
        "proj:code": str(grid.crs),
        "proj:shape": [grid.shape.y, grid.shape.x],
        "proj:transform": list(grid.affine)[:6],
    }


def _make_item(
    item_id: str, footprint: BaseGeometry, time: datetime, properties: dict[str, Any]
) -> pystac.Item:
    return pystac.Item(
        id=item_id,
        geometry=shapely.geometry.mapping(footprint),
        bbox=list(box_of(footprint)),
        datetime=time,
        properties=properties,
        stac_extensions=list(_EXTENSIONS),
    )


def _footprint(layer: Layer) -> BaseGeometry:
    """Outline of the pixels with data, EPSG:4326: their hull, since a swath's edge is straight."""
    inside = layer.numbers > 0
    rows = np.flatnonzero(inside.any(axis=1))
    first = inside[rows].argmax(axis=1)
    last = inside.shape[1] - inside[rows, ::-1].argmax(axis=1)
    corners = [(col, rows + down) for col in (first, last) for down in (0, 1)]
    rim = np.concatenate([np.column_stack(corner) for corner in corners])
    hull = shapely.MultiPoint(rim).convex_hull
    placed = shapely.transform(hull, lambda at: np.column_stack(layer.grid.pix2wld(*at.T)))
    return cut_at_180(Geometry(placed, layer.grid.crs).to_crs("EPSG:4326").geom)
