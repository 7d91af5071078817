"""How many landslides of which size: the plot of areas."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from scipy.special import gammaln

from lsbatch.report.canvas import INK, MUTED, blank, encode


def draw_sizes(sizes: Mapping[str, Any]) -> bytes | None:
    """Landslide areas against their probability density, with the tail and the rollover.

    Parameters
    ----------
    sizes : mapping
        The `size_frequency` of an event's metrics; anything but `bins` may be missing or None.

    Returns
    -------
    bytes or None
        None with fewer than two bins.

    Notes
    -----
    The tail is area to the power -beta (non-cumulative; Clauset et al. 2009, SIAM Review 51); the
    dashed curve is the inverse gamma of Malamud et al. (2004), ESPL 29, 687-711.
    """
    bins = sizes.get("bins") or {}
    area, density = (
        np.asarray(bins.get(key) or [], float) for key in ("area_m2", "density_per_m2")
    )
    if area.size < 2:
        return None
    figure = blank(640, 470)
    axes = figure.add_axes((0.125, 0.135, 0.85, 0.84))
    axes.set(xscale="log", yscale="log")
    axes.set_xlabel("landslide area, m\u00b2", fontsize=11, color=INK)
    axes.set_ylabel("probability density, m\u207b\u00b2", fontsize=11, color=INK)
    axes.tick_params(labelsize=10, colors=INK)
    axes.grid(which="major", color="#e1e4e8", linewidth=0.7)
    axes.plot(area, density, "o", color="#1f5f8b", markersize=6, label="mapped")
    limits = axes.get_ylim()
    _add_tail(axes, area, density, sizes)
    _add_inverse_gamma(axes, area, density, sizes.get("inverse_gamma"))
    if rollover := sizes.get("rollover_m2"):
        axes.axvline(rollover, color=MUTED, linewidth=1.2, linestyle=":", label="rollover")
    axes.set_ylim(limits)
    axes.legend(fontsize=10, frameon=False)
    return encode(figure)


def _add_tail(
    axes: Axes, area: NDArray[np.float64], density: NDArray[np.float64], sizes: Mapping[str, Any]
) -> None:
    beta, smallest = sizes.get("beta"), sizes.get("area_min_m2")
    if not beta or not smallest or not (tail := area >= smallest).any():
        return
    # its slope was fitted to the areas, its level is that of the bins it spans
    level = np.exp(np.mean(np.log(density[tail]) + beta * np.log(area[tail])))
    ends = np.array([smallest, area.max()])
    label = f"tail, area$^{{-{beta:.2f}}}$"
    axes.plot(ends, level * ends**-beta, color="#c2410c", linewidth=2, label=label)


def _add_inverse_gamma(
    axes: Axes,
    area: NDArray[np.float64],
    density: NDArray[np.float64],
    fit: Mapping[str, float] | None,
) -> None:
    if not fit:
        return
    rho, scale, shift = fit["rho"], fit["a_m2"], fit["s_m2"]

    def curve(at: NDArray[np.float64]) -> NDArray[np.float64]:
        ratio = scale / (at - shift)
        return np.exp((rho + 1) * np.log(ratio) - ratio - gammaln(rho)) / scale

    held = area > shift
    if not held.any():
        return
    # the fit holds above the smallest mapped area only: its level is that of the bins
    level = np.exp(np.mean(np.log(density[held]) - np.log(curve(area[held]))))
    line = np.geomspace(area[held].min(), area.max(), 160)
    axes.plot(
        line, level * curve(line), color=MUTED, linewidth=1.4, linestyle="--", label="inverse gamma"
    )
