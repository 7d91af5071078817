"""Numbers and facts in words: what the page says, before it is laid out."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from lsbatch.domain import Event

NONE = "\u2013"
"""What stands for a number that is not defined; never 0."""
_THIN = "\u202f"

_LABELS = {
    "aoi_area_km2": "area of interest (AOI)",
    "observed_area_km2": "observed: scored before and after",
    "observed_fraction": "share observed",
    "detectable_area_km2": "observed where a fresh scar can show",
    "landslide_count": "landslides",
    "landslide_area_km2": "landslide area",
    "landslide_area_km2_low": "landslide area, low",
    "landslide_area_km2_high": "landslide area, high",
    "largest_m2": "largest landslide",
    "edge_density_ratio": "density near the AOI's edge against the whole",
    "pixels": "pixels of the map, small patches included",
    "landslide_number_density": "landslides per km\u00b2",
    "landslide_density": "landslide area per area",
    "pr_auc": "area under the precision-recall curve",
    "f2": "F2",
    "n": "pixels compared",
    "mcc_defined": "MCC is defined",
    "mcc_cells": "cells of the bootstrap",
    "complete": "all blocks finished",
    "tp": "pixels rightly mapped (TP)",
    "fp": "pixels wrongly mapped (FP)",
    "fn": "pixels missed (FN)",
    "tn": "pixels rightly left out (TN)",
    "f1": "F1",
    "mcc": "Matthews correlation (MCC)",
    "mcc_low": "MCC, 2.5th percentile of the bootstrap",
    "mcc_high": "MCC, 97.5th percentile of the bootstrap",
    "iou": "intersection over union (IoU)",
    "auc": "area under the ROC curve",
    "brier": "Brier score",
    "ece": "expected calibration error (ECE)",
}
ONLY_AFTER = {"observed_area_km2": "observed: scored from images after the event"}
"""Labels of a map that no image before the event was used for."""
_UNITS = {
    "_km2": "km\u00b2",
    "_m2": "m\u00b2",
    "_m": "m",
    "_days": "days",
    "_deg": "\u00b0",
    "_percent": "%",
}


def plain(value: Any, *, digits: int = 3) -> str:
    """Number as people read it: ``12 400``, ``0.0312``; an en dash where it is not defined."""
    if value is None or value != value:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}".replace(",", _THIN)
    return f"{value:.{digits}g}" if abs(value) >= 1e-4 or value == 0 else f"{value:.1e}"


def metres(place: tuple[float | None, float | None]) -> str:
    """Metres east and north, to the tenth, with their signs; an en dash where there are none."""
    east, north = place
    if east is None or north is None:
        return NONE
    # a sum with 0 is never -0.0
    signed = (f"{round(value, 1) + 0.0:+.1f}" for value in (east, north))
    return ", ".join(signed).replace("-", "\u2212")


def period(name: str) -> str:
    """The side of the event, as the page has it."""
    return {"pre": "before", "post": "after"}.get(name, name)


def percent(share: float | None) -> str:
    """Share as a percentage that is 0 or 100 only where it is exactly that."""
    if share is None or share != share:
        return NONE
    if 0 < share < 0.001:
        return f"<{_THIN}0.1{_THIN}%"
    if 0.999 < share < 1:
        return f">{_THIN}99.9{_THIN}%"
    return f"{100 * share:.3g}{_THIN}%"


def area(metres2: float | None) -> str:
    """Area in the unit that keeps it short."""
    if metres2 is None:
        return NONE
    if metres2 >= 1e5:
        return f"{plain(metres2 / 1e6)}{_THIN}km\u00b2"
    return f"{plain(metres2)}{_THIN}m\u00b2"


def moment(value: Any) -> str:
    """UTC time to the minute, of a datetime or of ISO 8601 text; other text as it is."""
    try:
        time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    time = time if time.tzinfo is None else time.astimezone(UTC)
    return f"{time:%Y-%m-%d %H:%M}"


def table_rows(
    record: Mapping[str, Any],
    *,
    leave_out: tuple[str, ...] = (),
    labels: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[dict[str, str]]:
    """Label, value and unit of every plain value in a record, nested records flattened.

    `labels` take the place of the usual ones, by key.
    """
    for key, value in record.items():
        if key in leave_out or isinstance(value, list | tuple):
            continue
        label, unit = _label_and_unit(str(key))
        label = labels.get(str(key), label)
        if isinstance(value, Mapping):
            for row in table_rows(value):
                yield {**row, "label": f"{label}: {row['label']}"}
        elif str(key).endswith("_fraction"):
            yield {"label": label, "value": percent(value), "unit": ""}
        else:
            yield {"label": label, "value": plain(value), "unit": unit}


def _label_and_unit(key: str) -> tuple[str, str]:
    bound = next((end for end in ("_low", "_high") if key.endswith(end)), "")
    stem = key.removesuffix(bound)
    end = next((end for end in _UNITS if stem.endswith(end)), "")
    words = stem.removesuffix(end) + bound
    return _LABELS.get(key, words.replace("_", " ")), _UNITS.get(end, "")


def cards(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Five numbers to know first; where nothing was observed, none about landslides."""
    seen, complete = metrics.get("observed_fraction"), metrics.get("complete")
    found = metrics if seen else {}
    total, low = found.get("landslide_area_km2"), found.get("landslide_area_km2_low")
    between = f"{plain(low)} to {plain(found.get('landslide_area_km2_high'))}{_THIN}km\u00b2"
    ground = f"{plain(metrics.get('observed_area_km2'))} of {plain(metrics.get('aoi_area_km2'))}"
    blocks = {True: "every block finished", False: "some blocks failed", None: ""}[complete]
    return [
        _card("landslides", plain(found.get("landslide_count"))),
        _card(
            "landslide area",
            area(None if total is None else 1e6 * total),
            "" if low is None else between,
        ),
        _card("observed", percent(seen), f"{ground}{_THIN}km\u00b2", bad=not seen),
        _card("largest", area(found.get("largest_m2"))),
        _card("complete", plain(complete), blocks, bad=complete is False),
    ]


