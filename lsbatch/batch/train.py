"""train_detector: from a training recipe to a network that `load_detector` takes."""

import hashlib
import itertools
import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from lsbatch import __version__
from lsbatch.batch.folder import write_whole
from lsbatch.batch.plan import view_event
from lsbatch.catalog import find_event, read_events, read_inventory
from lsbatch.cube import fence_gdal
from lsbatch.detectors import UNET_GROUPS, UNET_INPUTS
from lsbatch.domain import VISIBLE, Event, Inputs
from lsbatch.errors import LsbatchError, RecipeError, StoreConflictError, StoreError
from lsbatch.networks import (
    FILL,
    SCALINGS,
    UnetDesign,
    build_unet,
    count_planes,
    design_of,
    reach_of,
    read_sidecar,
    read_weights,
    write_network,
)
from lsbatch.recipe import DetectorChoice, Recipe
from lsbatch.training import (
    Batches,
    ChipPatches,
    Chips,
    EventPatches,
    EventPixels,
    Fitted,
    TrainingRecipe,
    World,
    check_classes,
    fit,
    read_chips,
    read_pixels,
    reflectance_of,
    trim,
)

logger = logging.getLogger(__name__)

Progress = Callable[[int, int, str], None]
"""Called with (events read or epochs done, in all, what is being done)."""

_VALIDATION_BATCHES, _JUDGING_BATCHES = 24, 40
_FEWEST_TO_SHARE = 12
"""Fewer events are read sooner than further processes are up."""
_OTHER_SEED = 1_000_003
_RECIPE = "training.json"


def train_detector(recipe: TrainingRecipe, out: Path, *, progress: Progress) -> Path:
    """Train a network on events and chips.

    Parameters
    ----------
    recipe : TrainingRecipe
    out : Path
        New, empty, or an interrupted training of the same recipe, which goes on. Gets
        ``NAME.json`` and ``NAME.npz``, checkpoints, ``history.csv`` and TensorBoard logs.
    progress : callable

    Returns
    -------
    Path
        The sidecar, for ``--detector unet --param sidecar="…"``.

    Raises
    ------
    RecipeError
        Without events or chips, or with labels of one class.
    StoreConflictError
        Where the folder holds something else.
    """
    text = recipe.model_dump_json(indent=1) + "\n"
    _check_folder(out, text)
    training, validation = (
        _read_worlds(worlds, recipe.patch_px, progress)
        for worlds in (recipe.training, recipe.validation)
    )
    if training:
        check_classes(training)
        check_classes(validation)
    design = UnetDesign(
        planes=count_planes(UNET_INPUTS.layers, UNET_GROUPS),
        widths=recipe.widths,
        depths=recipe.depths,
    )
    start = None if recipe.start is None else _read_start(Path(recipe.start), design)
    samples = _sample(recipe, training, validation)
    _claim(out, text)
    fitted = _fit(recipe, design, samples, out, progress, start)
    logger.info("stage=trained epoch=%d val_loss=%.3f", fitted.epoch, fitted.validation_loss)
    return write_network(out, _sidecar(recipe, design, fitted), fitted.weights)


def _fit(
    recipe: TrainingRecipe,
    design: UnetDesign,
    samples: "_Samples",
    out: Path,
    progress: Progress,
    start: dict[str, Any] | None,
) -> Fitted:
    """Fit, a full disk told as such."""

    def tell(epoch: int, losses: dict[str, float]) -> None:
        shown = ", ".join(f"{name} {value:.3f}" for name, value in losses.items())
        progress(epoch, recipe.epochs, f"epochs: {shown}")

    try:
        return fit(
            recipe, design, training=samples.training, validation=samples.validation,
            uses=samples.uses, folder=out, on_epoch=tell, start=start,
        )  # fmt: skip
    except LsbatchError:
        raise
    except OSError as error:
        raise StoreError(
            f"The training cannot go on writing to {out}: {error}. With space again, the same "
            "command goes on after the last whole epoch."
        ) from error


def _check_folder(out: Path, text: str) -> None:
    """Raise StoreConflictError unless the folder is free, or holds a training of this recipe."""
    mark = out / _RECIPE
    if mark.is_file():
        if mark.read_text(encoding="utf-8") != text:
            raise StoreConflictError(
                f"{out} holds a training of another recipe. Choose another folder for --out."
            )
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StoreConflictError(
            f"A training needs a new or empty folder; {out} holds something already."
        )


