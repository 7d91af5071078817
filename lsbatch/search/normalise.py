"""One STAC item, any version and spelling, becomes one granule with known units."""

import math
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from lsbatch.domain import EPOCHS, QUALITY, SENSORS, Asset, Band, Granule, Sensor, Sun, cut_at_180
from lsbatch.errors import CatalogError
from lsbatch.search.found import properties_of
from lsbatch.search.reports import reported_of

Record = dict[str, Any]

_SHIFT_REMOVED = ("earthsearch:boa_offset_applied", "sentinel:boa_offset_applied")
"""Properties by which Earth Search says that its Sentinel-2 numbers no longer hold the shift."""

_BASELINES = ("s2:processing_baseline", "sentinel:processing_baseline")
"""Properties that hold the processing baseline of a Sentinel-2 product, as in 05.11."""
_LOOKS_LIKE_BASELINE = re.compile(r"\d\d\.\d\d")
_SUN_NAMES = (
    ("view:sun_azimuth", "view:sun_elevation"),
    ("s2:mean_solar_azimuth", "s2:mean_solar_zenith"),
    ("eo:sun_azimuth", "eo:sun_elevation"),
)
"""Properties that hold the sun's azimuth and its elevation, or zenith angle: STAC's view extension,
Planetary Computer's Sentinel-2, and STAC before version 0.9."""


@dataclass(frozen=True, slots=True)
class Image:
    """A granule with its sensor and time, before scenes are formed."""

    granule: Granule
    sensor: Sensor
    start: datetime
    end: datetime
    cloud_percent: float | None
    sun: Sun | None


def image_of(item: Record) -> Image:
    """The image that an item describes.

    Raises
    ------
    CatalogError
        With the reason, if the item cannot be used.
    """
    try:
        return _image_of(item)
    except CatalogError:
        raise
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError) as error:
        raise CatalogError(f"its record breaks the STAC specification ({error})") from error


def _image_of(item: Record) -> Image:
    sensor = sensor_of(item)
    start, end = _epoch_of(item, sensor) or interval_of(item)
    assets = tuple(_assets_of(item, sensor))
    if not assets:
        raise CatalogError(
            f"none of its assets is a band of {sensor.name} "
            f"({', '.join(band.name for band in sensor.bands)})"
        )
    reported = reported_of(item, sensor, baseline=_sound_baseline(item))
    return Image(
        granule=Granule(str(item.get("id")), _footprint_of(item), assets, reported),
        sensor=sensor,
        start=start,
        end=end,
        cloud_percent=None if reported is None else reported.cloud_percent,
        sun=_sun_of(properties_of(item)),
    )


def sensor_of(item: Record) -> Sensor:
    """The sensor of an item: by its collection, else by its platform, else by its assets."""
    properties = properties_of(item)
    collection = item.get("collection")
    for sensor in SENSORS:
        if collection in sensor.collections:
            return sensor
    made_by = [str(properties.get(key, "")).lower() for key in ("constellation", "platform")]
    for sensor in SENSORS:
        # a platform's products differ in units; the one of a table is known by its flag band
        has_flags = sensor.quality is None or set(sensor.quality.assets) & set(_assets(item))
        if has_flags and any(name.startswith(sensor.platforms) for name in made_by):
            return sensor
    roles = {role for asset in _assets(item).values() for role in asset.get("roles") or ()}
    wanted = (
        "dem"
        if roles & {"dem", "elevation"} or {"dem", "elevation"} & set(_assets(item))
        else "generic"
    )
    return next(sensor for sensor in SENSORS if sensor.name == wanted)


def _assets(item: Record) -> dict[str, Record]:
    listed = item.get("assets") or {}
    return {key: asset for key, asset in listed.items() if isinstance(asset, dict)}


def interval_of(item: Record) -> tuple[datetime, datetime]:
    """When an item was acquired: a moment twice, or the interval in which it lies.

    Raises
    ------
    CatalogError
        Where it states no sound time.
    """
    properties = properties_of(item)
    if properties.get("datetime"):
        moment = _time(properties["datetime"])
        # a bare date is a whole day: on the day of the event it may be before or after
        bare = len(str(properties["datetime"])) == len("2018-09-05")
        return moment, moment + timedelta(days=1, seconds=-1) if bare else moment
    if properties.get("start_datetime") and properties.get("end_datetime"):
        start, end = _time(properties["start_datetime"]), _time(properties["end_datetime"])
        if start > end:
            raise CatalogError("its start_datetime is after its end_datetime")
        return start, end
    raise CatalogError("it has neither a datetime nor a start_datetime and end_datetime")


