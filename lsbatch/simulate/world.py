"""One invented world: everything the files will tell, as values."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry, point
from shapely.geometry import Polygon

from lsbatch.domain import Event, utm_of
from lsbatch.errors import RecipeError
from lsbatch.simulate.changes import change_cover
from lsbatch.simulate.cover import Cover, build_cover
from lsbatch.simulate.elevation_model import ElevationModel, observe_elevation
from lsbatch.simulate.gentle import choose_gently
from lsbatch.simulate.images import Image, take_image
from lsbatch.simulate.landslides import (
    SMALLEST_MAPPED_M2,
    Landslide,
    draw_landslides,
    map_landslides,
)
from lsbatch.simulate.noise import Field, stream
from lsbatch.simulate.scar_ground import reshape_ground
from lsbatch.simulate.scars import Scar, paint_scars
from lsbatch.simulate.season import Overpass, Setting, choose_setting
from lsbatch.simulate.soils import Soil, draw_soil
from lsbatch.simulate.spectra import BANDS, FOREST, Ground
from lsbatch.simulate.style import Style, style_of
from lsbatch.simulate.surface import reflect
from lsbatch.simulate.terrain import PIXEL_M, Terrain, build_terrain

MARGIN_PX = 96
"""Ground simulated beyond each edge of the images: the closed rim of the landscape stays unseen,
and the elevation model covers the images whole."""
SIDES_KM = (1.5, 20.0)
_CAN_FAIL = (
    *FOREST,
    Ground.SHRUB,
    Ground.GRASS,
    Ground.MEADOW,
    Ground.YOUNG,
    Ground.CLEARCUT,
    Ground.DEAD,
    Ground.BURNT,
    Ground.OLD_SCAR,
    Ground.TRACK,
)
"""Covers of which a landslide can be told: on bare ground nobody would map it."""
_INSET_M = 150.0
"""From the images' edge to the AOI's."""
_PLACES = {
    "hills": "invented hills",
    "alpine": "an invented mountain range",
    "volcano": "an invented volcano",
    "badlands": "invented badlands",
    "plain": "an invented plain",
}
_NAMES = {
    "earthquake": "Simulated earthquake",
    "giants": "Simulated earthquake with giant landslides",
    "rain": "Simulated rainstorm",
}


@dataclass(frozen=True, slots=True)
class World:
    """Ground, landslides and the looks taken of them; arrays on `terrain.grid`."""

    event: Event
    style: Style
    setting: Setting
    terrain: Terrain
    """Before the event."""
    reshaped: Field
    """Elevation after the event, metres: hollowed sources, raised deposits."""
    before: Cover
    after: Cover
    slides: tuple[Landslide, ...]
    scar: Scar
    soil: Soil
    inventory: tuple[Polygon, ...]
    """The truth, clipped to the AOI, in the grid's CRS."""
    seed: int

    @property
    def grid(self) -> GeoBox:
        """Grid of the images: the terrain's without its margin."""
        return self.terrain.grid.pad(-MARGIN_PX)

    @property
    def overpasses(self) -> tuple[Overpass, ...]:
        """Looks in order of time."""
        return self.setting.overpasses


def build_world(
    seed: int,
    side_km: float,
    *,
    style: Style,
    instrument: str = "s2-l2a",
    looks: tuple[int, int] = (2, 2),
    near: tuple[float, float] | None = None,
    event_id: str | None = None,
    is_gentle: bool = False,
) -> World:
    """World of a seed, images apart.

    Parameters
    ----------
    seed : int
        From 0 up.
    side_km : float
        Side of the square that the images cover.
    style : Style
    instrument : str
        A name of `INSTRUMENTS`.
    looks : (before, after)
    near : (longitude, latitude), optional
        Where to lie; by default one of the places that fit the climate.
    event_id : str, optional
        Default: ``demo-<seed>``.
    is_gentle : bool
        Whether to look in leaf and under fair skies, as in a first lesson.

    Raises
    ------
    RecipeError
        For a negative seed, or a side outside `SIDES_KM`.
    """
    check_request(seed, side_km)
    choose = choose_gently if is_gentle else choose_setting
    setting = choose(
        stream(seed, "setting"),
        climate=style.climate,
        instrument=instrument,
        looks=looks,
        near=near,
    )
    ground = _lay_grid(setting, side_km).pad(MARGIN_PX)
    terrain = build_terrain(ground, stream(seed, "terrain"), relief=style.relief)
    before = build_cover(terrain, stream(seed, "cover"), climate=style.climate, land=style.land)
    seen = _in_view(terrain)
    ready = np.isin(before.ground, _CAN_FAIL) & seen
    slides = draw_landslides(
        terrain, ready, trigger=style.trigger, sizes=style.sizes, rng=stream(seed, "landslides")
    )
    soil = draw_soil(stream(seed, "soil"), climate=style.climate)
    scar = paint_scars(slides, terrain, soil=soil, rng=stream(seed, "scars"))
    kept = ~seen | (scar.share > 0)
    extent = shapely.box(*ground.pad(-MARGIN_PX).boundingbox.bbox)
    extent = extent.buffer(-_INSET_M, join_style="mitre")
    inventory = tuple(map_landslides(slides, extent))
    facts = _facts(seed, style, instrument, soil, inventory)
    return World(
        event=_name_event(event_id or f"demo-{seed}", setting, Geometry(extent, ground.crs), facts),
        style=style,
        setting=setting,
        terrain=terrain,
        reshaped=reshape_ground(terrain, slides, rng=stream(seed, "deposits")),
        before=before,
        after=change_cover(
            before, terrain, kept=kept, climate=style.climate, rng=stream(seed, "changes")
        ),
        scar=scar,
        soil=soil,
        slides=slides,
        inventory=inventory,
        seed=seed,
    )


