"""build_plan: from a recipe to what will be computed; reads metadata, headers, few pixels."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import shapely
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry

from lsbatch.batch.choice import (
    light_notes,
    model_notes,
    offset_notes,
    poor_choice,
    shift_notes,
    window_notes,
)
from lsbatch.batch.level import level_scenes
from lsbatch.batch.register import register_scenes
from lsbatch.batch.size import check_area_size, check_grid_size
from lsbatch.catalog import AreaChoice, check_time, choose_area, find_event, read_inventory
from lsbatch.cube import check_offsets, find_broken
from lsbatch.detectors import load_detector
from lsbatch.domain import (
    HARMONISED_SENSOR,
    QUALITY,
    VISIBLE,
    Detector,
    Event,
    Inputs,
    Look,
    OffsetCheck,
    Period,
    Rejection,
    Scene,
    Scenes,
    ShiftCheck,
    broad_nir,
    build_grid,
    harmonise,
    utm_of,
)
from lsbatch.domain.inputs import COS_I
from lsbatch.errors import RecipeError, WeightsError
from lsbatch.features import bands_to_read
from lsbatch.pipeline import Plan
from lsbatch.recipe import Recipe
from lsbatch.search import Candidates, access_of, choose_scenes, find_scenes

_LITTLE_COVERED = 0.5


def build_plan(recipe: Recipe) -> Plan:
    """The plan of one event.

    Raises
    ------
    LsbatchError
        Whatever stands in the way: unknown event or detector, unreadable source, no usable scene
        before (where the detector needs one) or after, an area without a pixel. Nothing is written.
    """
    detector = load_detector(recipe.detector.name, **recipe.detector.parameters)
    digest = None
    if recipe.inventory:
        read_inventory(Path(recipe.inventory))  # a bad file must not surface after the work
        digest = hashlib.sha256(Path(recipe.inventory).read_bytes()).hexdigest()
    seen = view_event(recipe, detector.inputs)
    _check_admitted(detector, seen.grid)
    return Plan(
        recipe=recipe,
        event=seen.event,
        scenes=seen.scenes,
        rejected=seen.rejected,
        grid=seen.grid,
        detector=detector,
        warnings=(
            *seen.notes,
            *_warnings(seen.event, seen.scenes, seen.rejected, detector),
            *window_notes(seen.event, recipe, recipe.periods(seen.event)),
            *poor_choice(seen.scenes),
            *offset_notes(seen.offsets),
            *shift_notes(seen.shifts),
            *(light_notes(seen.scenes) if recipe.light == "scs+c" else ()),
            *(_harmonised(seen.scenes) if recipe.harmonise else ()),
        ),
        inventory_sha256=digest,
        offsets=seen.offsets,
        shifts=seen.shifts,
    )


@dataclass(frozen=True, slots=True)
class View:
    """What can be seen of an event: chosen scenes and the grid over them."""

    event: Event
    scenes: Scenes
    rejected: tuple[Rejection, ...]
    grid: GeoBox
    notes: tuple[str, ...] = ()
    """What the search met on the way."""
    offsets: tuple[OffsetCheck, ...] = ()
    """What the images' own numbers said of their offsets."""
    shifts: tuple[ShiftCheck, ...] = ()
    """What was found of shifts between the looks."""


def view_event(recipe: Recipe, inputs: Inputs) -> View:
    """Scenes and grid for a recipe and what a detector asks to see.

    Raises
    ------
    LsbatchError
        As `build_plan` does; the recipe's detector is not loaded.
    """
    event = _event_of(recipe)
    check_area_size(event.aoi, recipe)
    pre, post = recipe.periods(event)
    candidates = find_scenes(event, recipe.source, pre=pre, post=post)
    scenes, rejected = _sound_scenes(candidates, event, pre, post, inputs, recipe)
    scenes, offsets = check_offsets(scenes)
    # only now: the check asks for offsets as the records have them
    scenes = harmonise(scenes) if recipe.harmonise else scenes
    grid = build_grid(
        scenes.footprint.intersection(event.aoi),
        crs=recipe.crs or utm_of(event.aoi),
        resolution=recipe.resolution or scenes.looks[0].scene.sensor.resolution_m,
    )
    check_grid_size(grid, recipe)
    shifts: tuple[ShiftCheck, ...] = ()
    if recipe.registration == "auto":
        scenes, shifts = register_scenes(scenes, event, grid, recipe.preparation)
    if recipe.light == "scs+c":
        bands = (*inputs.bands, *inputs.optional_bands)
        scenes = level_scenes(scenes, event, grid, recipe.preparation, bands)
    return View(event, scenes, rejected, grid, candidates.notes, offsets, shifts)


def _check_admitted(detector: Detector, grid: GeoBox) -> None:
    """Raise WeightsError where a detector was not trained for pixels of this size."""
    admitted = getattr(detector, "pixel_m", None)
    side = abs(grid.resolution.x)
    if admitted is not None and not admitted[0] <= side <= admitted[1]:
        raise WeightsError(
            f"Detector {detector.name!r} was trained on pixels of {admitted[0]:g} to "
            f"{admitted[1]:g} m; this run has {side:g} m. Choose another --resolution or --sensor."
        )


def _event_of(recipe: Recipe) -> Event:
    event = find_event(recipe.event, Path(recipe.catalog) if recipe.catalog else None)
    check_time(event)
    choice = AreaChoice(
        path=Path(recipe.aoi) if recipe.aoi else None,
        level=recipe.aoi_level,
        radius=recipe.aoi_radius,
        side=recipe.aoi_side,
        land=recipe.aoi_land,
    )
    return choose_area(event, choice)


