"""fit: a network learns from batches; checkpoints, history and TensorBoard logs in a folder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from lsbatch.kernels import confusion, mcc
from lsbatch.networks import (
    HEAD_WEIGHTS,
    UnetDesign,
    build_unet,
    landslide_loss,
    set_weights,
    weights_of,
)
from lsbatch.training.batches import Batches
from lsbatch.training.recipe import TrainingRecipe

Progress = Callable[[int, dict[str, float]], None]
_WARMUP_STEPS = 200
_WEIGHT_DECAY = 1e-3
_BEST = "best.weights.h5"
_NEARLY_BEST = 0.97
"""Of the highest MCC: what lies above divides as well as can be told from validation patches."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a training leaves."""

    weights: dict[str, npt.NDArray[Any]]
    """Of the last epoch or of the one with the lowest validation loss, without auxiliary heads."""
    epoch: int
    """That epoch, from 1."""
    validation_loss: float
    judged: dict[str, "Judgement"]
    """What each use of the network makes of validation patches drawn for it."""

    @property
    def mean_mcc(self) -> float:
        """Of all uses, each as good as the next."""
        return float(np.mean([use.mcc for use in self.judged.values()]))


@dataclass(frozen=True, slots=True)
class Judgement:
    """Where to cut the scores of one use of a network, and how well that divides."""

    offset: float
    """To add to the logits, so that 0.5 cuts where its validation patches are divided well and the
    marked area is that of their landslides."""
    mcc: float
    """At 0.5 with that offset, over all of them together."""


def fit(
    recipe: TrainingRecipe,
    design: UnetDesign,
    *,
    training: Batches,
    validation: Batches,
    uses: Mapping[str, Batches],
    folder: Path,
    on_epoch: Progress,
    start: Mapping[str, npt.NDArray[Any]] | None = None,
) -> Fitted:
    """Train a network, or go on where a training in this folder was interrupted.

    Parameters
    ----------
    recipe : TrainingRecipe
    design : UnetDesign
    training, validation : Batches
        Validation batches are the same in every epoch.
    uses : mapping of Batches
        By the name of each use, validation patches as that use will meet them: landslides as rare
        as they are, the same inputs missing.
    folder : Path
        Gets ``backup/``, ``logs/`` (TensorBoard), ``history.csv`` and the best weights.
    on_epoch : callable
        Told the epoch (from 1) and its losses.
    start : mapping of ndarray, optional
        Arrays by name to go on from; what they lack, such as auxiliary heads, starts at random.

    Notes
    -----
    Loss after Prakash et al. (2021): 0.2 cross-entropy + 0.8 focal Tversky on five heads, weighted
    5, 1, 1, 1, 1. Their Adam at 1e-4 with steps down on plateaus is replaced by AdamW with a
    warm-up and a cosine, since the time is fixed. They keep the epoch with the lowest validation
    loss; that loss is uneven, auxiliary heads are in it, and the cosine settles at the end, so here
    the last epoch is kept where it divides validation patches better.
    """
    keras.utils.set_random_seed(recipe.seed)
    keras.mixed_precision.set_global_policy(recipe.precision)
    try:
        model = build_unet(design, supervised=True)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    set_weights(model, {**weights_of(model), **(start or {})})
    model.compile(
        _optimizer(recipe),
        loss=[landslide_loss] * len(model.outputs),
        loss_weights=list(_head_weights(len(model.outputs))),
    )
    history = model.fit(
        training,
        epochs=recipe.epochs,
        validation_data=validation,
        callbacks=_callbacks(folder, training, on_epoch),
        shuffle=False,
        verbose=0,
    )
    losses = _losses(folder, history.history)
    settled = _fitted(model, design, uses, losses, len(losses))
    if (epoch := int(np.argmin(losses)) + 1) == settled.epoch:
        return settled
    model.load_weights(folder / _BEST)
    lowest = _fitted(model, design, uses, losses, epoch)
    return max(settled, lowest, key=lambda fitted: fitted.mean_mcc)


