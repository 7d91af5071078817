"""Small invented worlds with known truth, for lessons, tests and training.

What is invented: a landscape, its land cover, one event with its landslides, optical looks before
and after it, and the elevation model that a detector would have. Whoever tunes a detector on them
tunes it on a drawing: no figure that it reaches here is one that it reaches on real images.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lsbatch.domain import Event

if TYPE_CHECKING:
    from lsbatch.simulate.orders import Order

__all__ = ["simulate_event", "simulate_events"]

Progress = Callable[[int, int, str], None]
"""Called with (steps done, steps in all, what is being made)."""


def simulate_event(
    folder: Path,
    *,
    seed: int = 0,
    side_km: float = 8.0,
    style: str = "temperate-hills",
    instrument: str = "s2-l2a",
) -> Event:
    """Event of an invented world, with two looks before and two after it, written to a folder.

    Its looks are gentle ones: in leaf, one on each side clear, the earliest cut by its swath.

    Parameters
    ----------
    folder : Path
        Absent or empty; see `simulate_events` for what it gets.
    seed : int
        From 0 up. The same options give the same bytes in every file.
    side_km : float
        Side of the square that the images cover, 1.5 to 20 km; the AOI is inset by 150 m.
    style : str
        A name of `STYLES`.
    instrument : str
        A name of `INSTRUMENTS`.

    Returns
    -------
    Event
        With id ``demo-<seed>``; see `simulate_events`.

    Raises
    ------
    RecipeError, StoreConflictError, StoreError
        As `simulate_events`.
    """
    from lsbatch.simulate.instruments import instrument_of
    from lsbatch.simulate.orders import Order
    from lsbatch.simulate.style import style_of
    from lsbatch.simulate.world import check_request

    check_request(seed, side_km)
    chosen = instrument_of(instrument).name
    order = Order(f"demo-{seed}", seed, side_km, style_of(style), chosen, (2, 2), is_gentle=True)
    return _write((order,), folder, f"simulated-demo-{seed}", _say_nothing)[0]


def simulate_events(
    folder: Path,
    *,
    seed: int = 0,
    events: int = 1,
    side_km: float = 8.0,
    styles: Sequence[str] = (),
    instruments: Sequence[str] = (),
    looks: tuple[int, int] = (2, 2),
    zones: int = 1,
    progress: Progress | None = None,
) -> tuple[Event, ...]:
    """Events of invented worlds in one catalogue, written to a folder.

    Parameters
    ----------
    folder : Path
        Absent or empty. Gets ``catalog.json`` (static STAC 1.1 with COGs: a collection for each
        kind of image, and ``dem``), ``events.geojson``, ``inventories/<id>.parquet`` (GeoParquet
        in the UTM zone of the place: id, area_m2, geometry) and ``recipe.yaml``. It appears whole
        or not at all.
    seed : int
        From 0 up. The same options give the same bytes in every file.
    events : int
        1 to 999, each at a place of its own.
    side_km : float
        Side of the square that the images of an event cover, 1.5 to 20 km; the AOI is inset by
        150 m.
    styles : sequence of str
        Names of `STYLES`, taken in turn; empty = all that have landslides.
    instruments : sequence of str
        Names of `INSTRUMENTS`, taken in turn; empty = mostly Sentinel-2 L2A, some Landsat, one L1C.
    looks : (before, after)
        1 to 12 each; more than two make a series.
    zones : int
        The first so many events lie in UTM zones of their own.
    progress : callable, optional

    Returns
    -------
    tuple of Event
        With ids ``sim-<seed>-<number>-<style>`` and ``facts["simulated"]`` true; equal to the
        features in ``events.geojson``. An inventory leaves out landslides below
        ``smallest_mapped_m2`` of the facts, which the images show all the same.

    Raises
    ------
    RecipeError
        For an unknown name or a number out of its range.
    StoreConflictError
        Where something is at that place already.
    StoreError
        Where the place cannot be written.
    """
    from lsbatch.simulate.orders import plan_orders

    orders = plan_orders(
        seed,
        events,
        side_km=side_km,
        styles=styles,
        instruments=instruments,
        looks=looks,
        zones=zones,
    )
    return _write(orders, folder, f"simulated-{seed}", progress or _say_nothing)


def _write(
    orders: Sequence["Order"], folder: Path, name: str, progress: Progress
) -> tuple[Event, ...]:
    """Make one event after the other, so that memory holds one world at a time."""
    from lsbatch.simulate import catalogue
    from lsbatch.simulate.staging import appear_whole
    from lsbatch.simulate.world import build_world

    total = sum(1 + sum(order.looks) for order in orders)
    made: list[Event] = []
    records: list[catalogue.Record] = []
    done = 0

    def count(what: str) -> None:
        nonlocal done
        done += 1
        progress(done, total, what)

    with appear_whole(folder) as staging:
        for order in orders:
            progress(done, total, order.event_id)
            world = build_world(
                order.seed,
                order.side_km,
                style=order.style,
                instrument=order.instrument,
                looks=order.looks,
                near=order.near,
                event_id=order.event_id,
                is_gentle=order.is_gentle,
            )
            count(order.event_id)
            records += catalogue.write_world(world, staging, tell=count)
            made.append(world.event)
        catalogue.write_events(staging, made)
        catalogue.write_recipe(staging, made)
        catalogue.write_catalogue(staging, name, records)
    return tuple(made)


def _say_nothing(done: int, total: int, what: str) -> None:
    pass
