"""find_scenes: everything in a source that could serve an event, merged by solar day."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

from shapely.geometry.base import BaseGeometry

from lsbatch.domain import Event, Period, Rejection, Scene, mean_sun
from lsbatch.errors import CatalogError
from lsbatch.search.items import read_items
from lsbatch.search.normalise import Image, image_of

_LONGEST_PASS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a search found, before anything is chosen."""

    scenes: tuple[Scene, ...]
    """Images that meet the area, in order of time."""
    terrain: tuple[Scene, ...]
    """Elevation models that meet the area."""
    rejected: tuple[Rejection, ...]
    """Records that cannot be used, each with its reason."""


def find_scenes(event: Event, source: str, *, pre: Period, post: Period) -> Candidates:
    """Candidate scenes of an event; reads metadata only.

    Parameters
    ----------
    event : Event
    source : str
        URL of a STAC API, or path of a static catalogue or item collection.
    pre, post : Period
        When to look before and after the event.

    Raises
    ------
    CatalogError
        If the source cannot be read at all; single bad records are listed in `rejected`.
    """
    items = read_items(source, area=event.aoi, start=pre.start, end=post.end)
    images: dict[str, Image] = {}
    rejected: list[Rejection] = []
    for item in items:
        item_id = str(item.get("id") or "(no id)")
        try:
            image = image_of(item)
            if item_id in images:
                raise CatalogError("another record has the same id and came first")
            if image.granule.footprint.intersection(event.aoi).area == 0:
                raise CatalogError(_apart(image.granule.footprint, event.aoi))
            images[item_id] = image
        except CatalogError as error:
            rejected.append(Rejection(item_id, str(error)))
    scenes = _merge(list(images.values()))
    return Candidates(
        scenes=tuple(scene for scene in scenes if not scene.sensor.is_terrain),
        terrain=tuple(scene for scene in scenes if scene.sensor.is_terrain),
        rejected=tuple(sorted(rejected, key=lambda r: (r.item_id, r.reason))),
    )


def _apart(footprint: BaseGeometry, area: BaseGeometry) -> str:
    one, two = (" ".join(f"{value:.2f}" for value in shape.bounds) for shape in (footprint, area))
    return (
        f"its footprint does not meet the area of interest (west south east north: {one}, against "
        f"{two}; longitude comes first)"
    )


def _merge(images: list[Image]) -> list[Scene]:
    """Scenes: the images of one sensor and solar day, in order of id whatever the search did."""
    groups: dict[tuple[str, str], list[Image]] = defaultdict(list)
    for image in images:
        groups[image.sensor.name, _day_of(image)].append(image)
    scenes = []
    for (sensor, day), members in groups.items():
        members.sort(key=lambda image: image.granule.item_id)
        suns = [m.sun for m in members if m.sun is not None]
        clouds = [m.cloud_percent for m in members if m.cloud_percent is not None]
        scenes.append(
            Scene(
                id=members[0].granule.item_id if len(members) == 1 else f"{sensor}:{day}",
                sensor_name=sensor,
                start=min(member.start for member in members),
                end=max(member.end for member in members),
                granules=tuple(member.granule for member in members),
                cloud_percent=sum(clouds) / len(clouds) if clouds else None,
                sun=mean_sun(suns),
            )
        )
    return sorted(scenes, key=lambda scene: (scene.start, scene.id))


def _day_of(image: Image) -> str:
    """Key of a solar day; terrain is one scene whatever its dates, an interval stands alone."""
    if image.sensor.is_terrain:
        return "terrain"
    if image.end - image.start > _LONGEST_PASS:
        return image.granule.item_id
    # local solar time: 15 degrees of longitude are one hour
    noon = image.start + timedelta(hours=image.granule.footprint.centroid.x / 15)
    return f"{noon:%Y-%m-%d}"
