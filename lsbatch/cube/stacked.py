"""Stacked: the same arrays as `load_pieces`, made by stackstac with our reader.

stackstac 0.5.1 is the last release of its line. It gets the least that it needs: names for hrefs,
and the target grid alone, since its own reading of projection metadata knows one spelling of
several and gets extents wrong without a word.
"""

import functools
import warnings
from collections.abc import Sequence
from typing import Any

import dask.array as da
import stackstac
from odc.geo.geom import bbox_union
from rasterio.enums import Resampling

from lsbatch.cube.pieces import Target, fill_of, is_empty, resampling_of, whole_shift
from lsbatch.cube.reader import ExactReader, Source
from lsbatch.domain import Scene


def load_stacked(scenes: Sequence[Scene], band: str, target: Target) -> Any:
    """One band of each scene, dask (scene, y, x); a file is read only where its footprint is."""
    records: list[dict[str, Any]] = []
    sources: dict[str, Source] = {}
    places: list[list[int]] = [[] for _ in scenes]
    for scene, mine in zip(scenes, places, strict=True):
        for granule in scene.granules:
            asset, bounds = granule.asset(band), _bounds(granule.footprint, target)
            if asset is not None and bounds is not None:
                name = f"{len(records)}"
                mine.append(len(records))
                sources[name] = Source(granule.item_id, asset, whole_shift(scene))
                records.append(_record(name, band, bounds, target))
    stack = _stack(records, sources, band, target) if records else None
    return da.stack([_merge(stack, mine, band, target) for mine in places])


def _bounds(footprint: Any, target: Target) -> tuple[float, ...] | None:
    """The chunks that a footprint meets, a little less than whole, in the grid's CRS."""
    touched = [place for place, window in target.windows.items() if footprint.intersects(window)]
    if not touched:
        return None
    pixel = abs(target.geobox.resolution.x)
    box = bbox_union(target.tiles[place].boundingbox for place in touched)
    return tuple(box.buffered(-pixel / 4))


def _record(name: str, band: str, bounds: tuple[float, ...], target: Target) -> dict[str, Any]:
    """The least record that stackstac accepts."""
    epsg = target.geobox.crs.epsg
    asset = {"href": name, "type": "image/tiff", "proj:epsg": epsg, "proj:bbox": bounds}
    return {
        "id": name,
        "bbox": (0, 0, 1, 1),
        "properties": {"datetime": "2000-01-01T00:00:00Z", "proj:epsg": epsg},
        "assets": {band: asset},
    }


def _stack(
    records: list[dict[str, Any]], sources: dict[str, Source], band: str, target: Target
) -> Any:
    """Every file in physical units, dask (file, y, x)."""
    geobox, fill = target.geobox, fill_of(band)
    reader = functools.partial(
        ExactReader, sources=sources, access=target.access, deadline=target.deadline
    )
    with warnings.catch_warnings():
        # stackstac 0.5.1 is frozen and still multiplies affines with *
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        stack = stackstac.stack(
            records,
            assets=[band],
            epsg=geobox.crs.epsg,
            bounds=tuple(geobox.boundingbox),
            resolution=abs(geobox.resolution.x),
            xy_coords="center",
            snap_bounds=False,
            rescale=False,
            sortby_date=False,
            dtype=fill.dtype,
            fill_value=fill,
            resampling=Resampling[resampling_of(band)],
            chunksize=(1, 1, target.chunk_px, target.chunk_px),
            reader=reader,
            errors_as_nodata=(),
        )
    return stack.data[:, 0]


def _merge(stack: Any, mine: list[int], band: str, target: Target) -> Any:
    """One scene, dask (y, x): its files merged, the first with data on top."""
    fill = fill_of(band)
    top = da.full(tuple(target.geobox.shape), fill, dtype=fill.dtype, chunks=target.chunk_px)
    for place in reversed(mine):
        # a file that says that it holds nothing says more than one that ends here
        top = da.where(is_empty(stack[place]) & (top != fill), top, stack[place])
    return top
