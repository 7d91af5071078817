"""Pieces that the networks are drawn from; all of them keep the image's size or halve it."""

from typing import Any

from keras import layers

from lsbatch.networks.norm import Norm

Tensor = Any


def convolve(x: Tensor, width: int, *, side: int = 3, step: int = 1, name: str) -> Tensor:
    """Convolution without bias, then batch normalisation; every `step`-th pixel in y and x.

    The image is widened by zeros on all sides alike, so that its size is kept, or divided by the
    step, and pixel 0 stays on pixel 0.
    """
    padding = "same"
    if step > 1:
        # "same" would put the odd zero on the far side alone
        x = layers.ZeroPadding2D(side // 2, name=f"{name}_rim")(x)
        padding = "valid"
    x = layers.Conv2D(
        width, side, strides=step, padding=padding, use_bias=False, name=f"{name}_conv"
    )(x)
    return Norm(momentum=0.98, name=f"{name}_norm")(x)


def residual_block(
    x: Tensor, width: int, *, step: int = 1, shortcut: int | None = None, name: str
) -> Tensor:
    """Two convolutions beside a shortcut, ReLU after the sum (He et al. 2016, post-activation).

    The shortcut is a convolution of side `shortcut`; if that is left out, of side 1 where the
    number of channels changes, else nothing.
    """
    side = shortcut or (None if x.shape[-1] == width else 1)
    skip = x if side is None else convolve(x, width, side=side, step=step, name=f"{name}_short")
    y = layers.ReLU(name=f"{name}_relu_a")(convolve(x, width, step=step, name=f"{name}_a"))
    y = convolve(y, width, name=f"{name}_b")
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_sum")([y, skip]))


def rise(x: Tensor, skip: Tensor, *, name: str) -> Tensor:
    """Twice the size, narrowed to the skip's width, and the skip beside it."""
    x = layers.ReLU(name=f"{name}_relu")(convolve(x, skip.shape[-1], side=1, name=name))
    x = layers.UpSampling2D(2, interpolation="nearest", name=f"{name}_twice")(x)
    return layers.Concatenate(name=f"{name}_skip")([x, skip])


def head(x: Tensor, name: str) -> Tensor:
    """Logits of each pixel; (N, H, W, C) -> (N, H, W, 1)."""
    # float32 whatever the trunk's precision: the loss is taken of these
    return layers.Conv2D(1, 1, dtype="float32", name=name)(x)


def stretched(x: Tensor, step: int) -> Tensor:
    """Logits of a coarser level at the image's size, bilinear."""
    return layers.UpSampling2D(step, interpolation="bilinear", dtype="float32")(x)
