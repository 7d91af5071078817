"""What a detector asks to see."""

from dataclasses import dataclass

from lsbatch.domain.scene import PeriodName
from lsbatch.errors import ContractError

INDEX_BANDS: dict[str, tuple[str, str]] = {"ndvi": ("nir", "red"), "ndwi": ("green", "nir")}
"""Normalised-difference indices as (plus, minus) bands: (a - b) / (a + b).

NDVI: Tucker (1979). NDWI: McFeeters (1996).
"""
TERRAIN_LAYERS = ("slope_deg", "aspect_deg", "elevation")
COS_I = "cos_i"
"""Cosine of the angle between the terrain's normal and the sun: the light that the ground got."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One numbered axis of a detector's batch."""

    layer: str
    """A band's common name, an index of INDEX_BANDS, a layer of TERRAIN_LAYERS, or COS_I."""
    period: PeriodName | None = None
    """None for terrain."""
    optional: bool = False
    """Whether the detector can do without it: a pixel that lacks it is NaN there, and is scored all
    the same. COS_I is always optional, since many records do not tell the sun's position."""

    def __post_init__(self) -> None:
        if (self.layer in TERRAIN_LAYERS) != (self.period is None):
            raise ContractError(f"Channel {self.layer!r} cannot have period {self.period!r}.")
        if self.layer == COS_I:
            object.__setattr__(self, "optional", True)

    @property
    def name(self) -> str:
        """Label along the channel axis, such as ``post_red``."""
        return self.layer if self.period is None else f"{self.period}_{self.layer}"

    @property
    def bands(self) -> tuple[str, ...]:
        """Sensor bands it is made from."""
        if self.period is None or self.layer == COS_I:
            return ()
        return INDEX_BANDS.get(self.layer, (self.layer,))


@dataclass(frozen=True, slots=True)
class Inputs:
    """A detector's request: channels in order."""

    channels: tuple[Channel, ...]

    def __post_init__(self) -> None:
        if len({channel.name for channel in self.channels}) != len(self.channels):
            raise ContractError("A detector asks for the same channel twice.")
        for channel in self.channels:
            if channel.period not in (None, *self.periods):
                raise ContractError(
                    f"Channel {channel.name!r} is optional, and no other channel of that period is "
                    "needed: no image would be chosen for it. Make one of them required."
                )

    @property
    def layers(self) -> tuple[str, ...]:
        """Layer of each channel."""
        return tuple(channel.layer for channel in self.channels)

    @property
    def bands(self) -> tuple[str, ...]:
        """Sensor bands that a scene must have, in a fixed order."""
        return tuple(
            dict.fromkeys(band for c in self.channels if not c.optional for band in c.bands)
        )

    @property
    def optional_bands(self) -> tuple[str, ...]:
        """Further bands that are read where scenes have them, in a fixed order."""
        wanted = dict.fromkeys(band for channel in self.channels for band in channel.bands)
        return tuple(band for band in wanted if band not in self.bands)

    @property
    def periods(self) -> tuple[PeriodName, ...]:
        """Periods that must have an image: those of required channels, and after the event."""
        needs_pre = any(c.period == "pre" and not c.optional for c in self.channels)
        return ("pre", "post") if needs_pre else ("post",)
