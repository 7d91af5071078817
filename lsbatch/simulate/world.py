"""One invented world: everything the files will tell, as values."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry, point
from rasterio import features
from shapely.geometry import Polygon

from lsbatch.domain import Event, utm_of
from lsbatch.errors import RecipeError
from lsbatch.simulate.changes import change_cover
from lsbatch.simulate.cover import Cover, build_cover
from lsbatch.simulate.elevation_model import ElevationModel, observe_elevation
from lsbatch.simulate.images import Image, Scar, cut_swath, take_image
from lsbatch.simulate.landslides import (
    SMALLEST_MAPPED_M2,
    Landslide,
    draw_landslides,
    map_landslides,
)
from lsbatch.simulate.noise import fractal, stream
from lsbatch.simulate.season import Overpass, Setting, choose_setting
from lsbatch.simulate.terrain import PIXEL_M, Terrain, build_terrain

MARGIN_PX = 96
"""Ground simulated beyond each edge of the images: the closed rim of the landscape stays unseen,
and the elevation model covers the images whole."""
_INSET_M = 150.0
"""From the images' edge to the AOI's."""
_SIDES_KM = (1.5, 16.0)
_FINE = 4
"""Sub-pixels per side, by which a landslide's share of a pixel is counted."""


@dataclass(frozen=True, slots=True)
class World:
    """Ground, landslides and the looks taken of them; arrays on `terrain.grid`."""

    event: Event
    setting: Setting
    terrain: Terrain
    before: Cover
    after: Cover
    slides: tuple[Landslide, ...]
    scar: Scar
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


def build_world(seed: int, side_km: float) -> World:
    """World of a seed, images apart.

    Raises
    ------
    RecipeError
        For a negative seed, or a side outside 1.5 to 16 km.
    """
    _check_request(seed, side_km)
    setting = choose_setting(stream(seed, "setting"))
    ground = _lay_grid(setting, side_km).pad(MARGIN_PX)
    terrain = build_terrain(ground, stream(seed, "terrain"))
    before = build_cover(terrain, stream(seed, "cover"))
    seen = np.zeros(terrain.elevation.shape, bool)
    seen[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX] = True
    slides = draw_landslides(terrain, before.forest & seen, rng=stream(seed, "landslides"))
    scar = _paint_scars(slides, terrain, stream(seed, "scars"))
    after = change_cover(
        before, terrain, kept=~seen | (scar.share > 0), rng=stream(seed, "changes")
    )
    extent = shapely.box(*ground.pad(-MARGIN_PX).boundingbox.bbox).buffer(
        -_INSET_M, join_style="mitre"
    )
    event = _name_event(setting, extent, ground, seed)
    inventory = tuple(map_landslides(slides, extent))
    return World(event, setting, terrain, before, after, slides, scar, inventory, seed)


def photograph(world: World, overpass: Overpass) -> Image:
    """Image of one overpass on `world.grid`."""
    rng = stream(world.seed, f"image {overpass.time:%Y%m%d}")
    cover, scar = (world.after, world.scar) if overpass.is_after else (world.before, None)
    image = take_image(world.terrain, cover, scar=scar, overpass=overpass, rng=rng)
    margin, half = slice(MARGIN_PX, -MARGIN_PX), slice(MARGIN_PX // 2, -MARGIN_PX // 2)
    bands = {name: numbers[margin, margin] for name, numbers in image.bands.items()}
    seen = Image(bands, image.classes[half, half])
    return cut_swath(seen, rng) if overpass.is_cut else seen


def survey(world: World) -> ElevationModel:
    """The elevation model that a detector sees, over all of `world.grid`."""
    return observe_elevation(world.terrain, world.before.forest, rng=stream(world.seed, "survey"))


def _check_request(seed: int, side_km: float) -> None:
    if seed < 0:
        raise RecipeError(f"A seed is a whole number from 0 up; received {seed}.")
    low, high = _SIDES_KM
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


def _paint_scars(slides: tuple[Landslide, ...], terrain: Terrain, rng: np.random.Generator) -> Scar:
    shape = terrain.elevation.shape
    numbers = _rasterise([slide.outline for slide in slides], terrain.grid)
    share = _pool(numbers > 0)
    source = _pool(_rasterise([slide.source for slide in slides], terrain.grid) > 0)
    tone = rng.normal(1.0, 0.12, len(slides) + 1)
    fresh = np.maximum(_pool(tone[numbers] * (numbers > 0)), 1e-6) / np.maximum(share, 1e-6)
    texture = 0.10 * fractal(shape, rng, slope=1.2, longest_px=20)
    # debris holds wood and turf: a little vegetation is left, more of it on the deposit
    cleared = 0.97 - 0.08 * np.clip(fractal(shape, rng, slope=1.5, longest_px=12), 0, 1.5)
    cleared -= 0.03 * (share - source).clip(0)
    brightness = np.clip(fresh + texture + 0.06 * source, 0.65, 1.4)
    return Scar((share * cleared).astype(np.float32), brightness.astype(np.float32))


def _rasterise(polygons: list[Polygon], grid: GeoBox) -> npt.NDArray[np.int32]:
    """Number of the polygon (from 1; 0 = none) at each sub-pixel."""
    fine = grid.zoom_out(1 / _FINE)
    shapes = [(polygon, number) for number, polygon in enumerate(polygons, 1)]
    shape = (fine.shape.y, fine.shape.x)
    if not shapes:
        return np.zeros(shape, np.int32)
    return features.rasterize(shapes, out_shape=shape, transform=fine.affine, dtype="int32")


def _pool(fine: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    rows, cols = (extent // _FINE for extent in fine.shape)
    blocks = fine.reshape(rows, _FINE, cols, _FINE)
    return blocks.mean(axis=(1, 3), dtype=np.float32)


def _name_event(setting: Setting, extent: Polygon, ground: GeoBox, seed: int) -> Event:
    return Event(
        id=f"demo-{seed}",
        time=setting.time,
        aoi=Geometry(extent, ground.crs).to_crs("EPSG:4326").geom,
        name="Simulated event",
        magnitude=6.6,
        place="an invented valley; no real ground",
        epicentre=(round(setting.longitude, 4), round(setting.latitude, 4)),
        facts={
            "simulated": True,
            "seed": seed,
            "inventory": f"inventories/demo-{seed}.parquet",
            "smallest_mapped_m2": SMALLEST_MAPPED_M2,
        },
    )
