"""Which area of an event is mapped: its own, a file's, a ShakeMap's contour, or a radius."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from lsbatch.catalog.areas import read_area
from lsbatch.catalog.land import MARGIN_KM, cut_to_land
from lsbatch.catalog.shakemap import describe_peaks, read_shakemap, shaken_area
from lsbatch.domain import Event, cut_at_180, landslide_radius_km, side_of, source_depth_km
from lsbatch.errors import CatalogError

_CORNERS = 90
"""Of a circle: a chord of 150 km then strays by 90 m."""
_DEPTH_KM = 10.0
"""Where a catalogue says no depth: what agencies write for a shallow earthquake."""
_MOST_APART_S = 3600.0


@dataclass(frozen=True, slots=True)
class AreaChoice:
    """What a user asks of the area; nothing = the event's own."""

    path: Path | None = None
    """File with polygons, or a ShakeMap's grid.xml."""
    level: str | None = None
    """Of a ShakeMap: MEASURE=VALUE with pga (% g), pgv (cm/s) or mmi."""
    radius: float | Literal["marc"] | None = None
    """Kilometres about the epicentre, or what the scaling of Marc et al. (2016) gives."""
    side: str | None = None
    """east or west of the 180th meridian."""
    land: bool = True
    """Leave the open sea out of a ShakeMap's contour and of a radius."""


def choose_area(event: Event, choice: AreaChoice) -> Event:
    """The event with the area that is to be mapped.

    Parameters
    ----------
    event : Event
    choice : AreaChoice

    Returns
    -------
    Event
        Its area lies on one side of the 180th meridian. Where it is not the event's own, the fact
        ``aoi_source`` says in words where it comes from.

    Raises
    ------
    CatalogError
        For a file that is no area, a choice that contradicts itself or the event, an area with its
        coordinates swapped, at sea, or on both sides of the 180th meridian.
    """
    area, words = _find(event, choice)
    _check_not_swapped(event, area)
    area = side_of(cut_at_180(area), choice.side)
    if choice.side:
        words = f"{words or 'box of the catalogue'}, its {choice.side}ern longitudes only"
    facts = {**event.facts, "aoi_source": words} if words else event.facts
    return replace(event, aoi=area, facts=facts)


def radius_area(event: Event, radius: float | Literal["marc"]) -> tuple[BaseGeometry, str]:
    """Ground about an event's epicentre, and how far it reaches in words.

    Raises
    ------
    CatalogError
        Without an epicentre; for `marc`, without a magnitude.
    """
    if event.epicentre is None:
        raise CatalogError(
            f"A radius needs an epicentre, and event {event.id!r} has none. Add the property "
            "'epicentre': [longitude, latitude], or give a file with --aoi."
        )
    if radius != "marc":
        return circle_about(event.epicentre, radius), f"radius of {radius:g} km about the epicentre"
    if event.magnitude is None:
        raise CatalogError(
            f"Marc et al.'s scaling needs a magnitude, and event {event.id!r} has none. Name a "
            "radius in kilometres."
        )
    hypocentre, known = _depth_of(event)
    depth = source_depth_km(event.magnitude, hypocentre_km=hypocentre)
    mechanism = str(event.facts.get("mechanism") or "")
    km = landslide_radius_km(event.magnitude, depth_km=depth, mechanism=mechanism)
    return circle_about(event.epicentre, km), (
        f"radius of {km:.1f} km about the epicentre (scaling of Marc et al. 2016 for M "
        f"{event.magnitude:g}, sources {depth:g} km deep{'' if known else ' (assumed)'}, "
        f"{mechanism or 'mechanism not known: reverse assumed'})"
    )


def circle_about(centre: tuple[float, float], radius_km: float) -> BaseGeometry:
    """All ground within a distance of a point.

    Parameters
    ----------
    centre : (longitude, latitude)
    radius_km : float
        Along the ellipsoid (WGS 84).

    Returns
    -------
    Polygon or MultiPolygon
        EPSG:4326, 90 corners; cut in two at the 180th meridian.

    Raises
    ------
    CatalogError
        Where a pole lies in it.
    """
    lon, lat = ([at] * _CORNERS for at in centre)
    azimuths = [360.0 * corner / _CORNERS for corner in range(_CORNERS)]
    x, y, _ = Geod(ellps="WGS84").fwd(lon, lat, azimuths, [1e3 * radius_km] * _CORNERS)
    return cut_at_180(shapely.Polygon(zip(x, y, strict=True)))


