"""A static STAC 1.1 catalogue of one world: images, elevation model, event and inventory."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pystac
import shapely
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from shapely.geometry.base import BaseGeometry

from lsbatch.simulate.cogs import write_cog
from lsbatch.simulate.images import OFFSET, SCALE, Image
from lsbatch.simulate.season import Overpass
from lsbatch.simulate.spectra import BANDS
from lsbatch.simulate.world import World, photograph, survey

_IMAGES, _TERRAIN = "sentinel-2-l2a", "dem"
_EXTENSIONS = [
    "https://stac-extensions.github.io/eo/v2.0.0/schema.json",
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/raster/v2.0.0/schema.json",
    "https://stac-extensions.github.io/view/v1.0.0/schema.json",
]
_SURVEY_DATE = datetime(2015, 1, 1, tzinfo=UTC)
_PROVIDER = pystac.Provider(
    "lsbatch", roles=[pystac.ProviderRole.PRODUCER], description="Simulated, not observed."
)


def write_world(world: World, folder: Path) -> None:
    """Write every file of a world into an empty folder.

    The catalogue is self-contained, all its links are relative, and nothing in it depends on when
    or where it was written.
    """
    images = [_write_image(world, overpass, folder / _IMAGES) for overpass in world.overpasses]
    model = _write_elevation(world, folder / _TERRAIN)
    catalog = pystac.Catalog(
        id=f"simulated-{world.event.id}",
        title="A simulated event",
        description="An invented landscape before and after an invented earthquake, with the "
        "landslides known. Nothing here was observed.",
    )
    catalog.add_children(
        [
            _collect(_IMAGES, "Simulated Sentinel-2 surface reflectance", images),
            _collect(_TERRAIN, "Simulated 30 m surface model with canopy", [model]),
        ]
    )
    catalog.normalize_hrefs(str(folder))
    catalog.save(pystac.CatalogType.SELF_CONTAINED)
    _write_truth(world, folder)


def _write_truth(world: World, folder: Path) -> None:
    features = {"type": "FeatureCollection", "features": [world.event.to_feature()]}
    (folder / "events.geojson").write_text(json.dumps(features, indent=2) + "\n")
    place = folder / "inventories" / f"{world.event.id}.parquet"
    place.parent.mkdir()
    gpd.GeoDataFrame(
        {
            "id": [f"{world.event.id}-{n:04d}" for n in range(1, len(world.inventory) + 1)],
            "area_m2": np.array([polygon.area for polygon in world.inventory], np.float64),
        },
        geometry=list(world.inventory),
        crs=str(world.grid.crs),
    ).to_parquet(place, index=False)


def _write_image(world: World, overpass: Overpass, folder: Path) -> pystac.Item:
    image = photograph(world, overpass)
    item_id = f"S2_{world.event.id}_{overpass.time:%Y%m%d}"
    place = folder / item_id
    place.mkdir(parents=True)
    coarse = world.grid.zoom_out(2)
    for name, numbers in image.bands.items():
        write_cog(place / f"{name}.tif", numbers, grid=world.grid, nodata=0, kind="AVERAGE")
    write_cog(place / "scl.tif", image.classes, grid=coarse, nodata=0, kind="MODE")
    footprint = _footprint(image, world.grid)
    cloud = np.isin(image.classes, (8, 9, 10)).sum() / max((image.classes > 0).sum(), 1)
    properties = {
        "platform": "sentinel-2a",
        "constellation": "sentinel-2",
        "instruments": ["msi"],
        "gsd": 10,
        "eo:cloud_cover": round(100 * float(cloud), 2),
        "view:sun_azimuth": round(overpass.sun_azimuth_deg, 3),
        "view:sun_elevation": round(overpass.sun_elevation_deg, 3),
        "s2:processing_baseline": "05.10",
        **_projection(world.grid),
    }
    item = _make_item(item_id, footprint, overpass.time, properties)
    for name in BANDS:
        item.add_asset(name, _asset(f"{name}.tif", name, world.grid, _measured(name)))
    item.add_asset("scl", _asset("scl.tif", "Scene classes", coarse, _CLASSES))
    return item


def _write_elevation(world: World, folder: Path) -> pystac.Item:
    model = survey(world)
    item_id = f"DEM_{world.event.id}"
    (folder / item_id).mkdir(parents=True)
    path = folder / item_id / "data.tif"
    write_cog(path, model.elevation, grid=model.grid, nodata=None, kind="AVERAGE")
    footprint = model.grid.extent.geom
    properties = {"gsd": 30, **_projection(model.grid)}
    item = _make_item(item_id, footprint, _SURVEY_DATE, properties)
    bands = [{"name": "data", "data_type": "float32", "unit": "m"}]
    item.add_asset("data", _asset("data.tif", "Surface height", model.grid, bands))
    return item


def _measured(name: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "eo:common_name": name,
            "data_type": "uint16",
            "nodata": 0,
            "raster:scale": SCALE,
            "raster:offset": OFFSET,
        }
    ]


_CLASSES: list[dict[str, Any]] = [{"name": "scl", "data_type": "uint8", "nodata": 0}]


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
        bbox=list(footprint.bounds),
        datetime=time,
        properties=properties,
        stac_extensions=list(_EXTENSIONS),
    )


def _footprint(image: Image, grid: GeoBox) -> BaseGeometry:
    """Outline of the pixels with data, EPSG:4326: their hull, since a swath's edge is straight."""
    inside = next(iter(image.bands.values())) > 0
    rows = np.flatnonzero(inside.any(axis=1))
    first = inside[rows].argmax(axis=1)
    last = inside.shape[1] - inside[rows, ::-1].argmax(axis=1)
    corners = [(col, rows + down) for col in (first, last) for down in (0, 1)]
    rim = np.concatenate([np.column_stack(corner) for corner in corners])
    hull = shapely.MultiPoint(rim).convex_hull
    placed = shapely.transform(hull, lambda at: np.column_stack(grid.pix2wld(*at.T)))
    return Geometry(placed, grid.crs).to_crs("EPSG:4326").geom


def _collect(name: str, title: str, items: list[pystac.Item]) -> pystac.Collection:
    collection = pystac.Collection(
        id=name,
        title=title,
        description="Simulated data with known truth; not for any use but tests and lessons.",
        extent=pystac.Extent.from_items(items),
        license="other",
        providers=[_PROVIDER],
    )
    collection.add_items(items)
    return collection
