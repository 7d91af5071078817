"""How real the simulator's images look: what tells them from real chips, and a page to look at.

Real chips have one date, three bands, and a gain of their own for each band and chip; only what no
gain changes is compared. The fifth of the chips that judges detectors is left out: whoever mends
the simulator by these figures must not have tuned it to the chips that judge.
"""

import argparse
import base64
import html
import io
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage, stats

from lsbatch.batch import view_event
from lsbatch.catalog import read_inventory
from lsbatch.domain import Channel, Event, Inputs, Scenes
from lsbatch.recipe import DetectorChoice, Recipe
from lsbatch.simulate import simulate_events
from lsbatch.simulate.style import STYLES
from lsbatch.training import Chips, read_chips, read_pixels, reflectance_of

SHARED = Path(__file__).parents[3] / "shared" / "data"
CHIPS = SHARED / "landslide4sense-rgb"
"""Never those of LSBATCH_CHIPS: they judge."""
LOOKED_AT = (0.0, 0.8)
"""Part of the chips that may be looked at: all but those that judge."""
SIDE_PX = 128
LEAST_SHARE = 0.0025
"""Of a window that slid: 19 of 20 real chips have more."""
_STRIDE_PX = 16
_MOST_SHARED = 0.25
"""Of a window that may lie in another one of the same event."""
_RING_PX = 5
_LEAST_SCAR_PX = 10
"""Of a scar whose colours are measured."""
_FOLDS = 6
_INPUTS = Inputs(
    tuple(
        Channel(band, period)
        for period in ("pre", "post")
        for band in ("red", "green", "blue", "nir")
    )
)
ATTRIBUTION = (
    "Contains modified Copernicus Sentinel data",
    "Landslide4Sense (Ghorbanzadeh et al. 2022); contains modified Copernicus Sentinel data",
)


@dataclass(frozen=True)
class Patches:
    """Chips of one kind, real or simulated, in the form of the real ones."""

    image: np.ndarray
    """(N, H, W, 3) uint8 red, green, blue; the brightest number of each chip is 255."""
    label: np.ndarray
    """(N, H, W) bool."""
    group: np.ndarray
    """(N,) int: an event, or a block of neighbouring chips."""
    source: tuple[str, ...]
    channels: np.ndarray | None = None
    """(N, H, W, 8) before and after: red, green, blue, nir; simulated only."""


def cases(
    *,
    events: int = 12,
    side_km: float = 4.0,
    chips: int = 400,
    instruments: Sequence[str] = ("s2-l2a", "s2-l1c"),
    folder: Path = CHIPS,
) -> Iterator[dict]:
    """How well real and simulated chips are told apart, and what is amiss with the scars.

    The real chips look as images from the top of the air do (blue varies a third as much as red):
    L1C is what they are fairly compared with, and L2A is told by its blue alone.
    """
    if not folder.is_dir():
        return
    real = real_patches(folder, most=chips)
    for instrument in instruments:
        simulated = simulated_patches(events=events, side_km=side_km, instrument=instrument)
        if len(simulated.image):
            yield _tell_apart(simulated, real, instrument)
            yield from _compare_scars(simulated, real, instrument)


def simulated_patches(*, events: int, side_km: float, instrument: str) -> Patches:
    """Patches of events of all styles that have landslides, in turn."""
    with tempfile.TemporaryDirectory() as place:
        world = Path(place) / "world"
        made = simulate_events(
            world, seed=4100, events=events, side_km=side_km,
            styles=[style.name for style in STYLES if style.has_landslides],
            instruments=[instrument], looks=(1, 2),
        )  # fmt: skip
        return read_patches(made, world)


def real_patches(folder: Path, *, most: int) -> Patches:
    """Real chips evenly from their order, which is an order on the ground."""
    chips: Chips = read_chips(folder).part(*LOOKED_AT)
    slid = np.flatnonzero(chips.label.mean((1, 2)) >= LEAST_SHARE)
    chosen = slid[np.unique(np.linspace(0, len(slid) - 1, min(most, len(slid))).astype(int))]
    block = np.arange(len(chosen)) * 2 * _FOLDS // max(len(chosen), 1)
    names = tuple(f"chip {number}" for number in chips.numbers[chosen])
    return Patches(chips.image[chosen], chips.label[chosen], block, names)


