"""Sentences on the choice of scenes: what makes a map of them less sure."""

from collections.abc import Iterator, Sequence

from lsbatch.domain import Considered, Event, OffsetCheck, Period, Scenes, ShiftCheck, own_period
from lsbatch.recipe import Recipe

_LITTLE_SEASON = 1 / 3
"""Two months apart in the year: leaves, crops and snow have changed."""
_MUCH_SNOW = 0.2
_LONG_DAYS = {"pre": 180, "post": 90}
"""Beyond them landslides of other causes are mapped too, or scars have begun to grow over."""
_SIDE = {"pre": "before", "post": "after"}


def window_notes(event: Event, recipe: Recipe, periods: tuple[Period, Period]) -> list[str]:
    """That a period is the event's own, where it is."""
    return [
        f"The period {_SIDE[name]} the event, {period.start:%Y-%m-%d} to {period.end:%Y-%m-%d}, is "
        f"the one that the event states for itself; another: --{name} FROM/TO."
        for name, period in zip(("pre", "post"), periods, strict=True)
        if getattr(recipe, name) is None and own_period(event, name) is not None
    ]


def poor_choice(scenes: Scenes) -> list[str]:
    """What is poor in the choice, though it is the best that the source offers."""
    found = []
    for name in ("pre", "post"):
        taken = [one for one in scenes.considered if one.is_chosen and one.period == name]
        found += [*_snowy(taken), *_late(taken)]
        if name == "pre":
            found += _of_another_season(taken)
    return found


def offset_notes(checks: Sequence[OffsetCheck]) -> list[str]:
    """What was corrected in the images' offsets, and what could not be decided."""
    found = []
    for check in checks:
        if check.verdict == "corrected":
            found.append(
                f"The offset of {check.item_id} was set to {check.applied:g} in place of "
                f"{check.stated:g}: {check.reason}."
            )
        elif check.verdict == "unclear":
            found.append(
                f"Whether the offset of {check.item_id} is {check.stated:g}, as its record says, "
                f"is not sure: {check.reason}. Reflectance may be wrong by 0.1."
            )
    return found


def shift_notes(checks: Sequence[ShiftCheck]) -> list[str]:
    """What was taken out of the images' places, and which could not be told."""
    found = []
    for check in checks:
        if check.applied in ("scene", "local"):
            field = ", with a local field" if check.applied == "local" else ""
            found.append(
                f"{check.scene_id} lies {check.taken_east_m:+.1f} m east and "
                f"{check.taken_north_m:+.1f} m north of the image in the midst of all; that is "
                f"taken out{field} ({check.reason})."
            )
        elif check.applied == "none" and not check.is_sure:
            found.append(
                f"How {check.scene_id} lies against {check.reference_id} was not corrected: "
                f"{check.reason}."
            )
    return found


def light_notes(scenes: Scenes) -> list[str]:
    """In which images the light of slopes was left."""
    dark = [look.scene.id for look in scenes.looks if not look.scene.light_c]
    if not dark:
        return []
    return [
        f"The light of slopes stays in {', '.join(dark)}: the sun's position is not known, or the "
        "image grows no brighter where there is more light."
    ]


def model_notes(event: Event, scenes: Scenes) -> list[str]:
    """That an elevation model is not from before the event."""
    found = []
    for model in scenes.terrain:
        years = f"{model.start:%Y-%m-%d} to {model.end:%Y-%m-%d}"
        if model.start > event.time:
            found.append(f"The elevation model {model.id} is younger than the event ({years}).")
        elif model.end >= event.time:
            found.append(f"The elevation model {model.id} may be younger than the event ({years}).")
    return found


def _snowy(taken: Sequence[Considered]) -> Iterator[str]:
    for one in taken:
        if one.merit.snow is not None and one.merit.snow >= _MUCH_SNOW:
            yield (
                f"{one.merit.snow:.0%} of the ground seen by {one.scene_id} ({one.start:%Y-%m-%d}) "
                f"is under snow or ice; the period {_SIDE[one.period]} the event has no better "
                "look at it."
            )


def _late(taken: Sequence[Considered]) -> Iterator[str]:
    """That even the nearest look is far from the event; of an interval that is said elsewhere."""
    nearest = min(taken, key=lambda one: one.delay_days, default=None)
    if nearest is None or (nearest.end - nearest.start).days >= 1:
        return
    if nearest.delay_days > _LONG_DAYS[nearest.period]:
        yield (
            f"The nearest image used {_SIDE[nearest.period]} the event is {nearest.delay_days} "
            "days from it: landslides of other causes in that time are mapped too."
        )


def _of_another_season(taken: Sequence[Considered]) -> Iterator[str]:
    for one in taken:
        if one.merit.season is not None and one.merit.season < _LITTLE_SEASON:
            yield (
                f"{one.scene_id} ({one.start:%Y-%m-%d}) is of another season than the images after "
                "the event: what grew or withered meanwhile may be taken for landslides."
            )
