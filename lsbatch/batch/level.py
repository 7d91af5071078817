"""level_scenes: what slopes do to the light of each image, measured before any block is cut."""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import xarray as xr
from odc.geo.geobox import GeoBox

from lsbatch.batch.windows import see_window, windows_of
from lsbatch.domain import FLAGS, Event, Preparation, Scenes
from lsbatch.features import TERRAIN_HALO, light_of, screen_bands, terrain_of
from lsbatch.kernels import c_coefficient, light_sums

_LEAST_SLOPE_DEG = 5.0
"""On ground less steep all has the same light."""
_GREEN_BANDS = ("nir", "red")
_GREEN_NDVI = 0.4
"""The correction is for the light between trees; bare ground would bend the line."""


def level_scenes(
    scenes: Scenes, event: Event, grid: GeoBox, preparation: Preparation, bands: tuple[str, ...]
) -> Scenes:
    """The scenes with C of the SCS+C correction for each band, where their pixels tell it.

    Reads the bands and the elevation of the windows that registration looks at.

    Parameters
    ----------
    scenes : Scenes
    event : Event
        Its area of interest is looked at.
    grid : GeoBox
        Of the map.
    preparation : Preparation
        What is set aside; terrain shadow is not looked for.
    bands : tuple of str
        Of reflectance, by common name.

    Returns
    -------
    Scenes
        A look whose sun is not known, or that grows no brighter in more light, has no C: its light
        stays in it.
    """
    windows, _ = windows_of(scenes.footprint.intersection(event.aoi), grid)
    sums: dict[tuple[str, str], npt.NDArray[np.float64]] = defaultdict(lambda: np.zeros(5))
    for window in windows:
        for key, part in _sums_in(window, scenes, bands, preparation):
            sums[key] += part
    found = {key: c_coefficient(part) for key, part in sums.items()}
    return replace(
        scenes,
        looks=tuple(
            replace(look, scene=replace(look.scene, light_c=_of_scene(found, look.scene.id)))
            for look in scenes.looks
        ),
    )


def _of_scene(found: dict[tuple[str, str], float], scene_id: str) -> tuple[tuple[str, float], ...]:
    own = {band: c for (name, band), c in found.items() if name == scene_id}
    return tuple((band, round(c, 4)) for band, c in sorted(own.items()) if not math.isnan(c))


def _sums_in(
    window: GeoBox, scenes: Scenes, bands: tuple[str, ...], preparation: Preparation
) -> Iterator[tuple[tuple[str, str], npt.NDArray[np.float64]]]:
    """Sums of one window, by scene and band; nothing where it cannot be read."""
    around = window.pad(TERRAIN_HALO)
    here = scenes.touching(around)
    if not here.looks:
        return
    beside = (*screen_bands(scenes), *_GREEN_BANDS)
    seen = see_window(around, here, bands, preparation, beside=beside)
    if seen is None:
        return
    cube, usable = seen
    steep = terrain_of(cube)["slope_deg"].compute(scheduler="threads") >= _LEAST_SLOPE_DEG
    light = light_of(cube, range(len(here.looks))).compute(scheduler="threads")
    for place, look in enumerate(here.looks):
        counted = usable[place] & steep & _is_green(cube, place)
        for band in bands:
            if band in look.scene.bands and band not in FLAGS:
                values = cube[band].values[place]
                yield (look.scene.id, band), light_sums(values, light[place], counted)


def _is_green(cube: xr.Dataset, place: int) -> npt.NDArray[np.bool_]:
    """Where plants cover the ground; everywhere in a look without near infrared."""
    nir, red = (cube[band].values[place] for band in _GREEN_BANDS)
    if np.isnan(nir).all():
        return np.ones(nir.shape, bool)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((nir - red) / (nir + red) >= _GREEN_NDVI)