def read_patches(events: Sequence[Event], world: Path) -> Patches:
    """Windows of one clear look after each event, as a run reads it, in the form of the chips."""
    channels, label, group, source = [], [], [], []
    for number, event in enumerate(events):
        seen, slid = _read_event(event, world)
        for window in _windows(seen, slid):
            channels.append(_without_holes(seen[window]))
            label.append(slid[window])
            group.append(number)
            source.append(event.id)
    shape = (len(channels), SIDE_PX, SIDE_PX)
    stack = np.array(channels, np.float32).reshape(*shape, len(_INPUTS.channels))
    return Patches(
        as_chips(stack[..., 4:7]), np.array(label, bool).reshape(shape), np.array(group, int),
        tuple(source), stack,
    )  # fmt: skip


def as_chips(reflectance: np.ndarray) -> np.ndarray:
    """Numbers as the data set has them: bands of equal mean over the set, each chip's largest 255.

    Parameters
    ----------
    reflectance : ndarray, float32, (N, H, W, 3)

    Returns
    -------
    ndarray, uint8, (N, H, W, 3)
    """
    if not len(reflectance):
        return np.zeros(reflectance.shape, np.uint8)
    even = np.maximum(reflectance, 0) / reflectance.mean(axis=(0, 1, 2))
    return np.rint(255 * even / even.max(axis=(1, 2, 3), keepdims=True)).astype(np.uint8)


def _read_event(event: Event, world: Path) -> tuple[np.ndarray, np.ndarray]:
    recipe = Recipe(
        event=event.id,
        catalog=str(world / "events.geojson"),
        source=str(world / "catalog.json"),
        detector=DetectorChoice(name="brightness-change"),
    )
    view = view_event(recipe, _INPUTS)
    # a chip is one date: the median of two would be smoother than any image
    looks = tuple(
        min(side, key=lambda look: look.scene.cloud_percent or 0)
        for side in (view.scenes.pre, view.scenes.post)
    )
    inventory = read_inventory(world / "inventories" / f"{event.id}.parquet")
    pixels = read_pixels(
        event.id, Scenes(looks, access=view.scenes.access), view.grid,
        inputs=_INPUTS, inventory=inventory, extent=event.aoi,
    )  # fmt: skip
    return pixels.channels.astype(np.float32), pixels.label


def _windows(channels: np.ndarray, label: np.ndarray) -> Iterator[tuple[slice, slice]]:
    """Windows with landslides and hardly a pixel missing, which hardly overlap."""
    missing = np.isnan(channels[..., 4:7]).any(axis=-1)
    taken = np.zeros(label.shape, bool)
    rows, cols = (range(0, extent - SIDE_PX + 1, _STRIDE_PX) for extent in label.shape)
    for row in rows:
        for col in cols:
            window = (slice(row, row + SIDE_PX), slice(col, col + SIDE_PX))
            if (
                label[window].mean() >= LEAST_SHARE
                and missing[window].mean() <= 0.002
                and taken[window].mean() <= _MOST_SHARED
            ):
                taken[window] = True
                yield window


def _without_holes(channels: np.ndarray) -> np.ndarray:
    """The same with the few missing pixels after the event as their nearest neighbours are."""
    missing = np.isnan(channels[..., 4:]).any(axis=-1)
    nearest = ndimage.distance_transform_edt(missing, return_distances=False, return_indices=True)
    filled = channels.copy()
    filled[..., 4:] = channels[tuple(nearest)][..., 4:]
    return filled


# ---- what no gain changes --------------------------------------------------------------------


def features(patches: Patches) -> tuple[list[str], np.ndarray]:
    """Names (F,) and float64 (N, F): figures of chips that no gain of a band changes."""
    rows = [_features_of(_logarithm(image)) for image in patches.image]
    return list(rows[0]), np.array([list(row.values()) for row in rows])


def _logarithm(image: np.ndarray) -> np.ndarray:
    """Natural logarithm (H, W, 3) of the reflectance of a chip relative to its band's median."""
    reflectance = reflectance_of(image[None])[0].astype(np.float64)
    step = reflectance.max(axis=(0, 1)) / np.maximum(image.max(axis=(0, 1)), 1)
    # both kinds are written in whole numbers, coarser where a chip has one bright spot
    dither = np.random.default_rng(0).uniform(-0.5, 0.5, image.shape) * step
    floored = np.maximum(reflectance + dither, 0.5 * step)
    return np.log(floored / np.median(floored, axis=(0, 1)))


