"""Kinds of ground and their surface reflectance."""

from enum import IntEnum

import numpy as np

from lsbatch.simulate.noise import Field

BANDS = ("blue", "green", "red", "nir", "swir16")


class Ground(IntEnum):
    """What covers a pixel."""

    BROADLEAF = 0
    CONIFER = 1
    GRASS = 2
    CROP = 3
    RIPE = 4
    SOIL = 5
    ROCK = 6
    WATER = 7
    GRAVEL = 8
    ROAD = 9
    ROOF = 10
    CLEARCUT = 11
    QUARRY = 12


FOREST = (Ground.BROADLEAF, Ground.CONIFER)
FIELDS = (Ground.CROP, Ground.RIPE, Ground.SOIL)

_GREEN = {
    Ground.BROADLEAF: (0.020, 0.046, 0.033, 0.340, 0.165),
    Ground.CONIFER: (0.016, 0.032, 0.024, 0.230, 0.105),
    Ground.GRASS: (0.034, 0.070, 0.056, 0.320, 0.220),
    Ground.CROP: (0.030, 0.072, 0.045, 0.400, 0.200),
    Ground.RIPE: (0.055, 0.105, 0.125, 0.290, 0.290),
    Ground.SOIL: (0.075, 0.105, 0.135, 0.205, 0.280),
    Ground.ROCK: (0.115, 0.140, 0.160, 0.200, 0.240),
    Ground.WATER: (0.034, 0.040, 0.026, 0.014, 0.007),
    Ground.GRAVEL: (0.130, 0.160, 0.180, 0.215, 0.245),
    Ground.ROAD: (0.085, 0.098, 0.108, 0.130, 0.150),
    Ground.ROOF: (0.120, 0.130, 0.150, 0.190, 0.200),
    Ground.CLEARCUT: (0.050, 0.072, 0.090, 0.190, 0.230),
    Ground.QUARRY: (0.150, 0.185, 0.215, 0.265, 0.310),
}
_DRY = {
    Ground.BROADLEAF: (0.026, 0.056, 0.056, 0.290, 0.170),
    Ground.CONIFER: (0.018, 0.035, 0.029, 0.220, 0.110),
    Ground.GRASS: (0.050, 0.088, 0.105, 0.270, 0.270),
    Ground.CROP: (0.040, 0.085, 0.075, 0.340, 0.230),
}
SCAR = np.array((0.080, 0.118, 0.163, 0.222, 0.310), np.float32)
"""Fresh soil of a landslide, brown and brighter than what it replaced, in BANDS order."""


def reflectance_table(dryness: float) -> Field:
    """Surface reflectance of each kind of ground on a day of the season.

    Parameters
    ----------
    dryness : float
        0 = greenest, 1 = senescent.

    Returns
    -------
    ndarray, float32, (len(Ground), len(BANDS))
        Typical values of the kinds of ground in Sentinel-2 images, chosen by eye: NDVI 0.83 for
        conifers and 0.82 for broadleaf in summer, 0.15 for fresh soil.
    """
    green = np.array([_GREEN[kind] for kind in Ground], np.float32)
    dry = np.array([_DRY.get(kind, _GREEN[kind]) for kind in Ground], np.float32)
    return (1 - dryness) * green + dryness * dry
