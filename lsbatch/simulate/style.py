"""Styles of invented events: which relief, which trigger, which climate go together."""

from dataclasses import dataclass
from typing import Literal

from lsbatch.errors import RecipeError

Relief = Literal["hills", "alpine", "volcano", "badlands"]
Trigger = Literal["earthquake", "giants", "rain"]
Climate = Literal["temperate", "boreal", "monsoon", "mediterranean", "tropical"]


@dataclass(frozen=True, slots=True)
class Style:
    """What kind of place an event strikes, and how."""

    name: str
    relief: Relief
    trigger: Trigger
    """Thousands of small landslides, a few giants with long flows, or rain on gullies."""
    climate: Climate


STYLES: tuple[Style, ...] = (
    Style("temperate-hills", "hills", "earthquake", "temperate"),
    Style("boreal-hills", "hills", "earthquake", "boreal"),
    Style("alpine-forest", "alpine", "giants", "temperate"),
    Style("monsoon-range", "alpine", "rain", "monsoon"),
    Style("mediterranean-badlands", "badlands", "rain", "mediterranean"),
    Style("tropical-ridges", "hills", "rain", "tropical"),
    Style("volcano-flanks", "volcano", "earthquake", "temperate"),
    Style("island-range", "alpine", "earthquake", "tropical"),
)
"""The first is the demo's. The last two are never trained on: they judge."""


def style_of(name: str) -> Style:
    """The style of that name.

    Raises
    ------
    RecipeError
        For a name that is not in `STYLES`.
    """
    for style in STYLES:
        if style.name == name:
            return style
    known = ", ".join(style.name for style in STYLES)
    raise RecipeError(f"There is no simulated style {name!r}. Known: {known}.")