def _find(event: Event, choice: AreaChoice) -> tuple[BaseGeometry, str]:
    """The area, and where it comes from in words; "" for the event's own."""
    shakemap = choice.path is not None and choice.path.suffix.lower() == ".xml"
    if choice.level is not None and not shakemap:
        raise CatalogError(
            f"A level of shaking ({choice.level}) is a contour of a ShakeMap; name its grid.xml "
            "with --aoi."
        )
    if choice.radius is not None and choice.path is not None:
        raise CatalogError(
            f"An area is either a file ({choice.path}) or a radius ({choice.radius}); leave one of "
            "--aoi and --aoi-radius out."
        )
    if choice.radius is not None:
        return _on_land(*radius_area(event, choice.radius), choice.land)
    if choice.path is None:
        return event.aoi, ""
    if shakemap:
        return _on_land(*_shaken(event, choice.path, choice.level), choice.land)
    return read_area(choice.path), f"file {choice.path.name}"


def _on_land(area: BaseGeometry, words: str, land: bool) -> tuple[BaseGeometry, str]:
    kept = cut_to_land(area) if land else area
    if kept.equals(area):
        return area, words
    return (
        kept,
        f"{words}, without the sea further than {MARGIN_KM} km from a coarse outline of land",
    )


def _depth_of(event: Event) -> tuple[float, bool]:
    """Depth in km, and whether the catalogue knows it."""
    try:
        depth = float(event.facts["depth_km"])
    except (KeyError, TypeError, ValueError):
        return _DEPTH_KM, False
    return (depth, True) if math.isfinite(depth) else (_DEPTH_KM, False)


def _shaken(event: Event, path: Path, level: str | None) -> tuple[BaseGeometry, str]:
    shakemap = read_shakemap(path)
    if level is None:
        raise CatalogError(
            f"{path} is a ShakeMap: choose a contour with --aoi-level, such as mmi=6. "
            f"{describe_peaks(shakemap)}"
        )
    measure, value = _norm_level(level)
    if shakemap.time is not None:
        apart = abs((shakemap.time - event.time).total_seconds())
        if apart > _MOST_APART_S:
            raise CatalogError(
                f"{path} is the ShakeMap of an earthquake of {shakemap.time:%Y-%m-%d %H:%M} UTC, "
                f"but event {event.id!r} is of {event.time:%Y-%m-%d %H:%M} UTC."
            )
    area, cut_off = shaken_area(shakemap, measure, value)
    words = f"ShakeMap {path.name}, {measure} >= {value:g}"
    return area, f"{words}, cut off by the edge of the ShakeMap" if cut_off else words


def _norm_level(text: str) -> tuple[str, float]:
    measure, _, value = (part.strip().lower() for part in text.partition("="))
    try:
        level = float(value)
    except ValueError:
        level = math.nan
    if measure not in ("pga", "pgv", "mmi") or not (math.isfinite(level) and level > 0):
        raise CatalogError(
            f"A level of shaking is written pga=VALUE (% g), pgv=VALUE (cm/s) or mmi=VALUE, such "
            f"as mmi=6; received {text!r}."
        )
    return measure, level


def _check_not_swapped(event: Event, area: BaseGeometry) -> None:
    if event.epicentre is None:
        return
    epicentre = shapely.Point(event.epicentre)
    swapped = shapely.transform(area, lambda corners: corners[:, ::-1])
    if not area.intersects(epicentre) and swapped.contains(epicentre):
        lon, lat = event.epicentre
        raise CatalogError(
            f"The area of event {event.id!r} holds its epicentre (longitude {lon:g}, latitude "
            f"{lat:g}) only with longitude and latitude swapped. Write longitude first."
        )