def _features_of(chip: np.ndarray) -> dict[str, float]:
    return {
        **_tones(chip),
        **_edges(chip[..., 0]),
        **_bands(chip),
        **_spectrum(chip[..., 0]),
        **_patchiness(chip[..., 0]),
    }


def _tones(chip: np.ndarray) -> dict[str, float]:
    """How dark the dark and how bright the bright is, against the median."""
    found = {}
    for number, band in enumerate(("red", "green", "blue")):
        values = np.quantile(chip[..., number], (0.02, 0.25, 0.75, 0.98))
        for name, value in zip(("2 %", "25 %", "75 %", "98 %"), values, strict=True):
            found[f"ln {band}, {name}"] = float(value)
    red = chip[..., 0]
    found["ln red, skewness"] = float(stats.skew(red, axis=None))
    found["pixels within a tenth of the brightest"] = float((red > red.max() + np.log(0.9)).mean())
    return found


def _edges(red: np.ndarray) -> dict[str, float]:
    found = {}
    for scale in (0.7, 1.5, 3.0):
        steps = ndimage.gaussian_gradient_magnitude(red, scale) * scale
        spots = np.abs(ndimage.gaussian_laplace(red, scale)) * scale**2
        middle = np.median(steps)
        found[f"gradient at {scale:g} px"] = float(middle)
        found[f"strongest gradients to usual at {scale:g} px"] = float(
            np.quantile(steps, 0.98) / middle
        )
        found[f"Laplacian at {scale:g} px"] = float(np.median(spots))
    across, down = (np.abs(np.diff(red, axis=axis)).mean() for axis in (1, 0))
    found["east-west to north-south steps"] = float(np.log(across / down))
    along = [ndimage.gaussian_filter1d(red, 2.0, axis=axis, order=1) for axis in (0, 1)]
    tensor = np.cov(np.stack([part.ravel() for part in along]))
    low, high = np.linalg.eigvalsh(tensor)
    found["one-sidedness of slopes at 2 px"] = float((high - low) / (high + low))
    return found


def _bands(chip: np.ndarray) -> dict[str, float]:
    """How alike the bands are, in the small and at large, and how much hue varies."""
    large = ndimage.gaussian_filter(chip, (2, 2, 0))
    small = chip - large
    found = {}
    for name, first, second in (("red, green", 0, 1), ("green, blue", 1, 2), ("red, blue", 0, 2)):
        for size, part in (("fine", small), ("broad", large)):
            pair = (part[..., first].ravel(), part[..., second].ravel())
            found[f"{size} correlation of {name}"] = float(np.corrcoef(*pair)[0, 1])
        hue = chip[..., first] - chip[..., second]
        found[f"spread of hue {name}"] = _spread(hue)
    fine = [_spread(small[..., number]) for number in range(3)]
    found["fine texture of blue to red"] = float(np.log(fine[2] / fine[0]))
    found["fine texture of green to red"] = float(np.log(fine[1] / fine[0]))
    return found


def _spectrum(red: np.ndarray) -> dict[str, float]:
    """Slope of power against frequency, for broad, middle and fine structure."""
    window = np.hanning(len(red))
    power = np.abs(np.fft.fft2((red - red.mean()) * window[:, None] * window)) ** 2
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(len(red)), np.fft.fftfreq(len(red))))
    found = {}
    for name, low, high in (("broad", 1 / 40, 1 / 10), ("middle", 0.1, 0.25), ("fine", 0.25, 0.5)):
        edges = np.geomspace(low, high, 6)
        ring = np.digitize(frequency, edges)
        means = [np.log(power[ring == number].mean()) for number in range(1, len(edges))]
        found[f"slope of power, {name}"] = float(np.polyfit(np.log(edges[:-1]), means, 1)[0])
    return found


