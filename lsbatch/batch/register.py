"""register_scenes: shifts between the looks, measured once, before any block is cut."""

import math
from dataclasses import replace

from odc.geo.geobox import GeoBox

from lsbatch.batch.windows import see_window, windows_of
from lsbatch.domain import (
    NEAR,
    Event,
    Look,
    Preparation,
    Scene,
    Scenes,
    Shift,
    ShiftCheck,
)
from lsbatch.features import (
    LEAST_SHIFT_PX,
    Decision,
    Sighting,
    decide_shift,
    measure_shifts,
    screen_bands,
)

_PREFERRED = ("red", "nir", "nir08", "green", "blue")
_BANDS = 2
_ITSELF = Decision(Shift(0.0, 0.0), "the others are compared with it", {})


def register_scenes(
    scenes: Scenes, event: Event, grid: GeoBox, preparation: Preparation
) -> tuple[Scenes, tuple[ShiftCheck, ...]]:
    """The scenes with the shifts that are to be taken out, and the decision on each.

    Reads up to `MOST_WINDOWS` windows of two bands and the quality band of every look.

    Parameters
    ----------
    scenes : Scenes
    event : Event
        Its area of interest is looked at.
    grid : GeoBox
        Of the map.
    preparation : Preparation
        What is set aside; terrain shadow is not looked for.

    Returns
    -------
    Scenes, tuple of ShiftCheck
        All are compared with the look that sees most of the area, one after the event where two
        see the same, and brought to where that look lies that is in the midst of all: errors of
        place are independent, so that the middle is nearest to the truth, and fewest are moved.
        Scenes whose shift is not sure, or less than 0.2 of a pixel, are left as they are. Nothing
        is decided on fewer than two looks, or without a band in common.
    """
    bands = _bands_of(scenes)
    if len(scenes.looks) < 2 or not bands:
        return scenes, ()
    reference = _reference_of(scenes, event)
    windows, is_whole = windows_of(reference.footprint.intersection(event.aoi), grid)
    seen: dict[str, list[Sighting]] = {look.scene.id: [] for look in scenes.looks}
    for window in windows:
        for scene_id, sightings in _look_into(window, scenes, reference, bands, preparation):
            seen[scene_id] += sightings
    pixel_m = abs(float(grid.resolution.x))
    decided = {
        look.scene.id: decide_shift(
            seen[look.scene.id],
            pixel_m=pixel_m,
            extent=grid.boundingbox.bbox,
            is_whole=is_whole,
        )
        for look in scenes.looks
        if look.scene.id != reference.id
    }
    taken = _taken({reference.id: _ITSELF, **decided}, pixel_m)
    looks = tuple(
        replace(look, scene=replace(look.scene, shift=taken[look.scene.id]))
        for look in scenes.looks
    )
    checks = tuple(
        _check_of(look.scene, reference, decided.get(look.scene.id, _ITSELF)) for look in looks
    )
    return replace(scenes, looks=looks), checks


def _bands_of(scenes: Scenes) -> tuple[str, ...]:
    shared = [look.scene.bands for look in scenes.looks]
    common = frozenset.intersection(*shared) if shared else frozenset()
    return tuple(band for band in _PREFERRED if band in common)[:_BANDS]


def _reference_of(scenes: Scenes, event: Event) -> Scene:
    """The look that sees most of the area, by records alone; the later side wins a tie."""

    def seen(look: Look) -> float:
        inside = look.scene.footprint.intersection(event.aoi).area
        cloud = 50.0 if look.scene.cloud_percent is None else look.scene.cloud_percent
        return round(float(inside / event.aoi.area) * (1 - cloud / 100), 3)

    best = max(scenes.looks, key=lambda look: (seen(look), look.period == "post", -look.delay_days))
    return best.scene


def _look_into(
    window: GeoBox,
    scenes: Scenes,
    reference: Scene,
    bands: tuple[str, ...],
    preparation: Preparation,
) -> list[tuple[str, list[Sighting]]]:
    """Measurements of one window, by scene; nothing of one that cannot be read."""
    here = replace(scenes.touching(window), terrain=())
    ids = [look.scene.id for look in here.looks]
    if reference.id not in ids or len(ids) < 2:
        return []
    seen = see_window(window, here, bands, preparation, beside=screen_bands(scenes))
    if seen is None:
        return []
    cube, usable = seen
    base = ids.index(reference.id)
    found = []
    for place, scene_id in enumerate(ids):
        if place == base:
            continue
        measured = measure_shifts(
            [cube[band].values[base] for band in bands],
            [cube[band].values[place] for band in bands],
            usable[base] & usable[place],
        )
        corners = [(one, window.affine * (one.col, one.row)) for one in measured]
        found.append((scene_id, [Sighting(x, y, one) for one, (x, y) in corners]))
    return found


def _taken(decided: dict[str, Decision], pixel_m: float) -> dict[str, Shift | None]:
    """What is taken out of each scene, to bring it to where the one in the midst lies."""
    sure = {name: one.shift for name, one in decided.items() if one.shift is not None}

    def apart(one: Shift) -> float:
        return sum(_distance(one, other) for other in sure.values())

    # the first of equals: the reference, which then stays where it is
    middle = min(sure.values(), key=apart)
    taken: dict[str, Shift | None] = dict.fromkeys(decided)
    for name, shift in sure.items():
        if shift.local is not None or _distance(shift, middle) >= LEAST_SHIFT_PX * pixel_m:
            east, north = shift.east_m - middle.east_m, shift.north_m - middle.north_m
            taken[name] = Shift(round(east, 2), round(north, 2), shift.local)
    return taken


def _distance(one: Shift, other: Shift) -> float:
    return math.hypot(one.east_m - other.east_m, one.north_m - other.north_m)


def _check_of(scene: Scene, reference: Scene, decision: Decision) -> ShiftCheck:
    """The check of a scene that holds what is taken out of it."""
    names = (scene.id, reference.id)
    if scene.shift is not None:
        applied = "scene" if scene.shift.local is None else "local"
        reason, moved = decision.reason, (scene.shift.east_m, scene.shift.north_m)
        return ShiftCheck(*names, applied, reason, *moved, **decision.facts)
    reason = decision.reason if decision.shift is None else NEAR
    return ShiftCheck(*names, "none", reason, **decision.facts)
