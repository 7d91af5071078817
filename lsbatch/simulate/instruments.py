"""Instruments as data: bands, files, numbers, sharpness and faults."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from lsbatch.errors import RecipeError


@dataclass(frozen=True, slots=True)
class Instrument:
    """One kind of image; tuples by band are in order of `BANDS`."""

    name: str
    level: Literal["surface", "toa"]
    """Whether the air is taken out of the numbers."""
    collection: str
    platform: str
    constellation: str | None
    instruments: tuple[str, ...]
    assets: tuple[str, ...]
    """Asset key of each band."""
    pixel_m: tuple[int, ...]
    """Side of each band's pixels."""
    gsd: int
    scale: float
    offset: float
    """Reflectance = scale * number + offset, numbers in uint16."""
    quality: Literal["scl", "qa_pixel"] | None
    """Asset key of the quality band."""
    quality_pixel_m: int
    blur_m: tuple[float, ...]
    """Standard deviation of the point response, beside the pixel's own square."""
    noise: tuple[float, ...]
    """Standard deviation of reflectance."""
    off_place_m: float
    """Usual error of an image's place."""
    stripes: Literal["detectors", "scans"]
    """Whether stripes run along the orbit or across it."""
    saturation: tuple[float, ...] | None
    """Reflectance at the top of the atmosphere, under a sun in the zenith, at which 8 bits end."""
    has_gaps: bool
    """Whether wedges without data cross the image."""
    delay_s: tuple[float, ...]
    """Seconds after the first band at which each looks at the same ground."""
    first: date
    last: date
    """Days between which it delivers."""
    revisit_days: int
    hours: float
    """Local mean solar time of the overpass."""
    nodata: int = 0

    @property
    def is_landsat(self) -> bool:
        """Whether its quality band has bits and its files the pixels of Landsat."""
        return self.quality == "qa_pixel"


_NAMES = ("blue", "green", "red")
_S2_ASSETS = (*_NAMES, "nir", "swir16", "swir22")
_LANDSAT_ASSETS = (*_NAMES, "nir08", "swir16", "swir22")


def _sentinel2(name: str, *, level: Literal["surface", "toa"]) -> Instrument:
    """Numbers as ESA delivers since January 2022 (baseline 04.00)."""
    return Instrument(
        name=name, level=level,
        collection="sentinel-2-l2a" if level == "surface" else "sentinel-2-l1c",
        platform="sentinel-2a", constellation="sentinel-2", instruments=("msi",),
        assets=_S2_ASSETS, pixel_m=(10, 10, 10, 10, 20, 20), gsd=10,
        scale=1e-4, offset=-0.1,
        quality="scl" if level == "surface" else None, quality_pixel_m=20,
        blur_m=(5.2, 5.2, 5.4, 5.6, 9.0, 9.0),
        noise=(0.0012, 0.0012, 0.0012, 0.0020, 0.0018, 0.0018),
        off_place_m=3.0, stripes="detectors", saturation=None, has_gaps=False,
        delay_s=(0.0, 0.53, 1.0, 0.26, 1.47, 2.09),
        first=date(2017, 4, 1), last=date(2025, 10, 31), revisit_days=5, hours=10.5,
    )  # fmt: skip


def _landsat(
    name: str,
    platform: str,
    instrument: tuple[str, ...],
    era: tuple[date, date],
    *,
    noise: float,
    blur_m: float,
    saturation: tuple[float, ...] | None,
) -> Instrument:
    return Instrument(
        name=name, level="surface", collection="landsat-c2-l2", platform=platform,
        constellation=None, instruments=instrument,
        assets=_LANDSAT_ASSETS, pixel_m=(30,) * 6, gsd=30, scale=2.75e-5, offset=-0.2,
        quality="qa_pixel", quality_pixel_m=30, blur_m=(blur_m,) * 6,
        noise=(noise, noise, noise, 1.5 * noise, 1.3 * noise, 1.3 * noise),
        off_place_m=5.0, stripes="detectors" if saturation is None else "scans",
        saturation=saturation, has_gaps=name.endswith("slc-off"),
        delay_s=(0.0,) * 6,
        first=era[0], last=era[1], revisit_days=16, hours=10.2 if name == "oli" else 9.9,
    )  # fmt: skip


def _end_of_bits(radiance: tuple[float, ...], irradiance: tuple[float, ...]) -> tuple[float, ...]:
    """Reflectance (pi L / E) of the brightest radiance that 8 bits hold."""
    return tuple(3.1416 * bright / sun for bright, sun in zip(radiance, irradiance, strict=True))


# Brightest radiances and solar irradiances, W m-2 sr-1 um-1 and W m-2 um-1: Chander, Markham and
# Helder (2009), Remote Sensing of Environment 113, tables 2, 3 and 5; ETM+ in high gain, its
# near infrared in low gain.
_TM_ENDS = _end_of_bits(
    (193.0, 365.0, 264.0, 221.0, 30.2, 16.5), (1983.0, 1796.0, 1536.0, 1031.0, 220.0, 83.44)
)
_ETM_ENDS = _end_of_bits(
    (191.6, 196.5, 152.9, 241.1, 31.06, 10.8), (1997.0, 1812.0, 1533.0, 1039.0, 230.8, 84.9)
)

_ALL = (
    _sentinel2("s2-l2a", level="surface"),
    _sentinel2("s2-l1c", level="toa"),
    _landsat(
        "tm", "landsat-5", ("tm",), (date(1984, 4, 1), date(2011, 10, 31)),
        noise=0.0022, blur_m=13.0, saturation=_TM_ENDS,
    ),
    _landsat(
        "etm", "landsat-7", ("etm+",), (date(1999, 7, 1), date(2003, 5, 30)),
        noise=0.0015, blur_m=11.0, saturation=_ETM_ENDS,
    ),
    _landsat(
        "etm-slc-off", "landsat-7", ("etm+",), (date(2003, 7, 14), date(2021, 12, 31)),
        noise=0.0016, blur_m=11.0, saturation=_ETM_ENDS,
    ),
    _landsat(
        "oli", "landsat-8", ("oli", "tirs"), (date(2013, 4, 11), date(2025, 10, 31)),
        noise=0.0006, blur_m=9.0, saturation=None,
    ),
)  # fmt: skip

INSTRUMENTS: dict[str, Instrument] = {one.name: one for one in _ALL}
"""Known instruments by name."""


def instrument_of(name: str) -> Instrument:
    """The instrument of that name.

    Raises
    ------
    RecipeError
        For a name that is not in `INSTRUMENTS`.
    """
    if name not in INSTRUMENTS:
        raise RecipeError(
            f"There is no simulated instrument {name!r}. Known: {', '.join(INSTRUMENTS)}."
        )
    return INSTRUMENTS[name]
