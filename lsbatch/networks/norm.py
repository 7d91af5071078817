"""Batch normalisation whose training step is one operation where the backend has one."""

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="lsbatch")
class Norm(layers.BatchNormalization):
    """Keras' batch normalisation; the same numbers, faster in training on TensorFlow.

    Keras takes mean, variance and product as separate passes over memory, which cost as much as all
    convolutions of a small U-Net; TensorFlow's fused operation makes one of them. It takes the
    batch's variance for the moving average with Bessel's correction, which Keras does not: a part
    in the number of pixels of a batch.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalised features; in training the moving statistics follow the batch."""
        if not (training and self.trainable and keras.backend.backend() == "tensorflow"):
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        scaled, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs,
            ops.cast(self.gamma, "float32"),
            ops.cast(self.beta, "float32"),
            epsilon=self.epsilon,
            is_training=True,
        )
        self._follow(self.moving_mean, mean)
        self._follow(self.moving_variance, variance)
        return scaled

    def _follow(self, moving: Any, now: Any) -> None:
        moving.assign(moving * self.momentum + ops.cast(now, moving.dtype) * (1 - self.momentum))
