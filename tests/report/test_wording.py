import math
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.report.wording import (
    NONE,
    area,
    cards,
    cautions,
    metres,
    moment,
    percent,
    plain,
    summary,
    table_rows,
)


def test_undefined_is_a_dash_and_never_zero():
    for write in (plain, percent, area):
        assert write(None) == NONE
        assert "0" not in write(None)
    assert plain(math.nan) == percent(math.nan) == NONE
    assert plain(0) == plain(0.0) == "0"
    assert plain(False) == "no"


@given(st.floats(0, 1))
def test_only_all_is_100_percent_and_only_nothing_is_0(share):
    assert (percent(share) == "100\u202f%") == (share == 1)
    assert (percent(share) == "0\u202f%") == (share == 0)


def test_numbers_read_easily():
    assert plain(1234567) == "1\u202f234\u202f567"
    assert plain(0.03121) == "0.0312"
    assert plain(2e-7) == "2.0e-07"
    assert area(12_345.0) == "12\u202f345\u202fm\u00b2"
    assert area(1_234_500.0) == "1.23\u202fkm\u00b2"


def test_a_place_has_signs_and_what_was_not_measured_has_none():
    assert metres((3.14, -1.26)) == "+3.1, \u22121.3"
    assert metres((0.0, -0.04)) == "+0.0, +0.0"
    assert metres((None, 1.0)) == metres((None, None)) == NONE


def test_moments_are_utc_to_the_minute_and_odd_text_stays():
    tokyo = datetime(2018, 9, 6, 3, 8, tzinfo=timezone(timedelta(hours=9)))
    assert moment(tokyo) == moment("2018-09-05T18:08:59Z") == "2018-09-05 18:08"
    assert moment("some day") == "some day"


def test_nested_numbers_are_flattened_with_units_and_lists_left_out():
    record = {"area_km2": 1.5, "pixels": {"total": 3}, "bins": [1, 2], "x_low": None}
    rows = list(table_rows(record))
    assert [(row["label"], row["value"], row["unit"]) for row in rows] == [
        ("area", "1.5", "km\u00b2"),
        ("pixels of the map, small patches included: total", "3", ""),
        ("x low", NONE, ""),
    ]


@pytest.mark.parametrize("fraction", [0, 0.0, None])
def test_where_nothing_was_observed_no_number_of_landslides_is_told(fraction):
    metrics = {"observed_fraction": fraction, "landslide_count": 0, "landslide_area_km2": 0.0}
    assert summary(metrics).startswith("Nothing was observed")
    values = {card["title"]: card["value"] for card in cards(metrics)}
    assert values["landslides"] == values["landslide area"] == values["largest"] == NONE


def test_no_landslides_is_said_with_the_ground_it_holds_for():
    assert summary({"observed_fraction": 0.4, "landslide_count": 0}) == (
        "No landslides were mapped in the 40\u202f% of the area of interest that was observed."
    )


def test_cautions_tell_what_the_numbers_warn_of_before_the_runs_own_warnings():
    metrics = {"complete": False, "observed_fraction": 0.2}
    provenance = {"failed_blocks": [1, 2], "scenes": [{"dated": False}], "warnings": ["own"]}
    found = cautions(metrics, provenance)
    for text, word in zip(found, ("2 blocks", "20", "interval", "own"), strict=True):
        assert word in text
    assert cautions({"complete": True, "observed_fraction": 0.9}, {"warnings": None}) == []
