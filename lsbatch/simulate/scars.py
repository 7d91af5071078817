"""What fresh landslides show: bared rock and soil, debris with wood and turf, rafts of forest."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely
from odc.geo.geobox import GeoBox
from rasterio import features
from shapely.geometry import Polygon

from lsbatch.simulate.landslides import Landslide
from lsbatch.simulate.noise import Field, fractal
from lsbatch.simulate.patches import broad
from lsbatch.simulate.soils import Soil, moisten
from lsbatch.simulate.spectra import DEADWOOD
from lsbatch.simulate.terrain import Terrain

_FINE = 4
"""Sub-pixels per side, by which a landslide's share of a pixel is counted."""
_STRIP_PX = 256
"""Rows rasterised at once, so that no sub-pixel image of the whole ground is held."""


@dataclass(frozen=True, slots=True)
class Scar:
    """Fresh landslides in the pixels; arrays (H, W), float32."""

    share: Field
    """Part of the pixel that slid, 0 to 1."""
    green: Field
    """Part of that share which still looks like the ground before: rafts, edges, thin veneers."""
    brightness: Field
    """Relative to the soils' own."""
    rock: Field
    """Part that is bedrock and boulders rather than subsoil."""
    wood: Field
    """Part that is wood, turf and humus."""
    wetness: Field
    """Beyond that of the day: seeps in the source, ponded debris; -1 to 1."""

    def reflect(self, soil: Soil, moisture: float, band: int) -> Field:
        """Reflectance of the slid part in one band, (H, W)."""
        bare = soil.subsoil[band] + self.rock * (soil.rock[band] - soil.subsoil[band])
        bare += self.wood * (0.55 * DEADWOOD[band] + 0.45 * soil.humus[band] - bare)
        wet = np.clip(moisture + self.wetness, 0, 1)
        return moisten(bare * self.brightness, wet, band)


def paint_scars(
    slides: tuple[Landslide, ...], terrain: Terrain, *, soil: Soil, rng: np.random.Generator
) -> Scar:
    """Look of an event's landslides.

    Each slide draws its tone, its depth to rock, its wood, its seeps and how much of the plants it
    left; sources are barer and rockier, deposits carry wood, turf and rafts of forest.

    Parameters
    ----------
    slides : tuple of Landslide
        Outlines and sources in the CRS of the terrain's grid.
    terrain : Terrain
    soil : Soil
        Dark and pale soils vary more in tone from slide to slide.
    rng : numpy.random.Generator
    """
    share, source, number = _count([s.outline for s in slides], [s.source for s in slides], terrain)
    shape, count = share.shape, len(slides) + 1
    spread = 0.13 + 0.5 * abs(float(soil.subsoil[2]) - 0.15)
    tone = np.exp(rng.normal(0, spread, count))
    deep = rng.beta(1.2, 2.5, count)
    woody = rng.beta(1.3, 5.0, count)
    wet = rng.normal(0.0, 0.18, count)
    # one slide in sixteen is a veneer, or slid with its turf: much of what grew is left
    left = np.where(rng.random(count) < 1 / 16, rng.uniform(0.25, 0.75, count), 0.0)
    left += rng.beta(1.0, 14.0, count)
    texture = fractal(shape, rng, slope=1.2, longest_px=20)
    rafts = fractal(shape, rng, slope=1.8, longest_px=14)
    slid = number > 0
    at = number[slid]
    deposit = (1 - source / np.maximum(share, 1e-6)).clip(0, 1)[slid]
    green = left[at] + 0.20 * (rafts[slid] - 1.35 + 0.5 * deposit).clip(0, 2)
    green += 0.10 * deposit * woody[at]
    rock = deep[at] * (1.25 - deposit) + 0.10 * texture[slid]
    wood = woody[at] * (0.35 + 0.9 * deposit) + 0.10 * (texture[slid] * deposit).clip(0, 2)
    bright = tone[at] * (1 + 0.11 * texture[slid] + 0.05 * (0.5 - deposit))
    seeps = wet[at] + 0.12 * rafts[slid] + 0.10 * deposit
    return Scar(
        share,
        _fill(slid, np.clip(green, 0, 0.95)),
        _fill(slid, np.clip(bright, 0.5, 1.6)),
        _fill(slid, np.clip(rock, 0, 1)),
        _fill(slid, np.clip(wood, 0, 0.8)),
        _fill(slid, np.clip(seeps, -1, 1)),
    )


def fade(scar: Scar, years: float, *, rng: np.random.Generator) -> Scar:
    """The scar some years after: plants return in patches, debris first, and the soil darkens.

    Notes
    -----
    Half of the debris is green again after about four years, half of the rock after twenty;
    typical of humid mountains, chosen.
    """
    patches = broad(scar.share.shape, rng, slope=1.6, longest_px=40)
    pace = np.exp(0.5 * patches) * (0.17 - 0.135 * scar.rock)
    back = 1 - np.exp(-np.float32(years) * pace)
    green = scar.green + (1 - scar.green) * back * (scar.share > 0)
    dimmer = np.float32(1 - 0.15 * (1 - np.exp(-years)))
    return replace(scar, green=green.astype(np.float32), brightness=scar.brightness * dimmer)


def _fill(where: npt.NDArray[np.bool_], values: npt.NDArray[np.floating]) -> Field:
    field = np.zeros(where.shape, np.float32)
    field[where] = values
    return field


def _count(
    outlines: list[Polygon], sources: list[Polygon], terrain: Terrain
) -> tuple[Field, Field, npt.NDArray[np.int32]]:
    """Share of each pixel that slid, share that is source, and the slide's number (0 = none)."""
    shape = terrain.elevation.shape
    share, source = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    number = np.zeros(shape, np.int32)
    outline_tree, source_tree = shapely.STRtree(outlines), shapely.STRtree(sources)
    for top in range(0, shape[0], _STRIP_PX):
        rows = slice(top, min(top + _STRIP_PX, shape[0]))
        strip = terrain.grid[rows, :]
        fine = _rasterise(outline_tree, strip)
        if not fine.any():
            continue
        blocks = fine.reshape(rows.stop - top, _FINE, shape[1], _FINE)
        share[rows] = (blocks > 0).mean(axis=(1, 3), dtype=np.float32)
        number[rows] = blocks.max(axis=(1, 3))
        blocks = _rasterise(source_tree, strip).reshape(blocks.shape)
        source[rows] = (blocks > 0).mean(axis=(1, 3), dtype=np.float32)
    return share, source, number


def _rasterise(tree: shapely.STRtree, strip: GeoBox) -> npt.NDArray[np.int32]:
    """Number of the polygon (from 1; 0 = none) at each sub-pixel of a strip."""
    fine = strip.zoom_out(1 / _FINE)
    shape = (strip.shape.y * _FINE, strip.shape.x * _FINE)
    near = np.sort(tree.query(shapely.box(*strip.boundingbox.bbox)))
    shapes = [(tree.geometries[n], int(n) + 1) for n in near]
    if not shapes:
        return np.zeros(shape, np.int32)
    return features.rasterize(shapes, out_shape=shape, transform=fine.affine, dtype="int32")
