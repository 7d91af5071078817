"""Landslides of one event: drawn, placed beside each other on the ground, and mapped."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from odc.geo.geobox import GeoBox
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from lsbatch.simulate.giants import draw_giants
from lsbatch.simulate.slide_path import Paths, resample, trace_down
from lsbatch.simulate.slide_shape import POINTS, shape_slides, side_by_side
from lsbatch.simulate.style import Trigger
from lsbatch.simulate.terrain import PIXEL_M, Terrain
from lsbatch.simulate.triggers import (
    TRIGGERINGS,
    Triggering,
    draw_areas,
    weigh_ground,
)

SMALLEST_MAPPED_M2 = 400.0
"""Truth holds landslides of this area and more, 4 pixels; smaller ones are in the images only."""
MERGED_FROM_M = 25.0
"""Landslides that share a border of this length and more are one polygon of the truth."""
_ROUNDS = 9
"""Tries to place a slide, each at another site."""
_LEAST_LEFT = 0.6
"""Share of its area that a slide keeps beside its neighbours, or it goes elsewhere."""
_HOPELESS_AFTER = 3
"""Neighbours tried one by one for whether they alone take too much of a slide."""
_FULLNESS = 0.7
"""Area over length times greatest width, on the average."""
_STOUTEST = (1.15, 0.5)
"""Least length over width at 1000 m2, and what it gains for each power of ten."""
_GRID_M = 0.01
"""Corners lie on multiples of this: polygons that were cut stay valid."""
_GAP_M = 0.5
"""Borders closer than this are shared."""


@dataclass(frozen=True, slots=True)
class Landslide:
    """One slope failure; polygons in the grid's CRS."""

    outline: Polygon
    """Source and runout."""
    source: Polygon
    """Where the ground broke away."""


def draw_landslides(
    terrain: Terrain,
    susceptible: npt.NDArray[np.bool_],
    *,
    trigger: Trigger = "earthquake",
    sizes: tuple[float, float] = (1.5, 7.0),
    rng: np.random.Generator,
) -> tuple[Landslide, ...]:
    """Landslides of one event, the giants first; they may touch and never overlap.

    Parameters
    ----------
    terrain : Terrain
    susceptible : ndarray, bool, (H, W)
        Where one may start; where there is next to none, the tuple may be empty.
    trigger : {"earthquake", "giants", "rain"}
    sizes : (least, most)
        Range of the factor by which this event's landslides are larger than the published law's.
    rng : numpy.random.Generator
    """
    triggering = TRIGGERINGS[trigger]
    factor = float(np.exp(rng.uniform(*np.log(sizes))))
    # larger ones are fewer: the whole area grows more slowly than the single one
    per_km2 = float(np.exp(rng.uniform(*np.log(triggering.per_km2)))) / factor**0.7
    count = round(per_km2 * np.count_nonzero(susceptible) * (PIXEL_M / 1000) ** 2)
    weight = weigh_ground(terrain, triggering, rng) * susceptible
    giants = draw_giants(terrain, susceptible, per_km2=triggering.giants_per_km2, rng=rng)
    count = min(count, np.count_nonzero(weight))
    areas = np.sort(draw_areas(count, rng, limits_m2=triggering.areas_m2, factor=factor))[::-1]
    placed = shapely.set_precision(np.array(giants, object).reshape(-1, 2), _GRID_M)
    if count:
        sites = _choose_sites(weight, 4 * count, rng)
        placed = _place(terrain, areas, sites, placed, triggering, rng)
    outlines, sources = (_to_grid(part, terrain.grid) for part in placed.T)
    extent = shapely.box(*terrain.grid.boundingbox.bbox)
    inside = shapely.within(outlines, extent)
    return tuple(
        Landslide(outline, source)
        for outline, source in zip(outlines[inside], sources[inside], strict=True)
    )


def map_landslides(slides: tuple[Landslide, ...], extent: Polygon) -> list[Polygon]:
    """The inventory: polygons clipped to the mapped extent, the largest first.

    Landslides that share 25 m of border and more are one polygon, as interpreters map what has
    grown together; a chain of such neighbours is one polygon too. Then the extent cuts, and
    polygons below 400 m2 are left out.
    """
    outlines = np.array([slide.outline for slide in slides], object)
    groups = _merge_groups(outlines)
    merged = []
    for group in np.split(np.argsort(groups, kind="stable"), np.cumsum(np.bincount(groups))[:-1]):
        body = outlines[group[0]] if len(group) == 1 else _fuse(outlines[group])
        merged.append(_largest(body.intersection(extent)))
    mapped = [polygon for polygon in merged if polygon.area >= SMALLEST_MAPPED_M2]
    return sorted(mapped, key=lambda polygon: polygon.area, reverse=True)


