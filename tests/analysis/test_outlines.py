"""Outlines across window borders."""

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.ndimage import label

from lsbatch.analysis.outlines import trace_outlines

rasters = arrays(
    np.uint8,
    array_shapes(min_dims=2, max_dims=2, max_side=17),
    elements=st.sampled_from([0, 1, 1, 255]),
)


@given(raster=rasters, side_px=st.integers(1, 18))
def test_outlines_are_valid_and_one_for_each_connected_landslide(raster, side_px, build_product):
    outlines, first = trace_outlines(build_product(raster), side_px=side_px)
    labels, count = label(raster == 1)
    assert len(outlines) == count
    assert shapely.is_valid(outlines).all()
    assert (shapely.get_type_id(outlines) == shapely.GeometryType.POLYGON).all()
    assert sorted(shapely.area(outlines)) == sorted(np.bincount(labels.ravel())[1:])
    x, y = np.meshgrid(np.arange(raster.shape[1]) + 0.5, np.arange(raster.shape[0]) + 0.5)
    covered = shapely.contains_xy(shapely.union_all(outlines), x, y)
    assert np.array_equal(covered, raster == 1)
    _, at = np.unique(labels[raster == 1], return_index=True)
    assert first.tolist() == np.argwhere(raster == 1)[at].tolist()
    assert shapely.contains_xy(outlines, *(first.T[::-1] + 0.5)).all()


@given(raster=rasters, sides=st.lists(st.integers(1, 18), min_size=2, max_size=3))
def test_outlines_are_the_same_bytes_for_any_window(raster, sides, build_product):
    product = build_product(raster)
    traced = [trace_outlines(product, side_px=side) for side in sides]
    one, *others = (
        (shapely.to_wkb(polygons).tolist(), first.tolist()) for polygons, first in traced
    )
    assert all(other == one for other in others)


def test_landslides_that_meet_at_a_corner_on_a_border_stay_two(build_product):
    raster = np.zeros((8, 8))
    raster[2:4, 2:4] = raster[4:6, 4:6] = 1
    assert len(trace_outlines(build_product(raster), side_px=4).polygons) == 2


def test_a_ring_around_four_windows_is_one_polygon_with_a_hole(build_product):
    raster = np.ones((8, 8))
    raster[3:5, 3:5] = 0
    (ring,) = trace_outlines(build_product(raster), side_px=4).polygons
    assert ring.equals(shapely.box(0, 0, 8, 8) - shapely.box(3, 3, 5, 5))
    assert len(ring.exterior.coords) == len(ring.interiors[0].coords) == 5
