"""What a detector asks to see."""

from dataclasses import dataclass
from typing import Literal

from lsbatch.errors import ContractError

INDEX_BANDS: dict[str, tuple[str, str]] = {"ndvi": ("nir", "red"), "ndwi": ("green", "nir")}
"""Normalised-difference indices as (plus, minus) bands: (a - b) / (a + b).

NDVI: Tucker (1979). NDWI: McFeeters (1996).
"""
TERRAIN_LAYERS = ("slope_deg", "aspect_deg", "elevation")


@dataclass(frozen=True, slots=True)
class Channel:
    """One numbered axis of a detector's batch."""

    layer: str
    """A band's common name, an index of INDEX_BANDS, or a layer of TERRAIN_LAYERS."""
    period: Literal["pre", "post"] | None = None
    """None for terrain."""

    def __post_init__(self) -> None:
        if (self.layer in TERRAIN_LAYERS) != (self.period is None):
            raise ContractError(f"Channel {self.layer!r} cannot have period {self.period!r}.")

    @property
    def name(self) -> str:
        """Label along the channel axis, such as ``post_red``."""
        return self.layer if self.period is None else f"{self.period}_{self.layer}"

    @property
    def bands(self) -> tuple[str, ...]:
        """Sensor bands it is made from."""
        if self.period is None:
            return ()
        return INDEX_BANDS.get(self.layer, (self.layer,))


@dataclass(frozen=True, slots=True)
class Inputs:
    """A detector's request: channels in order."""

    channels: tuple[Channel, ...]

    def __post_init__(self) -> None:
        if len({channel.name for channel in self.channels}) != len(self.channels):
            raise ContractError("A detector asks for the same channel twice.")

    @property
    def bands(self) -> tuple[str, ...]:
        """Sensor bands that a scene must have, in a fixed order."""
        return tuple(dict.fromkeys(band for channel in self.channels for band in channel.bands))
