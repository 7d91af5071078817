import itertools

import pytest

from lsbatch.search.normalise import image_of
from lsbatch.search.twins import Record, drop_twins
from tests.records import build_item

PRODUCT = "S2A_MSIL2A_20180801T013000_N{}_R031_T54TXN_{}.SAFE"
STRIP = "S2A_OPER_MSI_L2A_DS_2APS_20180801T040000_S{}_N02.08"
WEST, EAST = (141.8, 42.6, 141.95, 42.8), (141.94, 42.6, 142.1, 42.8)


def drop(*items):
    images, left = drop_twins([Record(item, image_of(item)) for item in items])
    return [image.granule.item_id for image in images], {r.item_id: r.reason for r in left}


def sentinel2(item_id, baseline="0208", made="20180801T040000", **changes):
    properties = {"s2:product_uri": PRODUCT.format(baseline, made)}
    return build_item(item_id, **properties | changes)


def landsat(item_id, **changes):
    return build_item(item_id, collection="landsat-c2-l2", **changes)


@pytest.mark.parametrize(
    ("best", "other", "reason"),
    [
        (sentinel2("b", "0500"), sentinel2("a"), "of an older baseline (02.08 against 05.00)"),
        (
            sentinel2("b", collection="sentinel-2-c1-l2a"),
            sentinel2("a", made="20230101T000000"),
            "which is from sentinel-2-c1-l2a",
        ),
        (sentinel2("b", made="20230101T000000"), sentinel2("a"), "which was made later"),
        (sentinel2("b", updated="2023-01-01"), sentinel2("a", updated="2022"), "made later"),
        (sentinel2("a"), sentinel2("b"), "it is the same image as a"),
        (
            landsat("LC08_L2SP_047027_20180801_20210313_02_T1"),
            landsat("LC08_L2SP_047027_20180801_20200101_02_RT"),
            "of a lower tier",
        ),
        (
            landsat("LC08_L2SP_047027_20180801_20210313_02_T1"),
            landsat("LC08_L2SR_047027_20180801_20200101_02_T1"),
            "which was made later",
        ),
        (
            landsat("LC08_L2SP_047027_20180801_02_T1", **{"s2:processing_baseline": "02.00"}),
            landsat("LC08_L2SP_047027_20180801_02_T2", **{"s2:processing_baseline": [2]}),
            "of an older baseline (00.00 against 02.00)",
        ),
        (
            build_item("b", platform="Sat-1", updated="2023", **{"grid:code": "X-1"}),
            build_item("a", platform="sat-1", updated="2022", **{"grid:code": "x-1"}),
            "which was made later",
        ),
    ],
)
def test_of_one_image_the_best_record_is_used(best, other, reason):
    for order in ((best, other), (other, best)):
        kept, left = drop(*order)
        assert kept == [best["id"]]
        assert list(left) == [other["id"]] and reason in left[other["id"]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (sentinel2("a"), build_item("b", **{"s2:product_uri": "S2B" + PRODUCT[3:]})),
        (
            build_item("S2A_MSIL2A_20180801T013000_R031_T54TXN_20180801T040000"),
            build_item("S2A_MSIL2A_20180801T013000_R031_T54TWN_20180801T040000"),
        ),
        (sentinel2("a"), sentinel2("b", collection="sentinel-2-l1c")),
        (
            landsat("LC08_L2SP_047027_20180801_20210313_02_T1"),
            landsat("LC09_L2SP_047027_20180801_20210313_02_T1"),
        ),
        # what names no product may be two images of one time and place
        (build_item("a"), build_item("b")),
        (build_item("a", platform="sat-1"), build_item("b", platform="sat-1")),
    ],
)
def test_other_images_are_no_twins(one, other):
    kept, left = drop(one, other)
    assert (sorted(kept), left) == (sorted([one["id"], other["id"]]), {})


def test_two_strips_of_one_pass_over_one_tile_are_both_used():
    """Where a downlink ends a tile is delivered in two parts; each has data of its own."""
    first, second = (
        {"s2:datastrip_id": STRIP.format(f"20180801T{at}")} for at in ("013000", "013310")
    )
    assert drop(sentinel2("a", **first), sentinel2("b", **second)) == (["a", "b"], {})
    kept, left = drop(
        sentinel2("a", **first),
        sentinel2("b", **{"s2:datastrip_id": STRIP.format("20180801T013002")}),
    )
    assert (kept, list(left)) == (["a"], ["b"])


def test_without_a_strip_the_footprints_tell_parts_from_twins():
    assert drop(sentinel2("a", box=WEST), sentinel2("b", box=EAST)) == (["a", "b"], {})
    kept, left = drop(sentinel2("a", box=WEST), sentinel2("b"))
    assert (kept, list(left)) == (["a"], ["b"])
    no_time = {"s2:datastrip_id": STRIP.format("20189901T013000")}
    kept, left = drop(sentinel2("a", **no_time), sentinel2("b", **no_time))
    assert (kept, list(left)) == (["a"], ["b"])


def test_a_record_that_comes_twice_word_for_word_is_not_mentioned():
    assert drop(sentinel2("a"), sentinel2("a"), sentinel2("a")) == (["a"], {})


def test_the_order_of_records_decides_nothing():
    items = [
        sentinel2("a"),
        sentinel2("a", updated="2023"),
        sentinel2("b", "0500"),
        sentinel2("c", "0500"),
        build_item("d"),
        build_item("d", when="2018-08-05T01:30:00Z"),
    ]
    outcomes = {
        str((sorted(kept), sorted(left.items())))
        for order in itertools.permutations(items)
        for kept, left in [drop(*order)]
    }
    assert len(outcomes) == 1
    kept, left = drop(*items)
    assert sorted(kept) == ["b", "d"] and set(left) == {"a", "c", "d"}
