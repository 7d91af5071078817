"""choose_models: elevation models, those from before the event on top."""

import shapely

from lsbatch.domain import Event, Rejection, Scene

_LEAST_GAIN = 1e-3
"""Share of the area that a younger model must add to be worth its reads."""
_YOUNGER = (
    "it is younger than the event, or may be, and an elevation model from before it covers the "
    "same ground"
)


def choose_models(
    models: tuple[Scene, ...], event: Event
) -> tuple[tuple[Scene, ...], tuple[Rejection, ...]]:
    """Elevation models in the order in which they lie, and those left out with the reason.

    A landslide changes the ground that its slope is taken from, so that a model measured before
    the event goes first; a younger one only fills what the others leave.
    """
    older = [model for model in models if model.end < event.time]
    younger = [model for model in models if model.end >= event.time]
    covered = shapely.union_all([model.footprint for model in older])
    bare = event.aoi.difference(covered)
    needed = [m for m in younger if m.footprint.intersection(bare).area > _least(event)]
    left = [
        Rejection(granule.item_id, _YOUNGER)
        for model in younger
        if model not in needed
        for granule in model.granules
    ]
    return (*sorted(older, key=_newest), *sorted(needed, key=_newest)), tuple(left)


def _least(event: Event) -> float:
    return _LEAST_GAIN * float(event.aoi.area)


def _newest(model: Scene) -> tuple[float, str]:
    return -model.end.timestamp(), model.id
