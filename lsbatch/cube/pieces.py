"""Pieces: a scene's chunk of one band, read from as few files as will fill it.

They stand in place of stackstac's arrays because of a measurement: `make bench ONLY=cubes`, seconds
against odc-stac on the same work, our reader behind both. stackstac takes 1.0 to 1.6 times as long
for blocks and 0.7 to 1.5 times for whole areas, pieces 0.3 to 0.9 times. stackstac makes a task of
each file and of each step of merging, and reads every file of a mosaic; a piece is one task, and
what lies beneath is read only where there are gaps.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
from odc.geo.geobox import GeoBox, GeoboxTiles
from shapely.geometry.base import BaseGeometry

from lsbatch.cube.patience import Deadline
from lsbatch.cube.reader import Resampling, Source, read_pixels
from lsbatch.domain import EMPTY_FLAG, FLAGS, NO_FLAG, Access, Scene, window_of


@dataclass(frozen=True)
class Target:
    """Where to, and by which rules, files are read."""

    geobox: GeoBox
    chunk_px: int
    access: Access
    deadline: Deadline

    @functools.cached_property
    def tiles(self) -> GeoboxTiles:
        """The grid in chunks."""
        return GeoboxTiles(self.geobox, (self.chunk_px, self.chunk_px))

    @functools.cached_property
    def windows(self) -> dict[tuple[int, int], BaseGeometry]:
        """What a footprint must meet to have pixels in a chunk, EPSG:4326."""
        return {place: window_of(self.tiles[place]) for place in np.ndindex(*self.tiles.shape)}


@dataclass(frozen=True, slots=True)
class Piece:
    """All that is needed to read a scene's chunk of one band; names, never pixels."""

    geobox: GeoBox
    band: str
    sources: tuple[Source, ...]
    """The first on top."""
    access: Access
    deadline: Deadline

    def read(self) -> np.ndarray:
        """Merged and in physical units, (H, W).

        What lies beneath a full place is not read.

        Raises
        ------
        ReadError
        """
        out = None
        for source in self.sources:
            if out is None:
                out = self._read_file(source, self.geobox)
                continue
            gaps = is_empty(out)
            rows, cols = (np.flatnonzero(gaps.any(axis=axis)) for axis in (1, 0))
            if not rows.size:
                break
            hole = np.s_[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
            found = self._read_file(source, self.geobox[hole])
            np.copyto(out[hole], found, where=gaps[hole] & (found != fill_of(self.band)))
        return np.full(tuple(self.geobox.shape), fill_of(self.band)) if out is None else out

    def _read_file(self, source: Source, geobox: GeoBox) -> np.ndarray:
        return read_pixels(
            source,
            geobox,
            resampling=resampling_of(self.band),
            fill=fill_of(self.band),
            access=self.access,
            deadline=self.deadline,
        )


def load_pieces(scenes: Sequence[Scene], band: str, target: Target) -> Any:
    """One band of each scene, dask (scene, y, x); a file is read only where its footprint is."""
    pieces = np.empty((len(scenes), *target.tiles.shape), object)
    for row, col in np.ndindex(*target.tiles.shape):
        geobox, window = target.tiles[row, col], target.windows[row, col]
        for n, scene in enumerate(scenes):
            sources = sources_of(scene, band, window)
            pieces[n, row, col] = Piece(geobox, band, sources, target.access, target.deadline)
    dtype = fill_of(band).dtype
    return da.map_blocks(
        _read_piece,
        da.from_array(pieces, chunks=1),
        dtype=dtype,
        chunks=((1,) * len(scenes), *target.tiles.chunks),
        meta=np.empty((0, 0, 0), dtype),
        token=f"read-{band}",
    )


def sources_of(scene: Scene, band: str, window: BaseGeometry) -> tuple[Source, ...]:
    """Files of a band that may have pixels in a window, EPSG:4326; first on top."""
    return tuple(
        Source(granule.item_id, asset, whole_shift(scene))
        for granule in scene.granules
        if (asset := granule.asset(band)) is not None and granule.footprint.intersects(window)
    )


def whole_shift(scene: Scene) -> tuple[float, float] | None:
    """A scene's one shift, metres east and north; None where nothing is taken out of it."""
    return None if scene.shift is None else (scene.shift.east_m, scene.shift.north_m)


def resampling_of(band: str) -> Resampling:
    """How a band that lies as it should comes onto another grid."""
    if band in FLAGS:
        return "nearest"
    return "cubic_spline" if band == "elevation" else "bilinear"


def fill_of(band: str) -> Any:
    """What stands for no data in a cube's variable, in its dtype."""
    return np.uint16(NO_FLAG) if band in FLAGS else np.float32(np.nan)


def is_empty(values: Any) -> Any:
    """Where values, (..., H, W), are without data."""
    return values != values if values.dtype.kind == "f" else values >= EMPTY_FLAG


def _read_piece(pieces: np.ndarray) -> np.ndarray:
    return pieces.item().read()[np.newaxis]
