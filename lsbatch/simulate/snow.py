"""Snow: above a line that moves with the season, patchy where it melts, thin under trees."""

import numpy as np

from lsbatch.simulate.aspect import sunny
from lsbatch.simulate.cover import Cover
from lsbatch.simulate.noise import Field, fractal
from lsbatch.simulate.spectra import Ground
from lsbatch.simulate.style import Climate
from lsbatch.simulate.terrain import Terrain

_LINES_M: dict[Climate, tuple[float, float]] = {
    "temperate": (-750.0, 1000.0),
    "boreal": (-1500.0, 900.0),
    "monsoon": (300.0, 900.0),
    "mediterranean": (-300.0, 1400.0),
    "tropical": (1500.0, 1800.0),
}
"""Snow line above the tree line: in late winter, and in late summer."""
_ICE_M = 600.0
"""Lakes so far above the snow line are frozen over."""
_SWING_M = 200.0
"""Years differ: standard deviation of a day's snow line."""
_RELIEF_M = 130.0
"""Snow lies so much lower on steep poleward slopes, and higher on those towards the equator."""
_SEEN_UNDER = {Ground.CONIFER: 0.25, Ground.EVERGREEN: 0.3, Ground.BAMBOO: 0.45,
               Ground.BROADLEAF: 0.62, Ground.DEAD: 0.6, Ground.YOUNG: 0.75}  # fmt: skip
SNOW_REACH_M = 550.0
"""No snow lies farther than this below a usual year's line: a snowy year, shade and drifts."""


def snow_line(tree_line_m: float, climate: Climate, year_phase: float) -> float:
    """Altitude in metres above which snow lies in a usual year; lowest a month after midwinter."""
    low, high = _LINES_M[climate]
    summer = 0.5 - 0.5 * np.cos(2 * np.pi * (year_phase - 0.09))
    return float(tree_line_m + low + (high - low) * summer)


def lay_snow(
    cover: Cover,
    terrain: Terrain,
    *,
    climate: Climate,
    year_phase: float,
    bare: Field | None = None,
    rng: np.random.Generator,
) -> Field:
    """Share of each pixel that shows snow, (H, W) float32 from 0 to 1.

    Parameters
    ----------
    cover : Cover
    terrain : Terrain
    climate : Climate
    year_phase : float
        0 = midwinter, 0.5 = midsummer.
    bare : ndarray, float32, (H, W), optional
        Part of the pixel where landslides took the trees that would hide snow.
    rng : numpy.random.Generator

    Notes
    -----
    The share of open ground rises over 160 m of altitude; wind and shade make it patchy. Trees hide
    what lies under them; cliffs above 48 degrees shed it.
    """
    line = snow_line(cover.tree_line_m, climate, year_phase)
    line += float(np.clip(rng.normal(0, _SWING_M), -1.5 * _SWING_M, 1.5 * _SWING_M))
    if terrain.elevation.max() < line - _RELIEF_M * 1.2 - 90.0:
        return np.zeros(terrain.elevation.shape, np.float32)
    patches = fractal(terrain.elevation.shape, rng, slope=1.8, longest_px=40)
    above = terrain.elevation - line - _RELIEF_M * np.clip(sunny(terrain) / 0.5, -1.2, 1.2)
    above += 45.0 * np.clip(patches, -2, 2)
    share = np.clip(above / 160.0, 0, 1)
    share *= np.clip((56.0 - terrain.slope_deg) / 8.0, 0, 1)
    seen = np.ones(len(Ground), np.float32)
    # crowns hold snow for a day or two after it fell
    held = rng.uniform(0.5, 1.25)
    for kind, part in _SEEN_UNDER.items():
        seen[kind] = part * held
    # rivers stay open, lakes where it is not cold enough for ice
    seen[Ground.WATER] = 0.0
    visible = seen[cover.ground]
    visible[terrain.lake & (above > _ICE_M)] = 1.0
    np.minimum(visible, 1.0, out=visible)
    if bare is not None:
        visible += bare * (1 - visible) * (cover.ground != Ground.WATER)
    return np.asarray(share * visible, np.float32)
