"""Hypothesis strategies for grids, blocks, halos and areas."""

import shapely
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from lsbatch.domain import CHUNK_PX, Block, blocks_of

RESOLUTIONS = (10.0, 20.0, 30.0, 2.5, 7.3, 28.555)
"""Pixel sides in metres: round ones, and ones that binary numbers cannot hold."""


@st.composite
def areas(draw, lon=(-179.0, 178.0), lat=(-75.0, 80.0)) -> shapely.Polygon:
    """Triangles of 1 to 60 km in EPSG:4326, on one side of the 180th meridian."""
    west, south = draw(st.floats(*lon)), draw(st.floats(*lat))
    size = draw(st.floats(0.01, 0.5))
    apex = draw(st.floats(0.0, 1.0))
    return shapely.Polygon(
        [(west, south), (west + size, south), (west + apex * size, south + size)]
    )


@st.composite
def geoboxes(draw, max_px: int = 1200) -> GeoBox:
    """Grids on the lattice of chunks, ragged at the right and at the bottom."""
    height, width = draw(st.integers(1, max_px)), draw(st.integers(1, max_px))
    resolution = draw(st.sampled_from(RESOLUTIONS))
    epsg = draw(st.sampled_from(("EPSG:32654", "EPSG:32718", "EPSG:3413")))
    lattice = CHUNK_PX * resolution
    left, top = (draw(st.integers(-200, 200)) * lattice for _ in "xy")
    box = (left, top - height * resolution, left + width * resolution, top)
    return GeoBox.from_bbox(box, crs=epsg, resolution=resolution, tight=True)


def halos(max_px: int = 70) -> st.SearchStrategy[int]:
    """Pixels of context on each side."""
    return st.integers(0, max_px)


def sides(max_chunks: int = 4) -> st.SearchStrategy[int]:
    """Sides of a block's core, in pixels."""
    return st.integers(1, max_chunks).map(lambda chunks: chunks * CHUNK_PX)


@st.composite
def blocks(draw) -> Block:
    """One block of some grid."""
    all_blocks = list(blocks_of(draw(geoboxes()), side_px=draw(sides()), halo=draw(halos())))
    return draw(st.sampled_from(all_blocks))


@st.composite
def windows(draw, shape: tuple[int, int]) -> tuple[slice, slice]:
    """A part of an array, (y, x)."""
    parts = []
    for extent in shape:
        start = draw(st.integers(0, extent - 1))
        parts.append(slice(start, draw(st.integers(start + 1, extent))))
    return parts[0], parts[1]
