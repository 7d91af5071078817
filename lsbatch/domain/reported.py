"""Reported: what a catalogue says of an image as a whole, before any of its files is opened."""

from dataclasses import dataclass

from lsbatch.errors import CatalogError


@dataclass(frozen=True, slots=True)
class Reported:
    """What is known of an image from its record alone; None = the record does not say."""

    cloud_percent: float | None = None
    """Of its cells with data."""
    shadow_percent: float | None = None
    """Shadow of clouds, of its cells with data."""
    snow_percent: float | None = None
    """Snow or ice, of its cells with data."""
    nodata_percent: float | None = None
    """Cells without data, of all cells of its tile."""
    track: str | None = None
    """Where the satellite flew: relative orbit of Sentinel-2 (R060), WRS path of Landsat (P107).
    Images of one track see the ground from the same side."""
    baseline: float | None = None
    """Processing baseline of a Sentinel-2 product, such as 5.11."""
    mission: str | None = None
    """``sentinel-2`` for an image of it that is not said to be of Level-1C, whatever else its
    record leaves out."""

    def __post_init__(self) -> None:
        for name in ("cloud_percent", "shadow_percent", "snow_percent", "nodata_percent"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 100:
                raise CatalogError(f"{name} must be from 0 to 100; it is {value}.")

    @property
    def open_share(self) -> float | None:
        """Share of its cells with data that shows bare ground: no cloud, shadow, snow or ice."""
        if self.cloud_percent is None:
            return None
        hidden = self.cloud_percent + (self.shadow_percent or 0) + (self.snow_percent or 0)
        return max(0.0, 1 - hidden / 100)

    @property
    def snow_share(self) -> float | None:
        """Share of snow and ice in what clouds leave to be seen; None where that is too little."""
        seen = 100 - (self.cloud_percent or 0) - (self.shadow_percent or 0)
        if self.snow_percent is None or seen < _LEAST_SEEN_PERCENT:
            return None
        return min(1.0, self.snow_percent / seen)


_LEAST_SEEN_PERCENT = 10.0
"""Between thick clouds, snow and the clouds' own edges are easily taken for each other."""
