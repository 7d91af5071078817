"""Kinds of ground and the reflectance of what stands and lies on them, in six bands."""

from enum import IntEnum

import numpy as np

from lsbatch.simulate.noise import Field

BANDS = ("blue", "green", "red", "nir", "swir16", "swir22")


class Ground(IntEnum):
    """What covers a pixel."""

    BROADLEAF = 0
    """Deciduous trees."""
    CONIFER = 1
    EVERGREEN = 2
    """Broadleaf trees that keep their leaves."""
    BAMBOO = 3
    SHRUB = 4
    GRASS = 5
    MEADOW = 6
    """Above the tree line."""
    SUMMER_CROP = 7
    WINTER_CROP = 8
    PADDY = 9
    PLOT = 10
    """Sown at any time of the year."""
    ORCHARD = 11
    YOUNG = 12
    """Planted or regrowing trees, not yet closed."""
    CLEARCUT = 13
    """Stumps, branches and disturbed soil."""
    DEAD = 14
    """Conifers killed by beetles or drought."""
    BURNT = 15
    OLD_SCAR = 16
    """A landslide of earlier years, bare to overgrown."""
    BARE = 17
    CLAY = 18
    """Badlands."""
    ROCK = 19
    SCREE = 20
    GRAVEL = 21
    QUARRY = 22
    """Also building sites."""
    TRACK = 23
    """Unpaved road with its cut and fill."""
    ROAD = 24
    ROOF = 25
    PLASTIC = 26
    """Greenhouses."""
    WATER = 27


FOREST = (Ground.BROADLEAF, Ground.CONIFER, Ground.EVERGREEN, Ground.BAMBOO)
FIELDS = (Ground.SUMMER_CROP, Ground.WINTER_CROP, Ground.PADDY, Ground.PLOT, Ground.ORCHARD)