def _fitted(
    model: Any, design: UnetDesign, uses: Mapping[str, Batches], losses: list[float], epoch: int
) -> Fitted:
    judged = {name: _judge(*_scores(model, batches)) for name, batches in uses.items()}
    return Fitted(_final_weights(model, design), epoch, losses[epoch - 1], judged)


def _optimizer(recipe: TrainingRecipe) -> keras.optimizers.Optimizer:
    total = recipe.epochs * recipe.steps
    warmup = min(_WARMUP_STEPS, total // 5)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, max(total - warmup, 1), alpha=0.01,
        warmup_target=recipe.learning_rate, warmup_steps=warmup,
    )  # fmt: skip
    return keras.optimizers.AdamW(rate, weight_decay=_WEIGHT_DECAY, clipnorm=5.0)


def _head_weights(heads: int) -> tuple[float, ...]:
    """Weight of the final head, then of as many auxiliary ones as there are."""
    return (HEAD_WEIGHTS[0], *[HEAD_WEIGHTS[1]] * (heads - 1))


class _Watch(keras.callbacks.Callback):
    """Keeps the batches in step with the epochs, also after a resume, and reports."""

    def __init__(self, training: Batches, on_epoch: Progress) -> None:
        super().__init__()
        self._training, self._on_epoch = training, on_epoch

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Draw this epoch's patches, not an earlier epoch's."""
        self._training.epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Tell how it goes."""
        shown = {name: float(logs[name]) for name in ("loss", "val_loss")}
        self._on_epoch(epoch + 1, shown)


def _callbacks(folder: Path, training: Batches, on_epoch: Progress) -> list[Any]:
    return [
        _Watch(training, on_epoch),
        keras.callbacks.ModelCheckpoint(
            folder / _BEST, monitor="val_loss", save_best_only=True, save_weights_only=True
        ),
        keras.callbacks.CSVLogger(folder / "history.csv", append=True),
        keras.callbacks.TensorBoard(folder / "logs"),
        keras.callbacks.BackupAndRestore(folder / "backup", delete_checkpoint=False),
    ]


def _losses(folder: Path, history: dict[str, list[float]]) -> list[float]:
    """Validation losses of all epochs, those before an interruption too."""
    table = np.genfromtxt(folder / "history.csv", delimiter=",", names=True)
    return [float(loss) for loss in np.atleast_1d(table["val_loss"])] or history["val_loss"]


def _scores(model: Any, batches: Batches) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Logits (N, H, W) of the final head, and targets (N, H, W, 2)."""
    logits, targets = [], []
    for number in range(len(batches)):
        planes, target = batches[number]
        logits.append(np.asarray(model.predict_on_batch(planes)[0], np.float32)[..., 0])
        targets.append(target[0])
    return np.concatenate(logits), np.concatenate(targets)


def _judge(logits: npt.NDArray[Any], target: npt.NDArray[Any]) -> Judgement:
    """What to add to logits so that zero divides well, and the MCC that this gives.

    MCC hardly changes over several units of the logits, the marked area doubles meanwhile: of the
    offsets that divide nearly as well as the best one, that whose area is nearest to the mapped one
    is taken.
    """
    # patches side by side: the kernel counts over one map
    rows = [plane.reshape(-1, plane.shape[-1]) for plane in (logits, *np.moveaxis(target, -1, 0))]
    logits, truth, counts = rows[0], rows[1] > 0, rows[2] > 0
    offsets = np.linspace(-8, 8, 65)
    counted = [confusion(logits + offset > 0, truth, counts) for offset in offsets]
    scores = np.array([mcc(*count) or 0.0 for count in counted])
    # as a ratio: twice the area is as wrong as half of it
    excess = np.array([abs(np.log((tp + fp + 1) / (tp + fn + 1))) for tp, fp, fn, _ in counted])
    fit = scores >= _NEARLY_BEST * scores.max()
    best = int(np.argmin(np.where(fit, excess, np.inf)))
    return Judgement(float(offsets[best]), float(scores[best]))


def _final_weights(model: Any, design: UnetDesign) -> dict[str, Any]:
    """Arrays of the network without auxiliary heads."""
    plain = build_unet(design)
    set_weights(plain, weights_of(model))
    return weights_of(plain)
