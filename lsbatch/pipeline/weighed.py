"""Records of what was weighed for a plan, and of what images say of themselves; both ways."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from lsbatch.domain import (
    Considered,
    LocalShift,
    Merit,
    OffsetCheck,
    Reported,
    Shift,
)


def considered_record(one: Considered) -> dict[str, Any]:
    """A look that was weighed, as plain values, with its score; `considered_of` reads it back."""
    return {
        **asdict(one),
        "start": one.start.isoformat(),
        "end": one.end.isoformat(),
        "score": one.merit.score,
    }


def considered_of(record: dict[str, Any]) -> Considered:
    """The look of a `considered_record`."""
    told = {name: value for name, value in record.items() if name != "score"}
    times = {name: datetime.fromisoformat(record[name]) for name in ("start", "end")}
    return Considered(**{**told, **times, "merit": Merit(**record["merit"])})


def reported_record(reported: Reported | None) -> dict[str, Any]:
    """What is reported of a granule, to be put into its record; nothing where nothing is.

    Left out with all that is not known: plans from before it was read keep their run key.
    """
    known = {k: v for k, v in asdict(reported).items() if v is not None} if reported else {}
    return {"reported": known} if known else {}


def reported_of(record: dict[str, Any]) -> Reported | None:
    """What a granule's record holds of a `reported_record`."""
    return Reported(**record["reported"]) if "reported" in record else None


def offset_record(check: OffsetCheck) -> dict[str, Any]:
    """A decision on an offset as plain values; `offset_of` reads it back."""
    return {**asdict(check), "lows": dict(check.lows)}


def offset_of(record: dict[str, Any]) -> OffsetCheck:
    """The decision of an `offset_record`."""
    return OffsetCheck(**{**record, "lows": tuple(record["lows"].items())})


def shift_record(shift: Shift | None) -> dict[str, Any]:
    """A scene's shift, to be put into its record; nothing where nothing is taken out."""
    return {} if shift is None else {"shift": asdict(shift)}


def shift_of(record: dict[str, Any]) -> Shift | None:
    """What a scene's record holds of a `shift_record`."""
    if "shift" not in record:
        return None
    local = record["shift"]["local"]
    if local is not None:
        tables = {name: tuple(map(tuple, local[name])) for name in ("east_m", "north_m")}
        local = LocalShift(**{**local, **tables})
    return Shift(**{**record["shift"], "local": local})