def _patchiness(red: np.ndarray) -> dict[str, float]:
    """Contrast in squares of 8 px, and how uneven it is between them."""
    side = len(red) // 8
    squares = red[: side * 8, : side * 8].reshape(side, 8, side, 8).std(axis=(1, 3))
    low, middle, high = np.quantile(squares, (0.1, 0.5, 0.9))
    means = red[: side * 8, : side * 8].reshape(side, 8, side, 8).mean(axis=(1, 3))
    return {
        "contrast within 80 m": float(middle),
        "evenness of contrast": float(np.log(high / low)),
        "contrast between squares of 80 m": _spread(means),
    }


def _spread(values: np.ndarray) -> float:
    """Half of what lies between the 16th and the 84th percentile: few odd pixels do not count."""
    low, high = np.quantile(values, (0.16, 0.84))
    return float(high - low) / 2


# ---- telling them apart ----------------------------------------------------------------------


def _tell_apart(simulated: Patches, real: Patches, instrument: str) -> dict:
    names, ours = features(simulated)
    _, theirs = features(real)
    # as many of one kind as of the other, or the forest would lean to the commoner
    number = min(len(ours), len(theirs))
    few = [np.linspace(0, len(part) - 1, number).astype(int) for part in (ours, theirs)]
    truth = np.repeat([True, False], number)
    chance = _predict(
        np.concatenate([ours[few[0]], theirs[few[1]]]),
        truth,
        np.concatenate([simulated.group[few[0]], real.group[few[1]]]) % _FOLDS,
    )
    right = (chance >= 0.5) == truth
    order = stats.mannwhitneyu(chance[truth], chance[~truth]).statistic / number**2
    detail = {
        "patches_of_each": number, "events": len(np.unique(simulated.group)),
        "simulated_told": round(float(right[truth].mean()), 3),
        "real_told": round(float(right[~truth].mean()), 3),
        "area_under_roc": round(float(order), 3),
        "tells": tells(names, ours, theirs)[:5],
    }  # fmt: skip
    name = f"realism, {instrument} patches told from real chips"
    return _case(name, float(right.mean()), "accuracy (0.5 = not told)", detail)


