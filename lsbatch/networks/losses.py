"""Losses of logits against labels; pixels without weight are ignored."""

from typing import Any

from keras import ops

Tensor = Any

FALSE_NEGATIVE_WEIGHT = 0.7
"""alpha of the Tversky index: Abraham & Khan (2019); Prakash et al. (2021) give none."""
FOCUS = 0.75
"""1 / gamma, gamma = 4/3: the exponent of Abraham & Khan's code."""
CROSS_ENTROPY_SHARE = 0.2
"""Prakash et al. (2021): 0.2 cross-entropy + 0.8 focal Tversky."""
HEAD_WEIGHTS = (5.0, 1.0, 1.0, 1.0, 1.0)
"""Of the final head and the auxiliary ones, Prakash et al. (2021)."""


def focal_tversky(
    truth: Tensor, probability: Tensor, weight: Tensor, *, alpha: float = FALSE_NEGATIVE_WEIGHT
) -> Tensor:
    """(1 - TI) ** 0.75 with TI = (TP + 1) / (TP + alpha FN + (1 - alpha) FP + 1).

    Parameters
    ----------
    truth, probability, weight : tensors of one shape
        Labels 0 or 1, probabilities, and 1 where the pixel counts or 0 where not. Sums run over
        the batch and all pixels.
    alpha : float
        Weight of false negatives.
    """
    hit = ops.sum(weight * truth * probability)
    missed = ops.sum(weight * truth * (1 - probability))
    false = ops.sum(weight * (1 - truth) * probability)
    index = (hit + 1) / (hit + alpha * missed + (1 - alpha) * false + 1)
    # the slope of x ** 0.75 is infinite at 0, which a perfect batch would reach
    return ops.power(ops.maximum(1 - index, 1e-6), FOCUS)


def landslide_loss(target: Tensor, logits: Tensor) -> Tensor:
    """Cross-entropy and focal Tversky loss of one head.

    Parameters
    ----------
    target : tensor (N, H, W, 2)
        Label 0 or 1, and weight: 1 where the pixel counts, 0 where not.
    logits : tensor (N, H, W, 1)

    Returns
    -------
    tensor, scalar
    """
    truth = ops.cast(target[..., 0], "float32")
    weight = ops.cast(target[..., 1], "float32")
    logit = ops.cast(logits[..., 0], "float32")
    # log(1 + exp(-|x|)) form: no overflow at large logits
    entropy = ops.maximum(logit, 0) - logit * truth + ops.log1p(ops.exp(-ops.abs(logit)))
    mean_entropy = ops.sum(weight * entropy) / ops.maximum(ops.sum(weight), 1.0)
    tversky = focal_tversky(truth, ops.sigmoid(logit), weight)
    return CROSS_ENTROPY_SHARE * mean_entropy + (1 - CROSS_ENTROPY_SHARE) * tversky
