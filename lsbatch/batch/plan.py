"""build_plan: from a recipe to what will be computed; reads metadata and file headers only."""

import hashlib
from dataclasses import replace
from pathlib import Path

import shapely
from odc.geo.geom import Geometry

from lsbatch.catalog import find_event, read_area, read_inventory
from lsbatch.cube import find_broken
from lsbatch.detectors import load_detector
from lsbatch.domain import (
    QUALITY,
    VISIBLE,
    Event,
    Look,
    Period,
    Rejection,
    Scene,
    Scenes,
    build_grid,
    utm_of,
)
from lsbatch.features import bands_to_read
from lsbatch.pipeline import Plan
from lsbatch.recipe import Recipe
from lsbatch.search import Candidates, choose_scenes, find_scenes

_LITTLE_COVERED = 0.5


def build_plan(recipe: Recipe) -> Plan:
    """The plan of one event.

    Raises
    ------
    LsbatchError
        Whatever stands in the way: unknown event or detector, unreadable source, no usable scene
        before or after, an area without a pixel. Nothing is written.
    """
    detector = load_detector(recipe.detector.name, **recipe.detector.parameters)
    event = _event_of(recipe)
    digest = None
    if recipe.inventory:
        read_inventory(Path(recipe.inventory))  # a bad file must not surface after the work
        digest = hashlib.sha256(Path(recipe.inventory).read_bytes()).hexdigest()
    pre, post = recipe.periods(event)
    candidates = find_scenes(event, recipe.source, pre=pre, post=post)
    scenes, rejected = _sound_scenes(candidates, event, pre, post, detector.inputs.bands, recipe)
    grid = build_grid(
        scenes.footprint.intersection(event.aoi),
        crs=recipe.crs or utm_of(event.aoi),
        resolution=recipe.resolution or scenes.looks[0].scene.sensor.resolution_m,
    )
    return Plan(
        recipe=recipe,
        event=event,
        scenes=scenes,
        rejected=rejected,
        grid=grid,
        detector=detector,
        warnings=tuple(_warnings(event, scenes, rejected, detector.inputs.bands)),
        inventory_sha256=digest,
    )


def _event_of(recipe: Recipe) -> Event:
    event = find_event(recipe.event, Path(recipe.catalog) if recipe.catalog else None)
    return replace(event, aoi=read_area(Path(recipe.aoi))) if recipe.aoi else event


def _sound_scenes(
    candidates: Candidates,
    event: Event,
    pre: Period,
    post: Period,
    bands: tuple[str, ...],
    recipe: Recipe,
) -> tuple[Scenes, tuple[Rejection, ...]]:
    """Choose, open every header of the choice, and choose again without what is broken."""
    while True:
        scenes, rejected = choose_scenes(
            candidates,
            event,
            pre=pre,
            post=post,
            bands=bands,
            looks=recipe.looks,
            sensor=recipe.sensor,
        )
        opened = (*bands_to_read(scenes, bands), QUALITY)
        used = [_only(look.scene, opened) for look in scenes.looks]
        broken = find_broken([*used, *scenes.terrain])
        if not broken:
            return scenes, rejected
        names = {rejection.item_id for rejection in broken}
        candidates = replace(
            candidates,
            scenes=_without(candidates.scenes, names),
            terrain=_without(candidates.terrain, names),
            rejected=(*candidates.rejected, *broken),
        )


def _only(scene: Scene, bands: tuple[str, ...]) -> Scene:
    """The scene with the files that a run will open, no others."""
    return replace(
        scene,
        granules=tuple(
            replace(granule, assets=tuple(a for a in granule.assets if a.band in bands))
            for granule in scene.granules
        ),
    )


def _without(scenes: tuple[Scene, ...], names: set[str]) -> tuple[Scene, ...]:
    kept = []
    for scene in scenes:
        granules = tuple(g for g in scene.granules if g.item_id not in names)
        if granules:
            kept.append(replace(scene, granules=granules))
    return tuple(kept)


def _warnings(
    event: Event, scenes: Scenes, rejected: tuple[Rejection, ...], bands: tuple[str, ...]
) -> list[str]:
    """What the reader of the map should know before trusting it."""
    found = [_undated(look) for look in scenes.looks if not look.scene.is_dated]
    for name, looks in (("before", scenes.pre), ("after", scenes.post)):
        covered = shapely.union_all([look.scene.footprint for look in looks])
        share = _area(covered.intersection(event.aoi)) / _area(event.aoi)
        if share < _LITTLE_COVERED:
            found.append(f"Images {name} the event cover only {share:.0%} of the area of interest.")
    if any(QUALITY not in look.scene.bands for look in scenes.looks):
        found.append(_unflagged(scenes, bands))
    later = [scene.id for scene in scenes.terrain if scene.start > event.time]
    if later:
        found.append(f"The elevation model {', '.join(later)} is younger than the event.")
    if rejected:
        found.append(
            f"{len(rejected)} catalogue records were not used; the reasons are listed below."
        )
    return found


def _unflagged(scenes: Scenes, bands: tuple[str, ...]) -> str:
    head = "Images without a quality band:"
    if set(VISIBLE) <= set(bands_to_read(scenes, bands)):
        return (
            f"{head} clouds and snow are screened by brightness and whiteness alone; thin cloud, "
            "cloud shadow and water are not."
        )
    return f"{head} without blue and green, neither clouds nor snow nor water are screened."


def _undated(look: Look) -> str:
    return (
        f"The date of {look.scene.id} is only known as {look.scene.start:%Y-%m-%d} to "
        f"{look.scene.end:%Y-%m-%d}; delays are the longest possible."
    )


def _area(area: shapely.Geometry) -> float:
    """Area on the ground, m2."""
    return float(Geometry(area, "EPSG:4326").to_crs("EPSG:6933", resolution=0.05).geom.area)
