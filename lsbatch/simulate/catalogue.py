"""A static STAC 1.1 catalogue of invented worlds: one collection for each kind of image."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pystac

from lsbatch.domain import Event
from lsbatch.simulate.cogs import write_cog
from lsbatch.simulate.instruments import INSTRUMENTS
from lsbatch.simulate.items import COLLECTION_TITLES, TERRAIN, image_item, terrain_item
from lsbatch.simulate.season import Overpass
from lsbatch.simulate.world import World, photograph, survey

Record = tuple[str, pystac.Item]
"""An item and the name of its collection."""
_PROVIDER = pystac.Provider(
    "lsbatch", roles=[pystac.ProviderRole.PRODUCER], description="Simulated, not observed."
)


_RECIPE = """\
# Maps simulated events and scores the maps against the known truth:
#   lsbatch run recipe.yaml --out DIR                       all of them
#   lsbatch map EVENT --config recipe.yaml --out DIR        one of them
# Paths are meant from this file's folder, and {{event}} stands for the id of each event.
events:
{events}catalog: events.geojson
source: catalog.json
inventory: inventories/{{event}}.parquet
detector: ndvi-change
"""


def write_world(world: World, folder: Path, *, tell: Callable[[str], None]) -> list[Record]:
    """Write the images, the elevation model and the inventory of a world; give their records.

    Parameters
    ----------
    world : World
    folder : Path
        The catalogue's, which other worlds may share.
    tell : callable
        Told the name of each image once it is written.
    """
    _write_inventory(world, folder)
    records = [_write_elevation(world, folder)]
    for overpass in world.overpasses:
        records.append(_write_image(world, overpass, folder))
        tell(records[-1][1].id)
    return records


def write_catalogue(folder: Path, name: str, records: Sequence[Record]) -> None:
    """Write catalog.json, the collections and the items.

    It is self-contained, all its links are relative, and nothing in it depends on when or where it
    was written.
    """
    catalog = pystac.Catalog(
        id=name,
        title="Simulated events",
        description="Invented landscapes before and after invented events, with the landslides "
        "known. Nothing here was observed.",
    )
    for collection, title in COLLECTION_TITLES.items():
        own = [item for home, item in records if home == collection]
        if own:
            catalog.add_child(_collect(collection, title, own))
    catalog.normalize_hrefs(str(folder))
    catalog.save(pystac.CatalogType.SELF_CONTAINED)


def write_events(folder: Path, events: Sequence[Event]) -> None:
    """Write events.geojson."""
    features = [event.to_feature() for event in events]
    record = {"type": "FeatureCollection", "features": features}
    (folder / "events.geojson").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def write_recipe(folder: Path, events: Sequence[Event]) -> None:
    """Write recipe.yaml, which maps and scores these events."""
    listed = "".join(f"  - {event.id}\n" for event in events)
    (folder / "recipe.yaml").write_text(_RECIPE.format(events=listed), encoding="utf-8")


def _write_inventory(world: World, folder: Path) -> None:
    place = folder / "inventories" / f"{world.event.id}.parquet"
    place.parent.mkdir(exist_ok=True)
    gpd.GeoDataFrame(
        {
            "id": [f"{world.event.id}-{n:04d}" for n in range(1, len(world.inventory) + 1)],
            "area_m2": np.array([polygon.area for polygon in world.inventory], np.float64),
        },
        geometry=list(world.inventory),
        crs=str(world.grid.crs),
    ).to_parquet(place, index=False)


def _write_image(world: World, overpass: Overpass, folder: Path) -> Record:
    image = photograph(world, overpass)
    item = image_item(world.event, image, overpass)
    instrument = INSTRUMENTS[overpass.instrument]
    place = folder / instrument.collection / item.id
    place.mkdir(parents=True)
    for key, layer in image.layers.items():
        kind = "MODE" if key == instrument.quality else "AVERAGE"
        write_cog(place / f"{key}.tif", layer.numbers, grid=layer.grid, nodata=0, kind=kind)
    return instrument.collection, item


def _write_elevation(world: World, folder: Path) -> Record:
    model = survey(world)
    item = terrain_item(world.event, model)
    place = folder / TERRAIN / item.id
    place.mkdir(parents=True)
    write_cog(place / "data.tif", model.elevation, grid=model.grid, nodata=None, kind="AVERAGE")
    return TERRAIN, item


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
