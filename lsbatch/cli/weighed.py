"""weighed_table: the looks that were weighed for an event, as a table."""

from typing import Any

from rich.table import Column, Table

from lsbatch.domain import WEIGHTS

LEGEND = (
    "score = "
    + " + ".join(f"{weight:g} {name}" for name, weight in WEIGHTS.items())
    + "; - = no record tells, and counts as a half. seen: share of the area of interest within the "
    "images and free of cloud, shadow and snow; snow: its share in the ground seen; near: in time; "
    "season, sun, track: how like a look on the other side of the event."
)
_MOST_LEFT = 10
"""Looks left out that are shown for each period; the plan and --json have more."""
_PARTS = ("near", "season", "sun", "track")


def weighed_table(plan: dict[str, Any]) -> Table:
    """The looks of a plan.json, chosen ones first, and its elevation models."""
    table = Table(
        "use", Column("scene", overflow="fold", min_width=8), box=None, padding=(0, 1, 0, 0)
    )
    for name in ("date", "days", "score", "seen", "snow", *_PARTS):
        table.add_column(name, no_wrap=name in ("days", "score"), overflow="fold")
    left = {"pre": 0, "post": 0}
    for one in plan["considered"]:
        period = one["period"]
        if one["is_chosen"]:
            table.add_row(period, *_cells(one))
            continue
        left[period] += 1
        if left[period] <= _MOST_LEFT:
            table.add_row(f"not {period}", *_cells(one), style="dim")
    for model in plan["terrain"]:
        table.add_row("terrain", model["scene"], _dates(model))
    return table


def _cells(one: dict[str, Any]) -> list[str]:
    merit = one["merit"]
    open_share = 0.5 if merit["open"] is None else merit["open"]
    unsure = "?" if merit["open"] is None else ""
    return [
        one["scene_id"],
        _dates(one),
        str(one["delay_days"]),
        f"{one['score']:.2f}",
        f"{merit['covered'] * open_share:.0%}{unsure}",
        "-" if merit["snow"] is None else f"{merit['snow']:.0%}",
        *("-" if merit[name] is None else f"{merit[name]:.2f}" for name in _PARTS),
    ]


def _dates(record: dict[str, Any]) -> str:
    start, end = record["start"][:10], record["end"][:10]
    return start if start == end else f"{start} {end}"
