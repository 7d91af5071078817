"""Places, dates and suns: each instrument within its years, one clear look on each side."""

from datetime import UTC, datetime

import numpy as np
import pytest

from lsbatch.errors import RecipeError
from lsbatch.simulate.instruments import INSTRUMENTS
from lsbatch.simulate.places import PLACES
from lsbatch.simulate.season import choose_setting, year_phase_of

CLIMATES = ("temperate", "boreal", "monsoon", "mediterranean", "tropical")


def settings(count=40, **wishes):
    return [choose_setting(np.random.default_rng(seed), **wishes) for seed in range(count)]


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_looks_lie_within_the_instruments_years(name):
    camera = INSTRUMENTS[name]
    for setting in settings(instrument=name):
        for look in setting.overpasses:
            assert look.instrument == name
            assert camera.first <= look.time.date() <= camera.last


@pytest.mark.parametrize("looks", [(1, 1), (2, 2), (6, 4)])
def test_looks_are_as_many_as_asked_and_in_order_about_the_event(looks):
    for setting in settings(looks=looks, climate="monsoon"):
        times = [look.time for look in setting.overpasses]
        assert times == sorted(times) and len({time.date() for time in times}) == sum(looks)
        after = [look.is_after for look in setting.overpasses]
        assert after == [time > setting.time for time in times]
        assert (after.count(False), after.count(True)) == looks


def test_each_side_has_a_clear_whole_look():
    for setting in settings(looks=(2, 3)):
        for side in (False, True):
            fits = [
                look.cloud_fraction <= 0.03 and not look.is_cut
                for look in setting.overpasses
                if look.is_after == side
            ]
            assert any(fits)


@pytest.mark.parametrize("climate", CLIMATES)
def test_sun_is_up_and_values_are_in_range(climate):
    for setting in settings(climate=climate):
        for look in setting.overpasses:
            assert 15 < look.sun_elevation_deg <= 90 and 0 <= look.sun_azimuth_deg < 360
            assert 0 <= look.year_phase < 1 and 0 <= look.moisture <= 1
            assert 0.02 <= look.haze <= 0.6 and 0 <= look.cloud_fraction < 0.5


def test_sun_stands_where_it_should():
    near = choose_setting(np.random.default_rng(0), near=(10.0, 50.0)).overpasses[0]
    assert 90 < near.sun_azimuth_deg < 180
    south = choose_setting(np.random.default_rng(0), near=(172.0, -45.0)).overpasses[0]
    assert south.sun_azimuth_deg < 90


def test_events_come_in_all_months_and_looks_of_other_seasons():
    drawn = settings(120)
    assert len({setting.time.month for setting in drawn}) == 12
    phases = np.array([[look.year_phase for look in setting.overpasses] for setting in drawn])
    apart = np.abs(phases[:, 1] - phases[:, 2])
    apart = np.minimum(apart, 1 - apart)
    assert (apart > 0.25).mean() > 0.1 and (apart < 0.12).mean() > 0.3


def test_year_phase_knows_its_hemisphere():
    midsummer = datetime(2020, 6, 21, tzinfo=UTC)
    assert year_phase_of(midsummer, 45.0) == pytest.approx(0.5, abs=0.01)
    assert min(year_phase_of(midsummer, -45.0), 1 - year_phase_of(midsummer, -45.0)) < 0.01


def test_places_serve_every_climate_clear_of_zone_edges():
    for climate in CLIMATES:
        assert sum(climate in place.climates for place in PLACES) >= 5
    assert all(0.5 < (place.longitude + 180) % 6 < 5.5 for place in PLACES)


def test_far_north_still_finds_light():
    setting = choose_setting(np.random.default_rng(1), near=(25.0, 71.0))
    assert all(look.sun_elevation_deg > 15 for look in setting.overpasses)


def test_same_seed_gives_the_same_setting():
    first, second = (choose_setting(np.random.default_rng(5), climate="boreal") for _ in range(2))
    assert first == second


def test_unknown_instrument_is_refused():
    with pytest.raises(RecipeError, match="Known: s2-l2a"):
        choose_setting(np.random.default_rng(0), instrument="spot")
