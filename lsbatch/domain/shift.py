"""Shift: how far from its place a scene shows the ground, and what a check found of it."""

import math
from dataclasses import dataclass
from typing import Literal

from lsbatch.errors import ContractError

NEAR = "too near its place to be moved"
"""Reason against a shift that is sure."""

Nodes = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class LocalShift:
    """What is added to a scene's shift from place to place: bilinear between nodes, level beyond.

    Nodes stand in rows from north to south, in columns from west to east.
    """

    west: float
    """Easting of the first column of nodes, metres of the grid's CRS."""
    north: float
    """Northing of the first row."""
    spacing_m: float
    east_m: Nodes
    north_m: Nodes

    def __post_init__(self) -> None:
        shapes = {tuple(map(len, nodes)) for nodes in (self.east_m, self.north_m)}
        values = [value for nodes in (self.east_m, self.north_m) for row in nodes for value in row]
        places = (self.west, self.north, self.spacing_m, *values)
        if len(shapes) != 1 or len(set(next(iter(shapes)))) != 1 or not values:
            raise ContractError("A local shift needs two full tables of nodes of the same shape.")
        if self.spacing_m <= 0 or not all(map(math.isfinite, places)):
            raise ContractError("A local shift needs finite nodes, so many metres apart.")


@dataclass(frozen=True, slots=True)
class Shift:
    """A scene shows the ground so far east and north of where it ought to be."""

    east_m: float
    """Along the axes of the grid's CRS, as `north_m`."""
    north_m: float
    local: LocalShift | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.east_m) and math.isfinite(self.north_m)):
            raise ContractError(
                f"A shift must be finite; received {self.east_m}, {self.north_m} m."
            )

    @property
    def reach_m(self) -> float:
        """No pixel is moved further than this along an axis."""
        local = [0.0]
        if self.local is not None:
            tables = (self.local.east_m, self.local.north_m)
            local = [abs(value) for nodes in tables for row in nodes for value in row]
        return max(abs(self.east_m), abs(self.north_m)) + max(local)


@dataclass(frozen=True, slots=True)
class ShiftCheck:
    """The decision on one scene's shift, and what it rests on."""

    scene_id: str
    reference_id: str
    """The scene that all were compared with."""
    applied: Literal["none", "scene", "local"]
    """Whether nothing, one shift for the scene, or a local field beside it is taken out."""
    reason: str
    taken_east_m: float = 0.0
    """What is taken out: so far the scene lies east of the one in the midst of all."""
    taken_north_m: float = 0.0
    east_m: float | None = None
    """What was measured against the reference; None where nothing could be."""
    north_m: float | None = None
    error_m: float | None = None
    """Standard error of the shift, from the scatter of the places where it was measured."""
    measured: int = 0
    """Measurements (a place in a band) that are like enough to be counted."""
    agreeing: int = 0
    """Those that agree with their median."""
    distance_before_m: float | None = None
    """Median distance of the agreeing ones from no shift against the reference."""
    distance_after_m: float | None = None
    """And from the shift that was found: the residual."""
    likeness_before: float | None = None
    """Median correlation with the reference there, 0 to 1, of the edges as they are."""
    likeness_after: float | None = None
    """And of the edges after the shift."""

    @property
    def is_sure(self) -> bool:
        """Whether it is known where the scene lies, moved or not."""
        return self.applied != "none" or self.reason == NEAR
