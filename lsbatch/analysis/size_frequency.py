"""How many landslides of which size: power-law tail, rollover and inverse gamma."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import gammaln
from scipy.stats import gamma

from lsbatch.analysis.plain import norm_plain
from lsbatch.errors import ContractError

MIN_TAIL = 10
"""Fewest landslides that a power-law tail is fitted to."""
MIN_INVERSE_GAMMA = 30
"""Fewest landslides that an inverse gamma distribution is fitted to."""
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
        - `inverse_gamma`: {`rho`, `a_m2`, `s_m2`} of Malamud et al. (2004) by maximum likelihood;
          None below 30 landslides or where the likelihood has no maximum;
        - `rollover_m2`: mode of that fit, None where it lies below the smallest landslide;
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
            "rollover_m2": rollover if rollover and rollover >= areas[0] else None,
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
    beyond = np.asarray(areas_m2, np.float64) - s_m2
    x = np.where(beyond > 0, beyond, np.nan)
    log_p = (rho + 1) * np.log(a_m2 / x) - a_m2 / x - np.log(a_m2) - gammaln(rho)
    return np.asarray(np.nan_to_num(np.exp(log_p)))


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
    """Maximum likelihood; areas ascending.

    With the shift s fixed, 1 / (A - s) is gamma distributed, and its fit is one equation. What is
    left is a search over the gap between s and the smallest area. Equal smallest areas (pixels!)
    let the likelihood grow without end as the gap closes, so that a maximum must be a local one.
    """
    if len(areas) < MIN_INVERSE_GAMMA or areas[0] == areas[-1]:
        return None
    unit = float(np.median(areas))

    def fit(log_gap: float) -> tuple[float, float, float]:
        s = areas[0] - unit * np.exp(log_gap)
        rho, _, rate = gamma.fit(unit / (areas - s), floc=0)
        return rho, unit / rate, s

    def loss(log_gap: float) -> float:
        rho, a, s = fit(log_gap)
        x = areas - s
        log_p = (rho + 1) * np.log(a / x) - a / x - np.log(a) - gammaln(rho)
        return -float(np.mean(log_p))

    gaps = np.linspace(np.log(1e-3), np.log(1e2), 60)
    losses = np.array([loss(gap) for gap in gaps])
    dips = np.flatnonzero((losses[1:-1] < losses[:-2]) & (losses[1:-1] <= losses[2:])) + 1
    if not len(dips):
        return None
    dip = dips[np.argmin(losses[dips])]
    found = minimize_scalar(
        loss, bounds=(gaps[dip - 1], gaps[dip + 1]), method="bounded", options={"xatol": 1e-8}
    )
    if not found.success:
        return None
    rho, a, s = fit(found.x)
    return {"rho": float(rho), "a_m2": float(a), "s_m2": float(s)}


def _bin(areas: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    place = np.floor(np.log10(areas) * _BINS_PER_DECADE).astype(int)
    bins, counts = np.unique(place, return_counts=True)
    low, high = (10 ** ((bins + step) / _BINS_PER_DECADE) for step in (0, 1))
    density = counts / (high - low) / max(len(areas), 1)
    return {"area_m2": np.sqrt(low * high), "density_per_m2": density, "count": counts}
