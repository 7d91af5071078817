"""True colour and hillshade for the eye: display only, nothing is measured on them."""

from dataclasses import dataclass

import numpy as np
import odc.geo.xr  # noqa: F401  gives datasets their .odc
import xarray as xr
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from lsbatch.kernels import hillshade
from lsbatch.report.canvas import NO_DATA, Extent

_BANDS = 3
_GAMMA = 0.8
"""Lifts dark ground: forest at 3 % reflectance would print black."""
_LIGHTEST, _DARKEST = 255, 125
"""Grey levels of a hillshade, pale so that colours can be read over it."""


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """What can be looked at: images of dtype uint8, (H, W, 3), row 0 north."""

    extent: Extent
    pixel_m: float
    pre: NDArray[np.uint8] | None
    """None where no pixel is at hand."""
    post: NDArray[np.uint8] | None
    relief: NDArray[np.uint8] | None
    stretch: tuple[tuple[float, float], ...]
    """Reflectance shown as black and as white, for red, green and blue."""


def prepare_views(previews: xr.Dataset | None) -> Views | None:
    """Stretch previews for the eye, before and after alike.

    Parameters
    ----------
    previews : Dataset or None
        `pre` and `post` (band: red, green, blue; y, x), float32 reflectance, and `elevation`
        (y, x), float32 metres, on a grid of its own; NaN = no data.

    Returns
    -------
    Views or None
        None without previews.
    """
    if previews is None:
        return None
    grid = previews.odc.geobox
    pixel_m = (abs(grid.resolution.x) + abs(grid.resolution.y)) / 2
    pre, post = (previews[name].transpose("band", "y", "x").values for name in ("pre", "post"))
    stretch = joint_stretch(pre, post)
    return Views(
        extent=Extent.of(grid),
        pixel_m=pixel_m,
        pre=_true_colour(pre, stretch),
        post=_true_colour(post, stretch),
        relief=_relief(previews["elevation"].values, pixel_m),
        stretch=stretch,
    )


def joint_stretch(
    pre: NDArray[np.float32], post: NDArray[np.float32]
) -> tuple[tuple[float, float], ...]:
    """Reflectance to show as black and white in each band, one choice for both dates.

    Parameters
    ----------
    pre, post : ndarray, float32, (3, H, W)
        Reflectance; NaN = no data.

    Returns
    -------
    tuple of (low, high)
        For each band, the lower of the two images' 1st percentiles and the mean of their 99th, but
        at most half above the lower one: a cloudy or snowy image must not turn the other one black.
    """
    return tuple(_limits(pre[band], post[band]) for band in range(_BANDS))


def _limits(*images: NDArray[np.float32]) -> tuple[float, float]:
    ends = [np.percentile(seen, (1, 99)) for x in images if (seen := x[np.isfinite(x)]).size]
    if not ends:
        return 0.0, 1.0
    low, tops = float(min(end[0] for end in ends)), [end[1] for end in ends]
    high = float(min(np.mean(tops), 1.5 * min(tops)))
    return low, max(high, low + 1e-3)


def _true_colour(
    image: NDArray[np.float32], stretch: tuple[tuple[float, float], ...]
) -> NDArray[np.uint8] | None:
    seen = np.isfinite(image).all(axis=0)
    if not seen.any():
        return None
    low, high = np.array(stretch, np.float32).T[..., None, None]
    shown = np.clip((np.nan_to_num(image) - low) / (high - low), 0, 1) ** _GAMMA
    colours = np.where(seen, shown, np.array(to_rgb(NO_DATA))[:, None, None])
    return np.moveaxis(np.round(255 * colours), 0, -1).astype(np.uint8)


def _relief(elevation: NDArray[np.float32], pixel_m: float) -> NDArray[np.uint8] | None:
    shade = hillshade(np.ascontiguousarray(elevation, np.float32), pixel_m)
    if not shade.any():
        return None
    grey = _DARKEST + (_LIGHTEST - _DARKEST) * shade / 255
    grey[shade == 0] = _LIGHTEST
    return np.repeat(grey.round().astype(np.uint8)[..., None], 3, axis=-1)
