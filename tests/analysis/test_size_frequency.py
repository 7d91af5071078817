"""Size-frequency distributions."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gammainc, gammaincc
from scipy.stats import invgamma

from lsbatch.analysis import inverse_gamma_density, size_frequency
from lsbatch.errors import ContractError

MALAMUD = {"rho": 1.40, "a_m2": 1280.0, "s_m2": -132.0}


def density(area):
    return inverse_gamma_density(area, **MALAMUD)


def test_inverse_gamma_integrates_to_one_and_has_malamuds_mean_and_mode():
    def integral(function, low):
        return quad(
            lambda log: function(np.exp(log)) * np.exp(log), np.log(low), np.log(1e12), limit=500
        )[0]

    def shifted(x):
        return density(x - 132.0)

    assert integral(shifted, 1e-3) == pytest.approx(1, abs=1e-5)
    assert integral(density, 1e-6) == pytest.approx(0.99982, abs=1e-5)
    mean = 1280 / 0.4 - 132
    assert mean == pytest.approx(3068)
    # the tail beyond 1e12 m2 holds 0.02 % of the mean
    assert integral(lambda x: (x - 132) * shifted(x), 1e-3) == pytest.approx(mean, rel=1e-3)
    areas = np.linspace(1, 2000, 20_000)
    assert areas[np.argmax(density(areas))] == pytest.approx(401, abs=0.5)


def test_inverse_gamma_has_its_cdf_and_its_tail():
    low, high = 200.0, 5000.0
    expected = gammaincc(1.4, 1280 / (high + 132)) - gammaincc(1.4, 1280 / (low + 132))
    assert quad(density, low, high)[0] == pytest.approx(expected, rel=1e-6)
    assert np.log10(density(1e9) / density(1e8)) == pytest.approx(-2.40, abs=1e-3)
    assert density([-132.0, -500.0]).tolist() == [0, 0]


@pytest.mark.parametrize("seed", range(3))
def test_fit_recovers_malamuds_distribution(seed):
    areas = invgamma.rvs(1.4, loc=-132, scale=1280, size=5000, random_state=seed)
    found = size_frequency(areas[areas > 0])
    assert found["inverse_gamma"]["rho"] == pytest.approx(1.4, abs=0.1)
    assert found["inverse_gamma"]["a_m2"] == pytest.approx(1280, rel=0.15)
    assert found["inverse_gamma"]["s_m2"] == pytest.approx(-132, abs=30)
    assert found["rollover_m2"] == pytest.approx(401, rel=0.1)


def test_fit_is_a_maximum_of_the_likelihood_above_the_smallest_area():
    areas = invgamma.rvs(1.4, loc=-132, scale=1280, size=2000, random_state=7)
    areas = areas[areas > 300]
    best = size_frequency(areas)["inverse_gamma"]

    def likelihood(rho, a_m2, s_m2):
        seen = gammainc(rho, a_m2 / (areas.min() - s_m2))
        density = inverse_gamma_density(areas, rho=rho, a_m2=a_m2, s_m2=s_m2)
        return np.log(density / seen).sum()

    for name in best:
        for factor in (0.95, 1.05):
            assert likelihood(**best | {name: best[name] * factor}) < likelihood(**best)


def test_areas_of_whole_pixels_do_not_break_the_fit():
    areas = invgamma.rvs(1.4, loc=-132, scale=1280, size=5000, random_state=1)
    found = size_frequency(np.ceil(areas[areas > 0] / 100) * 100)
    assert found["inverse_gamma"]["rho"] == pytest.approx(1.4, abs=0.15)
    assert found["beta"] == pytest.approx(2.4, abs=0.3)


@pytest.mark.parametrize("beta", [1.8, 2.4, 3.0])
def test_power_law_tail_is_recovered_within_its_error(beta):
    random = np.random.default_rng(3)
    tail = 1000 * (1 - random.random(3000)) ** (-1 / (beta - 1))
    found = size_frequency(np.concatenate([tail, random.uniform(100, 1000, 1000)]))
    assert abs(found["beta"] - beta) < 3 * found["sigma"]
    assert found["sigma"] == pytest.approx((found["beta"] - 1) / np.sqrt(found["n_tail"]))
    assert 700 < found["area_min_m2"] < 2500


def test_tail_follows_clausets_formula_and_its_ks_distance():
    areas = np.array([100.0, 120, 150, 150, 210, 260, 400, 600, 900, 2000])
    found = size_frequency(areas)
    assert found["area_min_m2"] == 100
    assert found["beta"] == pytest.approx(1 + 10 / np.log(areas / 100).sum())
    model = 1 - (areas / 100) ** (1 - found["beta"])
    steps = np.searchsorted(areas, areas, "right") / 10 - model
    drops = model - np.searchsorted(areas, areas, "left") / 10
    assert found["ks"] == pytest.approx(max(steps.max(), drops.max()))


@pytest.mark.parametrize(("areas", "magnitude"), [([], None), ([400.0], 0.0), ([400.0] * 100, 2.0)])
def test_too_few_or_equal_sizes_have_no_fit(areas, magnitude):
    found = size_frequency(areas)
    assert found["n"] == len(areas)
    assert found["mL"] == magnitude
    for name in ("beta", "sigma", "area_min_m2", "inverse_gamma", "rollover_m2"):
        assert found[name] is None
    assert sum(found["bins"]["count"]) == len(areas)


def test_twenty_nine_landslides_are_too_few_for_an_inverse_gamma():
    areas = invgamma.rvs(1.4, scale=1280, size=30, random_state=1)
    assert size_frequency(areas)["inverse_gamma"] is not None
    assert size_frequency(areas[:29])["inverse_gamma"] is None


@pytest.mark.parametrize("seed", range(3))
def test_a_smallest_area_that_was_mapped_does_not_move_the_fit(seed):
    areas = invgamma.rvs(1.4, loc=-132, scale=1280, size=5000, random_state=seed)
    found = size_frequency(areas[areas > 300])
    assert found["inverse_gamma"]["rho"] == pytest.approx(1.4, abs=0.1)
    assert found["rollover_m2"] == pytest.approx(401, rel=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_sizes_cut_off_above_their_rollover_show_none(seed):
    areas = invgamma.rvs(1.4, loc=-132, scale=1280, size=5000, random_state=seed)
    pareto = 100 * (1 - np.random.default_rng(seed).random(500)) ** (-1 / 1.4)
    for cut in (areas[areas > 1500], pareto):
        found = size_frequency(cut)
        assert found["inverse_gamma"] is found["rollover_m2"] is None
        assert found["beta"] == pytest.approx(2.4, abs=0.3)


def test_bins_hold_every_landslide_once():
    areas = invgamma.rvs(1.4, scale=1280, size=1000, random_state=0)
    bins = size_frequency(areas)["bins"]
    width = np.array(bins["area_m2"]) * (10**0.1 - 10**-0.1)
    assert sum(bins["count"]) == 1000
    assert np.sum(bins["density_per_m2"] * width) == pytest.approx(1)


@pytest.mark.parametrize("area", [0.0, -4.0, np.nan, np.inf])
def test_sizes_that_are_no_areas_are_refused(area):
    with pytest.raises(ContractError, match="above 0 m2"):
        size_frequency([100.0, area])