def _merge_groups(outlines: npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
    """Number of the truth polygon (from 0) that each outline belongs to."""
    if not len(outlines):
        return np.zeros(0, np.int64)
    first, second = shapely.STRtree(outlines).query(outlines, predicate="dwithin", distance=_GAP_M)
    pair = first < second
    first, second = first[pair], second[pair]
    edge = shapely.intersection(
        shapely.boundary(outlines[first]), shapely.buffer(outlines[second], _GAP_M, quad_segs=2)
    )
    close = shapely.length(edge) >= MERGED_FROM_M
    links = coo_matrix(
        (np.ones(close.sum()), (first[close], second[close])), shape=2 * (len(outlines),)
    )
    return connected_components(links, directed=False)[1].astype(np.int64)


def _fuse(outlines: npt.NDArray[np.object_]) -> BaseGeometry:
    """One body without the hairline gaps between its parts."""
    body = shapely.buffer(
        shapely.union_all(shapely.buffer(outlines, _GAP_M, join_style="mitre")),
        -_GAP_M, join_style="mitre",
    )  # fmt: skip
    # where hundreds have grown together, shrinking may leave a ring that touches itself
    return body if body.is_valid else shapely.make_valid(body)


def _choose_sites(
    weight: npt.NDArray[np.float32], count: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Cells in the order in which they fail: drawn without replacement, by weight."""
    cells = np.flatnonzero(weight)
    # the smallest of exponential times: Efraimidis and Spirakis (2006), Inf. Proc. Letters 97
    when = rng.standard_exponential(cells.size) / weight.ravel()[cells]
    count = min(count, cells.size)
    first = np.argpartition(when, count - 1)[:count]
    return cells[first[np.argsort(when[first])]]


def _place(
    terrain: Terrain,
    areas: npt.NDArray[np.float64],
    sites: npt.NDArray[np.int64],
    placed: npt.NDArray[np.object_],
    triggering: Triggering,
    rng: np.random.Generator,
) -> npt.NDArray[np.object_]:
    """Rows of outline and source in metres; those in `placed` stay."""
    taken = 0
    for _ in range(_ROUNDS):
        here = sites[taken : taken + len(areas)]
        taken += len(here)
        if not len(here):
            break
        paths = trace_down(
            terrain, here, longest_m=triggering.longest_m, stop_slope=triggering.stop_slope,
            reach=triggering.reach, rng=rng,
        )  # fmt: skip
        # the largest come down the longest slopes, by and large
        rank = np.argsort(-paths.run_m * rng.lognormal(0.0, 0.3, len(here)), kind="stable")
        fits, spines = _fit(areas[: len(here)], paths, rank, triggering, rng)
        tried = np.column_stack(
            shape_slides(
                spines, areas[fits], source_share=triggering.source_share,
                branching=triggering.branching, rng=rng,
            )
        )  # fmt: skip
        kept, tried = _settle(tried, placed)
        placed = np.concatenate([placed, tried[kept]])
        areas = np.delete(areas, fits[kept])
        if not len(areas):
            break
    return placed


def _fit(
    areas: npt.NDArray[np.float64],
    paths: Paths,
    rank: npt.NDArray[np.int64],
    triggering: Triggering,
    rng: np.random.Generator,
) -> tuple[npt.NDArray[np.int64], Paths]:
    """Which of the areas find room on their path, and their spines in metres."""
    median, spread = triggering.slenderness
    slender = np.clip(rng.lognormal(np.log(median), spread, len(areas)), 1.3, 30.0)
    wanted = np.sqrt(areas * slender / _FULLNESS)
    length = np.minimum(wanted, paths.run_m[rank])
    stoutest = _STOUTEST[0] + _STOUTEST[1] * np.maximum(np.log10(areas / 1e3), 0)
    fits = np.flatnonzero(length**2 * _FULLNESS >= stoutest * areas)
    chosen = Paths(paths.place[rank[fits]], paths.slope_deg[rank[fits]], paths.run_m[rank[fits]])
    spines = resample(chosen, length[fits], POINTS)
    return fits, Paths(spines.place * PIXEL_M, spines.slope_deg, spines.run_m)


def _settle(
    tried: npt.NDArray[np.object_], placed: npt.NDArray[np.object_]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.object_]]:
    """Cut slides back to the ground that larger and earlier ones leave.

    Returns
    -------
    kept : ndarray, bool, (N,)
        Those that keep enough of their area.
    cut : ndarray of Polygon, (N, 2)
    """
    tried = side_by_side(_snap, tried)
    everyone = np.concatenate([placed[:, 0], tried[:, 0]])
    mine, other = shapely.STRtree(everyone).query(tried[:, 0], predicate="intersects")
    before = np.flatnonzero(other < mine + len(placed))
    before = before[np.argsort(mine[before], kind="stable")]
    mine, other = mine[before], other[before]
    kept = ~_find_hopeless(tried[:, 0], everyone, mine, other)
    mine, other = mine[kept[mine]], other[kept[mine]]
    cut = _largest_of(tried)
    crowded, group = np.unique(mine, return_inverse=True)
    blocked = shapely.geometrycollections(everyone[other], indices=group)
    cut[crowded] = side_by_side(_cut_back, cut[crowded], blocked)
    left = shapely.area(cut[crowded, 0])
    kept[crowded] = left >= _LEAST_LEFT * shapely.area(tried[crowded, 0])
    kept &= ~shapely.is_empty(cut).any(axis=1)
    return kept, cut


def _find_hopeless(
    tried: npt.NDArray[np.object_],
    everyone: npt.NDArray[np.object_],
    mine: npt.NDArray[np.int64],
    other: npt.NDArray[np.int64],
) -> npt.NDArray[np.bool_]:
    """Slides of which one neighbour alone takes too much: they need not be cut to be refused."""
    # corners move to the grid when slides are cut: what is left may be larger by the second term
    most = (1 - _LEAST_LEFT) * shapely.area(tried) + 2 * _GRID_M * shapely.length(tried)
    low, high = np.split(shapely.bounds(everyone), 2, axis=1)
    me = mine + len(everyone) - len(tried)
    sides = np.minimum(high[me], high[other]) - np.maximum(low[me], low[other])
    room = np.minimum(sides.prod(axis=1), shapely.area(everyone[other]))
    hopeless = np.zeros(len(tried), bool)
    pairs = np.lexsort([-room, mine])
    for _ in range(_HOPELESS_AFTER):
        pairs = pairs[(room > most[mine])[pairs] & ~hopeless[mine[pairs]]]
        _, first = np.unique(mine[pairs], return_index=True)
        now, pairs = pairs[first], np.delete(pairs, first)
        lost = side_by_side(_shared_area, tried[mine[now]], everyone[other[now]])
        hopeless[mine[now]] = lost > most[mine[now]]
    return hopeless


def _snap(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    snapped: npt.NDArray[np.object_] = shapely.set_precision(shapes, _GRID_M)
    return snapped


def _shared_area(
    first: npt.NDArray[np.object_], second: npt.NDArray[np.object_]
) -> npt.NDArray[np.float64]:
    area: npt.NDArray[np.float64] = shapely.area(shapely.intersection(first, second))
    return area


def _cut_back(
    slides: npt.NDArray[np.object_], blocked: npt.NDArray[np.object_]
) -> npt.NDArray[np.object_]:
    """Rows of outline and source without the ground that collections of neighbours hold."""
    taken = shapely.union_all(blocked[:, None], axis=1)
    outline = _largest_of(shapely.difference(slides[:, 0], taken, grid_size=_GRID_M))
    source = _largest_of(shapely.intersection(slides[:, 1], outline, grid_size=_GRID_M))
    return np.column_stack([outline, source])


def _to_grid(shapes: npt.NDArray[np.object_], grid: GeoBox) -> npt.NDArray[np.object_]:
    """From metres (down, right of the first pixel's centre) to the grid's CRS."""
    left, top = grid.pix2wld(0.5, 0.5)
    moved: npt.NDArray[np.object_] = shapely.transform(
        shapes, lambda xy: np.column_stack([left + xy[:, 1], top - xy[:, 0]])
    )
    # rounding may have closed a narrow neck
    broken = ~shapely.is_valid(moved)
    moved[broken] = [_largest(part) for part in shapely.make_valid(moved[broken])]
    return moved


def _largest_of(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """The largest polygon of each shape; a new array."""
    whole = shapes.copy()
    parted = shapely.get_type_id(shapes) != shapely.GeometryType.POLYGON
    whole[parted] = [_largest(shape) for shape in shapes[parted]]
    return whole


def _largest(geometry: BaseGeometry) -> Polygon:
    polygons = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    return max(polygons, key=lambda part: part.area, default=Polygon())
