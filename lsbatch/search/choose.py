"""choose_scenes: the looks that an event's map will rest on, and why the others were left."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from lsbatch.domain import SENSORS, Event, Look, Period, Rejection, Scene, Scenes
from lsbatch.domain.scene import PeriodName
from lsbatch.errors import NoScenesError
from lsbatch.search.find import Candidates
from lsbatch.search.models import choose_models
from lsbatch.search.near import CLOUDIEST_PERCENT
from lsbatch.search.score import partners_of
from lsbatch.search.take import Taken, take_looks

_SPANNING = "its dates span the event: it may be from before or after"
_BEFORE = "it is from before the event, and the detector looks only at images from after it"


def choose_scenes(
    candidates: Candidates,
    event: Event,
    *,
    pre: Period,
    post: Period,
    bands: Sequence[str],
    looks: int,
    sensor: str | None = None,
    periods: Sequence[PeriodName] = ("pre", "post"),
) -> tuple[Scenes, tuple[Rejection, ...]]:
    """The best looks before and after the event, each period's nearest to the event first.

    A scene may be taken if it has every band, lies wholly before or after the event and is not
    nearly all cloud. The best by `Merit.score` go first, as long as they add area that has not yet
    been looked at `looks` times. A detector that needs no
    image before the event gets none: `periods` (its `Inputs.periods`) says which ones it needs.

    Returns
    -------
    Scenes, tuple of Rejection
        The choice with all that was weighed for it, and every scene left out with its reason.

    Raises
    ------
    NoScenesError
        If nothing usable remains in a period that is needed, or no elevation model was found.
    """
    reasons: list[Rejection] = list(candidates.rejected)
    usable = _usable(candidates, bands, sensor, reasons)
    both: dict[PeriodName, Period] = {"pre": pre, "post": post}
    spans = {name: both[name] for name in periods}
    if "pre" not in periods:
        reasons += [_unneeded(scene, event) for scene in usable if scene.start < event.time]
    best = _best_sensor(usable, event, spans)
    dated: dict[PeriodName, list[Look]] = {}
    for name, period in spans.items():
        found = _in_period(usable, name, period, event, reasons)
        dated[name] = _of_sensor(found, best, reasons)
        if not dated[name]:
            raise NoScenesError(_nothing(event, name, period, bands, candidates, reasons))
    taken = _take(dated, event, looks)
    if not candidates.terrain:
        raise NoScenesError(
            f"No elevation model meets the area of event {event.id!r} in this source, and slope "
            "is part of every map. Add a DEM item (collection alos-dem, cop-dem-glo-30, nasadem or "
            f"dem, or an asset with role 'elevation').{_left_out(reasons)}"
        )
    models, younger = choose_models(candidates.terrain, event)
    for name in spans:
        reasons += [Rejection(look.scene.id, words) for look, words in taken[name].left]
    return Scenes(
        tuple(look for name in spans for look in taken[name].looks),
        models,
        candidates.access,
        considered=tuple(one for name in spans for one in taken[name].considered),
    ), (*reasons, *younger)


def _take(dated: dict[PeriodName, list[Look]], event: Event, times: int) -> dict[PeriodName, Taken]:
    """The choice of each period: first after the event, then before it what matches that choice.

    The first good look after the event is what the map waits for; before it there is a whole year
    to choose a match from. A look after it is still worth more if that year has its match.
    """
    before = partners_of([look.scene for look in dated.get("pre", ())])
    taken = {"post": take_looks(dated["post"], event.aoi, times, before)} if "post" in dated else {}
    if "pre" in dated:
        after = partners_of([look.scene for one in taken.values() for look in one.looks])
        taken["pre"] = take_looks(dated["pre"], event.aoi, times, after)
    return taken


def _of_sensor(looks: list[Look], best: str | None, reasons: list[Rejection]) -> list[Look]:
    """The looks of the chosen sensor."""
    reasons += [
        Rejection(look.scene.id, f"another sensor was chosen ({best}); name it with --sensor")
        for look in looks
        if look.scene.sensor_name != best
    ]
    return [look for look in looks if look.scene.sensor_name == best]


def _usable(
    candidates: Candidates,
    bands: Sequence[str],
    sensor: str | None,
    reasons: list[Rejection],
) -> list[Scene]:
    usable = []
    for scene in candidates.scenes:
        missing = [band for band in bands if band not in scene.bands]
        if sensor is not None and scene.sensor_name != sensor:
            reasons.append(Rejection(scene.id, f"its sensor is {scene.sensor_name}, not {sensor}"))
        elif missing:
            reasons.append(
                Rejection(
                    scene.id,
                    f"it lacks the band{'s' if len(missing) > 1 else ''} {', '.join(missing)} "
                    f"(it has {', '.join(sorted(scene.bands))})",
                )
            )
        elif (scene.cloud_percent or 0.0) > CLOUDIEST_PERCENT:
            reasons.append(Rejection(scene.id, f"{scene.cloud_percent:.0f} % of it is cloud"))
        else:
            usable.append(scene)
    return usable


def _in_period(
    scenes: list[Scene],
    name: PeriodName,
    period: Period,
    event: Event,
    reasons: list[Rejection],
) -> list[Look]:
    looks = []
    for scene in scenes:
        if not _on_side(scene, name, event.time):
            if name == "pre" and scene.start < event.time:
                reasons.append(Rejection(scene.id, _SPANNING))
            continue
        if not period.meets(scene.start, scene.end):
            reasons.append(Rejection(scene.id, f"its date lies outside the {name} period"))
            continue
        looks.append(Look(scene, name, _delay_days(scene, name, event.time)))
    return sorted(looks, key=lambda look: (look.delay_days, look.scene.id))


def _unneeded(scene: Scene, event: Event) -> Rejection:
    """Why a scene that is not wholly after the event does not serve a detector of such alone."""
    is_before = _on_side(scene, "pre", event.time)
    return Rejection(scene.id, _BEFORE if is_before else _SPANNING)


def _on_side(scene: Scene, name: PeriodName, moment: datetime) -> bool:
    return scene.end < moment if name == "pre" else scene.start >= moment


def _delay_days(scene: Scene, name: PeriodName, moment: datetime) -> int:
    """Days to the event; of an interval its far end, so that the truth is never longer."""
    gap = moment - scene.start if name == "pre" else scene.end - moment
    return gap // timedelta(days=1)


def _best_sensor(scenes: list[Scene], event: Event, spans: dict[PeriodName, Period]) -> str | None:
    """The finest sensor that has a look in every period needed; None where there is none."""

    def has_all(name: str) -> bool:
        own = [scene for scene in scenes if scene.sensor_name == name]
        return all(
            any(_on_side(s, side, event.time) and period.meets(s.start, s.end) for s in own)
            for side, period in spans.items()
        )

    found = {scene.sensor_name: scene.sensor for scene in scenes}
    # the finest first; among equals the one that the table knows best
    order = sorted(found, key=lambda name: (found[name].resolution_m, SENSORS.index(found[name])))
    return next(filter(has_all, order), next(iter(order), None))


def _nothing(
    event: Event,
    name: str,
    period: Period,
    bands: Sequence[str],
    candidates: Candidates,
    reasons: list[Rejection],
) -> str:
    side = "before" if name == "pre" else "after"
    head = (
        f"No usable scene {side} event {event.id!r} ({event.time:%Y-%m-%d}) between "
        f"{period.start:%Y-%m-%d} and {period.end:%Y-%m-%d} with the bands {', '.join(bands)}."
    )
    if not candidates.scenes and not candidates.rejected:
        return f"{head} The source holds no items at all."
    told = _left_out(reasons) or " None of its scenes lies on that side."
    in_time = reasons and not any("period" in rejection.reason for rejection in reasons)
    return f"{head}{told}{'' if in_time else ' Other periods: --pre and --post FROM/TO.'}"


def _left_out(reasons: Sequence[Rejection]) -> str:
    """The most telling reasons: what is merely elsewhere comes last."""
    order = sorted(reasons, key=lambda r: "does not meet the area" in r.reason)
    shown = "; ".join(f"{r.item_id}: {r.reason}" for r in order[:3])
    more = f" (and {len(order) - 3} more)" if len(order) > 3 else ""
    return f" Left out: {shown}{more}." if shown else ""
