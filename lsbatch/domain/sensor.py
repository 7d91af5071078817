"""Sensors as data: bands by common name, scale, offset, nodata and quality flags.

What an item says of itself comes first; these tables fill in what it leaves out.
Band and flag tables: ESA's Sentinel-2 Level-2A definition and the USGS Landsat Collection 2
definition.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from lsbatch.domain.schema import SATURATION, Status


@dataclass(frozen=True, slots=True)
class Band:
    """One measurement of a sensor."""

    name: str
    """Common name: blue, green, red, nir, swir16, swir22, elevation."""
    assets: tuple[str, ...]
    """Asset keys or band names under which catalogues list it, best first."""
    scale: float = 1.0
    offset: float = 0.0
    nodata: float | None = 0.0
    saturation_bits: tuple[int, ...] = ()
    """Bits of the sensor's saturation flags that say that this band is saturated."""


@dataclass(frozen=True, slots=True)
class Quality:
    """A per-pixel flag band: classes (one value each) or bits."""

    assets: tuple[str, ...]
    classes: tuple[tuple[int, Status], ...] = ()
    """Pairs (value, why a pixel with this value is not usable)."""
    bits: tuple[tuple[int, Status], ...] = ()
    """Pairs (bit, why a pixel with this bit set is not usable); the last one set wins."""
    empty: int | None = None
    """The value or bit that says that a cell holds no data, whatever its numbers are: at the rim of
    an image resampling mixes cells with data and without."""
    mistakable: tuple[int, ...] = ()
    """Values or bits of cloud, but not of its shadow: what bright ground is mistaken for."""

    @property
    def nodata(self) -> float | None:
        """Stored number of cells without data, for files that do not state it."""
        if self.empty is None:
            return None
        return float(1 << self.empty if self.bits else self.empty)


@dataclass(frozen=True, slots=True)
class Sensor:
    """One kind of image: how to recognise it, and how its numbers become reflectance."""

    name: str
    title: str
    collections: tuple[str, ...]
    """STAC collection ids that hold it; where two list one image, the first goes first."""
    platforms: tuple[str, ...]
    """Beginnings of STAC ``platform`` or ``constellation`` values; they count only where the flag
    band of `quality` is there too, since a platform has products of several units."""
    bands: tuple[Band, ...]
    quality: Quality | None = None
    resolution_m: float = 10.0
    is_terrain: bool = False

    def band(self, name: str) -> Band | None:
        """The band of that common name, or None."""
        return next((band for band in self.bands if band.name == name), None)


_S2_SCL = Quality(
    assets=("scl", "SCL"),
    classes=(
        (1, Status.SATURATED),
        (3, Status.CLOUD),
        (6, Status.WATER),
        (8, Status.CLOUD),
        (9, Status.CLOUD),
        (10, Status.CLOUD),
        (11, Status.SNOW),
    ),
    empty=0,
    mistakable=(8, 9),
)
# SCL 2 (dark area) and 7 (unclassified) stay usable: shaded slopes and fresh scars land there.

_LANDSAT_QA = Quality(
    assets=("qa_pixel", "QA_PIXEL", "QA_PIXEL.TIF"),
    bits=(
        (7, Status.WATER),
        (5, Status.SNOW),
        (1, Status.CLOUD),
        (2, Status.CLOUD),
        (4, Status.CLOUD),
        (3, Status.CLOUD),
    ),
    empty=0,
    mistakable=(1, 3),
)

_DROPPED_BIT = 9


def _sentinel2(scale: float = 1e-4) -> tuple[Band, ...]:
    names = {
        "blue": ("blue", "B02"),
        "green": ("green", "B03"),
        "red": ("red", "B04"),
        "nir": ("nir", "B08"),
        "nir08": ("nir08", "B8A"),
        "swir16": ("swir16", "B11"),
        "swir22": ("swir22", "B12"),
    }
    return tuple(Band(name, assets, scale=scale) for name, assets in names.items())


def _landsat() -> tuple[Band, ...]:
    # QA_RADSAT counts a sensor's own bands from bit 0, and a colour has another number on TM and
    # ETM+ than on OLI (blue is 1 or 2): both bits count. The last of bands 1 to 7 has one number.
    table = {
        "blue": (("blue",), (0, 1)),
        "green": (("green",), (1, 2)),
        "red": (("red",), (2, 3)),
        "nir": (("nir08", "nir"), (3, 4)),
        "swir16": (("swir16",), (4, 5)),
        "swir22": (("swir22",), (6,)),
    }
    spectral = tuple(
        Band(name, assets, 2.75e-5, -0.2, 0.0, (*bits, _DROPPED_BIT))
        for name, (assets, bits) in table.items()
    )
    return *spectral, Band(SATURATION, ("qa_radsat", "QA_RADSAT"), nodata=None)


_VISIBLE_AND_INFRARED = ("blue", "green", "red", "nir", "swir16", "swir22")

SENSORS: tuple[Sensor, ...] = (
    Sensor(
        name="sentinel-2-l2a",
        title="Sentinel-2 surface reflectance",
        # c1 is one processing throughout, with the offset as it states it
        collections=("sentinel-2-c1-l2a", "sentinel-2-l2a", "sentinel-s2-l2a-cogs"),
        platforms=("sentinel-2",),
        bands=_sentinel2(),
        quality=_S2_SCL,
    ),
    Sensor(
        name="sentinel-2-l1c",
        title="Sentinel-2 top-of-atmosphere reflectance",
        collections=("sentinel-2-l1c",),
        platforms=("sentinel-2",),
        bands=_sentinel2(),
    ),
    Sensor(
        name="landsat-c2-l2",
        title="Landsat Collection 2 surface reflectance",
        collections=("landsat-c2-l2", "landsat-c2l2-sr"),
        platforms=("landsat",),
        bands=_landsat(),
        quality=_LANDSAT_QA,
        resolution_m=30.0,
    ),
    Sensor(
        name="dem",
        title="Elevation model",
        collections=(
            "alos-dem",
            "cop-dem-glo-30",
            "cop-dem-glo-90",
            "nasadem",
            "3dep-seamless",
            "dem",
        ),
        platforms=("alos",),
        bands=(Band("elevation", ("elevation", "dem", "data"), nodata=None),),
        resolution_m=30.0,
        is_terrain=True,
    ),
    Sensor(
        name="generic",
        title="Any images whose assets name their bands",
        collections=(),
        platforms=(),
        bands=tuple(Band(name, (name,), nodata=None) for name in _VISIBLE_AND_INFRARED),
    ),
)
"""Known sensors, most specific first; the last one takes what no other recognises."""


def _span(first: str, last: str) -> tuple[datetime, datetime]:
    start, end = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (first, last))
    return start, end


EPOCHS: dict[str, tuple[datetime, datetime]] = {
    "alos-dem": _span("2006-01-24", "2011-05-12"),
    "cop-dem-glo-30": _span("2010-12-12", "2015-01-16"),
    "cop-dem-glo-90": _span("2010-12-12", "2015-01-16"),
    "nasadem": _span("2000-02-11", "2000-02-22"),
}
"""When the ground of an elevation model was measured, by collection: the missions of ALOS and
TanDEM-X (global acquisition) and the Shuttle Radar Topography Mission. Catalogues date these models
by the day of publication, years later."""
