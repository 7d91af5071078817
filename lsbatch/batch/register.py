"""register_scenes: shifts between the looks, measured once, before any block is cut."""

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry
from shapely.geometry.base import BaseGeometry

from lsbatch.cube import build_cube
from lsbatch.domain import (
    CHUNK_PX,
    VISIBLE,
    Event,
    Look,
    Preparation,
    Scene,
    Scenes,
    ShiftCheck,
    Status,
    blocks_of,
)
from lsbatch.errors import ReadError
from lsbatch.features import Decision, Sighting, decide_shift, measure_shifts, reasons_of

logger = logging.getLogger(__name__)

MOST_WINDOWS = 25
"""Windows of 256 x 256 pixels that are read of each look: with two bands in 16 bits and a quality
band some 8 MB, before compression. Areas up to about 12 x 12 km are seen whole, larger ones by a
sample."""
_LEAST_INSIDE = 0.25
"""Share of a window that must lie in the area, and within the reference."""
_PREFERRED = ("red", "nir", "nir08", "green", "blue")
_BANDS = 2
_READERS = 4


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
        The reference is the look that sees most of the area, one after the event where two see the
        same; it is left as it is. A scene without a shift that is sure, large enough and helps is
        left as it is too. Nothing is decided on fewer than two looks, or without a band in common.
    """
    bands = _bands_of(scenes)
    if len(scenes.looks) < 2 or not bands:
        return scenes, ()
    reference = _reference_of(scenes, event)
    windows, is_whole = _windows_of(reference.footprint.intersection(event.aoi), grid)
    seen: dict[str, list[Sighting]] = {look.scene.id: [] for look in scenes.looks}
    for window in windows:
        for scene_id, sightings in _look_into(window, scenes, reference, bands, preparation):
            seen[scene_id] += sightings
    box, pixel_m = grid.boundingbox, abs(float(grid.resolution.x))
    extent = (box.left, box.bottom, box.right, box.top)
    decided = {
        look.scene.id: decide_shift(
            seen[look.scene.id], pixel_m=pixel_m, extent=extent, is_whole=is_whole
        )
        for look in scenes.looks
        if look.scene.id != reference.id
    }
    looks = tuple(_shifted(look, decided.get(look.scene.id)) for look in scenes.looks)
    checks = tuple(
        _check_of(look.scene, reference, decided.get(look.scene.id)) for look in scenes.looks
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


def _windows_of(seen: BaseGeometry, grid: GeoBox) -> tuple[list[GeoBox], bool]:
    """Windows on the lattice of chunks inside an area, and whether they are all there are."""
    if seen.is_empty:
        return [], False
    area = Geometry(seen, "EPSG:4326").to_crs(grid.crs, resolution=0.01).geom
    shapely.prepare(area)
    inside = [
        block.core
        for block in blocks_of(grid, side_px=CHUNK_PX, halo=0)
        if _share_inside(block.core, area) >= _LEAST_INSIDE
    ]
    if len(inside) <= MOST_WINDOWS:
        return inside, True
    # spread over the rows: every so many-th of them, in order
    taken = np.linspace(0, len(inside) - 1, MOST_WINDOWS).round().astype(int)
    return [inside[place] for place in taken], False


def _share_inside(window: GeoBox, area: BaseGeometry) -> float:
    box = window.extent.geom
    return float(box.intersection(area).area / box.area)


def _look_into(
    window: GeoBox,
    scenes: Scenes,
    reference: Scene,
    bands: tuple[str, ...],
    preparation: Preparation,
) -> list[tuple[str, list[Sighting]]]:
    """Measurements of one window, by scene; nothing of one that cannot be read.

    A file that fails here fails again in its block, which says so there.
    """
    here = replace(scenes.touching(window), terrain=())
    ids = [look.scene.id for look in here.looks]
    if reference.id not in ids or len(ids) < 2:
        return []
    needed = tuple(dict.fromkeys((*bands, *_screen_bands(scenes))))
    plain = replace(preparation, shadow_reach_m=0.0)
    try:
        cube = build_cube(here, window, bands=needed).load(
            scheduler="threads", num_workers=_READERS
        )
    except ReadError as error:
        logger.warning("stage=registration a window is left out: %s", error)
        return []
    usable = reasons_of(cube, bands, plain).compute(scheduler="threads") == Status.SCORED
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


def _screen_bands(scenes: Scenes) -> Sequence[str]:
    """Bands that tell clouds in looks without flags, where all have them."""
    looks = [look.scene.bands for look in scenes.looks]
    flagged = all("quality" in bands for bands in looks)
    return () if flagged or not all(set(VISIBLE) <= bands for bands in looks) else VISIBLE


def _shifted(look: Look, decision: Decision | None) -> Look:
    if decision is None or decision.shift is None:
        return look
    return replace(look, scene=replace(look.scene, shift=decision.shift))


def _check_of(scene: Scene, reference: Scene, decision: Decision | None) -> ShiftCheck:
    if decision is None:
        return ShiftCheck(scene.id, reference.id, "reference", "the others are compared with it")
    applied = "none"
    if decision.shift is not None:
        applied = "scene" if decision.shift.local is None else "local"
    return ShiftCheck(scene.id, reference.id, applied, decision.reason, **decision.facts)
