"""The full residual U-Net of Prakash, Manconi & Loew (2021), doi 10.1038/s41598-021-89015-8."""

from dataclasses import asdict, dataclass
from typing import Any

import keras
from keras import layers, regularizers

from lsbatch.errors import RecipeError
from lsbatch.networks.blocks import convolve, head, residual_block, stretched

_DECODER_BLOCKS = 3


@dataclass(frozen=True, slots=True)
class PrakashDesign:
    """Numbers that fix the drawing; the defaults are the published ones where there are any."""

    inputs: tuple[int, ...] = (3, 3, 2)
    """Planes of each input: before, after, terrain. They follow each other in the image."""
    stems: tuple[int, ...] = (24, 24, 16)
    """Channels that each input becomes, at half and at full resolution."""
    widths: tuple[int, ...] = (64, 128, 256, 256)
    """Channels of each stage."""
    depths: tuple[int, ...] = (3, 4, 6, 3)
    """Blocks of each stage."""
    shortcut: int = 3
    """Side of the shortcuts' convolutions. Not published; 3 matches the size of the authors' file
    of weights, 1 does not."""
    dropout: float = 0.5
    """After the fourth stage. Not published."""
    map_dropout: float = 0.1
    """Of whole feature maps before the head. Not published."""
    l2: float = 1e-4
    """Weight decay by the loss. Not published."""

    def __post_init__(self) -> None:
        if len(self.inputs) != len(self.stems) or len(self.widths) != len(self.depths):
            raise RecipeError(
                "The network needs a stem for each input and a depth for each stage; received "
                f"{asdict(self)}."
            )

    @property
    def planes(self) -> int:
        """Input planes in all."""
        return sum(self.inputs)


def build_prakash(design: PrakashDesign, *, supervised: bool = False) -> keras.Model:
    """The network for images of any size.

    Parameters
    ----------
    design : PrakashDesign
    supervised : bool
        Whether to add the four auxiliary heads, which only training needs.

    Returns
    -------
    keras.Model
        (N, H, W, planes) -> logits (N, H, W, 1) float32; H and W divide by the side of the
        coarsest cell (32). With `supervised` a list: the same, then one for each coarser level,
        from coarse to fine, each stretched bilinearly to (N, H, W, 1).

    Notes
    -----
    Drawn from Supplementary Figure 2. Its outputs have no sigmoid here, and its convolutions no
    bias where batch normalisation follows; both leave the map as it is.
    """
    image = keras.Input((None, None, design.planes), name="planes")
    parts = _split(image, design)
    half = _beside([_stem(x, w, name=f"stem{n}") for n, (x, w) in enumerate(parts)], "stem")
    x = layers.ZeroPadding2D(1, name="pool_rim")(half)
    x = layers.MaxPooling2D(3, strides=2, name="pool")(x)
    skips = [_beside([_run(x, w, 3, design, f"full{n}") for n, (x, w) in enumerate(parts)], "full")]
    skips.append(half)
    for stage, (width, depth) in enumerate(zip(design.widths, design.depths, strict=True)):
        x = _run(x, width, depth, design, f"res{stage + 2}", step=2 if stage else 1)
        if stage == len(design.widths) - 2:
            x = layers.Dropout(design.dropout, name="dropout")(x)
        skips.append(x)
    x = skips.pop()
    rungs = []
    for level in reversed(range(len(skips))):
        x = layers.UpSampling2D(2, name=f"up{level}_twice")(x)
        x = layers.Concatenate(name=f"up{level}_skip")([x, skips[level]])
        x = _run(x, _width_at(design, level), _DECODER_BLOCKS, design, f"up{level}")
        rungs.append((x, 2**level))
    x, _ = rungs.pop()
    x = layers.SpatialDropout2D(design.map_dropout, name="map_dropout")(x)
    outputs = [head(x, "head")]
    if not supervised:
        return keras.Model(image, outputs, name="prakash")
    outputs += [stretched(head(rung, f"aux{step}"), step) for rung, step in rungs]
    model = keras.Model(image, outputs, name="prakash")
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            layer.kernel.regularizer = regularizers.L2(design.l2)
    return model


def _split(image: Any, design: PrakashDesign) -> list[tuple[Any, int]]:
    """Each input with the width of its stem."""
    parts, start = [], 0
    for planes, width in zip(design.inputs, design.stems, strict=True):
        parts.append((image[..., start : start + planes], width))
        start += planes
    return parts


def _stem(x: Any, width: int, *, name: str) -> Any:
    return layers.ReLU(name=f"{name}_relu")(convolve(x, width, side=7, step=2, name=name))


def _run(x: Any, width: int, depth: int, design: PrakashDesign, name: str, step: int = 1) -> Any:
    """Residual blocks one after another, the first with a shortcut of its own."""
    x = residual_block(x, width, step=step, shortcut=design.shortcut, name=f"{name}a")
    for number in range(1, depth):
        x = residual_block(x, width, name=f"{name}{chr(ord('a') + number)}")
    return x


def _width_at(design: PrakashDesign, level: int) -> int:
    """Channels of the decoder: of the stage of its size; the two finest as the first stage."""
    return design.widths[max(level - 2, 0)]


def _beside(parts: list[Any], name: str) -> Any:
    return layers.Concatenate(name=f"{name}_beside")(parts)
