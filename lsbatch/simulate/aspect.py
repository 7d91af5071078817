"""Sunny and shady sides of hills."""

import numpy as np
from scipy import ndimage

from lsbatch.simulate.noise import Field
from lsbatch.simulate.terrain import PIXEL_M, Terrain


def is_southern(terrain: Terrain) -> bool:
    """Whether the ground lies south of the equator, by its UTM zone."""
    epsg = terrain.grid.crs.to_epsg() if terrain.grid.crs is not None else None
    return epsg is not None and 32701 <= epsg <= 32760


def sunny(terrain: Terrain) -> Field:
    """Slope towards the equator, rise over run from -1 to 1; (H, W), 0 on flat ground."""
    southward = ndimage.gaussian_filter(terrain.elevation, 2)
    southward = -np.gradient(southward, PIXEL_M, axis=0)
    return np.clip(-southward if is_southern(terrain) else southward, -1, 1).astype(np.float32)
