"""The compact residual U-Net."""

from dataclasses import asdict, dataclass
from typing import Any

import keras
from keras import layers

from lsbatch.errors import RecipeError
from lsbatch.networks.blocks import convolve, head, residual_block, rise, stretched


@dataclass(frozen=True, slots=True)
class UnetDesign:
    """Numbers that fix the drawing."""

    planes: int
    """Input planes: channels and flags."""
    widths: tuple[int, ...] = (16, 32, 64, 96, 128)
    """Channels of each level, the finest first; each level halves the side."""
    depths: tuple[int, ...] = (1, 1, 2, 2, 2)
    """Residual blocks of each level on the way down; one each on the way up."""
    dropout: float = 0.1
    """Of whole feature maps at the coarsest level, in training."""

    def __post_init__(self) -> None:
        if self.planes < 1 or len(self.widths) < 2 or len(self.widths) != len(self.depths):
            raise RecipeError(
                "A U-Net needs input planes and at least two levels, each with a width and a "
                f"depth; received {asdict(self)}."
            )


def build_unet(design: UnetDesign, *, supervised: bool = False) -> keras.Model:
    """A U-Net for images of any size.

    Parameters
    ----------
    design : UnetDesign
    supervised : bool
        Whether to add the auxiliary heads of deep supervision, which only training needs.

    Returns
    -------
    keras.Model
        (N, H, W, planes) -> logits (N, H, W, 1) float32; H and W divide by that of the
        coarsest cell.
        With `supervised` a list: the same, then one for each coarser level, from coarse to fine,
        each stretched bilinearly to (N, H, W, 1).

    Notes
    -----
    Residual blocks and deep supervision after Prakash et al. (2021), doi
    10.1038/s41598-021-89015-8, with far fewer filters: one trunk for all inputs in place of three.
    """
    image = keras.Input((None, None, design.planes), name="planes")
    x = layers.ReLU(name="stem_relu")(convolve(image, design.widths[0], name="stem"))
    skips = []
    for level, (width, depth) in enumerate(zip(design.widths, design.depths, strict=True)):
        if level:
            x = layers.MaxPooling2D(2, name=f"down{level}_pool")(x)
        for number in range(depth):
            x = residual_block(x, width, name=f"down{level}_{number}")
        skips.append(x)
    x = layers.SpatialDropout2D(design.dropout, name="dropout")(skips.pop())
    rungs = []
    for level in reversed(range(len(skips))):
        rungs.append((x, 2 ** (level + 1)))
        x = rise(x, skips[level], name=f"up{level}")
        x = residual_block(x, design.widths[level], name=f"up{level}_block")
    outputs = [head(x, "head")]
    if supervised:
        outputs += [stretched(head(rung, f"aux{step}"), step) for rung, step in rungs]
    return keras.Model(image, outputs, name="unet")


def design_of(record: dict[str, Any]) -> UnetDesign:
    """The design that `dataclasses.asdict` once wrote down."""
    try:
        lists = {name: tuple(record[name]) for name in ("widths", "depths")}
        return UnetDesign(planes=record["planes"], dropout=record["dropout"], **lists)
    except (KeyError, TypeError) as error:
        raise RecipeError(f"A U-Net's design is incomplete: {error}.") from error
