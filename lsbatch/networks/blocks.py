"""Pieces that the networks are drawn from; all of them keep the image's size or halve it."""

from typing import Any

from keras import layers

from lsbatch.networks.norm import Norm

Tensor = Any


def convolve(x: Tensor, width: int, *, side: int = 3, name: str) -> Tensor:
    """Convolution without bias, then batch normalisation; (N, H, W, C) -> (N, H, W, width)."""
    x = layers.Conv2D(width, side, padding="same", use_bias=False, name=f"{name}_conv")(x)
    return Norm(momentum=0.98, name=f"{name}_norm")(x)


def residual_block(x: Tensor, width: int, *, name: str) -> Tensor:
    """Two convolutions beside a shortcut, ReLU after the sum (He et al. 2016, post-activation).

    The shortcut is a 1 x 1 convolution where the number of channels changes.
    """
    shortcut = x if x.shape[-1] == width else convolve(x, width, side=1, name=f"{name}_short")
    y = layers.ReLU(name=f"{name}_relu_a")(convolve(x, width, name=f"{name}_a"))
    y = convolve(y, width, name=f"{name}_b")
    return layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_sum")([y, shortcut]))


def rise(x: Tensor, skip: Tensor, *, name: str) -> Tensor:
    """Twice the size, narrowed to the skip's width, and the skip beside it."""
    x = layers.ReLU(name=f"{name}_relu")(convolve(x, skip.shape[-1], side=1, name=name))
    x = layers.UpSampling2D(2, interpolation="nearest", name=f"{name}_twice")(x)
    return layers.Concatenate(name=f"{name}_skip")([x, skip])