def photograph(world: World, overpass: Overpass) -> Image:
    """Image of one overpass, its layers on `world.grid` or a coarser grid over the same ground."""
    rng = stream(world.seed, f"image {overpass.time:%Y%m%d}")
    surface = reflect(
        world.after if overpass.is_after else world.before,
        world.terrain,
        scar=world.scar if overpass.is_after else None,
        soil=world.soil,
        climate=world.style.climate,
        year_phase=overpass.year_phase,
        moisture=overpass.moisture,
        rng=rng,
    )
    return take_image(
        world.reshaped if overpass.is_after else world.terrain.elevation,
        surface,
        grid=world.terrain.grid,
        margin_px=MARGIN_PX,
        overpass=overpass,
        rng=rng,
    )


def survey(world: World) -> ElevationModel:
    """The elevation model that a detector sees, over all of `world.grid`."""
    return observe_elevation(world.terrain, world.before.forest, rng=stream(world.seed, "survey"))


def check_request(seed: int, side_km: float) -> None:
    """Refuse a negative seed and a side outside `SIDES_KM`."""
    if seed < 0:
        raise RecipeError(f"A seed is a whole number from 0 up; received {seed}.")
    low, high = SIDES_KM
    if not low <= side_km <= high:
        raise RecipeError(
            f"A simulated square has sides of {low:g} to {high:g} km; received {side_km:g} km."
        )


def _lay_grid(setting: Setting, side_km: float) -> GeoBox:
    """Grid of the images: 10 m, corners on multiples of 20 m, an even number of pixels."""
    crs = utm_of(shapely.Point(setting.longitude, setting.latitude))
    x, y = point(setting.longitude, setting.latitude, "EPSG:4326").to_crs(crs).points[0]
    side = 2 * round(side_km * 1000 / PIXEL_M / 2)
    left, top = (20 * round(value / 20) for value in (x - 500 * side_km, y + 500 * side_km))
    return GeoBox.from_bbox(
        (left, top - side * PIXEL_M, left + side * PIXEL_M, top),
        crs=crs, resolution=PIXEL_M, tight=True,
    )  # fmt: skip


def _in_view(terrain: Terrain) -> npt.NDArray[np.bool_]:
    seen = np.zeros(terrain.elevation.shape, bool)
    seen[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX] = True
    return seen


def _facts(
    seed: int, style: Style, instrument: str, soil: Soil, inventory: tuple[Polygon, ...]
) -> dict[str, Any]:
    spectrum = zip(BANDS, soil.subsoil, strict=True)
    return {
        "simulated": True,
        "seed": seed,
        "style": style.name,
        "instrument": instrument,
        "trigger": style.trigger,
        "smallest_mapped_m2": SMALLEST_MAPPED_M2,
        "mapped_landslides": len(inventory),
        "soil": {"name": soil.name, **{band: round(float(part), 4) for band, part in spectrum}},
    }


def _name_event(event_id: str, setting: Setting, extent: Geometry, facts: dict[str, Any]) -> Event:
    style = style_of(facts["style"])
    shakes = style.trigger != "rain"
    rng = stream(facts["seed"], "magnitude")
    return Event(
        id=event_id,
        time=setting.time,
        aoi=extent.to_crs("EPSG:4326").geom,
        name=_NAMES[style.trigger],
        magnitude=round(float(rng.uniform(6.0, 7.6)), 1) if shakes else None,
        place=f"{_PLACES[style.relief]}; no real ground",
        epicentre=(round(setting.longitude, 4), round(setting.latitude, 4)) if shakes else None,
        facts={**facts, "inventory": f"inventories/{event_id}.parquet"},
    )
