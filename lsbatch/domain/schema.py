"""Names, types and meanings of every array that walks through the corridor."""

from dataclasses import dataclass
from enum import IntEnum

import xarray as xr

from lsbatch.errors import ContractError


class Status(IntEnum):
    """Why a pixel has, or has not, a score."""

    SCORED = 0
    NO_PRE = 1
    NO_POST = 2
    CLOUD = 3
    SNOW = 4
    WATER = 5
    EXCLUDED = 6
    READ_FAILED = 7
    DETECTOR_FAILED = 8
    SHADOW = 9
    SATURATED = 10
    NOT_RUN = 255

    @property
    def meaning(self) -> str:
        """A phrase for legends and attributes."""
        return _MEANINGS[self]


_MEANINGS = {
    Status.SCORED: "scored",
    Status.NO_PRE: "no usable look before",
    Status.NO_POST: "no usable look after",
    Status.CLOUD: "cloud or cloud shadow",
    Status.SNOW: "snow or ice",
    Status.WATER: "water",
    Status.EXCLUDED: "excluded by the recipe (slope, AOI)",
    Status.READ_FAILED: "read failed",
    Status.DETECTOR_FAILED: "detector failed",
    Status.SHADOW: "terrain shadow",
    Status.SATURATED: "saturated",
    Status.NOT_RUN: "not run",
}

QUALITY = "quality"
"""Name of a sensor's own flag band, beside the bands by common name."""
SATURATION = "saturation"
"""Name of a sensor's flags of saturated bands, where it has them."""
FLAGS = (QUALITY, SATURATION)
"""What is read as flags, not as reflectance."""
NO_FLAG = 65535
"""Value of a flag band, uint16, where there is none."""
EMPTY_FLAG = 65534
"""Value of a flag band where there is one, and it says that the image holds no data."""
VISIBLE = ("red", "green", "blue")

LANDSLIDE = 1
DETECTABLE = 1
UNDECIDED = 255
"""Value of `landslide` and `detectable` where `status` is not 0."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One array of a product."""

    name: str
    dtype: str
    fill: float
    """Value where nothing was computed."""
    meaning: str


PRODUCT_LAYERS: tuple[Layer, ...] = (
    Layer(
        "score", "float32", float("nan"), "detector's score in [0, 1]; NaN where status is not 0"
    ),
    Layer("landslide", "uint8", UNDECIDED, "1 = score >= threshold, 0 = below, 255 = not scored"),
    Layer("status", "uint8", Status.NOT_RUN, "why there is, or is not, a score"),
    Layer(
        "detectable",
        "uint8",
        UNDECIDED,
        "1 = the ground before the event lets the detector see a fresh scar, 255 = not scored",
    ),
    Layer("pre_count", "uint16", 0, "usable looks before the event"),
    Layer("post_count", "uint16", 0, "usable looks after the event"),
    Layer("pre_delay", "int16", -1, "days from the last look used before to the event, -1 = none"),
    Layer("post_delay", "int16", -1, "days from the event to the first look used after, -1 = none"),
)


CUBE_COORDS = (
    "period",
    "delay_days",
    "sensor",
    "scene",
    "sun_azimuth_deg",
    "sun_elevation_deg",
)
"""What a cube says of each look; the sun's position is NaN where it is not known."""


def light_name(band: str) -> str:
    """Coordinate along time with the C of a band's SCS+C correction, NaN = none."""
    return f"light_c_{band}"


def check_cube(cube: xr.Dataset) -> None:
    """Raise ContractError unless a dataset is a cube.

    A cube has dims ``(time, y, x)`` with a variable for each band (float32 reflectance, NaN = no
    data), the coordinates of `CUBE_COORDS` along ``time``, and ``elevation`` (y, x), float32
    metres, NaN = no data. It may hold ``surroundings`` (y_around, x_around): elevation of the same
    pixels and of as many more on each side.
    """
    for name in CUBE_COORDS:
        if name not in cube.coords or cube[name].dims != ("time",):
            raise ContractError(
                f"A cube needs the coordinate {name!r} along 'time'; build_cube makes it."
            )
    if "elevation" not in cube or cube["elevation"].dims != ("y", "x"):
        raise ContractError("A cube needs the variable 'elevation' with dims (y, x).")


def check_features(features: xr.Dataset) -> None:
    """Raise ContractError unless a dataset is what `prepare` makes.

    Features hold ``channels`` (channel, y, x) float32 and, all (y, x): ``status`` uint8,
    ``pre_count`` and ``post_count`` uint16, ``pre_delay`` and ``post_delay`` int16, ``slope_deg``
    float32.
    """
    wanted = {
        "channels",
        "status",
        "pre_count",
        "post_count",
        "pre_delay",
        "post_delay",
        "slope_deg",
    }
    missing = sorted(wanted - set(features.data_vars))
    if missing:
        raise ContractError(
            f"Features lack {', '.join(missing)}; prepare(cube, inputs) makes them."
        )
    if features["channels"].dims != ("channel", "y", "x"):
        raise ContractError(
            f"'channels' needs dims (channel, y, x), not {features['channels'].dims}."
        )
