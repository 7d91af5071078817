"""A small invented world with known truth, for demonstrations and tests.

What is invented: a landscape carved by streams, its land cover, one event with its landslides, two
optical looks before and two after, and the elevation model that a detector would have. What is
simple, and may mislead whoever tunes a detector on it: slides differ from their surroundings in
colour alone, hills cast no shadows on each other, clouds have one height, and truth is exact.
"""

import uuid
from pathlib import Path
from shutil import rmtree

from lsbatch.domain import Event
from lsbatch.errors import StoreConflictError, StoreError

__all__ = ["simulate_event"]


def simulate_event(folder: Path, *, seed: int = 0, side_km: float = 8.0) -> Event:
    """Event of an invented world, its files written to a folder.

    Parameters
    ----------
    folder : Path
        Absent or empty. Gets ``catalog.json`` (static STAC 1.1 with COGs: the collections
        ``sentinel-2-l2a`` and ``dem``), ``events.geojson`` and ``inventories/<id>.parquet``
        (GeoParquet in the UTM zone of the place: id, area_m2, geometry). It appears whole or not
        at all.
    seed : int
        From 0 up. The same seed and side give the same bytes in every file.
    side_km : float
        Side of the square that the images cover, 1.5 to 16 km; the AOI is inset by 150 m.

    Returns
    -------
    Event
        With id ``demo-<seed>`` and ``facts["simulated"]`` true; equal to the feature in
        ``events.geojson``. The inventory leaves out landslides below ``smallest_mapped_m2`` of
        the facts, which the images show all the same.

    Raises
    ------
    RecipeError
        For a negative seed, or a side outside 1.5 to 16 km.
    StoreConflictError
        Where something is at that place already.
    StoreError
        Where the place cannot be written.
    """
    from lsbatch.simulate.catalogue import write_world
    from lsbatch.simulate.world import build_world

    _check_free(folder)
    world = build_world(seed, side_km)
    target = folder.resolve()
    staging = target.parent / f".{target.name}-{uuid.uuid4().hex}"
    try:
        staging.mkdir(parents=True)
        write_world(world, staging)
        staging.rename(target)
    except OSError as error:
        # somebody else may have filled the folder meanwhile
        _check_free(folder)
        raise StoreError(
            f"The simulated event cannot be written to {folder}: {error}. "
            "Choose a folder on a disk with space that you may write to."
        ) from error
    finally:
        rmtree(staging, ignore_errors=True)
    return world.event


def _check_free(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists():
        raise StoreConflictError(
            f"A simulated event needs a new or empty folder; {folder} holds something already. "
            "Choose another folder, or remove this one."
        )
