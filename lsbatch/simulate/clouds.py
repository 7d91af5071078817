"""Clouds of several kinds, and the shadows they cast over the ground below."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import fft, ndimage

from lsbatch.simulate.coarse import blur_wide, enlarge, pool, smooth_noise
from lsbatch.simulate.noise import Field

_STEP = 2
"""Clouds are made of cells this many pixels wide."""
_LONGEST_SHADOW_M = 6000.0


@dataclass(frozen=True, slots=True)
class Deck:
    """Clouds of one kind."""

    opacity: Field
    """(H, W), 0 to 1."""
    brightness: Field
    """Reflectance in visible light at the top of the atmosphere, (H, W)."""
    tint: tuple[float, ...]
    """Brightness of each band relative to it."""
    height_m: float
    """Above the ground."""

    @property
    def is_high(self) -> bool:
        """Whether these are ice clouds, which a cirrus band shows."""
        return self.height_m > 5000.0


@dataclass(frozen=True, slots=True)
class Sky:
    """What lies between the ground, the satellite and the sun; arrays (H, W)."""

    decks: tuple[Deck, ...]
    shadow: Field | None
    """Part of the direct sunlight lost, 0 to 1; None = nowhere any."""

    def cover(self, seen: Field, band: int, *, parallax: float = 0.0) -> Field:
        """Reflectance with the clouds before it.

        Parameters
        ----------
        parallax : float
            Pixels to the north by which clouds are moved, per metre of height: a band that looks
            a second later sees them from another place, which leaves coloured rims.
        """
        for deck in self.decks:
            clouded = deck.brightness * np.float32(deck.tint[band])
            clouded -= seen
            moved = round(parallax * deck.height_m)
            clouded *= np.roll(deck.opacity, -moved, axis=0) if moved else deck.opacity
            seen = seen + clouded
        return seen

    def opacity(self, *, high: bool) -> Field | None:
        """Opacity of the high decks or of all others, None where there are none."""
        chosen = [deck.opacity for deck in self.decks if deck.is_high == high]
        return None if not chosen else np.maximum.reduce(chosen)


_WHITE = (1.0, 0.98, 0.98, 1.0, 0.72, 0.55)
_ICE = (1.0, 0.97, 0.95, 0.95, 0.50, 0.38)
_SMOKE = (1.0, 0.85, 0.72, 0.55, 0.25, 0.15)
_MIST = (1.0, 0.97, 0.95, 0.95, 0.60, 0.45)


def build_sky(
    elevation: Field,
    pixel_m: float,
    *,
    cloud_fraction: float,
    sun: tuple[float, float],
    rng: np.random.Generator,
) -> Sky:
    """Sky of one look, one or two kinds of cloud over a given part of it.

    Parameters
    ----------
    elevation : ndarray, float32, (H, W)
        Metres, row 0 north.
    cloud_fraction : float
        0 = not a cloud.
    sun : (azimuth, elevation)
        Degrees.
    """
    if cloud_fraction <= 0:
        return Sky((), None)
    kinds: list[Callable[..., tuple[Deck, Field | None]]] = [
        (_cumulus, _cirrus, _fog, _veil)[int(rng.choice(4, p=(0.62, 0.18, 0.12, 0.08)))]
    ]
    if cloud_fraction > 0.05 and rng.random() < 0.4:
        kinds.append(_cirrus if kinds[0] is _cumulus else _cumulus)
    shares = (1.0,) if len(kinds) == 1 else (0.7, 0.3)
    decks, shadow = [], None
    for kind, share in zip(kinds, shares, strict=True):
        deck, cast = kind(elevation, pixel_m, share * cloud_fraction, sun, rng)
        decks.append(deck)
        if cast is not None:
            shadow = cast if shadow is None else np.maximum(shadow, cast)
    return Sky(tuple(decks), shadow)


def _cumulus(
    elevation: Field,
    pixel_m: float,
    fraction: float,
    sun: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[Deck, Field]:
    """Heaps with a sharp edge, lit from the sun's side; a shadow that falls over hill and dale."""
    small = _cells(elevation)
    cell_m = _STEP * pixel_m
    size_m = rng.uniform(500, 3500)
    billows = _billows(small.shape, rng, slope=rng.uniform(2.6, 3.2), longest_px=size_m / cell_m)
    thick = billows - np.quantile(billows[::3, ::3], 1 - fraction)
    opacity = _smooth_step(thick, -0.10, rng.uniform(0.25, 0.6))
    azimuth = np.radians(sun[0])
    south, east = np.gradient(ndimage.gaussian_filter(thick, 1.5))
    relief = np.clip(south * np.cos(azimuth) - east * np.sin(azimuth), -0.25, 0.25)
    tops = rng.uniform(0.32, 0.5) + 0.16 * np.clip(thick, 0, 2) + 0.7 * relief
    base_m = rng.uniform(800, 2500)
    cast = _cast(opacity, small, cell_m, base_m, sun)
    deck = Deck(
        _fine(opacity, elevation), _fine(np.clip(tops, 0.18, 0.95), elevation), _WHITE, base_m
    )
    return deck, _fine(np.float32(rng.uniform(0.75, 0.95)) * cast, elevation)


