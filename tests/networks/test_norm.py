"""Norm: the same numbers as Keras' own layer, in training and after it."""

import keras
import numpy as np

from lsbatch.networks.norm import Norm


def test_fused_training_step_equals_keras_batch_normalisation():
    rng = np.random.default_rng(0)
    image = rng.normal(2, 3, (4, 16, 12, 5)).astype("float32")
    ours, theirs = Norm(momentum=0.9), keras.layers.BatchNormalization(momentum=0.9)
    for layer in (ours, theirs):
        layer.build(image.shape)
        layer.gamma.assign(np.arange(1, 6))
        layer.beta.assign(np.arange(5) / 10)
    for training in (True, True, False):
        np.testing.assert_allclose(
            ours(image, training=training), theirs(image, training=training), atol=2e-3, rtol=1e-3
        )
    np.testing.assert_allclose(ours.moving_mean, theirs.moving_mean, rtol=1e-5)
    # Bessel's correction: a part in the 768 pixels of each channel
    np.testing.assert_allclose(ours.moving_variance, theirs.moving_variance, rtol=1 / 700)


def test_a_frozen_layer_keeps_its_statistics():
    layer = Norm()
    layer.build((None, 4, 4, 2))
    layer.trainable = False
    layer(np.full((1, 4, 4, 2), 7, "float32"), training=True)
    np.testing.assert_array_equal(layer.moving_mean, [0, 0])
