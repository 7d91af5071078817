import pytest

from lsbatch.errors import CatalogError
from lsbatch.search.near import check_near
from tests.records import AOI, PERIODS, build_item, build_model


def check(item, area=AOI):
    check_near(item, area, (PERIODS["pre"], PERIODS["post"]))


@pytest.mark.parametrize(
    "item",
    [
        build_item(),
        build_item(when="2017-12-31T12:00:00Z"),  # a day of granules may begin before a period
        build_item(when="2019-01-01T12:00:00Z"),
        build_item(when=("2010-01-01T00:00:00Z", "2030-01-01T00:00:00Z")),
        build_model(),
        build_item() | {"bbox": [141.8, 42.6, 0, 142.1, 42.8, 900]},
        build_item() | {"bbox": [141.0, 42.6, -179.0, 42.8]},  # over the antimeridian
        build_item() | {"bbox": [-179.0, 42.6, 141.8, 42.8]},  # the same, by its extremes
        # what is wrong with these is told elsewhere
        build_item(when="last summer"),
        build_item(when=None),
        build_item() | {"bbox": None},
        build_item() | {"bbox": "here"},
        build_item() | {"bbox": [1, 2]},
        build_item() | {"bbox": [10**400] * 4},
        build_item() | {"bbox": [float("nan")] * 4},
        build_item() | {"bbox": ["a", "b", "c", "d"]},
        build_item() | {"assets": 3},
        build_item() | {"properties": 3},
        {},
    ],
)
def test_what_may_matter_passes(item):
    assert check(item) is None


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (build_item(box=(10, 45, 11, 46)), "10.00 45.00 11.00 46.00, against 141.90 42.65"),
        (build_model(box=(10, 45, 11, 46)), "does not meet the area of interest"),
        (build_item(box=(141.8, 50, 142.1, 51)), "does not meet the area of interest"),
        (build_item() | {"bbox": [170, 50, -170, 51]}, "does not meet the area of interest"),
        (build_item(when="2017-12-30T12:00:00Z"), r"its date \(2017-12-30\) lies outside"),
        (build_item(when="2019-01-03T00:00:00Z"), "outside the periods before and after"),
        (build_item(when=("2010-01-01T00:00:00Z", "2011-01-01T00:00:00Z")), "2010-01-01"),
    ],
)
def test_what_cannot_matter_is_refused_with_its_reason(item, reason):
    with pytest.raises(CatalogError, match=reason):
        check(item)
