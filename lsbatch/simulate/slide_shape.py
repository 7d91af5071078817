"""Outlines of landslides: heads, tracks and toes of many builds, on paths down the ground."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy import ndimage

from lsbatch.simulate.slide_path import Paths

Reals = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]
POINTS = 64
"""Points along each spine."""
_SPREADS_BELOW_DEG = 8.0
"""Slope below which a runout spreads."""
_BRANCHED_FROM_M2 = 1500.0
_THREADS = 2
_PIECES = 16
"""Pieces of one job: slides are sorted by size, so that halves would be unequal."""


def shape_slides(
    spines: Paths,
    areas: Reals,
    *,
    source_share: tuple[float, float],
    branching: float,
    rng: np.random.Generator,
) -> tuple[Shapes, Shapes]:
    """Outlines and sources of slides of given areas along given spines.

    Parameters
    ----------
    spines : Paths
        N spines of `POINTS` points, their places in metres, a handedness of the caller's choice.
    areas : ndarray, float64, (N,)
        Of the outlines, m2; met to about a tenth.
    source_share : (lowest, highest)
        Part of the length that broke away.
    branching : float
        Chance that a slide above 1500 m2 has one to three more heads.
    rng : numpy.random.Generator

    Returns
    -------
    tuple of ndarray of Polygon, (N,)
        In the spines' coordinates; a source is a part of its outline.
    """
    spine = ndimage.gaussian_filter1d(
        np.asarray(spines.place, np.float64), 2.5, axis=1, mode="nearest"
    )
    broken = rng.uniform(*source_share, len(areas))
    profile = _profile(broken, spines.slope_deg, rng)
    heads = np.where(
        (areas > _BRANCHED_FROM_M2) & (rng.random(len(areas)) < branching),
        1 + rng.binomial(2, np.clip(areas / 3e4, 0.1, 0.6)), 0,
    )  # fmt: skip
    span = spines.run_m / (POINTS - 1)
    width = areas / (1 + 0.25 * heads) / np.maximum(profile.sum(axis=1) * span, 1e-6)
    # a spine sways within the slide: a straight axis gives sausages
    aside = _aside(spine)
    sway = 0.14 * width[:, None] * _rough(len(areas), 6.0, rng)
    spine = spine + (sway - sway[:, :1])[..., None] * aside
    half = 0.5 * width[:, None] * profile
    outline = _ribbon(spine, [half * _edge(areas, rng) for _ in range(2)])
    along = np.linspace(0, 1, POINTS)[None, :]
    above = np.maximum((along < broken[:, None]).sum(axis=1), 2)
    cut = side_by_side(_cut_source, spine, 1.6 * half.max(axis=1), above)
    branches = _branch(spine, width, broken, heads, rng)
    for number, branch in branches:
        outline[number] = _whole(shapely.union(outline[number], branch))
        cut[number] = shapely.union(cut[number], branch)
    outline, source = side_by_side(_part, outline, cut).T
    return outline, source


def side_by_side(work: Callable[..., npt.NDArray[Any]], *columns: npt.NDArray[Any]) -> Shapes:
    """`work` on pieces of the rows of all columns, in threads; its results, one below the other.

    Each row must be worked on for itself: then neither pieces nor threads change a result. GEOS
    lets go of the interpreter's lock.
    """
    pieces = max(min(_PIECES, len(columns[0])), 1)
    with ThreadPoolExecutor(_THREADS) as pool:
        done = pool.map(work, *(np.array_split(column, pieces) for column in columns))
        return np.concatenate(list(done))


def _profile(broken: Reals, slope_deg: npt.NDArray[np.float32], rng: np.random.Generator) -> Reals:
    """Width (N, POINTS) along each slide, 1 in its source.

    Caps are superellipses: 1.5 makes a pointed crown, 2 a spoon, 4 the square one of a planar slab.
    """
    count = len(broken)
    share = np.linspace(0, 1, POINTS)[None, :]
    track, toe = rng.uniform(0.25, 0.95, (count, 1)), rng.uniform(0.8, 1.9, (count, 1))
    toe_from = rng.uniform(0.65, 0.92, (count, 1))
    leaving = np.clip((share - broken[:, None] + 0.12) / 0.25, 0, 1)
    arriving = np.clip((share - toe_from) / 0.15, 0, 1)
    width = 1 + (track - 1) * leaving**2 * (3 - 2 * leaving)
    width *= 1 + (toe - 1) * arriving
    # heads in hollows are narrow at the crown and widen downwards
    width *= 1 - rng.uniform(0, 0.5, (count, 1)) * np.clip(1 - share / broken[:, None], 0, 1)
    flat = np.clip(1 - slope_deg / _SPREADS_BELOW_DEG, 0, 1)
    flat = ndimage.gaussian_filter1d(flat.astype(float), 2, axis=1, mode="nearest")
    width *= 1 + 1.4 * flat * leaving
    for ahead, longest in ((share, 0.20), (1 - share, 0.16)):
        size, power = rng.uniform(0.04, longest, (count, 1)), rng.uniform(1.5, 4.0, (count, 1))
        width *= (1 - np.clip(1 - ahead / size, 0, 1) ** power) ** (1 / power)
    return width


def _rough(count: int, smoothing: float, rng: np.random.Generator) -> Reals:
    """Noise (N, POINTS) of unit spread along the slides."""
    noise = ndimage.gaussian_filter1d(
        rng.standard_normal((count, POINTS)), smoothing, axis=1, mode="nearest"
    )
    return noise * np.sqrt(2 * np.sqrt(np.pi) * smoothing)


def _edge(areas: Reals, rng: np.random.Generator) -> Reals:
    """Uneven edge: factors about 1, more ragged the larger the slide."""
    ragged = np.clip(0.5 + 0.25 * np.log10(areas / 1e3), 0.4, 1.0)[:, None]
    noise = 0.24 * _rough(len(areas), 4.0, rng) + 0.16 * _rough(len(areas), 1.2, rng)
    return np.clip(1 + ragged * noise, 0.4, 1.8)


def _aside(spine: Reals) -> Reals:
    ahead = np.gradient(spine, axis=1)
    ahead /= np.maximum(np.hypot(ahead[..., 0], ahead[..., 1]), 1e-9)[..., None]
    return np.stack([-ahead[..., 1], ahead[..., 0]], axis=-1)


def _ribbon(spine: Reals, halves: list[Reals]) -> Shapes:
    aside = _aside(spine)
    left, right = (half[..., None] * aside for half in halves)
    rings = np.concatenate([spine + left, (spine - right)[:, ::-1]], axis=1)
    return side_by_side(_close, rings)


def _close(rings: Reals) -> Shapes:
    body = shapely.polygons(rings)
    # a tight bend makes a ring cross itself: closing what it wraps keeps one piece
    crossed = ~shapely.is_valid(body)
    body[crossed] = shapely.make_valid(body[crossed])
    body = shapely.buffer(body, 0.05, quad_segs=2)
    return np.array([_whole(part) for part in body], object)


def _whole(shape: shapely.Geometry) -> shapely.Polygon:
    """The largest piece, without holes."""
    pieces = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    if not pieces:
        return shapely.Polygon()
    return shapely.Polygon(max(pieces, key=lambda part: part.area).exterior)


def _cut_source(spine: Reals, half: Reals, above: npt.NDArray[np.int64]) -> Shapes:
    """A ground wide enough to hold all that lies above the lower end of each source.

    The sources are the first `above` (N,) points of the spines.
    """
    lines = [shapely.LineString(line[:n]) for line, n in zip(spine, above, strict=True)]
    cut: Shapes = shapely.buffer(np.array(lines, object), half, quad_segs=1, cap_style="flat")
    crown: Shapes = shapely.buffer(shapely.points(spine[:, 0]), half, quad_segs=3)
    return shapely.union(cut, crown)


def _part(outline: Shapes, cut: Shapes) -> Shapes:
    """Rows of outline, with fewer corners, and source."""
    outline = shapely.simplify(outline, 0.5)
    source = [_whole(part) for part in shapely.intersection(outline, cut)]
    return np.column_stack([outline, np.array(source, object)])


def _branch(
    spine: Reals,
    width: Reals,
    broken: Reals,
    heads: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> list[tuple[int, shapely.Polygon]]:
    """More heads, which curve into their slide's track: (number of the slide, head)."""
    number = np.repeat(np.arange(len(heads)), heads)
    if not number.size:
        return []
    side = rng.choice([-1.0, 1.0], number.size) * rng.uniform(0.7, 1.5, number.size)
    start = (rng.uniform(0.0, 0.25, number.size) * POINTS).astype(int)
    join = np.minimum(start + ((broken[number] * 0.7 + 0.15) * POINTS).astype(int), POINTS - 3)
    aside = _aside(spine)[number, start]
    offset = (side * width[number])[:, None] * aside
    first, last = spine[number, start] + offset, spine[number, join]
    middle = spine[number, (start + join) // 2] + 0.8 * offset
    along = np.linspace(0, 1, POINTS)[None, :, None]
    curve = (1 - along) ** 2 * first[:, None] + along**2 * last[:, None]
    curve += 2 * along * (1 - along) * middle[:, None]
    size = width[number] * rng.uniform(0.4, 0.8, number.size)
    profile = _profile(
        rng.uniform(0.4, 0.8, number.size), np.full((number.size, POINTS), 30.0), rng
    )
    half = 0.5 * size[:, None] * profile
    ribbons = _ribbon(curve, [half * _edge(size**2 * 3, rng) for _ in range(2)])
    return list(zip(number.tolist(), ribbons.tolist(), strict=True))
