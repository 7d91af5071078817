"""check_offsets: whether the numbers of Sentinel-2 images hold the offset that their records state.

From processing baseline 04.00 on (25 January 2022) numbers of Level-2A are 1000 higher, so that
reflectance = (number - 1000) / 10000. Catalogues that took the shift out say so, and some say so
wrongly, in both directions (github.com/Element84/earth-search, issues 9, 66 and 71). Dark ground
tells: where nothing was added, the darkest hundredth of a surface image lies near 0.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Literal

import numpy as np
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window, from_bounds

from lsbatch.cube.opening import open_asset
from lsbatch.cube.patience import Deadline
from lsbatch.domain import (
    QUALITY,
    Access,
    Asset,
    Granule,
    OffsetCheck,
    Quality,
    Scene,
    Scenes,
    Sensor,
    Status,
)
from lsbatch.errors import ReadError

_SENSOR = "sentinel-2-l2a"
"""Of top-of-atmosphere images (Level-1C) the air alone lifts blue to 1000."""
_UNNAMED = ("sentinel-2-l1c", "sentinel-2")
"""Sensor and mission of images whose record says that Sentinel-2 took them, but nothing of a level:
the search takes them for Level-1C, and they may be anything."""
_SHIFT = 1000
_FIRST_SHIFTED = 4.0
"""Processing baseline from which on the shift is added, to images of any year."""
_BANDS = ("blue", "red", "swir22")
"""B02, B04 and B12: haze lifts the first most, the last hardly at all."""
_LOWEST_SHIFTED = 900.0
"""Shifted numbers lie lower only where reflectance is below -0.01: in noise, not in a hundredth of
an image."""
_DARK_SHIFTED = 1500.0
"""Beyond it the darkest hundredth is bright ground, desert or snow, which tells nothing."""
_SURELY_PLAIN = 500.0
"""Between it and 900 lie dim ground to which nothing was added, and shadows of shifted images that
the correction for air made too dark: such numbers take no shift out."""
_PERCENTILE = 1.0
_MOST_PX = 1024
_WANTED_PX = 512
"""Side to which an image is thinned out by its overviews."""
_LEAST_CELLS = 1000
_THREADS = 8

_READ_WITHIN_S = 60.0

Vote = Literal["shifted", "plain", "bright"]


def check_offsets(scenes: Scenes) -> tuple[Scenes, tuple[OffsetCheck, ...]]:
    """The scenes with offsets as the images' own numbers demand, and the decision on each image.

    Reads small overviews of blue, red and swir22 of every Sentinel-2 image of the
    looks, unless it is of Level-1C.
    The record is overruled only where all three bands agree against it.

    Parameters
    ----------
    scenes : Scenes

    Returns
    -------
    Scenes, tuple of OffsetCheck
        Images of other sensors are as they were, and no decision is made on them.
    """
    granules = dict.fromkeys(
        (granule, look.scene.sensor)
        for look in scenes.looks
        for granule in look.scene.granules
        if _may_be_shifted(granule, look.scene)
    )
    with ThreadPoolExecutor(_THREADS) as pool:
        checks = list(pool.map(lambda pair: _check(*pair, scenes.access), granules))
    decided = {
        granule: _with_offset(granule, check)
        for (granule, _), check in zip(granules, checks, strict=True)
    }
    looks = tuple(replace(look, scene=_with_granules(look.scene, decided)) for look in scenes.looks)
    return replace(scenes, looks=looks), tuple(checks)


def _may_be_shifted(granule: Granule, scene: Scene) -> bool:
    mission = granule.reported.mission if granule.reported else None
    return scene.sensor_name == _SENSOR or (scene.sensor_name, mission) == _UNNAMED


def _with_granules(scene: Scene, decided: dict[Granule, Granule]) -> Scene:
    return replace(scene, granules=tuple(decided.get(one, one) for one in scene.granules))


def _with_offset(granule: Granule, check: OffsetCheck) -> Granule:
    if check.applied == check.stated:
        return granule
    assets = tuple(
        asset if asset.band == QUALITY else replace(asset, offset=check.applied)
        for asset in granule.assets
    )
    return replace(granule, assets=assets)


def _check(granule: Granule, sensor: Sensor, access: Access) -> OffsetCheck:
    bands = [asset for asset in granule.assets if asset.band != QUALITY]
    units = {(asset.scale, asset.offset) for asset in bands}
    scale, stated = bands[0].scale, bands[0].offset
    shifted = -_SHIFT * scale
    if len(units) > 1 or not _is_one_of(stated, (0.0, shifted)):
        words = "its record states another offset than 0 and that of baseline 04.00"
        return OffsetCheck(granule.item_id, stated, stated, (), "unclear", words)
    seen = {band: _low_of(granule, band, sensor, access) for band in _BANDS}
    lows = tuple((band, low) for band, low in seen.items() if isinstance(low, float))
    lacking = [f"{band} {low}" for band, low in seen.items() if isinstance(low, str)]
    if not lows:
        words = f"nothing could be looked at: {'; '.join(lacking)}"
        return OffsetCheck(granule.item_id, stated, stated, (), "unclear", words)
    return _decide(granule, stated, shifted, lows, lacking)


def _is_one_of(value: float, others: Iterable[float]) -> bool:
    return any(abs(value - other) < 1e-9 for other in others)


def _decide(
    granule: Granule,
    stated: float,
    shifted: float,
    lows: tuple[tuple[str, float], ...],
    lacking: list[str],
) -> OffsetCheck:
    """The decision on an image from the low ends of its bands."""
    votes = [_vote(low) for _, low in lows]
    says_shifted = stated != 0.0
    against: Vote = "plain" if says_shifted else "shifted"
    told = f"the lowest numbers ({', '.join(f'{band} {low:.0f}' for band, low in lows)})"
    # one band below 900 is enough to show that nothing was added
    is_doubted = against in votes and (says_shifted or "plain" not in votes)
    baseline = granule.reported.baseline if granule.reported else None
    is_old = not says_shifted and baseline is not None and baseline < _FIRST_SHIFTED
    applied, verdict, reason = stated, "unclear", f"{told} speak against the offset of the record"
    if not is_doubted:
        verdict, reason = "agrees", f"{told} do not speak against the offset of the record"
    elif is_old:
        reason += f", but baseline {baseline:05.2f} adds nothing to them"
    elif lacking:
        reason += f", but not all bands can be asked: {'; '.join(lacking)}"
    elif set(votes) != {against} or (says_shifted and max(low for _, low in lows) > _SURELY_PLAIN):
        reason += ", not in all bands clearly"
    elif says_shifted:
        applied, verdict, reason = 0.0, "corrected", f"{told} hold no shift: it is out already"
    else:
        applied, verdict, reason = shifted, "corrected", f"{told} lie near 1000: the shift is in"
    return OffsetCheck(granule.item_id, stated, applied, lows, verdict, reason)


def _vote(low: float) -> Vote:
    if low < _LOWEST_SHIFTED:
        return "plain"
    return "shifted" if low <= _DARK_SHIFTED else "bright"


def _low_of(granule: Granule, band: str, sensor: Sensor, access: Access) -> float | str:
    """The number that 1 % of a band's usable cells lie below, or why it cannot be told."""
    asset = granule.asset(band)
    if asset is None:
        return "is not there"
    try:
        with open_asset(asset, access, Deadline(_READ_WITHIN_S)) as opened:
            window, shape = _middle(opened.dataset)
            numbers = opened.dataset.read(1, window=window, out_shape=shape)
            usable = numbers != opened.nodata
            flags = granule.asset(QUALITY)
            if flags is not None and sensor.quality is not None:
                hiding = _classes_hiding(sensor.quality)
                usable &= ~_clouds(flags, hiding, opened.dataset, window, shape, access)
    except (ReadError, RasterioError) as error:
        return f"cannot be read ({str(error)[:160]})"
    if usable.sum() < _LEAST_CELLS:
        return f"shows only {usable.sum()} cells with data and without cloud"
    return round(float(np.percentile(numbers[usable], _PERCENTILE)), 1)


