"""Giant landslides: a spoon kilometres from the toe of the debris that it sent down the valley."""

import numpy as np
import numpy.typing as npt
import shapely
from rasterio import features
from scipy import ndimage
from shapely.geometry import Polygon

from lsbatch.simulate.drainage import find_drainage
from lsbatch.simulate.noise import fractal
from lsbatch.simulate.relief import PIXEL_M, outlet_of
from lsbatch.simulate.terrain import Terrain

Reals = npt.NDArray[np.float64]
_AREAS_M2 = (5e4, 2e6)
_LARGEST_SHARE = 0.05
"""Of the susceptible ground: no giant is larger."""
_LEAST_SLOPE_DEG = 22.0
_ROUNDING_M = 9.0


def draw_giants(
    terrain: Terrain,
    susceptible: npt.NDArray[np.bool_],
    *,
    per_km2: float,
    rng: np.random.Generator,
) -> list[tuple[Polygon, Polygon]]:
    """Outline and source of each giant, in metres (down, right of the first pixel's centre).

    Tries, of which some fail for want of room: two at least where 1 km2 is susceptible, none where
    less than half of that is.
    """
    ground_km2 = np.count_nonzero(susceptible) * (PIXEL_M / 1000) ** 2
    count = int(rng.poisson(per_km2 * ground_km2))
    count = 0 if ground_km2 < 0.5 or not per_km2 else min(max(count, 2 * int(ground_km2 >= 1)), 12)
    slope = ndimage.gaussian_filter(terrain.slope_deg, 6)
    stand = terrain.elevation - ndimage.gaussian_filter(terrain.elevation, 25)
    weight = np.exp((slope - 30) / 3 + np.clip(stand / (np.abs(stand).mean() + 1e-6), -2, 2))
    weight *= susceptible & (slope > _LEAST_SLOPE_DEG)
    if not count or not weight.any():
        return []
    low, high = np.log(_AREAS_M2)
    high = min(high, max(low + 0.1, np.log(_LARGEST_SHARE * ground_km2 * 1e6)))
    ground = terrain.elevation.astype(np.float64)
    flow = find_drainage(ground, PIXEL_M, outlet=outlet_of(ground.shape, None))
    giants: list[tuple[Polygon, Polygon]] = []
    for _ in range(count):
        # the largest are what such an event is known for: more of them than chance would give
        area = float(np.exp(low + (high - low) * np.sqrt(rng.random())))
        site = int(rng.choice(weight.size, p=weight.ravel() / weight.sum()))
        giant = _shape_giant(terrain, flow.receiver, site, area, rng)
        if giant is not None and not any(giant[0].intersects(other) for other, _ in giants):
            giants.append(giant)
    return giants


def _shape_giant(
    terrain: Terrain,
    receiver: npt.NDArray[np.int64],
    site: int,
    area: float,
    rng: np.random.Generator,
) -> tuple[Polygon, Polygon] | None:
    mobility = rng.uniform(1.8, 5.5)
    walk = _walk(site, receiver, int(mobility * np.sqrt(area) / PIXEL_M), terrain.elevation.shape)
    if len(walk) < 12:
        return None
    source = _spoon(walk, area * rng.uniform(0.3, 0.5), rng)
    flow = _inundate(terrain, walk, area - source.area, rng)
    outline = _round(shapely.union(source, flow))
    source = _largest(source.intersection(outline))
    return None if source.is_empty else (outline, source)


def _walk(
    site: int, receiver: npt.NDArray[np.int64], steps: int, shape: tuple[int, ...]
) -> npt.NDArray[np.int64]:
    """Cells (N, 2) down the drainage."""
    cells = [site]
    while len(cells) < steps and receiver[cells[-1]] != cells[-1]:
        cells.append(int(receiver[cells[-1]]))
    return np.column_stack(np.unravel_index(cells, shape))


