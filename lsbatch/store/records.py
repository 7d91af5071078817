"""STAC records of products, so that a catalogue's tools can find and open them."""

from pathlib import Path
from typing import Any

import pystac
import shapely
from odc.geo.geobox import GeoBox

from lsbatch.domain import Event, box_of, cut_at_180

ZARR_MEDIA_TYPE = "application/vnd.zarr; version=3"
_ASSETS = {
    "product": ("product.zarr", ZARR_MEDIA_TYPE, ["data"]),
    "landslides": ("landslides.parquet", "application/vnd.apache.parquet", ["data"]),
    "metrics": ("metrics.json", "application/json", ["metadata"]),
    "report": ("report.html", "text/html", ["overview"]),
}


def item_of(event: Event, grid: GeoBox, *, properties: dict[str, Any]) -> dict[str, Any]:
    """STAC item of one event's product, hrefs relative to its folder."""
    footprint = cut_at_180(grid.extent.to_crs("EPSG:4326").geom)
    item = pystac.Item(
        id=event.slug,
        geometry=shapely.geometry.mapping(footprint),
        bbox=list(box_of(footprint)),
        datetime=event.time,
        properties={
            "title": event.name,
            "proj:code": f"EPSG:{grid.crs.epsg}",
            "proj:shape": list(grid.shape),
            "proj:transform": list(grid.affine)[:6],
            **properties,
        },
        stac_extensions=["https://stac-extensions.github.io/projection/v2.0.0/schema.json"],
    )
    for key, (href, media_type, roles) in _ASSETS.items():
        item.add_asset(key, pystac.Asset(href=f"./{href}", media_type=media_type, roles=roles))
    item.assets["product"].extra_fields["xarray:open_kwargs"] = {
        "engine": "zarr",
        "chunks": {},
        "decode_coords": "all",
    }
    record: dict[str, Any] = item.to_dict(include_self_link=False, transform_hrefs=False)
    record["links"] = [{"rel": rel, "href": "../../catalog.json"} for rel in ("root", "parent")]
    return record


def catalog_of(run_key: str, slugs: list[str]) -> dict[str, Any]:
    """Static STAC catalogue of a run, hrefs relative to its folder."""
    links = [{"rel": "root", "href": "./catalog.json", "type": "application/json"}]
    links += [
        {"rel": "item", "href": f"./{Path('events') / slug}/item.json", "type": "application/json"}
        for slug in slugs
    ]
    return {
        "type": "Catalog",
        "stac_version": "1.1.0",
        "id": f"lsbatch-{run_key[:12]}",
        "description": f"Landslide maps made by lsbatch, run {run_key}.",
        "links": links,
    }
