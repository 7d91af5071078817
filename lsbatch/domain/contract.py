"""Protocols at the seams. The imagery reader's protocol is stackstac's own."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lsbatch.domain.inputs import Inputs


class Detector(Protocol):
    """Anything that scores a block. Small and picklable; must be deterministic."""

    @property
    def name(self) -> str:
        """Its name in the registry."""

    @property
    def inputs(self) -> Inputs:
        """Channels it asks to see."""

    @property
    def halo(self) -> int:
        """Context per side that it needs, pixels."""

    @property
    def multiple(self) -> int:
        """Patch sides must divide by this."""

    @property
    def patch_px(self) -> int | None:
        """Side of the square that it takes at once, halo included; None = any size."""

    @property
    def detectable_rule(self) -> str:
        """A sentence that says which ground lets it see a fresh scar."""

    @property
    def parameters(self) -> dict[str, Any]:
        """Every threshold it works with, as plain values."""

    def score(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Score in [0, 1] of each pixel.

        Parameters
        ----------
        batch : ndarray, float32, (N, H, W, C)
            Channels as `inputs` lists them; NaN = not usable, or, in an optional channel, not
            there.

        Returns
        -------
        ndarray, float32, (N, H, W)
            Meaningful farther than `halo` from the border; NaN is a fault of the detector
            wherever all required channels of the pixel are finite.
        """

    def detectable(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
        """Whether a fresh scar would show, (N, H, W) of the same batch."""
