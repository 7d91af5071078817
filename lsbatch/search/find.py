"""find_scenes: everything in a source that could serve an event, merged by solar day."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

from lsbatch.domain import PUBLIC, Access, Endpoint, Event, Period, Rejection, Scene, mean_sun
from lsbatch.errors import CatalogError
from lsbatch.search.garbage import no_collector
from lsbatch.search.items import read_items
from lsbatch.search.links import resolve
from lsbatch.search.near import apart, check_near
from lsbatch.search.normalise import Image, image_of
from lsbatch.search.permits import access_of
from lsbatch.search.twins import Record, drop_twins

_MOST_FAR = 100
"""Records elsewhere or at another time that are listed; of a large source they fill any plan."""
_LONGEST_PASS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a search found, before anything is chosen; the same answer gives the same candidates."""

    scenes: tuple[Scene, ...]
    """Images that meet the area, in order of time."""
    terrain: tuple[Scene, ...]
    """Elevation models that meet the area."""
    rejected: tuple[Rejection, ...]
    """Records that cannot be used, each with its reason."""
    notes: tuple[str, ...] = ()
    """What the search met on the way: a fallback, counts that do not match."""
    endpoint: Endpoint | None = None
    """The catalogue that answered, where catalogs/endpoints.yaml has an entry for it."""
    access: Access = PUBLIC
    """Where the scenes' files may lie."""


@no_collector()
def find_scenes(event: Event, source: str, *, pre: Period, post: Period) -> Candidates:
    """Candidate scenes of an event; reads metadata only.

    Parameters
    ----------
    event : Event
    source : str
        Name of a catalogue (catalogs/endpoints.yaml), URL of a STAC API, or path of a static
        catalogue, item collection or stac-geoparquet file.
    pre, post : Period
        When to look before and after the event.

    Raises
    ------
    CatalogError
        If the source cannot be read at all; single bad records are listed in `rejected`.
    """
    found = read_items(source, area=event.aoi, periods=(pre, post))
    far: set[Rejection] = set()
    bad: set[Rejection] = set()
    records: list[Record] = []
    for item, place in found.placed:
        if not isinstance(item, dict):
            bad.add(Rejection("(no id)", "it is no JSON object"))
            continue
        left = far
        try:
            check_near(item, event.aoi, (pre, post))
            left = bad
            image = image_of(resolve(item, place))
            if image.granule.footprint.intersection(event.aoi).area == 0:
                raise CatalogError(apart(image.granule.footprint.bounds, event.aoi.bounds))
            records.append(Record(item, image))
        except CatalogError as error:
            left.add(Rejection(str(item.get("id") or "(no id)"), str(error)))
    images, twins = drop_twins(records)
    scenes = _merge(images, event)
    told = _sorted(far)[:_MOST_FAR]
    return Candidates(
        scenes=tuple(scene for scene in scenes if not scene.sensor.is_terrain),
        terrain=tuple(scene for scene in scenes if scene.sensor.is_terrain),
        rejected=_sorted({*told, *bad, *twins}),
        notes=(*found.notes, *_further(len(far) - len(told))),
        endpoint=found.endpoint,
        access=access_of(source),
    )


def _sorted(rejected: set[Rejection]) -> tuple[Rejection, ...]:
    return tuple(sorted(rejected, key=lambda one: (one.item_id, one.reason)))


def _further(count: int) -> list[str]:
    """The sentence on records elsewhere that are not listed one by one."""
    return [f"{count} further records lie elsewhere or at another time."] if count else []


def _merge(images: list[Image], event: Event) -> list[Scene]:
    """Scenes: the images of one sensor and solar day, in order of id whatever the search did."""
    groups: dict[tuple[str, str], list[Image]] = defaultdict(list)
    for image in images:
        groups[image.sensor.name, _day_of(image, event)].append(image)
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


def _day_of(image: Image, event: Event) -> str:
    """Key of a solar day; an interval stands alone.

    Terrain is one scene whatever its dates, but that from before the event is kept apart.
    """
    if image.sensor.is_terrain:
        return "terrain" if image.end < event.time else "younger terrain"
    if image.end - image.start > _LONGEST_PASS:
        return image.granule.item_id
    # local solar time: 15 degrees of longitude are one hour; an image may reach beyond the 180th
    here = image.granule.footprint.intersection(event.aoi).centroid
    noon = image.start + timedelta(hours=here.x / 15)
    return f"{noon:%Y-%m-%d}"
