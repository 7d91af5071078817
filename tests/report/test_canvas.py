import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lsbatch.report.canvas import (
    BUDGET_BYTES,
    Extent,
    blank,
    encode,
    finish_map,
    map_sheet,
    round_step,
)


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def noisy_figure(*, dot: str):
    figure = blank(500, 500)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(np.random.default_rng(0).random((500, 500, 3)), interpolation="nearest")
    axes.plot(250, 250, "s", color=dot, markersize=4, antialiased=False, markeredgewidth=0)
    return figure


@given(st.floats(1e-6, 1e9))
def test_round_step_is_the_longest_round_one(length):
    step = round_step(length)
    assert step <= length * (1 + 1e-6)
    assert length / step <= 2.5 * (1 + 1e-6)
    assert f"{step:.0e}"[0] in "125"


def test_pictures_stay_within_their_budget_and_keep_rare_colours_exactly():
    png = encode(noisy_figure(dot="#00f0ff"), keep=["#00f0ff"])
    assert Image.open(io.BytesIO(png)).mode == "P"
    assert len(png) <= BUDGET_BYTES
    assert (pixels(png)[248:252, 248:252] == (0, 0xF0, 0xFF)).all()


def test_pictures_hold_no_date_and_no_version():
    png = encode(blank(60, 60))
    assert Image.open(io.BytesIO(png)).info == {}
    assert not any(kind in png for kind in (b"tEXt", b"iTXt", b"tIME"))


def test_few_colours_are_never_cut():
    figure = blank(120, 120)
    figure.add_axes((0, 0, 1, 1)).imshow(np.random.default_rng(1).random((120, 120, 3)))
    assert Image.open(io.BytesIO(encode(figure))).mode == "RGB"


@pytest.mark.parametrize("size", [(40_000, 3_000), (9_000, 70_000), (500, 500)])
def test_a_map_keeps_the_shape_of_its_ground(size):
    width, height = size
    sheet = map_sheet(Extent(5e5, 5e5 + width, 4e6, 4e6 + height))
    box = sheet.axes.get_window_extent()
    assert box.width / box.height == pytest.approx(width / height, rel=0.01)
    assert Image.open(io.BytesIO(finish_map(sheet))).size[0] >= 400