def _epoch_of(item: Record, sensor: Sensor) -> tuple[datetime, datetime] | None:
    """When the ground of a known elevation model was measured, unless its record tells itself."""
    if not sensor.is_terrain or properties_of(item).get("start_datetime"):
        return None
    return EPOCHS.get(str(item.get("collection")))


def _time(text: Any) -> datetime:
    try:
        time = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError as error:
        raise CatalogError(f"its time {text!r} is not ISO 8601") from error
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _footprint_of(item: Record) -> BaseGeometry:
    if item.get("geometry"):
        try:
            footprint = shapely.make_valid(
                shapely.force_2d(shapely.geometry.shape(item["geometry"]))
            )
        except Exception as error:
            raise CatalogError(f"its geometry is not readable ({error})") from error
    elif item.get("bbox"):
        box = item["bbox"]
        west, south, east, north = *box[:2], *box[len(box) // 2 :][:2]
        # GeoJSON's way to cross the 180th meridian (RFC 7946, 5.2)
        footprint = shapely.box(west, south, east + 360 if west > east else east, north)
    else:
        raise CatalogError("it has neither a geometry nor a bbox")
    # of a box of NaN shapely makes None
    if footprint is None or footprint.is_empty or not all(map(math.isfinite, footprint.bounds)):
        raise CatalogError("its footprint is empty")
    cut = cut_at_180(footprint)
    # nothing is left of what goes around the Earth, such as a model of all of it
    return footprint if cut.is_empty else cut


def _sun_of(properties: Record) -> Sun | None:
    """The sun's position, in any of the spellings; None where it is absent or cannot be true.

    It serves optional channels only, so that a bad value is no reason to leave an image out.
    """
    for azimuth_name, height_name in _SUN_NAMES:
        azimuth, height = properties.get(azimuth_name), properties.get(height_name)
        if not (_is_number(azimuth) and _is_number(height)):
            continue
        elevation = 90.0 - height if height_name.endswith("zenith") else float(height)
        try:
            return Sun(0.0 if azimuth == 360 else float(azimuth), elevation)
        except CatalogError:
            continue
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _assets_of(item: Record, sensor: Sensor) -> list[Asset]:
    found = []
    for band in sensor.bands:
        key = _key_of(item, band)
        if key is not None:
            found.append(_asset_of(item, key, band, sensor))
    if found and sensor.quality is not None:
        key = next((key for key in sensor.quality.assets if key in _assets(item)), None)
        if key is not None:
            asset = _assets(item)[key]
            href, nodata = _href_of(asset, key), sensor.quality.nodata
            found.append(Asset(QUALITY, href, nodata=nodata, epsg=_epsg_of(item, asset)))
    return found


def _key_of(item: Record, band: Band) -> str | None:
    """Key of the asset that holds a band: by its key, its band's name or its common name."""
    assets = _assets(item)
    for name in band.assets:
        if name in assets:
            return name
    for key, asset in assets.items():
        described = _bands(asset, item)
        if len(described) != 1 or "overview" in (asset.get("roles") or ()):
            continue
        names = {described[0].get(word) for word in ("name", "eo:common_name", "common_name")}
        if names & {band.name, *band.assets}:
            return key
    return None


def _bands(asset: Record, item: Record) -> list[Record]:
    """Band records of an asset: STAC 1.1 `bands`, 1.0 `eo:bands`, or numbers of the item's own."""
    listed = asset.get("bands") or asset.get("eo:bands") or []
    of_item = properties_of(item).get("eo:bands") or []
    numbered = {n: record for n, record in enumerate(of_item) if isinstance(record, dict)}
    found = [numbered.get(one) if isinstance(one, int) else one for one in listed]
    return [record for record in found if isinstance(record, dict)]


def _asset_of(item: Record, key: str, band: Band, sensor: Sensor) -> Asset:
    asset = _assets(item)[key]
    stated = _stated(asset)
    scale, offset = _scale_and_offset(item, stated, band, sensor)
    nodata = stated.get("nodata")
    if "scale" not in stated and sensor.name == "generic" and not _is_float(asset, stated):
        raise CatalogError(
            f"its asset {key!r} states no scale, so its numbers have no known unit; "
            "add raster:scale (and raster:offset) to the asset's band"
        )
    return Asset(
        band=band.name,
        href=_href_of(asset, key),
        scale=scale,
        offset=offset,
        nodata=_nodata(band.nodata if nodata is None else nodata),
        epsg=_epsg_of(item, asset),
        **_of_the_file(asset),
    )


def _of_the_file(asset: Record) -> dict[str, Any]:
    """What a record says of this very file; an item's own grid may be that of other files."""
    transform, shape = asset.get("proj:transform"), asset.get("proj:shape")
    checksum = asset.get("file:checksum")
    return {
        "transform": tuple(map(float, transform[:6])) if _are_numbers(transform, 6) else None,
        "shape": tuple(map(int, shape)) if _are_numbers(shape, 2) and len(shape) == 2 else None,
        "checksum": checksum if isinstance(checksum, str) else None,
    }


def _are_numbers(value: Any, least: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) >= least
        and all(isinstance(v, int | float) and math.isfinite(v) for v in value)
    )


