"""Scenes: what the search hands on. Small, picklable, free of STAC objects."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import shapely
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from lsbatch.domain.access import PUBLIC, Access
from lsbatch.domain.meridian import cut_at_180
from lsbatch.domain.merit import Considered
from lsbatch.domain.reported import Reported
from lsbatch.domain.sensor import SENSORS, Sensor
from lsbatch.domain.shift import Shift
from lsbatch.domain.sun import Sun
from lsbatch.errors import CatalogError

PeriodName = Literal["pre", "post"]


@dataclass(frozen=True, slots=True)
class Asset:
    """One band's file and how its numbers are to be read."""

    band: str
    href: str
    """Path or URL, unsigned."""
    scale: float = 1.0
    offset: float = 0.0
    nodata: float | None = None
    """Value of cells without data; None = only what the file itself declares."""
    epsg: int | None = None
    """Coordinate system that the catalogue states; the file must agree."""
    transform: tuple[float, ...] | None = None
    """Affine transform that the catalogue states for this very file, six numbers as rasterio
    orders them; the file's corner must lie within two pixels of it. None = not stated."""
    shape: tuple[int, int] | None = None
    """Rows and columns that the catalogue states for this very file; the file must agree."""
    checksum: str | None = None
    """Multihash, hexadecimal, as in STAC's ``file:checksum``; a local file must agree."""


@dataclass(frozen=True, slots=True)
class Granule:
    """One image of a scene: the bands of one footprint."""

    item_id: str
    footprint: BaseGeometry
    """Polygon(s) in EPSG:4326."""
    assets: tuple[Asset, ...]
    reported: Reported | None = None
    """What its record says of it as a whole; None where it says nothing."""

    def asset(self, band: str) -> Asset | None:
        """The file of that band, or None."""
        return next((asset for asset in self.assets if asset.band == band), None)


@dataclass(frozen=True, slots=True)
class Scene:
    """One sensor, one solar day: its granules, first on top."""

    id: str
    sensor_name: str
    start: datetime
    """Acquisition, UTC; where only an interval is known, its beginning."""
    end: datetime
    """The last of its granules; where only an interval is known, its end."""
    granules: tuple[Granule, ...]
    cloud_percent: float | None = None
    sun: Sun | None = None
    """One for the whole scene, so that its part over a block has the sun of the whole; None = not
    known."""
    shift: Shift | None = None
    """What a cube takes out of the place of its pixels; None = nothing."""
    light_c: tuple[tuple[str, float], ...] = ()
    """Bands, each with the C by which `prepare` takes the light of slopes out of it; of others it
    stays in."""

    def __post_init__(self) -> None:
        if not self.granules:
            raise CatalogError(f"Scene {self.id!r} holds no image.")

    @property
    def sensor(self) -> Sensor:
        """The table entry of this scene's sensor."""
        return next(sensor for sensor in SENSORS if sensor.name == self.sensor_name)

    @property
    def footprint(self) -> BaseGeometry:
        """Union of the granules' footprints, EPSG:4326."""
        return shapely.union_all([granule.footprint for granule in self.granules])

    @property
    def bands(self) -> frozenset[str]:
        """Bands that every granule has."""
        return frozenset.intersection(
            *(frozenset(asset.band for asset in granule.assets) for granule in self.granules)
        )

    @property
    def bands_of_any(self) -> frozenset[str]:
        """Bands that at least one granule has."""
        return frozenset(asset.band for granule in self.granules for asset in granule.assets)

    @property
    def is_dated(self) -> bool:
        """Whether the day of acquisition is known."""
        return self.end - self.start <= timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Look:
    """A scene chosen for one side of the event."""

    scene: Scene
    period: PeriodName
    delay_days: int
    """Whole days between the acquisition and the event; the longest possible where only an
    interval is known."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A catalogue record that was not used, and why."""

    item_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Scenes:
    """All that an event's map is made from."""

    looks: tuple[Look, ...]
    """Before and after, in each period the one nearest to the event first."""
    terrain: tuple[Scene, ...] = ()
    """Elevation models, first on top."""
    access: Access = PUBLIC
    """Where the hrefs of these files may lead."""
    considered: tuple[Considered, ...] = ()
    """The looks that were weighed, those of each period in order of choice; not kept in the part
    over a block."""

    @property
    def pre(self) -> tuple[Look, ...]:
        """Looks before the event."""
        return tuple(look for look in self.looks if look.period == "pre")

    @property
    def post(self) -> tuple[Look, ...]:
        """Looks after the event."""
        return tuple(look for look in self.looks if look.period == "post")

    @property
    def footprint(self) -> BaseGeometry:
        """Union of all looks' footprints, EPSG:4326."""
        return shapely.union_all([look.scene.footprint for look in self.looks])

    def touching(self, geobox: GeoBox, *, around_px: int = 0) -> "Scenes":
        """The part of these scenes that may have pixels in a geobox.

        Granules that cannot matter are left out, and looks without any; a look that is absent
        here and one without data say the same. Elevation models count within so many pixels more.
        """
        window = window_of(geobox)
        around = window_of(geobox.pad(around_px)) if around_px else window
        return Scenes(
            looks=tuple(
                Look(scene, look.period, look.delay_days)
                for look in self.looks
                if (scene := _clip(look.scene, window)) is not None
            ),
            terrain=tuple(
                scene for model in self.terrain if (scene := _clip(model, around)) is not None
            ),
            access=self.access,
        )


def window_of(geobox: GeoBox) -> BaseGeometry:
    """A geobox with some margin, EPSG:4326; a footprint beyond it has no pixel in the geobox.

    A degree-wide margin would be wasteful, none would lose pixels to rounding of footprints.
    """
    margin = 200 * abs(geobox.resolution.x)
    return cut_at_180(geobox.extent.buffer(margin).to_crs("EPSG:4326", resolution=1e4).geom)


def _clip(scene: Scene, window: BaseGeometry) -> Scene | None:
    granules = tuple(g for g in scene.granules if g.footprint.intersects(window))
    if not granules:
        return None
    return replace(scene, granules=granules)
