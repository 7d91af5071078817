"""How far a network sees, read off its graph: what a blocked map needs to equal the whole one."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from keras import layers

from lsbatch.errors import WeightsError

Span = tuple[int, int]
"""First and last pixel along one axis, both inclusive; pixel 0 lies on the coarsest cells' edge."""

_POOLS = (layers.MaxPooling2D, layers.AveragePooling2D)
_SEES_EVERYTHING = ("Global", "Dense", "Flatten", "Attention", "Resizing", "LayerNorm", "GroupNorm")
"""Layers, by a part of their names, whose every output depends on the whole image."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What a score depends on."""

    radius: int
    """Farthest input pixel, along either axis, on which a score depends."""
    multiple: int
    """Side of the coarsest cell: windows equal the whole where they begin at its multiples."""

    @property
    def halo(self) -> int:
        """The radius, rounded up so that a window with its halo begins where its core may."""
        return -(-self.radius // self.multiple) * self.multiple


def reach_of(model: Any) -> Reach:
    """Reach of the first output of a functional model of images of any size.

    Parameters
    ----------
    model : keras.Model
        (N, H, W, planes) -> (N, H, W, ...), or a list of such; one image goes in. Convolutions,
        pooling, padding, upsampling and whatever works on each pixel alone.

    Returns
    -------
    Reach

    Raises
    ------
    WeightsError
        If the graph has a layer that sees the whole image, or its output another size.

    Notes
    -----
    Spans are carried from the output to the input, for each phase of a pixel in the coarsest cell:
    a score near a cell's edge sees farther on one side. Kernels whose weights happen to be 0 count.
    """
    order = _backwards(model.outputs[0])
    scales = _scales(order)
    if scales[_key(model.outputs[0])] != 1:
        raise WeightsError(
            f"The network {model.name!r} gives maps of another size than its images: "
            f"{scales[_key(model.outputs[0])]} input pixels a score."
        )
    multiple = math.lcm(*(scale.numerator for scale in scales.values()))
    image = _key(model.inputs[0])
    radius = 0
    for axis in (0, 1):
        for pixel in range(multiple):
            low, high = _seen(order, pixel, axis)[image]
            radius = max(radius, pixel - low, high - pixel)
    return Reach(radius, multiple)


def _key(tensor: Any) -> int:
    return id(tensor)


def _backwards(output: Any) -> list[tuple[Any, Any, list[Any]]]:
    """(tensor, operation, its inputs), each tensor before all that it depends on."""
    done: dict[int, None] = {}
    order: list[tuple[Any, Any, list[Any]]] = []
    stack = [(output, False)]
    while stack:
        tensor, left = stack.pop()
        operation, node = tensor._keras_history[:2]
        inputs = list(operation._inbound_nodes[node].arguments.keras_tensors)
        if left:
            order.append((tensor, operation, inputs))
        elif _key(tensor) not in done:
            done[_key(tensor)] = None
            stack.append((tensor, True))
            stack.extend((source, False) for source in inputs)
    return order[::-1]


def _scales(order: list[tuple[Any, Any, list[Any]]]) -> dict[int, Fraction]:
    """Input pixels per pixel of each tensor."""
    scales: dict[int, Fraction] = {}
    for tensor, operation, inputs in reversed(order):
        own = {scales[_key(source)] for source in inputs} or {Fraction(1)}
        if len(own) > 1:
            raise WeightsError(f"Layer {operation.name!r} joins maps of different pixel sizes.")
        scales[_key(tensor)] = own.pop() * _step(operation)
    return scales


def _step(operation: Any) -> Fraction:
    """Input pixels per output pixel of one layer."""
    if isinstance(operation, layers.UpSampling2D):
        return Fraction(1, operation.size[0])
    if isinstance(operation, layers.Conv2DTranspose):
        return Fraction(1, operation.strides[0])
    return Fraction(*getattr(operation, "strides", (1,))[:1])


def _seen(order: list[tuple[Any, Any, list[Any]]], pixel: int, axis: int) -> dict[int, Span]:
    """What of each tensor an output pixel depends on."""
    seen = {_key(order[0][0]): (pixel, pixel)}
    for tensor, operation, inputs in order:
        span = _through(operation, seen[_key(tensor)], axis)
        for source in inputs:
            low, high = seen.get(_key(source), span)
            seen[_key(source)] = min(low, span[0]), max(high, span[1])
    return seen


def _through(operation: Any, span: Span, axis: int) -> Span:
    """Pixels of a layer's input that count for a span of its output."""
    low, high = span
    name = type(operation).__name__
    if any(part in name for part in _SEES_EVERYTHING):
        raise WeightsError(
            f"Layer {operation.name!r} ({name}) sees the whole image: no halo makes blocks equal "
            "the whole. Score in patches of one size instead (patch_px)."
        )
    if isinstance(operation, layers.ZeroPadding2D):
        before = operation.padding[axis][0]
        return low - before, high - before
    if isinstance(operation, layers.UpSampling2D):
        return _enlarged(span, operation.size[axis], operation.interpolation)
    if isinstance(operation, layers.Conv2DTranspose):
        side, step = operation.kernel_size[axis], operation.strides[axis]
        before = max(side - step, 0) // 2 if operation.padding == "same" else 0
        return -((side - 1 - before - low) // step), (high + before) // step
    if isinstance(operation, _POOLS):
        side, spread = operation.pool_size[axis], 1
    elif hasattr(operation, "kernel_size"):
        side, spread = operation.kernel_size[axis], operation.dilation_rate[axis]
    else:
        return span
    step = operation.strides[axis]
    width = (side - 1) * spread + 1
    before = max(width - step, 0) // 2 if operation.padding == "same" else 0
    return low * step - before, high * step - before + width - 1


def _enlarged(span: Span, factor: int, interpolation: str) -> Span:
    if interpolation == "nearest":
        return span[0] // factor, span[1] // factor
    # bilinear: between the centres of two cells
    low, high = (Fraction(2 * pixel + 1, 2 * factor) - Fraction(1, 2) for pixel in span)
    return math.floor(low), math.floor(high) + 1
