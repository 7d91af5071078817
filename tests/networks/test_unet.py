"""The drawing: sizes, how far it sees, equal to itself in windows; the losses."""

import numpy as np
import pytest
from keras import ops

from lsbatch.errors import RecipeError
from lsbatch.networks import UnetDesign, build_unet, landslide_loss, reach_of
from lsbatch.networks.losses import FOCUS, focal_tversky
from tests.models import randomised

SMALL = UnetDesign(2, widths=(4, 6, 8), depths=(1, 1, 1))


def test_heads_have_the_size_of_the_image():
    model = build_unet(SMALL, supervised=True)
    outputs = model.predict_on_batch(np.zeros((1, 16, 24, 2), "float32"))
    assert [output.shape for output in outputs] == [(1, 16, 24, 1)] * 3


def test_a_window_with_halo_equals_the_whole_bit_for_bit():
    model = randomised(build_unet(SMALL))
    halo, image = reach_of(model).halo, np.random.default_rng(2).normal(size=(1, 160, 160, 2))
    whole = model.predict_on_batch(image.astype("float32"))[0, ..., 0]
    top, left, side = 48, 64, 32
    part = image[:, top - halo : top + side + halo, left - halo : left + side + halo]
    score = model.predict_on_batch(part.astype("float32"))[0, halo:-halo, halo:-halo, 0]
    np.testing.assert_array_equal(score, whole[top : top + side, left : left + side])


def test_a_design_without_levels_is_refused():
    with pytest.raises(RecipeError, match="at least two levels"):
        UnetDesign(3, widths=(4,), depths=(1,))


def test_focal_tversky_by_hand():
    truth, probability = np.array([1.0, 1.0, 0.0, 0.0]), np.array([1.0, 0.5, 0.5, 0.0])
    weight = np.ones(4)
    index = (1.5 + 1) / (1.5 + 0.7 * 0.5 + 0.3 * 0.5 + 1)
    loss = float(focal_tversky(*(ops.convert_to_tensor(a) for a in (truth, probability, weight))))
    assert loss == pytest.approx((1 - index) ** FOCUS, rel=1e-5)


def test_pixels_without_weight_do_not_count():
    rng = np.random.default_rng(3)
    target = np.stack([rng.random((1, 8, 8)) > 0.5, np.ones((1, 8, 8))], -1).astype("float32")
    logits = rng.normal(size=(1, 8, 8, 1)).astype("float32")
    target[0, :, 4:, 1] = 0
    other = logits.copy()
    other[0, :, 4:] = 30 * rng.normal(size=(8, 4, 1))
    losses = [float(landslide_loss(target, values)) for values in (logits, other)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_a_better_map_has_a_lower_loss_and_no_overflow():
    target = np.zeros((1, 8, 8, 2), "float32")
    target[..., 1] = 1
    target[0, :4, :, 0] = 1
    sign = np.where(target[..., :1] > 0, 1, -1).astype("float32")
    good, bad = (float(landslide_loss(target, factor * sign)) for factor in (50, -500))
    assert 0 <= good < 0.01
    assert np.isfinite(bad)
    assert bad > 50
