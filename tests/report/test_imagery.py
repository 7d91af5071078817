import numpy as np
import pytest

from lsbatch.report.imagery import joint_stretch, prepare_views


def test_before_and_after_are_shown_alike(case):
    case.previews["post"][:] = case.previews["pre"].values
    views = prepare_views(case.previews)
    np.testing.assert_array_equal(views.pre, views.post)


def test_stretch_holds_most_of_both_images_and_ignores_no_data():
    rng = np.random.default_rng(0)
    pre, post = rng.uniform(0.02, 0.3, (2, 3, 50, 50)).astype(np.float32)
    known = joint_stretch(pre, post)
    holed = pre.copy()
    holed[:, ::2] = np.nan
    for low, high in joint_stretch(holed, post):
        assert low == pytest.approx(0.02, abs=0.01)
        assert high == pytest.approx(0.3, abs=0.02)
    assert joint_stretch(pre, post) == known


def test_a_bright_image_does_not_turn_the_other_one_black(case):
    dark = case.previews["post"].values
    case.previews["pre"][:] = dark + 0.6
    case.previews["post"][:] = dark
    assert np.median(prepare_views(case.previews).post) > 20


def test_no_data_is_grey_and_an_image_without_data_is_none(case):
    views = prepare_views(case.previews)
    assert (views.pre[:, -3:] == (0xB9, 0xBF, 0xC5)).all()
    case.previews["pre"][:] = np.nan
    case.previews["elevation"][:] = np.nan
    views = prepare_views(case.previews)
    assert views.pre is None and views.relief is None
    assert views.post is not None


def test_constant_images_do_not_divide_by_zero(case):
    for name in ("pre", "post"):
        case.previews[name][:] = 0.1
    assert prepare_views(case.previews).post.dtype == np.uint8


def test_no_previews_no_views():
    assert prepare_views(None) is None