_STRAW = (0.072, 0.105, 0.135, 0.235, 0.300, 0.225)
_PLANTS = {
    Ground.BROADLEAF: (
        (0.020, 0.046, 0.033, 0.340, 0.165, 0.075),
        (0.036, 0.074, 0.104, 0.255, 0.210, 0.120),
        (0.045, 0.060, 0.076, 0.160, 0.190, 0.130),
    ),
    Ground.CONIFER: (
        (0.016, 0.032, 0.024, 0.230, 0.105, 0.048),
        (0.017, 0.033, 0.028, 0.215, 0.105, 0.050),
        (0.019, 0.033, 0.032, 0.190, 0.100, 0.050),
    ),
    Ground.EVERGREEN: (
        (0.020, 0.042, 0.028, 0.330, 0.140, 0.060),
        (0.023, 0.046, 0.035, 0.300, 0.150, 0.070),
        (0.024, 0.047, 0.038, 0.280, 0.155, 0.075),
    ),
    Ground.BAMBOO: (
        (0.027, 0.062, 0.042, 0.360, 0.180, 0.080),
        (0.030, 0.062, 0.050, 0.310, 0.185, 0.090),
        (0.032, 0.060, 0.056, 0.270, 0.190, 0.100),
    ),
    Ground.SHRUB: (
        (0.029, 0.058, 0.046, 0.275, 0.185, 0.100),
        (0.040, 0.068, 0.076, 0.225, 0.225, 0.145),
        (0.046, 0.068, 0.080, 0.185, 0.215, 0.150),
    ),
    Ground.GRASS: (
        (0.034, 0.072, 0.054, 0.330, 0.220, 0.120),
        (0.068, 0.105, 0.138, 0.265, 0.315, 0.220),
        (0.055, 0.082, 0.100, 0.215, 0.260, 0.180),
    ),
    Ground.MEADOW: (
        (0.038, 0.074, 0.064, 0.290, 0.225, 0.130),
        (0.064, 0.092, 0.124, 0.220, 0.280, 0.200),
        (0.060, 0.085, 0.110, 0.195, 0.265, 0.195),
    ),
    Ground.SUMMER_CROP: (
        (0.029, 0.072, 0.044, 0.410, 0.200, 0.090),
        (0.064, 0.105, 0.134, 0.280, 0.300, 0.210),
        _STRAW,
    ),
    Ground.WINTER_CROP: (
        (0.029, 0.070, 0.042, 0.390, 0.190, 0.090),
        (0.075, 0.116, 0.150, 0.290, 0.310, 0.220),
        _STRAW,
    ),
    Ground.PADDY: (
        (0.028, 0.066, 0.044, 0.350, 0.145, 0.065),
        (0.055, 0.102, 0.118, 0.290, 0.235, 0.140),
        _STRAW,
    ),
    Ground.PLOT: (
        (0.031, 0.072, 0.050, 0.350, 0.200, 0.100),
        (0.060, 0.095, 0.118, 0.250, 0.285, 0.195),
        _STRAW,
    ),
    Ground.ORCHARD: (
        (0.030, 0.060, 0.046, 0.300, 0.180, 0.090),
        (0.040, 0.072, 0.078, 0.240, 0.220, 0.130),
        (0.050, 0.070, 0.085, 0.180, 0.225, 0.160),
    ),
    Ground.YOUNG: (
        (0.027, 0.058, 0.044, 0.295, 0.185, 0.090),
        (0.040, 0.068, 0.078, 0.235, 0.220, 0.135),
        (0.044, 0.064, 0.076, 0.180, 0.205, 0.140),
    ),
    Ground.DEAD: (
        (0.034, 0.050, 0.072, 0.150, 0.175, 0.110),
        (0.034, 0.050, 0.072, 0.150, 0.175, 0.110),
        (0.040, 0.052, 0.066, 0.130, 0.165, 0.110),
    ),
    Ground.BURNT: (
        (0.034, 0.040, 0.047, 0.080, 0.150, 0.160),
        (0.034, 0.040, 0.047, 0.080, 0.150, 0.160),
        (0.036, 0.042, 0.049, 0.078, 0.145, 0.155),
    ),
    Ground.CLEARCUT: (
        (0.046, 0.068, 0.082, 0.195, 0.235, 0.155),
        (0.056, 0.076, 0.098, 0.185, 0.255, 0.180),
        (0.056, 0.074, 0.095, 0.170, 0.240, 0.175),
    ),
}
"""Growing, turned (autumn, ripe, dry) and dormant; kinds that are not here bear sparse grass."""
_MADE = {
    Ground.ROAD: (0.085, 0.098, 0.108, 0.130, 0.150, 0.140),
    Ground.ROOF: (0.130, 0.140, 0.165, 0.200, 0.215, 0.200),
    Ground.PLASTIC: (0.290, 0.315, 0.330, 0.385, 0.335, 0.270),
    Ground.CLAY: (0.135, 0.175, 0.215, 0.275, 0.330, 0.285),
}
SNOW = np.array((0.84, 0.83, 0.81, 0.69, 0.12, 0.09), np.float32)
CLEAR_WATER = np.array((0.034, 0.036, 0.022, 0.010, 0.005, 0.004), np.float32)
MUDDY_WATER = np.array((0.075, 0.110, 0.125, 0.070, 0.016, 0.010), np.float32)
RED_LEAVES = np.array((0.030, 0.050, 0.115, 0.240, 0.205, 0.120), np.float32)
"""Of maples and rowans, where `_PLANTS` holds the yellow of beeches and birches."""
DEADWOOD = np.array((0.048, 0.062, 0.080, 0.165, 0.215, 0.160), np.float32)
"""Trunks, roots and turf in debris."""
WEEDS = np.array((0.032, 0.068, 0.052, 0.310, 0.215, 0.115), np.float32)


def plant_table() -> Field:
    """Reflectance of closed plant cover, under flat light.

    Returns
    -------
    ndarray, float32, (3, len(Ground), len(BANDS))
        States: growing, turned, dormant.

    Notes
    -----
    Typical values, chosen: the kinds of curve in the USGS library (Kokaly et al. 2017, Data Series
    1035) and ECOSTRESS (Meerdink et al. 2019, RSE 230), scaled to canopies as satellites see them.
    NDVI is 0.82 for broadleaf forest in leaf, 0.36 leafless; 0.81 for conifers.
    """
    sparse = _PLANTS[Ground.GRASS]
    rows = [_PLANTS.get(kind, sparse) for kind in Ground]
    return np.moveaxis(np.array(rows, np.float32), 0, 1)


def made_ground() -> dict[Ground, Field]:
    """Reflectance below the plants where it depends on no event's soil, (len(BANDS),) each."""
    return {kind: np.array(values, np.float32) for kind, values in _MADE.items()}