def _middle(dataset: DatasetReader) -> tuple[Window, tuple[int, int]]:
    """Window in the middle of a file, and the shape to which an overview thins it out."""
    longest = max(dataset.shape)
    fitting = [factor for factor in dataset.overviews(1) if longest / factor >= _WANTED_PX]
    factor = max(fitting, default=1)
    rows, cols = (min(side, _MOST_PX * factor) for side in dataset.shape)
    top, left = (dataset.height - rows) // 2, (dataset.width - cols) // 2
    return Window(left, top, cols, rows), (-(-rows // factor), -(-cols // factor))


def _classes_hiding(quality: Quality) -> list[int]:
    """Flags that say cloud or its shadow, or that a cell is saturated or empty."""
    hiding = (Status.CLOUD, Status.SATURATED)
    return [0, *(number for number, why in quality.classes if why in hiding)]


def _clouds(
    asset: Asset,
    hiding: list[int],
    dataset: DatasetReader,
    window: Window,
    shape: tuple[int, int],
    access: Access,
) -> np.ndarray:
    """Where flags hide the ground.

    Without flags of the same ground nothing is: clouds are bright, and the dark end is asked for.
    """
    with open_asset(asset, access, Deadline(_READ_WITHIN_S)) as opened:
        flags = opened.dataset
        west, south, east, north = dataset.window_bounds(window)
        place = from_bounds(west, south, east, north, flags.transform)
        (top, bottom), (left, right) = place.toranges()
        outside = bottom > flags.height + 1 or right > flags.width + 1
        if flags.crs != dataset.crs or min(top, left) < -1 or outside:
            return np.zeros(shape, bool)
        return np.isin(flags.read(1, window=place, out_shape=shape), hiding)
