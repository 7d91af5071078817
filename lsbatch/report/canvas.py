"""The drawing surface: figures sized in pixels, map furniture, and PNG files that stay small.

Matplotlib's objects are used directly, never pyplot, so that pages can be made from many threads.
No text of an event, a catalogue or a user is ever drawn: matplotlib reads ``$`` as mathematics,
and what stands in a picture cannot be searched, copied or read aloud.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator
from odc.geo.geobox import GeoBox
from PIL import Image

HALF_PX = 760
"""Long side of a map that shares its row with another one."""
FULL_PX = 1000
"""Long side of a map over the whole width of the page."""
BUDGET_BYTES = 500_000
INK = "#1c2126"
MUTED = "#5b6570"
NO_DATA = "#b9bfc5"

_DPI = 100
_NARROWEST_PX = 440


class Extent(NamedTuple):
    """A rectangle in metres of a projected CRS, in the order that imshow wants."""

    left: float
    right: float
    bottom: float
    top: float

    @classmethod
    def of(cls, geobox: GeoBox) -> "Extent":
        """Outer edges of a grid's pixels."""
        box = geobox.boundingbox
        return cls(box.left, box.right, box.bottom, box.top)

    @property
    def width(self) -> float:
        """West to east, metres."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """South to north, metres."""
        return self.top - self.bottom


@dataclass(frozen=True, slots=True)
class Sheet:
    """A figure with one map on it, and a strip below for a key, perhaps of no height."""

    figure: Figure
    axes: Axes
    strip: Axes
    points: float
    """Size of its text."""


def map_sheet(extent: Extent, *, long_px: int = HALF_PX, strip_px: int = 0) -> Sheet:
    """Give an empty map over an extent, its long side `long_px`, with coordinates in km."""
    text_px = 17.0 if long_px <= HALF_PX else 13.5
    scale = long_px / max(extent.width, extent.height)
    width, height = max(extent.width * scale, 40), max(extent.height * scale, 40)
    left, right, top, bottom = 1.9 * text_px, 0.8 * text_px, 0.6 * text_px, 1.9 * text_px
    outer = max(width + left + right, _NARROWEST_PX)
    tall = height + top + bottom + strip_px
    figure = blank(outer, tall)
    place = ((outer + left - right - width) / 2 / outer, (bottom + strip_px) / tall)
    axes = figure.add_axes((*place, width / outer, height / tall))
    axes.set(xlim=(extent.left, extent.right), ylim=(extent.bottom, extent.top))
    axes.autoscale(False)
    points = text_px * 72 / _DPI
    _add_kilometres(axes, points)
    strip = figure.add_axes((0, 0, 1, strip_px / tall))
    strip.set(xlim=(0, outer), ylim=(0, max(strip_px, 1)))
    strip.axis("off")
    return Sheet(figure, axes, strip, points)


def blank(width_px: float, height_px: float) -> Figure:
    """Give an empty white figure of a size in pixels."""
    figure = Figure(figsize=(width_px / _DPI, height_px / _DPI), dpi=_DPI, facecolor="white")
    return figure


def _add_kilometres(axes: Axes, points: float) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda metres, _: f"{metres / 1000:.10g}"))
    axes.tick_params(labelsize=points * 0.86, colors=MUTED, length=3, width=0.6, pad=2)
    axes.tick_params(axis="y", labelrotation=90)
    for label in axes.get_yticklabels():
        label.set_verticalalignment("center")
    for spine in axes.spines.values():
        spine.set(linewidth=0.6, color=MUTED)


def add_note(
    axes: Axes, at: tuple[float, float], text: str, *, points: float, **style: Any
) -> None:
    """Write on a map, in fractions of its axes, readable on any ground."""
    axes.text(
        *at,
        text,
        transform=axes.transAxes,
        fontsize=points,
        color=INK,
        zorder=9,
        path_effects=[withStroke(linewidth=3, foreground="white")],
        **style,
    )


def add_scale(axes: Axes, *, points: float) -> None:
    """Draw a scale bar of a round length in the lower left corner."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    metres = round_step((right - left) / 4)
    ends = (0.04, 0.04 + metres / (right - left))
    for colour, width in (("white", 6.0), (INK, 2.6)):
        axes.plot(
            ends,
            (0.035, 0.035),
            transform=axes.transAxes,
            color=colour,
            linewidth=width,
            solid_capstyle="butt",
            zorder=8,
        )
    length = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    at = (sum(ends) / 2, 0.035 + 0.012 * (right - left) / (top - bottom))
    add_note(axes, at, length, points=points, ha="center", va="bottom")


def add_north(axes: Axes, *, points: float) -> None:
    """Draw an arrow to grid north, which is straight up, in the upper right corner."""
    add_note(axes, (0.965, 0.975), "N\n\u25b2", points=points, ha="center", va="top")


def finish_map(sheet: Sheet, *, keep: Sequence[str] = ()) -> bytes:
    """PNG file of a map with scale bar and north arrow; `keep` as in `encode`."""
    add_scale(sheet.axes, points=sheet.points)
    add_north(sheet.axes, points=sheet.points)
    return encode(sheet.figure, keep=keep)


def round_step(length: float) -> float:
    """Give the largest 1, 2 or 5 times a power of ten that is not longer."""
    power = 10.0 ** math.floor(math.log10(length))
    return power * max(step for step in (1, 2, 5) if step * power <= length * (1 + 1e-9))


def encode(figure: Figure, *, keep: Sequence[str] = ()) -> bytes:
    """PNG file of a figure, at most `BUDGET_BYTES` wherever 64 colours can do that.

    Parameters
    ----------
    figure : Figure
    keep : sequence of str
        Colours that must stay as they are when the number of colours has to be cut: those of
        thin lines and single pixels, too rare to be noticed by a palette's choice.

    Returns
    -------
    bytes
        Without dates, versions or any other metadata.
    """
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())
    png = _compress(image)
    for colours in (256, 160, 96, 64):
        if len(png) <= BUDGET_BYTES:
            break
        png = _compress(_cut_colours(image, colours, keep))
    return png


def _compress(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=6)
    return file.getvalue()


def _cut_colours(image: Image.Image, colours: int, keep: Sequence[str]) -> Image.Image:
    kept = [tuple(round(255 * part) for part in to_rgb(name)) for name in ("white", INK, *keep)]
    common = image.quantize(
        colours - len(kept), method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
    )
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in kept for part in colour] + (common.getpalette() or []))
    cut = image.quantize(palette=palette, dither=Image.Dither.NONE)
    # Pillow looks colours up by cells of several values: what must stay exact is put back
    pixels, places = np.asarray(image), np.array(cut)
    for place, colour in enumerate(kept):
        places[(pixels == colour).all(axis=-1)] = place
    exact = Image.fromarray(places, "P")
    exact.putpalette(cut.getpalette() or [])
    return exact