def _cirrus(
    elevation: Field,
    pixel_m: float,
    fraction: float,
    sun: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[Deck, Field | None]:
    """Thin streaks of ice, wider than they are dense; their shadow is too faint to see."""
    small = _cells(elevation)
    cell_m = _STEP * pixel_m
    streaks = _billows(
        small.shape, rng, slope=3.2, longest_px=9000 / cell_m,
        stretch=rng.uniform(2, 6), turn=rng.uniform(0, np.pi),
    )  # fmt: skip
    thick = streaks - np.quantile(streaks[::3, ::3], max(1 - 2.0 * fraction, 0.05))
    opacity = np.float32(rng.uniform(0.12, 0.5)) * _smooth_step(thick, -0.3, 1.8)
    bright = np.full(elevation.shape, rng.uniform(0.45, 0.6), np.float32)
    return Deck(_fine(opacity, elevation), bright, _ICE, rng.uniform(6000, 11_000)), None


def _fog(
    elevation: Field,
    pixel_m: float,
    fraction: float,
    sun: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[Deck, Field | None]:
    """Mist that fills the valleys to a level, frayed at its rim."""
    height = elevation - blur_wide(elevation, 1500.0 / pixel_m)
    height += np.float32(12) * smooth_noise(elevation.shape, rng, slope=2.4, longest_px=250)
    level = np.quantile(height[::8, ::8], fraction)
    opacity = _smooth_step(level - height, -8.0, rng.uniform(0.4, 1.4) * height[::8, ::8].std())
    opacity *= np.float32(rng.uniform(0.35, 0.95))
    bright = np.full(elevation.shape, rng.uniform(0.32, 0.5), np.float32)
    return Deck(opacity, bright, _MIST, 100.0), None


def _veil(
    elevation: Field,
    pixel_m: float,
    fraction: float,
    sun: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[Deck, Field | None]:
    """Smoke or thick haze: thin, wide, brightest in blue, without an edge or a shadow."""
    spread = smooth_noise(elevation.shape, rng, slope=3.4, longest_px=6000 / pixel_m)
    spread -= np.quantile(spread[::8, ::8], max(1 - 2.0 * fraction, 0.05))
    opacity = np.float32(rng.uniform(0.1, 0.35)) * _smooth_step(spread, -0.4, 2.0)
    bright = np.full(elevation.shape, rng.uniform(0.25, 0.4), np.float32)
    return Deck(opacity, bright, _SMOKE, 800.0), None


def _cast(
    opacity: Field, ground: Field, cell_m: float, base_m: float, sun: tuple[float, float]
) -> Field:
    """Opacity of the cloud that stands between each cell of ground and the sun.

    The cloud's field continues itself beyond its edges, so that shadows of unseen clouds fall in.
    """
    azimuth, height = np.radians(sun)
    climb = base_m + float(np.median(ground)) - ground
    away = np.minimum(np.clip(climb, 0, None) / np.tan(height), _LONGEST_SHADOW_M) / cell_m
    rows = np.arange(ground.shape[0], dtype=np.float32)[:, None] - away * np.cos(azimuth)
    cols = np.arange(ground.shape[1], dtype=np.float32)[None, :] + away * np.sin(azimuth)
    cast = ndimage.map_coordinates(opacity, [rows, cols], order=1, mode="grid-wrap")
    return ndimage.gaussian_filter(cast, 0.7)


def _billows(
    shape: tuple[int, int],
    rng: np.random.Generator,
    *,
    slope: float,
    longest_px: float,
    stretch: float = 1.0,
    turn: float = 0.0,
) -> Field:
    """Random field like `fractal`, but continuing itself across opposite edges, and drawn out."""
    down, right = fft.fftfreq(shape[0])[:, None], fft.rfftfreq(shape[1])[None, :]
    along = down * np.cos(turn) + right * np.sin(turn)
    across = right * np.cos(turn) - down * np.sin(turn)
    frequency = np.hypot(along * stretch, across).astype(np.float32)
    amplitude = np.maximum(frequency, np.float32(1 / longest_px)) ** np.float32(-slope / 2)
    amplitude[0, 0] = 0.0
    spectrum = fft.rfft2(rng.standard_normal(shape, dtype=np.float32)) * amplitude
    field = fft.irfft2(spectrum, s=shape)
    return np.asarray(field / field.std(), np.float32)


def _smooth_step(field: Field, low: float, high: float) -> Field:
    part = np.clip((field - np.float32(low)) / np.float32(high - low), 0, 1)
    return part * part * (3 - 2 * part)


def _cells(elevation: Field) -> Field:
    return pool(elevation, _STEP)


def _fine(field: Field, elevation: Field) -> Field:
    return enlarge(np.asarray(field, np.float32), _STEP, elevation.shape)
