"""From the shifts measured here and there to the one that is taken out, or to why none is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.interpolate import RBFInterpolator

from lsbatch.domain import LocalShift, Shift
from lsbatch.features.registration import Measurement

LEAST_LIKENESS = 0.15
"""Edges of two unlike images of 128 x 128 pixels reach 0.06 at the best of all shifts."""
FEWEST = 4
"""Measurements that must agree."""
LEAST_AGREEING = 0.6
"""Share of those counted that must agree."""
AGREE_PX = 0.75
"""How far from their median they may be along an axis."""
MOST_ERROR_PX = 0.1
LEAST_SHIFT_PX = 0.2
"""Smaller shifts are left alone: what is measured is short by up to 0.1 of a pixel, and every
resampling blurs."""
FARTHEST_PX = 3.0
LEAST_GAIN = 0.01
"""By so much must the correlation of the edges rise."""
FEWEST_PLACES = 12
"""For a local field."""
LEAST_ROUGH_PX = 0.15
"""Scatter about the scene's shift (root of the mean square) below which there is no field."""
MOST_UNFORETOLD = 0.7
"""Share of that scatter that may be left where each place is foretold by the others."""
STEEPEST = 0.01
"""Largest change of a field from node to node, metres a metre: 1 pixel in 100."""
NODE_PX = 100
_SMOOTHING = 0.5
"""Of the thin plate, in its own units with places as the unit of length."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A measurement and where it was made, metres of the grid's CRS."""

    x: float
    y: float
    measured: Measurement


@dataclass(frozen=True, slots=True)
class Decision:
    """A scene's shift against the reference, what it rests on, and why it is or is not sure."""

    shift: Shift | None
    """None where it is not sure, or would not help; one that is too small to matter is there."""
    reason: str
    facts: dict[str, Any]
    """Fields of a `ShiftCheck`."""


def decide_shift(
    sightings: Sequence[Sighting], *, pixel_m: float, extent: tuple[float, float, float, float],
    is_whole: bool,
) -> Decision:  # fmt: skip
    """The shift of a scene, from its measurements against the reference.

    Parameters
    ----------
    sightings : sequence of Sighting
    pixel_m : float
        Side of a pixel, metres.
    extent : (west, south, east, north)
        Of the grid, metres; a local field covers it.
    is_whole : bool
        Whether the measurements are of the whole area; of a sample no local field is made.

    Returns
    -------
    Decision

    Notes
    -----
    A landslide, a harvest or a cloud that no flag names changes edges, and moves none: such places
    are unlike the reference, or disagree with the rest, and the median does not follow them.
    """
    counted = [one for one in sightings if one.measured.likeness >= LEAST_LIKENESS]
    facts: dict[str, Any] = {"measured": len(counted)}
    if len(counted) < FEWEST:
        return Decision(None, "too few places are usable and look alike in both images", facts)
    offsets = _offsets(counted)
    near = (np.abs(offsets - np.median(offsets, axis=0)) <= AGREE_PX).all(axis=1)
    agreeing = [one for one, is_near in zip(counted, near, strict=True) if is_near]
    facts["agreeing"] = len(agreeing)
    if len(agreeing) < max(FEWEST, LEAST_AGREEING * len(counted)):
        return Decision(None, "the places disagree", facts)
    offsets = offsets[near]
    shift = np.median(offsets, axis=0)
    facts |= _facts(agreeing, offsets, shift, pixel_m)
    error_px = facts["error_m"] / pixel_m
    local = None
    if is_whole and error_px <= MOST_ERROR_PX and np.abs(shift).max() <= FARTHEST_PX:
        local = _local_shift(agreeing, shift, pixel_m=pixel_m, extent=extent)
    reason = None if local else _reason_against(shift, error_px, facts)
    if reason:
        return Decision(None, reason, facts)
    if local:
        field, after = local
        facts |= after
    else:
        field = None
    # to the centimetre: what a plan holds is what is applied
    east, north = facts["east_m"], facts["north_m"]
    return Decision(Shift(east, north, field), "the places agree", facts)


def _offsets(sightings: Sequence[Sighting]) -> np.ndarray:
    """(n, 2) pixels down and right."""
    return np.array([(one.measured.down, one.measured.right) for one in sightings])


def _facts(
    agreeing: Sequence[Sighting], offsets: np.ndarray, shift: np.ndarray, pixel_m: float
) -> dict[str, Any]:
    scatter = 1.4826 * np.median(np.abs(offsets - shift), axis=0)
    places = len({(one.x, one.y) for one in agreeing})
    before = [one.measured.likeness_at(0.0, 0.0) for one in agreeing]
    after = [one.measured.likeness_at(*shift) for one in agreeing]
    return {
        "east_m": round(float(shift[1]) * pixel_m, 2),
        "north_m": round(-float(shift[0]) * pixel_m, 2),
        # bands of one place see the same ground: they do not count twice
        "error_m": round(float(scatter.max() / np.sqrt(places)) * pixel_m, 3),
        "distance_before_m": _typical(offsets, pixel_m),
        "distance_after_m": _typical(offsets - shift, pixel_m),
        "likeness_before": round(float(np.median(before)), 4),
        "likeness_after": round(float(np.median(after)), 4),
    }


