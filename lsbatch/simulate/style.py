"""Styles of invented events: which relief, which trigger, which climate go together."""

from dataclasses import dataclass
from typing import Literal

from lsbatch.errors import RecipeError

Relief = Literal["hills", "alpine", "volcano", "badlands", "plain"]
Trigger = Literal["earthquake", "giants", "rain"]
Climate = Literal["temperate", "boreal", "monsoon", "mediterranean", "tropical"]


@dataclass(frozen=True, slots=True)
class Land:
    """How people and forest share the ground, where it is not as the climate usually has it."""

    tilled: float | None = None
    """Share of the slopes that bears crops, in fields of many sizes; None = the climate's."""
    one_forest: bool = False
    """One kind of tree on every slope, hardly cut."""


@dataclass(frozen=True, slots=True)
class Style:
    """What kind of place an event strikes, and how."""

    name: str
    relief: Relief
    trigger: Trigger
    """Thousands of small landslides, a few giants with long flows, or rain on gullies."""
    climate: Climate
    sizes: tuple[float, float] = (1.5, 7.0)
    """Range by which an event's landslides are larger than those of the published law: inventories
    differ in their typical size by as much, with the depth of the soil, the relief and the images
    they were mapped on."""
    land: Land = Land()

    @property
    def has_landslides(self) -> bool:
        """Whether its ground is steep enough for any."""
        return self.relief != "plain"


STYLES: tuple[Style, ...] = (
    Style("temperate-hills", "hills", "earthquake", "temperate"),
    Style("boreal-hills", "hills", "earthquake", "boreal"),
    Style("alpine-forest", "alpine", "giants", "temperate"),
    Style("monsoon-range", "alpine", "rain", "monsoon"),
    Style("mediterranean-badlands", "badlands", "rain", "mediterranean"),
    Style("tropical-ridges", "hills", "rain", "tropical"),
    Style("volcano-flanks", "volcano", "earthquake", "temperate"),
    Style("island-range", "alpine", "earthquake", "tropical"),
    Style("forest-hills", "hills", "earthquake", "temperate", (3.0, 12.0), Land(one_forest=True)),
    Style("farm-plain", "plain", "rain", "temperate", land=Land(tilled=0.85)),
    Style("dry-farmland", "plain", "rain", "mediterranean", land=Land(tilled=0.75)),
)
"""The first is the demo's. volcano-flanks and island-range are never trained on: they judge. Plains
have no landslides: all that changes there is harvest, water and building."""


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