def _predict(values: np.ndarray, truth: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Chance (N,) of being simulated, by forests that saw neither a patch's event nor its block."""
    from sklearn.ensemble import RandomForestClassifier

    said = np.full(len(truth), 0.5)
    for fold in np.unique(folds):
        held = folds == fold
        if len(np.unique(truth[~held])) == 2:
            forest = RandomForestClassifier(
                200, min_samples_leaf=2, class_weight="balanced", random_state=0
            )
            said[held] = forest.fit(values[~held], truth[~held]).predict_proba(values[held])[:, 1]
    return said


def tells(names: Sequence[str], ours: np.ndarray, theirs: np.ndarray) -> list[dict[str, Any]]:
    """Features by how well each alone tells, strongest first; near copies of a stronger left out.

    ``told`` is the chance that of one simulated and one real patch the feature puts the right
    one first.
    """
    order = []
    for column in range(len(names)):
        chance = stats.mannwhitneyu(ours[:, column], theirs[:, column]).statistic
        chance /= len(ours) * len(theirs)
        order.append((max(chance, 1 - chance), column))
    ranks = stats.spearmanr(np.concatenate([ours, theirs])).statistic
    kept: list[int] = []
    found = []
    for told, column in sorted(order, reverse=True):
        if all(abs(ranks[column, other]) < 0.75 for other in kept):
            kept.append(column)
            simulated, real = (float(np.median(part[:, column])) for part in (ours, theirs))
            found.append(
                {
                    "feature": names[column],
                    "told": round(float(told), 3),
                    "simulated": round(simulated, 3),
                    "real": round(real, 3),
                    "simulated_is": "higher" if simulated > real else "lower",
                }
            )
    return found


# ---- scars -----------------------------------------------------------------------------------

_OF_A_SCAR = (
    "area, px",
    "elongation",
    "ln contrast of red",
    "ln of red to blue, against the ring",
    "ln of red to green, against the ring",
    "texture, sd of ln red",
    "texture against the ring",
)


def scars(patches: Patches) -> np.ndarray:
    """(K, 7) of `_OF_A_SCAR` for the scars of all patches; NaN = too small to measure."""
    rows = []
    for image, label in zip(patches.image, patches.label, strict=True):
        chip = _logarithm(image)
        number, _ = ndimage.label(label, np.ones((3, 3)))
        near_any = ndimage.binary_dilation(label)
        for index, box in enumerate(ndimage.find_objects(number), start=1):
            wide = tuple(
                slice(max(0, part.start - _RING_PX - 1), part.stop + _RING_PX + 1) for part in box
            )
            rows.append(_measure_scar(chip[wide], number[wide] == index, near_any[wide]))
    return np.array(rows).reshape(-1, len(_OF_A_SCAR))


def _measure_scar(chip: np.ndarray, scar: np.ndarray, near_any: np.ndarray) -> list[float]:
    area = int(scar.sum())
    nothing = float("nan")
    # its outermost neighbours are part scar, and other scars are no ground to compare with
    ring = ndimage.binary_dilation(scar, np.ones((3, 3)), iterations=_RING_PX + 1) & ~near_any
    if area < _LEAST_SCAR_PX or ring.sum() < _LEAST_SCAR_PX:
        return [area, *[nothing] * (len(_OF_A_SCAR) - 1)]
    low, high = np.linalg.eigvalsh(np.cov(np.nonzero(scar)) + np.eye(2) / 12)
    inside, around = chip[scar], chip[ring]
    red, green, blue = np.median(inside, axis=0) - np.median(around, axis=0)
    texture = inside[:, 0].std()
    against = np.log(texture / around[:, 0].std())
    return [area, np.sqrt(high / low), red, red - blue, red - green, texture, against]


def _compare_scars(simulated: Patches, real: Patches, instrument: str) -> Iterator[dict]:
    ours, theirs = scars(simulated), scars(real)
    for column, what in enumerate(_OF_A_SCAR):
        yield from _distance(f"{instrument} scars, {what}", ours[:, column], theirs[:, column])
    name = f"{instrument} scars told from the rest of their patch by red alone"
    yield from _distance(name, told_by_red(simulated), told_by_red(real))
    contrast = [part[np.isfinite(part[:, 2]), 2] for part in (ours, theirs)]
    darker = [round(float((part < 0).mean()), 4) if len(part) else None for part in contrast]
    if None not in darker:
        shares = {"simulated": darker[0], "real": darker[1]}
        name = f"realism, {instrument} scars darker than the ring"
        yield _case(name, darker[0] - darker[1], "simulated share less real", shares)


def told_by_red(patches: Patches) -> np.ndarray:
    """Chance (N,) that red is brighter on a scar than off it: 1 = nothing else is as bright."""
    found = []
    for image, label in zip(patches.image, patches.label, strict=True):
        ranks = stats.rankdata(image[..., 0]).reshape(label.shape)
        on, off = int(label.sum()), int((~label).sum())
        above = ranks[label].sum() - on * (on + 1) / 2
        found.append(above / (on * off) if on and off else np.nan)
    return np.array(found)


def _distance(name: str, ours: np.ndarray, theirs: np.ndarray) -> Iterator[dict]:
    """A case of quartiles, where both kinds have any figure."""
    parts = [part[np.isfinite(part)] for part in (ours, theirs)]
    if not min(map(len, parts)):
        return
    detail: dict[str, Any] = {
        kind: [round(float(value), 3) for value in np.quantile(part, (0.25, 0.5, 0.75))]
        for kind, part in zip(("simulated", "real"), parts, strict=True)
    }
    detail["of"] = [len(part) for part in parts]
    apart = float(stats.ks_2samp(*parts).statistic)
    yield _case(f"realism, {name}", apart, "Kolmogorov-Smirnov distance (0 = alike)", detail)


def _case(name: str, value: float, unit: str, detail: dict[str, Any]) -> dict:
    return {
        "case": name,
        "value": round(value, 4),
        "unit": unit,
        "goal": "reported",
        "ok": True,
        "detail": detail,
    }


# ---- the page --------------------------------------------------------------------------------

_STYLE = """body{font:15px sans-serif;margin:2em;background:#fff;color:#222}
table{border-collapse:collapse}td,th{padding:3px;text-align:left;font-weight:normal}
img{width:256px;image-rendering:pixelated;display:block}td{vertical-align:top}
.real{border-left:6px solid #888;padding-left:9px}"""
_HEADS = (
    "simulated: before", "after", "near infrared", "with the truth", "after, as a chip",
    "real chip", "with its mask",
)  # fmt: skip


def write_page(
    path: Path,
    *,
    events: int = 12,
    side_km: float = 4.0,
    instrument: str = "s2-l2a",
    folder: Path = CHIPS,
) -> None:
    """One page of simulated events beside real chips, with nothing outside it."""
    simulated = simulated_patches(events=events, side_km=side_km, instrument=instrument)
    real = real_patches(folder, most=10_000) if folder.is_dir() else None
    chosen = _most_telling(simulated)
    picks = np.random.default_rng(0).permutation(len(real.image) if real else 0)[: len(chosen)]
    rows = [_row_of(simulated, index) for index in chosen]
    for row, pick in zip(rows, picks, strict=False):
        row += _real_cells(real, int(pick))
    body = "\n".join("<tr>" + "".join(row) + "</tr>" for row in rows)
    heads = "".join(f"<th>{head}</th>" for head in _HEADS[: 7 if real else 5])
    credit = "<br>".join(map(html.escape, ATTRIBUTION)) if real else "All of it is invented."
    path.write_text(
        f"<!doctype html><meta charset=utf-8><title>Simulated and real</title>"
        f"<style>{_STYLE}</style><h1>Simulated and real</h1>"
        f"<p>Each window is 1.28 km wide. What is simulated is invented, and no real place.</p>"
        f"<table><tr>{heads}</tr>{body}</table><p>{credit}</p>",
        encoding="utf-8",
    )


def _most_telling(simulated: Patches) -> list[int]:
    """Of each event the window with the most landslides among the least clouded ones."""
    hidden = np.isnan(simulated.channels).any(axis=-1).mean(axis=(1, 2)).round(1)
    slid = simulated.label.mean(axis=(1, 2))
    order = np.lexsort((-slid, hidden, simulated.group))
    return [int(order[first]) for first in np.unique(simulated.group[order], return_index=True)[1]]


def _row_of(simulated: Patches, index: int) -> list[str]:
    before, after = np.split(simulated.channels[index], 2, axis=-1)
    top = 1.6 * np.nanquantile(after[..., :3], 0.98)
    label = simulated.label[index]
    pictures = (
        before[..., :3] / top,
        after[..., :3] / top,
        after[..., [3, 0, 1]] / (top * np.array((2.5, 1, 1))),
        _outlined(after[..., :3] / top, label),
        _as_picture(simulated.image[index]),
    )
    cells = [f"<td>{_img(picture)}</td>" for picture in pictures]
    cells[0] = cells[0].replace("</td>", f"{html.escape(simulated.source[index])}</td>")
    return cells


def _real_cells(real: Patches, index: int) -> list[str]:
    picture = _as_picture(real.image[index])
    return [
        f"<td class=real>{_img(picture)}{html.escape(real.source[index])}</td>",
        f"<td>{_img(_outlined(picture, real.label[index]))}</td>",
    ]


def _as_picture(image: np.ndarray) -> np.ndarray:
    """Both kinds of chip stretched alike, as their own gains leave no other choice."""
    reflectance = reflectance_of(image[None])[0]
    return reflectance / (1.6 * np.quantile(reflectance, 0.98))


def _outlined(picture: np.ndarray, label: np.ndarray) -> np.ndarray:
    large, slid = (np.kron(part, np.ones((4, 4))) for part in (np.ones(label.shape), label))
    wide = np.repeat(np.repeat(picture, 4, axis=0), 4, axis=1) * large[..., None]
    rim = ndimage.binary_dilation(slid > 0, iterations=2) & ~(slid > 0)
    wide[rim] = (1, 0.9, 0)
    return wide


def _img(picture: np.ndarray) -> str:
    """An ``img`` element of values (H, W, 3) from 0 to 1, brightened; NaN is grey."""
    from PIL import Image

    shown = np.where(np.isfinite(picture), np.clip(picture, 0, 1) ** 0.7, 0.8)
    file = io.BytesIO()
    Image.fromarray(np.rint(255 * shown).astype(np.uint8)).save(file, "PNG")
    return f'<img src="data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}">'


def main() -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", type=Path, required=True, help="HTML file to write")
    parser.add_argument("--instrument", default="s2-l2a", help="s2-l1c is what the chips are")
    arguments = parser.parse_args()
    write_page(arguments.page, instrument=arguments.instrument)
    return 0


if __name__ == "__main__":
    sys.exit(main())
