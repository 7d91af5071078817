"""What the graph says of how far a network sees is what the network does."""

import keras
import numpy as np
import pytest
from keras import layers

from lsbatch.errors import WeightsError
from lsbatch.networks import PrakashDesign, UnetDesign, build_prakash, build_unet, reach_of
from tests.models import randomised

SMALL_PRAKASH = PrakashDesign(
    inputs=(1, 1), stems=(2, 2), widths=(2, 2), depths=(1, 1), dropout=0.0, map_dropout=0.0
)


def _model(*steps):
    image = keras.Input((None, None, 1))
    x = image
    for step in steps:
        x = step(x)
    return keras.Model(image, x)


def _seen(model, side, pixels):
    """Farthest input pixel on which one of the output's pixels, (row, column), depends."""
    image = np.random.default_rng(1).uniform(1, 2, (1, side, side, model.inputs[0].shape[-1]))
    base = model.predict_on_batch(image.astype("float32"))[0, ..., 0]
    farthest = 0
    middle = side // 2
    for row in range(side):
        changed = image.copy()
        changed[0, row, :, :] += 50
        differs = model.predict_on_batch(changed.astype("float32"))[0, ..., 0] != base
        for pixel in pixels:
            if differs[middle + pixel].any():
                farthest = max(farthest, abs(middle + pixel - row))
    return farthest


@pytest.mark.parametrize(
    ("steps", "radius", "multiple"),
    [
        ([layers.Conv2D(1, 3, padding="same")], 1, 1),
        ([layers.Conv2D(1, 3, padding="same", dilation_rate=4)], 4, 1),
        ([layers.DepthwiseConv2D(5, padding="same"), layers.ReLU()], 2, 1),
        ([layers.MaxPooling2D(2), layers.UpSampling2D(2)], 1, 2),
        ([layers.MaxPooling2D(2), layers.UpSampling2D(2, interpolation="bilinear")], 2, 2),
        ([layers.Conv2D(1, 3, strides=2, padding="same"), layers.UpSampling2D(2)], 2, 2),
        (
            [
                layers.ZeroPadding2D(1),
                layers.Conv2D(1, 3, strides=2),
                layers.Conv2DTranspose(1, 2, strides=2),
            ],
            2,
            2,
        ),
        ([layers.AveragePooling2D(4), layers.Conv2D(1, 1), layers.UpSampling2D(4)], 3, 4),
    ],
)
def test_reach_of_each_kind_of_layer(steps, radius, multiple):
    model = randomised(_model(*steps))
    reach = reach_of(model)
    assert (reach.radius, reach.multiple) == (radius, multiple)
    assert _seen(model, 32, range(multiple)) == radius


@pytest.mark.parametrize(
    "model",
    [
        build_unet(UnetDesign(1, widths=(4, 4, 4), depths=(1, 1, 1))),
        build_unet(UnetDesign(1, widths=(4, 4, 4), depths=(1, 2, 1))),
        build_prakash(SMALL_PRAKASH),
    ],
    ids=["unet", "deeper", "prakash"],
)
def test_a_network_sees_as_far_as_its_graph_says(model):
    reach = reach_of(model)
    side = 2 * reach.halo + 2 * reach.multiple
    side += -side % (2 * reach.multiple)
    seen = _seen(randomised(model), side, range(reach.multiple))
    # where a maximum is taken, what lies at the rim of the reach does not always win
    assert reach.radius - reach.multiple < seen <= reach.radius


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([layers.GlobalAveragePooling2D(keepdims=True)], "sees the whole image"),
        ([layers.MaxPooling2D(2)], "another size"),
    ],
)
def test_networks_that_no_halo_helps_are_refused(steps, reason):
    with pytest.raises(WeightsError, match=reason):
        reach_of(_model(*steps))


def test_the_published_network_has_the_size_of_the_published_weights():
    model = build_prakash(PrakashDesign())
    # 250,991,304 bytes of weights and Adam's two moments of each, with 3 x 3 shortcuts
    assert 12 * model.count_params() == pytest.approx(250_991_304, rel=0.01)
    assert reach_of(model).multiple == 32


def test_the_published_network_learns_from_a_head_of_each_size_and_scores_with_one():
    heads = build_prakash(SMALL_PRAKASH, supervised=True)
    image = np.random.default_rng(0).normal(size=(1, 32, 48, 2)).astype("float32")
    assert {map_.shape for map_ in heads.predict_on_batch(image)} == {(1, 32, 48, 1)}
    assert len(heads.outputs) == 1 + len(SMALL_PRAKASH.widths)
    assert len(heads.losses) == sum(isinstance(layer, layers.Conv2D) for layer in heads.layers)
    assert build_prakash(SMALL_PRAKASH).predict_on_batch(image).shape == (1, 32, 48, 1)


def test_a_window_of_the_published_network_equals_the_whole():
    model = randomised(build_prakash(SMALL_PRAKASH))
    reach = reach_of(model)
    halo, step = reach.halo, reach.multiple
    side = 2 * halo + 6 * step
    image = np.random.default_rng(2).normal(size=(1, side, side, 2)).astype("float32")
    whole = model.predict_on_batch(image)[0, ..., 0]
    core = slice(halo + step, halo + 3 * step)
    part = image[:, step : 2 * halo + 3 * step, step : 2 * halo + 3 * step]
    score = model.predict_on_batch(part)[0, halo:-halo, halo:-halo, 0]
    # sums of so few channels are taken in another order in images of another size
    np.testing.assert_allclose(score, whole[core, core], rtol=1e-5)
