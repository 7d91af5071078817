"""The nouns of the house: frozen values that check themselves; no I/O, no Dask."""

from lsbatch.domain.access import PUBLIC, Access, access_to, bare_href, bare_text
from lsbatch.domain.bandpass import BANDPASS, HARMONISED_SENSOR, broad_nir, harmonise
from lsbatch.domain.contract import Detector
from lsbatch.domain.endpoint import RATES, SIGNING, Endpoint
from lsbatch.domain.event import Event, Period, slug_of
from lsbatch.domain.inputs import Channel, Inputs
from lsbatch.domain.meridian import SIDES, box_of, cut_at_180, side_of
from lsbatch.domain.merit import UNKNOWN, WEIGHTS, Considered, Merit
from lsbatch.domain.offset import OffsetCheck
from lsbatch.domain.places import catalogs_folder
from lsbatch.domain.preparation import Composite, Preparation
from lsbatch.domain.receipt import Receipt
from lsbatch.domain.reported import Reported
from lsbatch.domain.rupture import landslide_radius_km, source_depth_km
from lsbatch.domain.scene import Asset, Granule, Look, Rejection, Scene, Scenes, window_of
from lsbatch.domain.schema import (
    DETECTABLE,
    EMPTY_FLAG,
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
    light_name,
)
from lsbatch.domain.sensor import EPOCHS, SENSORS, Band, Quality, Sensor
from lsbatch.domain.shift import NEAR, LocalShift, Shift, ShiftCheck
from lsbatch.domain.sun import Sun, mean_sun
from lsbatch.domain.tiling import CHUNK_PX, Block, blocks_of, build_grid, project_area, utm_of
from lsbatch.domain.windows import own_period

__all__ = [
    "BANDPASS",
    "CHUNK_PX",
    "DETECTABLE",
    "EMPTY_FLAG",
    "EPOCHS",
    "FLAGS",
    "HARMONISED_SENSOR",
    "LANDSLIDE",
    "NEAR",
    "NO_FLAG",
    "PRODUCT_LAYERS",
    "PUBLIC",
    "QUALITY",
    "RATES",
    "SATURATION",
    "SENSORS",
    "SIDES",
    "SIGNING",
    "UNDECIDED",
    "UNKNOWN",
    "VISIBLE",
    "WEIGHTS",
    "Access",
    "Asset",
    "Band",
    "Block",
    "Channel",
    "Composite",
    "Considered",
    "Detector",
    "Endpoint",
    "Event",
    "Granule",
    "Inputs",
    "Layer",
    "LocalShift",
    "Look",
    "Merit",
    "OffsetCheck",
    "Period",
    "Preparation",
    "Quality",
    "Receipt",
    "Rejection",
    "Reported",
    "Scene",
    "Scenes",
    "Sensor",
    "Shift",
    "ShiftCheck",
    "Status",
    "Sun",
    "access_to",
    "bare_href",
    "bare_text",
    "blocks_of",
    "box_of",
    "broad_nir",
    "build_grid",
    "catalogs_folder",
    "check_cube",
    "check_features",
    "cut_at_180",
    "harmonise",
    "landslide_radius_km",
    "light_name",
    "mean_sun",
    "own_period",
    "project_area",
    "side_of",
    "slug_of",
    "source_depth_km",
    "utm_of",
    "window_of",
]