def _typical(offsets: np.ndarray, pixel_m: float) -> float:
    return round(float(np.median(np.hypot(*offsets.T))) * pixel_m, 2)


def _reason_against(shift: np.ndarray, error_px: float, facts: dict[str, Any]) -> str | None:
    """Why one shift for the whole scene is not to be trusted; None = it is."""
    size = float(np.hypot(*shift))
    if error_px > MOST_ERROR_PX:
        return f"known to {error_px:.2f} of a pixel only"
    if np.abs(shift).max() > FARTHEST_PX:
        return f"{size:.1f} pixels are too far to be believed"
    gain = facts["likeness_after"] - facts["likeness_before"]
    # of a small one nothing is expected
    if size >= LEAST_SHIFT_PX and gain < LEAST_GAIN:
        return "edges are hardly more alike after it"
    return None


def _local_shift(
    agreeing: Sequence[Sighting], shift: np.ndarray, *, pixel_m: float,
    extent: tuple[float, float, float, float],
) -> tuple[LocalShift, dict[str, Any]] | None:  # fmt: skip
    """A smooth field beside the scene's shift, and what it leaves; None where none is justified."""
    places, rest = _by_place(agreeing, shift)
    rough = np.sqrt((rest**2).sum(axis=1).mean())
    if len(places) < FEWEST_PLACES or rough < LEAST_ROUGH_PX:
        return None
    unit = NODE_PX * pixel_m
    if _unforetold(places / unit, rest) > MOST_UNFORETOLD * rough:
        return None
    plate = _plate(places / unit, rest)
    field = _field(plate, rest, extent, pixel_m)
    tables = np.array([field.east_m, field.north_m])
    steps = [np.abs(np.diff(tables, axis=axis)).max(initial=0.0) for axis in (1, 2)]
    if max(steps) > STEEPEST * field.spacing_m:
        return None
    wanted = _offsets(agreeing)
    applied = shift + plate(np.array([(one.x, one.y) for one in agreeing]) / unit)
    pairs = list(zip(agreeing, applied, strict=True))
    gain = np.median(
        [one.measured.likeness_at(*at) - one.measured.likeness_at(*shift) for one, at in pairs]
    )
    if gain < LEAST_GAIN:
        return None
    likeness = float(np.median([one.measured.likeness_at(*at) for one, at in pairs]))
    return field, {
        "distance_after_m": _typical(wanted - applied, pixel_m),
        "likeness_after": round(likeness, 4),
    }


def _unforetold(places: np.ndarray, rest: np.ndarray) -> float:
    """Root mean square of what the other places do not foretell of each."""
    left = []
    for n, (place, own) in enumerate(zip(places, rest, strict=True)):
        others = _plate(np.delete(places, n, axis=0), np.delete(rest, n, axis=0))
        left.append(own - others(place[None])[0])
    return float(np.sqrt((np.array(left) ** 2).sum(axis=1).mean()))


def _by_place(agreeing: Sequence[Sighting], shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places (n, 2) in metres and the mean of their bands' offsets from the scene's, pixels."""
    found: dict[tuple[float, float], list[np.ndarray]] = {}
    for one, offset in zip(agreeing, _offsets(agreeing), strict=True):
        found.setdefault((one.x, one.y), []).append(offset - shift)
    return np.array(list(found)), np.array([np.mean(rest, axis=0) for rest in found.values()])


def _plate(places: np.ndarray, rest: np.ndarray) -> RBFInterpolator:
    """Thin plate that bends as little as the measurements let it; planes cost nothing."""
    return RBFInterpolator(places, rest, kernel="thin_plate_spline", smoothing=_SMOOTHING)


def _field(
    plate: RBFInterpolator,
    rest: np.ndarray,
    extent: tuple[float, float, float, float],
    pixel_m: float,
) -> LocalShift:
    west, south, east, north = extent
    unit = NODE_PX * pixel_m
    xs = west + unit * np.arange(int(np.ceil((east - west) / unit)) + 1)
    ys = north - unit * np.arange(int(np.ceil((north - south) / unit)) + 1)
    nodes = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2) / unit
    # beyond the places a plate runs on for ever: no further than what was measured
    values = np.clip(plate(nodes), rest.min(axis=0), rest.max(axis=0)) * pixel_m
    tables = np.round(values.reshape(len(ys), len(xs), 2), 2)

    def rows(table: np.ndarray) -> tuple[tuple[float, ...], ...]:
        return tuple(tuple(float(value) for value in row) for row in table)

    return LocalShift(float(west), float(north), unit, rows(tables[..., 1]), rows(-tables[..., 0]))
