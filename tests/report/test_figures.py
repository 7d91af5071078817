import io
import itertools

import geopandas as gpd
import numpy as np
import pytest
import shapely
from matplotlib.colors import to_rgb
from PIL import Image

from lsbatch.domain import Status
from lsbatch.report.canvas import Extent
from lsbatch.report.figures import (
    OUTLINE,
    STATUS_COLOURS,
    UNDETECTABLE_COLOUR,
    UNSEEN,
    draw_landslides,
    draw_score,
    draw_status,
)
from lsbatch.report.imagery import prepare_views
from lsbatch.report.overview import read_overview


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def frame_of(overview) -> Extent:
    return Extent.of(overview.geobox)


@pytest.mark.parametrize("with_relief", [False, True])
def test_a_landslide_of_one_pixel_is_seen_in_the_score_figure(case, product_from, with_relief):
    views = prepare_views(case.previews) if with_relief else None
    pictures = []
    for top in (0.0, 1.0):
        score = np.zeros((2400, 2600), np.float32)
        score[1111, 1777] = top
        overview = read_overview(product_from(score, np.zeros(score.shape, np.uint8)))
        frame = frame_of(overview)
        aoi = shapely.box(frame.left, frame.bottom, frame.right, frame.top)
        png = draw_score(overview, views, frame=frame, aoi=aoi, threshold=0.5)
        pictures.append(pixels(png))
    change = np.abs(pictures[1] - pictures[0]).max(axis=-1)
    row, col = np.median(np.argwhere(change > 100), axis=0)
    height, width = change.shape
    assert abs(col / width - 1777 / 2600) < 0.05
    assert abs(row / height - 1111 / 2400) < 0.08


def test_a_small_landslide_is_outlined_over_a_busy_image(case, overview):
    frame = frame_of(overview)
    views, none = prepare_views(case.previews), case.landslides.iloc[:0]
    spot = shapely.Point(574000, 4738000).buffer(4)
    lone = gpd.GeoDataFrame(geometry=[spot], crs=32654)
    without, with_one = (
        pixels(draw_landslides(slides, overview, views, frame=frame)) for slides in (none, lone)
    )
    assert np.abs(with_one - without).max() > 80


def test_unseen_ground_never_looks_like_ground_without_landslides(product_from):
    status = np.zeros((200, 200), np.uint8)
    status[:, :100] = Status.CLOUD
    overview = read_overview(product_from(np.zeros((200, 200)), status))
    frame = frame_of(overview)
    aoi = shapely.box(frame.left, frame.bottom, frame.right, frame.top)
    for png in (
        draw_score(overview, None, frame=frame, aoi=aoi, threshold=0.5),
        draw_landslides(gpd.GeoDataFrame(geometry=[], crs=32654), overview, None, frame=frame),
    ):
        image = pixels(png)
        row = image.shape[0] // 2
        unseen, seen = image[row, image.shape[1] // 4], image[row, 3 * image.shape[1] // 4]
        assert np.abs(unseen - seen).max() > 30


def test_status_map_shows_each_status_and_bare_ground_in_its_own_colour(product_from):
    kinds = list(Status)
    status = np.repeat(np.array([[int(kind) for kind in kinds]], np.uint8), 40, axis=1)
    product = product_from(np.zeros((200, status.shape[1])), np.repeat(status, 200, axis=0))
    product["detectable"][100:, :40] = 0
    overview = read_overview(product)
    png = draw_status(overview, frame=frame_of(overview), aoi=shapely.Polygon())
    shown = {tuple(colour) for colour in pixels(png).reshape(-1, 3)}
    for colour in (*STATUS_COLOURS.values(), UNDETECTABLE_COLOUR):
        assert tuple(round(255 * part) for part in to_rgb(colour)) in shown


# Machado, Oliveira and Fernandes (2009), IEEE TVCG 15(6), severity 1.0, on linear RGB
DEUTERANOPIA = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                [-0.011820, 0.042940, 0.968881]]  # fmt: skip
PROTANOPIA = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
              [-0.003882, -0.048116, 1.051998]]  # fmt: skip


def lab(colour: str, sight: list) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(sight) @ linear, 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    t = np.array(to_xyz) @ linear / (0.9505, 1.0, 1.089)
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", [np.eye(3).tolist(), DEUTERANOPIA, PROTANOPIA])
def test_status_colours_can_be_told_apart_by_the_colour_blind(sight):
    assert set(STATUS_COLOURS) == set(Status)
    seen = {status.name: lab(colour, sight) for status, colour in STATUS_COLOURS.items()}
    seen["BARE"] = lab(UNDETECTABLE_COLOUR, sight)
    near = {
        (one, other): round(float(np.linalg.norm(seen[one] - seen[other])))
        for one, other in itertools.combinations(seen, 2)
    }
    assert {pair: distance for pair, distance in near.items() if distance < 10} == {}


def test_outlines_stand_out_from_unseen_ground():
    assert np.abs(np.subtract(to_rgb(OUTLINE), to_rgb(UNSEEN))).max() > 0.3