def _spoon(walk: npt.NDArray[np.int64], area: float, rng: np.random.Generator) -> Polygon:
    """Source: an uneven oval with its crown uphill of the walk's start, ragged at the scarp."""
    stretch = rng.uniform(1.0, 1.9)
    long, wide = np.sqrt(area * stretch / np.pi), np.sqrt(area / stretch / np.pi)
    reach = min(len(walk) - 1, int(2 * long / PIXEL_M) + 3)
    ahead = (walk[reach] - walk[0]) * PIXEL_M
    ahead = ahead / max(float(np.hypot(*ahead)), 1e-6)
    angle = np.linspace(0, 2 * np.pi, 160, endpoint=False)
    radius = np.ones(160)
    for wave in range(2, 40):
        radius += 0.20 / wave**1.1 * rng.normal() * np.cos(wave * angle + rng.uniform(0, 6.3))
    radius = np.clip(radius, 0.5, 1.6)
    # wider above than below: debris leaves through a throat
    along = long * radius * np.cos(angle)
    across = wide * radius * np.sin(angle) * (1 - 0.3 * np.cos(angle))
    centre = walk[0] * PIXEL_M + 0.9 * long * ahead
    aside = np.array([-ahead[1], ahead[0]])
    return _largest(
        shapely.make_valid(Polygon(centre + along[:, None] * ahead + across[:, None] * aside))
    )


def _inundate(
    terrain: Terrain, walk: npt.NDArray[np.int64], area: float, rng: np.random.Generator
) -> Polygon:
    """Runout: the ground that lies least above the walk's bed, and near it, up to an area.

    As in the cross-sections of Iverson et al. (1998), GSA Bulletin 110: valleys are filled from
    wall to wall, open ground is covered by a lobe.
    """
    width = max(area / (len(walk) * PIXEL_M), 12.0)
    pad = int(3 * width / PIXEL_M) + 10
    first = np.maximum(walk.min(axis=0) - pad, 0)
    last = np.minimum(walk.max(axis=0) + pad + 1, terrain.elevation.shape)
    ground = terrain.elevation[first[0] : last[0], first[1] : last[1]]
    row, col = (walk - first).T
    bed = np.minimum.accumulate(ndimage.gaussian_filter1d(ground[row, col].astype(float), 3))
    order = np.full(ground.shape, -1)
    order[row, col] = np.arange(len(walk))
    away, nearest = ndimage.distance_transform_edt(order < 0, return_indices=True)
    place = order[tuple(nearest)]
    # debris thins and spreads: narrow where it falls, wide where it comes to rest
    steep = np.degrees(np.arctan(-np.gradient(ndimage.gaussian_filter1d(bed, 6)) / PIXEL_M))
    ease = (0.7 + 0.8 * np.clip((14 - steep) / 14, 0, 1)) * (
        1 + 0.25 * ndimage.gaussian_filter1d(rng.standard_normal(len(walk)), 5) * 4
    ).clip(0.5, 1.6)
    rise = np.maximum(ground - bed[place], -4.0) / (0.10 * width + 3.0)
    cost = rise + (away * PIXEL_M / (0.8 * width * ease[place])) ** 2
    cost += 0.15 * fractal(ground.shape, rng, slope=2.6, longest_px=40)
    # the bed is always covered, three pixels wide: a flow does not part
    cost[away < 1.5] = -9.0
    cells = min(max(int(area / PIXEL_M**2), len(walk)), cost.size - 1)
    covered = cost <= np.partition(cost, cells, axis=None)[cells]
    pieces, _ = ndimage.label(ndimage.binary_closing(covered) | covered)
    body = ndimage.binary_fill_holes(pieces == pieces[row[0], col[0]])
    shapes = features.shapes(body.astype(np.uint8), mask=body)
    rings = [np.array(shape["coordinates"][0]) for shape, _ in shapes]
    ring = max(rings, key=len)
    return Polygon((ring[:, ::-1] - 0.5 + first) * PIXEL_M)


def _round(shape: shapely.Geometry) -> Polygon:
    """Without the corners of pixels."""
    # little is taken back: a deeper cut would part narrow reaches of the flow
    grown = shape.buffer(_ROUNDING_M).buffer(-1.4 * _ROUNDING_M).buffer(0.4 * _ROUNDING_M)
    return Polygon(_largest(grown if not grown.is_empty else shape).exterior).simplify(1.0)


def _largest(shape: shapely.Geometry) -> Polygon:
    pieces = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return max(pieces, key=lambda part: part.area, default=Polygon())
