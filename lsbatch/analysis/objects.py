"""Mapped landslides against reference landslides, object by object."""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from lsbatch.analysis.plain import ratio

DETECTED = 0.5
"""Share of an object that must be covered for it to count as detected, or as correct."""
WEAKLY_DETECTED = 0.1
TOUCHED = 0.1
"""Share of an object that another must hold to count as touching it."""
_ROUNDING = 1e-9
"""Room for the arithmetic of intersections: a half covered half is covered by half."""

Geometries = NDArray[np.object_]


def object_scores(
    references: Geometries, predictions: Geometries, *, ground: BaseGeometry
) -> dict[str, Any]:
    """Detection, commission and shape of the agreement between two sets of polygons.

    Parameters
    ----------
    references : ndarray of shapely geometry, (R,)
        Reference landslides, cut to the ground that was observed; each with area. May overlap.
    predictions : ndarray of shapely geometry, (P,)
        Mapped landslides on the same ground; each with area, none overlapping another.
    ground : shapely geometry
        All observed reference ground, including that of objects too little observed to be judged.

    Returns
    -------
    dict
        - `reference_count`, `predicted_count`, `count_ratio` (predicted over reference);
        - `detection_rate`: share of reference objects with at least half of their area mapped;
          `detection_rate_10`: with a tenth; `detection_rate_any`; `omission`: 1 - detection;
        - `commission`: share of mapped objects with less than half of their area in the reference;
        - `detection_rate_by_area`, `commission_by_area`: both, weighted by the objects' areas;
        - `by_decade`: both for each decade of m2;
        - `amalgamation_index`: mean number of reference objects that a matched mapped one touches,
          that is, holds a tenth of; `split_index`: the reverse;
        - `area_ratio`, `positional_mismatch` E and `positional_match` M = 1 - E: of the two whole
          maps, E = (union - intersection) / union (Carrara et al. 1992; Galli et al. 2008,
          Geomorphology 94, 268-289).

        None where undefined.
    """
    own, mapped = shapely.area(references), shapely.area(predictions)
    held = _overlaps(references, predictions)
    covered = np.bincount(held[0], held[2], minlength=len(references)) / own
    on_ground = _overlaps(predictions, shapely.get_parts(ground))
    right = np.bincount(on_ground[0], on_ground[2], minlength=len(predictions)) / mapped
    detected, correct = _reaches(covered, DETECTED), _reaches(right, DETECTED)
    both = float(on_ground[2].sum())
    match = ratio(both, ground.area + mapped.sum() - both)
    rate = _mean(detected)
    return {
        "reference_count": len(references),
        "predicted_count": len(predictions),
        "count_ratio": ratio(len(predictions), len(references)),
        "detection_rate": rate,
        "detection_rate_10": _mean(_reaches(covered, WEAKLY_DETECTED)),
        "detection_rate_any": _mean(covered > 0),
        "omission": None if rate is None else 1 - rate,
        "commission": _mean(~correct),
        "detection_rate_by_area": ratio(own[detected].sum(), own.sum()),
        "commission_by_area": ratio(mapped[~correct].sum(), mapped.sum()),
        "by_decade": _by_decade(own, detected, mapped, correct),
        "amalgamation_index": _touched(held[1], held[2] / own[held[0]]),
        "split_index": _touched(held[0], held[2] / mapped[held[1]]),
        "area_ratio": ratio(mapped.sum(), ground.area),
        "positional_mismatch": None if match is None else 1 - match,
        "positional_match": match,
    }


def _overlaps(
    ones: Geometries, others: Geometries
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Indices of the pairs that share ground, and how much, in units of the CRS squared."""
    one, other = shapely.STRtree(others).query(ones, predicate="intersects")
    area = shapely.area(shapely.intersection(ones[one], others[other]))
    return one[area > 0], other[area > 0], area[area > 0]


def _reaches(share: NDArray[np.float64], least: float) -> NDArray[np.bool_]:
    return share >= least - _ROUNDING


def _mean(hits: NDArray[np.bool_]) -> float | None:
    return ratio(hits.sum(), len(hits))


def _touched(holders: NDArray[np.int64], share: NDArray[np.float64]) -> float | None:
    """Mean number of objects held by those that hold any."""
    holding = holders[_reaches(share, TOUCHED)]
    return ratio(len(holding), len(np.unique(holding)))


def _by_decade(
    own: NDArray[np.float64],
    detected: NDArray[np.bool_],
    mapped: NDArray[np.float64],
    correct: NDArray[np.bool_],
) -> list[dict[str, Any]]:
    reference_decade, predicted_decade = (
        np.floor(np.log10(areas)).astype(int) for areas in (own, mapped)
    )
    rows = []
    for decade in np.union1d(reference_decade, predicted_decade).tolist():
        ours, theirs = reference_decade == decade, predicted_decade == decade
        rows.append(
            {
                "from_m2": 10.0**decade,
                "to_m2": 10.0 ** (decade + 1),
                "reference_count": int(ours.sum()),
                "detection_rate": _mean(detected[ours]),
                "predicted_count": int(theirs.sum()),
                "commission": _mean(~correct[theirs]),
            }
        )
    return rows