def _scale_and_offset(
    item: Record, stated: Record, band: Band, sensor: Sensor
) -> tuple[float, float]:
    """What makes reflectance of stored numbers: number * scale + offset.

    Sentinel-2 numbers are 1000 higher from processing baseline 04.00 on. Planetary Computer does
    not state it; Earth Search has taken it out of some images and goes on stating it
    (github.com/Element84/earth-search, issue 66).
    """
    properties = properties_of(item)
    scale = float(stated.get("scale", band.scale))
    if any(properties.get(word) is True for word in _SHIFT_REMOVED):
        return scale, 0.0
    if stated.keys() & {"scale", "offset"}:
        return scale, float(stated.get("offset", 0.0))
    is_shifted = sensor.name.startswith("sentinel-2") and baseline_of(properties) >= 4
    return scale, -1000 * scale if is_shifted else band.offset


def baseline_of(properties: Record) -> float:
    """Processing baseline of a Sentinel-2 product, such as 5.11; 0 where none is stated.

    Raises
    ------
    TypeError, ValueError
        Where what is stated is no number.
    """
    stated = next((properties[name] for name in _BASELINES if properties.get(name)), None)
    version = str(properties.get("processing:version"))  # of any software, so that it may be a word
    if stated is None and _LOOKS_LIKE_BASELINE.fullmatch(version):
        return float(version)
    return float(stated or 0)


def _sound_baseline(item: Record) -> float | None:
    try:
        return baseline_of(properties_of(item)) or None
    except (TypeError, ValueError):  # of another sensor, or where the scale is stated anyway
        return None


def _stated(asset: Record) -> Record:
    """Scale, offset, nodata and data type, whichever of the three spellings a catalogue uses."""
    places = [asset, *(asset.get("bands") or [])[:1], *(asset.get("raster:bands") or [])[:1]]
    found: Record = {}
    for word in ("scale", "offset", "nodata", "data_type"):
        for place in places:
            for spelling in (f"raster:{word}", word):
                if found.get(word) is None and place.get(spelling) is not None:
                    found[word] = place[spelling]
    return found


def _is_float(asset: Record, stated: Record) -> bool:
    return str(stated.get("data_type", asset.get("data_type", ""))).startswith("float")


def _nodata(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError) as error:
        raise CatalogError(f"its nodata value {value!r} is not a number") from error


def _epsg_of(item: Record, asset: Record) -> int | None:
    for place in (asset, properties_of(item)):
        code = place.get("proj:code")
        if isinstance(code, str) and code.upper().startswith("EPSG:"):
            return int(code.split(":")[1])
        if place.get("proj:epsg") is not None:
            return int(place["proj:epsg"])
    return None


def _href_of(asset: Record, key: str) -> str:
    href = str(asset.get("href") or "")
    if not href:
        raise CatalogError(f"its asset {key!r} has no href")
    if "://" not in href and not os.path.isfile(href):  # of any text, where Path.is_file raises
        raise CatalogError(f"its asset {key!r} is the file {href[:200]}, which does not exist")
    return href