def _sound_scenes(
    candidates: Candidates,
    event: Event,
    pre: Period,
    post: Period,
    inputs: Inputs,
    recipe: Recipe,
) -> tuple[Scenes, tuple[Rejection, ...]]:
    """Choose, open every header of the choice, and choose again without what is broken."""
    access = access_of(recipe.source, hosts=recipe.hosts, reads_per_second=recipe.reads_per_second)
    while True:
        scenes, rejected = choose_scenes(
            candidates,
            event,
            pre=pre,
            post=post,
            bands=inputs.bands,
            periods=inputs.periods,
            looks=recipe.looks,
            sensor=recipe.sensor,
        )
        _check_composite(scenes, recipe)
        read = harmonise(scenes) if recipe.harmonise else scenes
        opened = (*bands_to_read(read, inputs, recipe.preparation), QUALITY)
        used = [_only(look.scene, opened) for look in read.looks]
        broken = find_broken([*used, *scenes.terrain], access)
        if not broken:
            return replace(scenes, access=access), rejected
        names = {rejection.item_id for rejection in broken}
        candidates = replace(
            candidates,
            scenes=_without(candidates.scenes, names),
            terrain=_without(candidates.terrain, names),
            rejected=(*candidates.rejected, *broken),
        )


def _check_composite(scenes: Scenes, recipe: Recipe) -> None:
    """Raise RecipeError where a look lacks what the composite before the event needs."""
    needed = recipe.preparation.bands
    for look in scenes.pre:
        missing = [band for band in needed if band not in look.scene.bands]
        if missing:
            raise RecipeError(
                f"The greenest look is found by near infrared and red; {look.scene.id} has no "
                f"{', '.join(missing)}. Choose median or best under composite, or another --sensor."
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
    event: Event, scenes: Scenes, rejected: tuple[Rejection, ...], detector: Detector
) -> list[str]:
    """What the reader of the map should know before trusting it."""
    found = [f"Area of interest: {source}." for source in _area_source(event)]
    found += [_undated(look) for look in scenes.looks if not look.scene.is_dated]
    if not scenes.pre:
        found.append(
            f"No image before the event was used: {detector.name} looks only at images from after "
            "it, and ground that was bare before may be taken for a landslide."
        )
    for name, looks in _sides(scenes):
        covered = shapely.union_all([look.scene.footprint for look in looks])
        share = _area(covered.intersection(event.aoi)) / _area(event.aoi)
        if share < _LITTLE_COVERED:
            found.append(f"Images {name} the event cover only {share:.0%} of the area of interest.")
    if any(QUALITY not in look.scene.bands for look in scenes.looks):
        found.append(_unflagged(scenes, detector.inputs))
    found += _without_optional(scenes, detector.inputs)
    found += model_notes(event, scenes)
    if rejected:
        found.append(
            f"{len(rejected)} catalogue records were not used; the reasons are listed below."
        )
    return found


def _unflagged(scenes: Scenes, inputs: Inputs) -> str:
    head = "Images without a quality band:"
    if set(VISIBLE) <= set(bands_to_read(scenes, inputs)):
        return (
            f"{head} clouds and snow are screened by brightness and whiteness alone; thin cloud, "
            "cloud shadow and water are not."
        )
    return f"{head} without blue and green, neither clouds nor snow nor water are screened."


def _harmonised(scenes: Scenes) -> list[str]:
    """What the adjustment to the band passes of Landsat 8 left as it was."""
    broad = broad_nir(scenes)
    if broad:
        return [
            f"The near infrared of {', '.join(broad)} is not harmonised: the numbers are for B8A, "
            "which these images lack."
        ]
    if not any(look.scene.sensor_name == HARMONISED_SENSOR for look in scenes.looks):
        return ["Nothing was harmonised: no Sentinel-2 surface reflectance was chosen."]
    return []


def _sides(scenes: Scenes) -> list[tuple[str, tuple[Look, ...]]]:
    """Looks of each period that has any, under the word for it."""
    return [(word, own) for word, own in (("before", scenes.pre), ("after", scenes.post)) if own]


def _without_optional(scenes: Scenes, inputs: Inputs) -> list[str]:
    """What the detector would have liked to see, and does without: a sentence for each lack."""
    lacking: dict[tuple[str, ...], list[str]] = {}
    for look in scenes.looks:
        wanted = [c for c in inputs.channels if c.optional and c.period == look.period]
        bands = dict.fromkeys(band for channel in wanted for band in channel.bands)
        missing = [band for band in bands if band not in look.scene.bands]
        if look.scene.sun is None and any(channel.layer == COS_I for channel in wanted):
            missing.append("the sun's position")
        if missing:
            lacking.setdefault(tuple(missing), []).append(look.scene.id)
    return [
        f"Without {', '.join(missing)}: {', '.join(names)}. The detector can do without, less well."
        for missing, names in lacking.items()
    ]


def _area_source(event: Event) -> list[str]:
    source = event.facts.get("aoi_source")
    return [str(source)] if source else []


def _undated(look: Look) -> str:
    return (
        f"The date of {look.scene.id} is only known as {look.scene.start:%Y-%m-%d} to "
        f"{look.scene.end:%Y-%m-%d}; delays are the longest possible."
    )


def _area(area: shapely.Geometry) -> float:
    """Area on the ground, m2."""
    return float(Geometry(area, "EPSG:4326").to_crs("EPSG:6933", resolution=0.05).geom.area)
