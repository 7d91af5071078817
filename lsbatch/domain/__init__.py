"""The nouns of the house: frozen values that check themselves; no I/O, no Dask."""

from lsbatch.domain.bandpass import BANDPASS, HARMONISED_SENSOR, broad_nir, harmonise
from lsbatch.domain.contract import Detector
from lsbatch.domain.event import Event, Period, slug_of
from lsbatch.domain.inputs import Channel, Inputs
from lsbatch.domain.preparation import Composite, Preparation
from lsbatch.domain.receipt import Receipt
from lsbatch.domain.rupture import landslide_radius_km, source_depth_km
from lsbatch.domain.scene import Asset, Granule, Look, Rejection, Scene, Scenes
from lsbatch.domain.schema import (
    DETECTABLE,
    FLAGS,
    LANDSLIDE,
    NO_FLAG,
    PRODUCT_LAYERS,
    QUALITY,
    SATURATION,
    UNDECIDED,
    VISIBLE,
    Layer,
    Status,
    check_cube,
    check_features,
)
from lsbatch.domain.sensor import SENSORS, Band, Quality, Sensor
from lsbatch.domain.sun import Sun, mean_sun
from lsbatch.domain.tiling import CHUNK_PX, Block, blocks_of, build_grid, utm_of

__all__ = [
    "BANDPASS",
    "CHUNK_PX",
    "DETECTABLE",
    "FLAGS",
    "HARMONISED_SENSOR",
    "LANDSLIDE",
    "NO_FLAG",
    "PRODUCT_LAYERS",
    "QUALITY",
    "SATURATION",
    "SENSORS",
    "UNDECIDED",
    "VISIBLE",
    "Asset",
    "Band",
    "Block",
    "Channel",
    "Composite",
    "Detector",
    "Event",
    "Granule",
    "Inputs",
    "Layer",
    "Look",
    "Period",
    "Preparation",
    "Quality",
    "Receipt",
    "Rejection",
    "Scene",
    "Scenes",
    "Sensor",
    "Status",
    "Sun",
    "blocks_of",
    "broad_nir",
    "build_grid",
    "check_cube",
    "check_features",
    "harmonise",
    "landslide_radius_km",
    "mean_sun",
    "slug_of",
    "source_depth_km",
    "utm_of",
]
