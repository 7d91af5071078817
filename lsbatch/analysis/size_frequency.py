"""How many landslides of which size: power-law tail, rollover and inverse gamma."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import gammainc, gammaln

from lsbatch.analysis.plain import norm_plain
from lsbatch.errors import ContractError

MIN_TAIL = 10
"""Fewest landslides that a power-law tail is fitted to."""
MIN_INVERSE_GAMMA = 30
"""Fewest landslides that an inverse gamma distribution is fitted to."""
_FIT_DIGITS = 4
"""Significant digits of fitted values: an optimiser stops where the arithmetic ends."""
_BINS_PER_DECADE = 5
_MAX_CANDIDATES = 500
"""Values tried as the start of the tail; evenly chosen among more."""


def size_frequency(areas_m2: ArrayLike) -> dict[str, Any]:
    """Size distribution of an event's landslides.

    Parameters
    ----------
    areas_m2 : array_like, (N,)
        Areas in m2, above 0.

    Returns
    -------
    dict
        - `n`; `mL`: landslide-event magnitude log10 n (Malamud et al. 2004, ESPL 29, 687-711);
        - `beta`, `sigma`, `area_min_m2`, `n_tail`, `ks`: non-cumulative exponent of the tail, its
          standard error, the area above which it holds and its distance from the data (Clauset et
          al. 2009, SIAM Review 51, 661-703); at least 10 landslides;
        - `inverse_gamma`: {`rho`, `a_m2`, `s_m2`} of Malamud et al. (2004) by maximum likelihood
          above the smallest landslide; None below 30 landslides, where the likelihood has no
          maximum, or where the sizes show no rollover (`a` and `s` are then not determined);
        - `rollover_m2`: mode of that fit;
        - `bins`: {`area_m2`, `density_per_m2`, `count`} of the bins that are not empty, five a
          decade: geometric centre, probability density, landslides.

        None where undefined.

    Raises
    ------
    ContractError
        For an area that is not above 0.
    """
    areas = np.sort(np.asarray(areas_m2, np.float64).ravel())
    if not np.all(np.isfinite(areas) & (areas > 0)):
        raise ContractError("Sizes of landslides must be areas above 0 m2; one is not.")
    fit = _fit_inverse_gamma(areas)
    rollover = fit["a_m2"] / (fit["rho"] + 1) + fit["s_m2"] if fit else None
    facts: dict[str, Any] = norm_plain(
        {
            "n": len(areas),
            "mL": np.log10(len(areas)) if len(areas) else None,
            **_fit_tail(areas),
            "inverse_gamma": fit,
            "rollover_m2": rollover,
            "bins": _bin(areas),
        }
    )
    return facts


def inverse_gamma_density(
    areas_m2: ArrayLike, *, rho: float, a_m2: float, s_m2: float
) -> NDArray[np.float64]:
    """Three-parameter inverse gamma density of landslide areas, per m2.

    Notes
    -----
    ``p(A) = 1 / (a G(rho)) (a / (A - s))^(rho + 1) exp(-a / (A - s))``, 0 for A <= s; its tail
    falls as ``A^-(rho + 1)``. Source: Malamud et al. (2004), ESPL 29, 687-711, where rho = 1.40,
    a = 1280 m2 and s = -132 m2.
    """
    areas = np.asarray(areas_m2, np.float64)
    return np.asarray(np.nan_to_num(np.exp(_log_density(areas, rho, a_m2, s_m2))))


def _fit_tail(areas: NDArray[np.float64]) -> dict[str, float | int | None]:
    """Power-law tail whose start makes the KS distance smallest; areas ascending."""
    best: dict[str, float | int | None]
    best = dict.fromkeys(("beta", "sigma", "area_min_m2", "n_tail", "ks"))
    starts = np.unique(areas[: max(len(areas) - MIN_TAIL + 1, 0)])
    if len(starts) > _MAX_CANDIDATES:
        starts = starts[np.linspace(0, len(starts) - 1, _MAX_CANDIDATES).astype(int)]
    for start in starts:
        tail = areas[np.searchsorted(areas, start) :]
        logs = np.log(tail / start)
        if logs[-1] == 0:  # one value has no tail
            continue
        n = len(tail)
        beta = 1 + n / logs.sum()
        model = -np.expm1(-(beta - 1) * logs)
        # equal areas are one step of the empirical distribution
        above = np.searchsorted(tail, tail, side="right") / n
        below = np.searchsorted(tail, tail, side="left") / n
        ks = max(np.max(above - model), np.max(model - below))
        if best["ks"] is None or ks < best["ks"]:
            best = {
                "beta": beta,
                "sigma": (beta - 1) / np.sqrt(n),
                "area_min_m2": start,
                "n_tail": n,
                "ks": ks,
            }
    return best


def _fit_inverse_gamma(areas: NDArray[np.float64]) -> dict[str, float] | None:
    """Fit by maximum likelihood, given that an area is not below the smallest; areas ascending.

    Maps leave small landslides out. Without that condition the shift moves up to the smallest area,
    and every cut-off looks like a rollover. Where the mode lies below the cut-off, a and s are not
    determined (the tail, which rho describes, is).
    """
    if len(areas) < MIN_INVERSE_GAMMA or areas[0] == areas[-1]:
        return None
    unit = float(np.median(areas))
    scaled = areas / unit
    limits = np.log([(0.1, 20.0), (1e-3, 1e3), (1e-3, 1e2)])

    def loss(logs: NDArray[np.float64]) -> float:
        rho, a, gap = np.exp(logs)
        seen = gammainc(rho, a / gap)  # share of the distribution above the smallest area
        density = _log_density(scaled, rho, a, scaled[0] - gap)
        return float(np.log(max(seen, 1e-300)) - np.mean(density))

    starts = (np.log([1.4, 1.0, gap]) for gap in (0.03, 0.1, 0.3, 1.0))
    tight = {"ftol": 1e-14, "gtol": 1e-9}
    fits = [
        minimize(loss, start, method="L-BFGS-B", bounds=limits, options=tight) for start in starts
    ]
    best = min(fits, key=lambda fit: fit.fun)
    rho, a, gap = np.exp(best.x)
    s = scaled[0] - gap
    inside = np.all((best.x > limits[:, 0] + 0.01) & (best.x < limits[:, 1] - 0.01))
    if not inside or a / (rho + 1) + s < scaled[0]:
        return None
    found = {"rho": rho, "a_m2": a * unit, "s_m2": s * unit}
    return {name: float(f"{value:.{_FIT_DIGITS}g}") for name, value in found.items()}


def _log_density(areas: NDArray[np.float64], rho: float, a: float, s: float) -> NDArray[np.float64]:
    x = np.where(areas > s, areas - s, np.nan)
    return np.asarray((rho + 1) * np.log(a / x) - a / x - np.log(a) - gammaln(rho))


def _bin(areas: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    place = np.floor(np.log10(areas) * _BINS_PER_DECADE).astype(int)
    bins, counts = np.unique(place, return_counts=True)
    low, high = (10 ** ((bins + step) / _BINS_PER_DECADE) for step in (0, 1))
    density = counts / (high - low) / max(len(areas), 1)
    return {"area_m2": np.sqrt(low * high), "density_per_m2": density, "count": counts}