def _card(title: str, value: str, note: str = "", *, bad: bool = False) -> dict[str, Any]:
    return {"title": title, "value": value, "note": note, "bad": bad}


def summary(metrics: Mapping[str, Any]) -> str:
    """The result in one sentence, never without the ground it holds for."""
    fraction, count = metrics.get("observed_fraction"), metrics.get("landslide_count")
    if not fraction:
        return "Nothing was observed: this map cannot say whether there are landslides."
    seen = f"in the {percent(fraction)} of the area of interest that was observed"
    if not count:
        return f"No landslides were mapped {seen}."
    noun = "landslide was" if count == 1 else "landslides were"
    return f"{plain(count)} {noun} mapped {seen}."


def cautions(metrics: Mapping[str, Any], provenance: Mapping[str, Any]) -> list[str]:
    """What to know before using the map: what the numbers warn of, and the run's own warnings."""
    found = []
    if not metrics.get("complete", True):
        failed = len(provenance.get("failed_blocks") or ())
        found.append(
            f"The map is not complete: {failed or 'some'} block{'s' * (failed != 1)} failed, and "
            "whether there are landslides on that ground is not known."
        )
    fraction = metrics.get("observed_fraction")
    if fraction is not None and 0 < fraction < 0.5:
        found.append(f"Only {percent(fraction)} of the area of interest was observed.")
    undated = sum(not scene.get("dated", True) for scene in provenance.get("scenes") or ())
    if undated:
        found.append(
            f"The day of {undated} scene{'s' * (undated != 1)} is not known, only the interval "
            "it lies in."
        )
    return [*found, *(provenance.get("warnings") or ())]


def headline(event: Event) -> list[str]:
    """Magnitude, time and place, as far as they are known."""
    magnitude = "" if event.magnitude is None else f"M\u00a0{event.magnitude:g}"
    return [part for part in (magnitude, f"{moment(event.time)} UTC", event.place) if part]