def _claim(out: Path, text: str) -> None:
    """Make the folder this training's own; only once its samples are read, not for nothing."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_whole(out / _RECIPE, text)
    except OSError as error:
        raise StoreError(f"{out} cannot be written: {error}.") from error


def _read_worlds(worlds: tuple[World, ...], side: int, progress: Progress) -> list[EventPixels]:
    asked = [
        (Path(world.folder), event, looks)
        for world in worlds
        for event in _events_of(world)
        for looks in world.looks
    ]
    found = []
    for number, pixels in enumerate(_read_all(asked)):
        progress(number + 1, len(asked), "reading events")
        found.append(trim(pixels, least_px=side))
    return found


def _read_all(asked: list[tuple[Path, Event, int]]) -> Iterator[EventPixels]:
    """Events in the order asked for; many of them by one process for each processor."""
    if len(asked) < _FEWEST_TO_SHARE:
        yield from itertools.starmap(read_event, asked)
        return
    with ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=fence_gdal) as pool:
        yield from pool.map(read_event, *zip(*asked, strict=True))


def _events_of(world: World) -> list[Event]:
    catalogue = Path(world.folder) / "events.geojson"
    if world.events:
        return [find_event(event, catalogue) for event in world.events]
    return list(read_events(catalogue))


def read_event(
    folder: Path, event: Event, looks: int, *, inputs: Inputs = UNET_INPUTS
) -> EventPixels:
    inventory = folder / "inventories" / f"{event.id}.parquet"
    recipe = Recipe(
        event=event.id,
        catalog=str(folder / "events.geojson"),
        source=str(folder / "catalog.json"),
        detector=DetectorChoice(name="unet"),
        looks=looks,
    )
    seen = view_event(recipe, inputs)
    return read_pixels(
        event.id,
        seen.scenes,
        seen.grid,
        inputs=inputs,
        inventory=read_inventory(inventory),
        extent=event.aoi,
    )


@dataclass(frozen=True)
class _Samples:
    """All that a training draws from."""

    training: Batches
    validation: Batches
    uses: dict[str, Batches]
    """By the name of a detector, validation patches as it will meet them."""


def _sample(
    recipe: TrainingRecipe, training: list[EventPixels], validation: list[EventPixels]
) -> _Samples:
    chips = None if recipe.chips is None else read_chips(Path(recipe.chips.folder))
    learned, held = [], []
    share = 1.0
    if training:
        learned.append((EventPatches(tuple(training), UNET_INPUTS), 1.0))
        held.append((EventPatches(tuple(validation), UNET_INPUTS), 1.0))
    if recipe.chips and chips:
        if training:
            share = recipe.chips.share / (1 - recipe.chips.share)
        for sources, part in (
            (learned, recipe.chips.training), (held, recipe.chips.validation)
        ):  # fmt: skip
            sources.append((_chip_patches(chips.part(*part), recipe.chips.pair_chance), share))
    return _Samples(
        _batches(recipe, learned, recipe.steps, seed=recipe.seed),
        _batches(recipe, held, _VALIDATION_BATCHES, seed=recipe.seed + _OTHER_SEED),
        {
            name: _batches(recipe, sources, _JUDGING_BATCHES, seed=recipe.seed + _OTHER_SEED)
            for name, sources in _uses(held).items()
        },
    )


def _uses(held: list[tuple[Any, float]]) -> dict[str, list[tuple[Any, float]]]:
    """For `unet` pairs of events, for `unet-post` chips; each does with the other where it must."""
    plain = [replace(source, varied=False) for source, _ in held]
    # landslides as rare as they are
    events = [replace(s, on_landslide=0.0) for s in plain if isinstance(s, EventPatches)]
    chips = [source for source in plain if isinstance(source, ChipPatches)]
    pairs = [replace(source, withheld=replace(source.withheld, pre=0.0)) for source in events]
    alone = [replace(source, withheld=replace(source.withheld, pre=1.0)) for source in events]
    return {
        "unet": [(source, 1.0) for source in pairs or chips],
        "unet-post": [(source, 1.0) for source in chips or alone],
    }


def _chip_patches(chips: Chips, pair_chance: float) -> ChipPatches:
    return ChipPatches(reflectance_of(chips.image), chips.label, UNET_INPUTS, pair_chance)


def _batches(
    recipe: TrainingRecipe, sources: list[tuple[Any, float]], length: int, *, seed: int
) -> Batches:
    return Batches(
        tuple(sources),
        inputs=UNET_INPUTS,
        groups=UNET_GROUPS,
        length=length,
        size=recipe.batch,
        side=recipe.patch_px,
        seed=seed,
        heads=len(recipe.widths),
    )


def _read_start(path: Path, design: UnetDesign) -> dict[str, Any]:
    """Arrays of the network to go on from."""
    card = read_sidecar(path)
    if (found := design_of(card["design"])) != design:
        raise RecipeError(
            f"start: the network {path} has another design ({asdict(found)}) than this recipe asks "
            f"for ({asdict(design)}); give the recipe the same widths and depths."
        )
    return read_weights(path.with_suffix(".npz"), card["sha256"])


def _sidecar(recipe: TrainingRecipe, design: UnetDesign, fitted: Fitted) -> dict[str, Any]:
    """What goes with the weights: all that is needed to use them, and where they come from."""
    record = _recipe_record(recipe)
    text = json.dumps(record, sort_keys=True)
    reach = reach_of(build_unet(design))
    return {
        "name": recipe.name,
        "version": f"{__version__}+{hashlib.sha256(text.encode()).hexdigest()[:8]}",
        "design": asdict(design),
        "channels": [asdict(channel) for channel in UNET_INPUTS.channels],
        "groups": [list(group) for group in UNET_GROUPS],
        "scaling": {layer: asdict(SCALINGS[layer]) for layer in sorted(set(UNET_INPUTS.layers))},
        "fill": FILL,
        "halo": reach.halo,
        "multiple": reach.multiple,
        "admits": {"bands": list(VISIBLE), "pixel_m": [8.0, 35.0]},
        "training": {
            "recipe": record,
            "epoch": fitted.epoch,
            "validation_loss": round(fitted.validation_loss, 4),
            "validation_mcc": {name: round(use.mcc, 4) for name, use in fitted.judged.items()},
        },
        "logit_offset": {name: use.offset for name, use in fitted.judged.items()},
    }


def _recipe_record(recipe: TrainingRecipe) -> dict[str, Any]:
    """The recipe as plain values, folders by their last name: where they lay decides nothing."""
    record: dict[str, Any] = recipe.model_dump(mode="json")
    if recipe.start:
        record["start"] = read_sidecar(Path(recipe.start))["version"]
    for part in (*record["training"], *record["validation"], record["chips"] or {}):
        if part:
            part["folder"] = Path(part["folder"]).name
    return record
