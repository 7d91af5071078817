"""The outline of one landslide: a wide, rounded source, a narrower track, a lobe at the toe."""

import numpy as np
import numpy.typing as npt
import shapely
from scipy import ndimage
from shapely.geometry import Polygon

_FULLNESS = 0.66
"""Area of the outline over length times greatest width."""
_SOURCE_SHARE = 0.38
_STOUTEST = 1.4
"""Least length over width."""


def shape_slide(
    path: npt.NDArray[np.float64], area: float, *, rng: np.random.Generator
) -> tuple[Polygon, Polygon] | None:
    """Outline and source of a slide of a given area along a path.

    Parameters
    ----------
    path : ndarray, float64, (N, 2)
        Evenly spaced points in metres, downslope, a handedness of the caller's choice.
    area : float
        Of the outline, m2; met to 2 %.
    rng : numpy.random.Generator

    Returns
    -------
    tuple of Polygon, or None
        In the path's coordinates; None where the path is too short for so large a slide.
    """
    slenderness = float(np.clip(rng.lognormal(np.log(3.8), 0.45), 1.7, 12.0))
    wobble = [_wobble(rng) for _ in range(2)]
    run = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    length = min(float(np.sqrt(area * slenderness / _FULLNESS)), float(run[-1]))
    width = area / (_FULLNESS * max(length, 1.0))
    if length < _STOUTEST * width:
        return None
    share = np.linspace(0.0, 1.0, 41)
    spine = np.column_stack([np.interp(share * length, run, axis) for axis in path.T])
    spine = ndimage.gaussian_filter1d(spine, 3.0, axis=0, mode="nearest")
    for _ in range(3):
        outline = _outline(spine, width, share, wobble)
        if outline is None:
            return None
        width *= area / outline.area
    kept = share <= _SOURCE_SHARE
    source = _outline(spine[kept], width, share[kept], [side[kept] for side in wobble])
    return None if source is None else (outline, source)


def _outline(
    spine: npt.NDArray[np.float64],
    width: float,
    share: npt.NDArray[np.float64],
    wobble: list[npt.NDArray[np.float64]],
) -> Polygon | None:
    ahead = np.gradient(spine, axis=0)
    ahead /= np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
    aside = np.column_stack([-ahead[:, 1], ahead[:, 0]])
    left, right = (width / 2 * _profile(share) * side for side in wobble)
    ring = np.concatenate([spine + left[:, None] * aside, (spine - right[:, None] * aside)[::-1]])
    # a tight bend makes the ring cross itself: closing what it wraps keeps one piece
    body = shapely.buffer(shapely.make_valid(Polygon(ring)), 0.05)
    pieces = [part for part in shapely.get_parts(body) if part.geom_type == "Polygon"]
    if not pieces:
        return None
    return Polygon(max(pieces, key=lambda part: part.area).exterior).simplify(0.5)


def _profile(share: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Width along the slide relative to the greatest one."""
    crown = np.sqrt(1 - np.clip(1 - share / 0.16, 0, 1) ** 2)
    toe = np.sqrt(1 - np.clip((share - 0.86) / 0.14, 0, 1) ** 2)
    track = np.interp(share, [0.0, 0.25, 0.6, 0.85, 1.0], [1.0, 1.0, 0.55, 0.62, 0.6])
    return crown * toe * track


def _wobble(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Uneven edge: 41 factors about 1."""
    rough = ndimage.gaussian_filter1d(rng.standard_normal(41), 2.5, mode="nearest")
    return np.clip(1 + 0.5 * rough, 0.55, 1.5)
