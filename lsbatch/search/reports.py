"""reported_of: what an item says of its image as a whole, whichever words its catalogue uses."""

import math
import re
from typing import Any

from lsbatch.domain import Reported, Sensor
from lsbatch.search.found import properties_of

Record = dict[str, Any]

_CLOUD = ("eo:cloud_cover", "fmask:cloud")
_SHADOW = ("s2:cloud_shadow_percentage", "fmask:cloud_shadow")
_SNOW = ("eo:snow_cover", "s2:snow_ice_percentage", "fmask:snow")
_NODATA = ("s2:nodata_pixel_percentage", "raster:nodata_percentage")
_NAMES = ("s2:product_uri", "s2:product_id", "sentinel:product_id", "landsat:product_id")
_MADE_BY = ("constellation", "platform")
_LEVELS = ("processing:level", "s2:product_type", "product:type")
_LEVEL_1C = ("L1C", "MSI1C", "LEVEL-1C")
_ORBIT = re.compile(r"S2[A-D]_MSIL(?:1C|2A)_\w*_R(\d{3})_T\d{2}[A-Z]{3}")
"""In a product's name: ESA, Sentinel-2 Products Specification Document."""
_PATH = re.compile(r"L[COTEM]\d{2}_L\d\w{2}_(\d{3})\d{3}_\d{8}")
"""In a product's name: USGS, Landsat Collection 2 product guides."""


def reported_of(item: Record, sensor: Sensor, *, baseline: float | None) -> Reported | None:
    """What an item reports; None where it says nothing.

    A value that cannot be true, such as the -1 that stands for "not known" in Landsat's records,
    is left out: these words serve the choice only, and are no reason to refuse an image.
    """
    properties = properties_of(item)
    found = Reported(
        cloud_percent=_percent(properties, _CLOUD),
        shadow_percent=_percent(properties, _SHADOW),
        snow_percent=_percent(properties, _SNOW),
        nodata_percent=_percent(properties, _NODATA),
        track=_track(item, properties, sensor),
        baseline=baseline,
        mission=_mission(item, properties),
    )
    return None if found == Reported() else found


def _mission(item: Record, properties: Record) -> str | None:
    made_by = [str(properties.get(key, "")).lower() for key in _MADE_BY]
    if not any(name.startswith("sentinel-2") for name in made_by):
        return None
    words = [item.get("collection"), item.get("id"), *(properties.get(key) for key in _LEVELS)]
    told = " ".join(map(str, words)).upper()
    return None if any(name in told for name in _LEVEL_1C) else "sentinel-2"


def _percent(properties: Record, names: tuple[str, ...]) -> float | None:
    for name in names:
        try:
            value = float(properties[name])
        except (KeyError, OverflowError, TypeError, ValueError):
            continue
        if math.isfinite(value) and 0 <= value <= 100:
            return value
    return None


def _track(item: Record, properties: Record, sensor: Sensor) -> str | None:
    if sensor.is_terrain:
        return None
    for letter, name, pattern in (
        ("R", "sat:relative_orbit", _ORBIT),
        ("P", "landsat:wrs_path", _PATH),
    ):
        texts = (*(properties.get(key) for key in _NAMES), item.get("id"))
        named = next((m[1] for text in texts if (m := pattern.match(str(text or "")))), None)
        stated = str(properties.get(name, named) or "")
        if stated.isascii() and stated.isdigit() and len(stated) <= 3:
            return f"{letter}{int(stated):03d}"
    return None
