import io
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from PIL import Image

from lsbatch.report.closeups import COARSEST_M, MOST, choose_closeups, draw_closeup
from lsbatch.report.imagery import prepare_views

LEFT, TOP = 573440.0, 4738560.0


@pytest.fixture
def views(case):
    return prepare_views(case.previews)


@pytest.fixture
def wide(views):
    """Views over 20 km x 20 km."""
    extent = type(views.extent)(LEFT, LEFT + 20_000, TOP - 20_000, TOP)
    return replace(views, extent=extent)


def slides_of(xyr) -> gpd.GeoDataFrame:
    shapes = gpd.GeoSeries(
        [shapely.Point(LEFT + x, TOP - y).buffer(r) for x, y, r in xyr], crs=32654
    )
    return gpd.GeoDataFrame({"area_m2": shapes.area}, geometry=shapes)


def test_at_most_six_apart_and_within_the_images(wide):
    rng = np.random.default_rng(0)
    slides = slides_of(np.c_[rng.uniform(0, 20_000, (400, 2)), rng.uniform(10, 60, 400)])
    chosen = choose_closeups(slides, wide)
    assert len(chosen) == MOST
    boxes = [shapely.box(c.extent[0], c.extent[2], c.extent[1], c.extent[3]) for c in chosen]
    whole = shapely.box(LEFT, TOP - 20_000, LEFT + 20_000, TOP).buffer(1)
    assert all(whole.contains(box) for box in boxes)
    centres = np.array([closeup.centre for closeup in chosen])
    apart = np.abs(centres[:, None] - centres[None]).max(axis=-1) + 1e9 * np.eye(len(chosen))
    assert apart.min() >= 700
    assert all(len(closeup.landslides) for closeup in chosen)


def test_the_largest_comes_first_and_the_densest_second(wide):
    rng = np.random.default_rng(0)
    cluster = np.c_[rng.uniform(15_100, 15_900, (30, 2)), np.full(30, 12)]
    slides = slides_of([(3000, 3000, 200), *cluster, (9000, 4000, 60)])
    first, second = choose_closeups(slides, wide)[:2]
    assert first.landslides.area_m2.max() == slides.area_m2.max()
    assert len(second.landslides) > 10


def test_none_without_landslides_or_images_or_detail(case, views):
    assert choose_closeups(case.landslides.iloc[:0], views) == []
    assert choose_closeups(case.landslides, replace(views, post=None)) == []
    assert choose_closeups(case.landslides, replace(views, pixel_m=COARSEST_M + 1)) == []


def test_landslides_beyond_the_images_are_left_out(views):
    assert choose_closeups(slides_of([(-5000, -5000, 50)]), views) == []


def test_without_an_image_before_a_closeup_shows_the_one_after(case, views):
    after = replace(views, pre=None)
    closeup = choose_closeups(case.landslides, after)[0]
    one, two = (
        Image.open(io.BytesIO(draw_closeup(closeup, shown))).size for shown in (after, views)
    )
    assert one[1] == two[1] and one[0] < 0.51 * two[0]


def test_a_closeup_shows_outlines_after_and_none_before(case, views):
    closeup = choose_closeups(case.landslides, views)[0]
    image = np.asarray(Image.open(io.BytesIO(draw_closeup(closeup, views))).convert("RGB")).astype(
        int
    )
    cyan = (image[..., 0] < 90) & (image[..., 1] > 190) & (image[..., 2] > 190)
    half = image.shape[1] // 2
    assert cyan[:, half:].any() and not cyan[:, : half - 10].any()
