"""Marc et al.'s scaling: its published cases, and the search windows of the event list."""

import csv
import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.domain import landslide_radius_km, source_depth_km
from lsbatch.domain.rupture import rupture_length_km, shaking_reach_km, source_strength_km


@pytest.mark.parametrize(
    ("magnitude", "depth", "mode_deg", "share", "volume_km3", "area_km2"),
    [
        (7.918, 6, 31, 1.0, 0.801, 324.8),  # Wenchuan
        (6.676, 10, 17, 0.5, 0.010, 5.6),  # Northridge
        (7.585, 6, 31, 0.9, 0.435, 176.3),  # Chi-Chi
        (7.035, 8, 19, 0.2, 0.012, 6.5),  # Haiti
    ],
)
def test_published_totals_follow_from_the_distances(
    magnitude, depth, mode_deg, share, volume_km3, area_km2
):
    """Equations 5, 6, 11 and 12 on our length and strength of the source."""
    strength = source_strength_km(magnitude, normal=False)
    one_source = math.pi * 0.15 * depth**2 * (strength / (depth * 0.15) - 1) ** 2
    sources = rupture_length_km(magnitude, strike_slip=False) / 3
    volume = 4174 * one_source * sources * math.exp(mode_deg / 11.6) * share / 1e9
    area = 3445 * one_source * sources * math.exp(mode_deg / 15.8) * share / 1e6
    assert volume == pytest.approx(volume_km3, rel=0.03, abs=0.0006)
    assert area == pytest.approx(area_km2, rel=0.03)


def test_radius_is_the_half_size_of_the_windows_of_the_event_list(shared_data):
    with (shared_data / "tables" / "events.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if "derived" in row["bbox_source"]]
    # of the list's rules ours differ for other faults, and above magnitude 7.5 halve the depth
    reverse = [
        row
        for row in rows
        if (row["marc2016_fault"] or row["mechanism"]).startswith(("R", "reverse", "oblique"))
        and float(row["mag"]) <= 7.5
    ]
    assert len(reverse) >= 20
    for row in reverse:
        magnitude, depth = float(row["mag"]), row["marc2016_r0_km"]
        guessed = source_depth_km(magnitude, hypocentre_km=float(row["depth_km"]))
        found = landslide_radius_km(magnitude, depth_km=float(depth) if depth else guessed)
        half = (float(row["bbox_n"]) - float(row["bbox_s"])) / 2 * 110.574
        assert found == pytest.approx(half, abs=1.1), row["event_key"]


def test_strike_slip_ruptures_grow_in_length_alone_from_33_km_on():
    assert rupture_length_km(6.5, strike_slip=True) == rupture_length_km(6.5, strike_slip=False)
    assert rupture_length_km(7.8, strike_slip=True) > 2 * rupture_length_km(7.8, strike_slip=False)
    # one law goes on where the other ends
    lengths = [rupture_length_km(6.6 + step / 1000, strike_slip=True) for step in range(400)]
    assert all(0 < b - a < 0.2 for a, b in itertools.pairwise(lengths))


def test_strength_has_no_step_at_its_hinge_and_normal_faults_shake_less():
    below, above = (source_strength_km(6.75 + step, normal=False) for step in (-1e-9, 1e-9))
    assert below == pytest.approx(above) == pytest.approx(4.0)
    assert source_strength_km(7, normal=True) == pytest.approx(
        0.7 * source_strength_km(7, normal=False)
    )


def test_depth_of_the_sources_is_guessed_shallow():
    assert source_depth_km(6.5, hypocentre_km=8) == 8
    assert source_depth_km(7.8, hypocentre_km=8.2) == 4.1
    assert source_depth_km(6.9, hypocentre_km=33) == source_depth_km(8, hypocentre_km=60) == 12


def test_a_source_too_deep_shakes_nothing_loose():
    assert shaking_reach_km(6.0, depth_km=40, normal=False) == 0
    assert shaking_reach_km(7.0, depth_km=0, normal=False) == pytest.approx(27.0, abs=0.1)


@given(
    magnitude=st.floats(3, 9.5),
    depth=st.floats(0, 700),
    mechanism=st.sampled_from(["", "reverse", "Strike-slip / oblique", "normal (intraslab)"]),
)
def test_radius_stays_within_its_bounds_and_shrinks_with_depth(magnitude, depth, mechanism):
    radius = landslide_radius_km(magnitude, depth_km=depth, mechanism=mechanism)
    deeper = landslide_radius_km(magnitude, depth_km=depth + 5, mechanism=mechanism)
    assert 20 <= deeper <= radius <= 150


def test_words_of_the_mechanism_are_heeded():
    shallow = {"depth_km": 5.0}
    reverse = landslide_radius_km(7.2, **shallow)
    assert landslide_radius_km(7.2, **shallow, mechanism="Normal") < reverse
    assert landslide_radius_km(7.2, **shallow, mechanism="strike-slip (supershear)") > reverse
