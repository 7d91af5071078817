"""The ground after the event: hollows where it broke away, hummocks where it came to rest."""

import numpy as np
import numpy.typing as npt
from rasterio import features
from scipy import ndimage

from lsbatch.simulate.landslides import Landslide
from lsbatch.simulate.noise import Field, fractal
from lsbatch.simulate.terrain import PIXEL_M, Terrain

_DEPTH = 0.05
"""Depth of a source over the square root of the landslide's area (Larsen et al. 2010, Nature
Geoscience 3: depth grows with area ** 0.3 to 0.5)."""
_DEEPEST_M = 45.0
_SCARP = 0.07
"""Width of the scarp over that square root: 35 degrees beyond the hillside's own slope."""
_BULKING = 1.2
"""Volume of loose debris over that of the ground it came from."""
_THICKEST = 0.03
"""Mean thickness of a deposit over the square root of the area, at most: the rest is washed out."""


def reshape_ground(
    terrain: Terrain, slides: tuple[Landslide, ...], *, rng: np.random.Generator
) -> Field:
    """Elevation (H, W) in metres after the event; a new array, the terrain's where nothing slid.

    Sources are lowered behind a steep head scarp, what they lost lies hummocky below them. Lakes
    keep their level.
    """
    if not slides:
        return terrain.elevation.copy()
    size = np.sqrt([0.0, *(slide.outline.area for slide in slides)]).astype(np.float32)
    body = _number([slide.outline for slide in slides], terrain)
    source = np.where(body > 0, _number([slide.source for slide in slides], terrain), 0)
    source[source != body] = 0
    rough = fractal(body.shape, rng, slope=1.8, longest_px=14)
    hollow = _hollow(terrain.elevation, source, size) * (1 + 0.18 * rough)
    hummock = fractal(body.shape, rng, slope=2.2, longest_px=9)
    volume = np.bincount(source.ravel(), hollow.ravel(), len(size))
    pile = _pile(np.where(source > 0, 0, body), volume, size, hummock)
    change = np.where(terrain.lake, 0.0, pile - np.maximum(hollow, 0.0))
    return (terrain.elevation + change).astype(np.float32)


def _hollow(elevation: Field, source: npt.NDArray[np.int32], size: Field) -> Field:
    """Depth (H, W) of the sources: a scarp at the head, a gentler rise to the foot."""
    scale = size[source]
    depth = np.minimum(_DEPTH * scale, _DEEPEST_M)
    edge = _inward(source)
    numbers = np.arange(len(size))
    low, high = (
        np.asarray(extreme(elevation, source, numbers), np.float32)[source]
        for extreme in (ndimage.minimum, ndimage.maximum)
    )
    upper = (elevation - low) / np.maximum(high - low, 1.0)
    wall = np.clip(edge / np.maximum(_SCARP * scale, 0.5 * PIXEL_M), 0.0, 1.0)
    return np.where(source > 0, depth * wall * (0.35 + 0.75 * upper), 0.0).astype(np.float32)


def _pile(
    deposit: npt.NDArray[np.int32], volume: npt.NDArray[np.float64], size: Field, hummock: Field
) -> Field:
    """Thickness (H, W) of the deposits, thin at their edges."""
    shape = np.sqrt(np.minimum(_inward(deposit) / PIXEL_M, 4.0))
    shape = shape * np.clip(1 + 0.55 * hummock, 0.15, 2.5) * (deposit > 0)
    total = np.maximum(np.bincount(deposit.ravel(), shape.ravel(), len(size)), 1e-6)
    count = np.bincount(deposit.ravel(), minlength=len(size))
    mean = np.minimum(_BULKING * volume / np.maximum(count, 1), _THICKEST * size)
    factor = (mean * count / total).astype(np.float32)
    return np.asarray(factor[deposit] * shape, np.float32)


def _inward(numbers: npt.NDArray[np.int32]) -> Field:
    """Metres to the edge of each numbered body, also where it touches another."""
    same = np.asarray(ndimage.minimum_filter(numbers, 3) == ndimage.maximum_filter(numbers, 3))
    inner = ndimage.distance_transform_edt(same & (numbers > 0))
    return np.asarray((inner + 0.5) * PIXEL_M * (numbers > 0), np.float32)


def _number(polygons: list[object], terrain: Terrain) -> npt.NDArray[np.int32]:
    shapes = [(polygon, number) for number, polygon in enumerate(polygons, 1)]
    burnt: npt.NDArray[np.int32] = features.rasterize(
        shapes, terrain.elevation.shape, transform=terrain.grid.affine, dtype="int32"
    )
    return burnt
