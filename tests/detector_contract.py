"""DetectorContract: what every detector must keep; inherit it and supply the fixture `detector`."""

import json
import pickle

import numpy as np
import pytest

from tests.cubes import hills, slope_and_aspect

_RANGES = {"ndvi": (-1.5, 1.5), "ndwi": (-1.5, 1.5), "cos_i": (-0.3, 1.0)}
_REFLECTANCE = (0.01, 0.4)


def batch_for(detector, count, height, width, *, seed=0, holes=0.03):
    """Images (N, H, W, C) with every kind of ground and, here and there, no data in a channel."""
    rng = np.random.default_rng(seed)
    ground = hills(height + 2, width + 2, length_px=30.0)
    slope_deg, aspect_deg = slope_and_aspect(ground)
    terrain = {"slope_deg": slope_deg, "aspect_deg": aspect_deg, "elevation": ground[1:-1, 1:-1]}
    shape = (count, height, width)
    planes = [
        np.broadcast_to(terrain[channel.layer], shape)
        if channel.period is None
        else rng.uniform(*_RANGES.get(channel.layer, _REFLECTANCE), shape)
        for channel in detector.inputs.channels
    ]
    batch = np.stack(planes, axis=-1).astype("float32")
    batch[rng.random(batch.shape) < holes] = np.nan
    return batch


def required(detector):
    """Which channels a detector cannot do without, along the channel axis."""
    return [not channel.optional for channel in detector.inputs.channels]


def fitting(length_px, detector):
    """The length, or the next one that divides by the detector's multiple."""
    return -(-length_px // detector.multiple) * detector.multiple


class DetectorContract:
    """Laws of the Detector protocol."""

    @pytest.fixture
    def side(self, detector):
        """Side of the images that the laws are tried on, pixels."""
        return detector.patch_px or fitting(2 * detector.halo + 31, detector)

    @pytest.fixture
    def batch(self, detector, side):
        return batch_for(detector, 2, side, side)

    def test_scores_have_the_batch_s_shape_and_lie_in_0_to_1(self, detector, batch):
        score = detector.score(batch)
        assert score.shape == batch.shape[:3] and score.dtype == np.float32
        known = score[np.isfinite(score)]
        assert known.min() >= 0 and known.max() <= 1

    def test_no_score_only_where_a_required_channel_is_missing(self, detector, batch):
        needed = batch[..., required(detector)]
        assert np.isfinite(detector.score(batch))[np.isfinite(needed).all(axis=-1)].all()

    def test_optional_channels_may_all_be_missing(self, detector, side):
        batch = batch_for(detector, 1, side, side, holes=0)
        batch[..., np.logical_not(required(detector))] = np.nan
        assert np.isfinite(detector.score(batch)).all()
        assert detector.detectable(batch).dtype == bool

    def test_strange_reflectance_still_has_a_score(self, detector, side):
        batch = batch_for(detector, 1, side, side, holes=0)
        measured = [n for n, c in enumerate(detector.inputs.channels) if c.period is not None]
        for value in (0.0, -0.2, 1.6, 1e-30, 1e6):
            for axis in measured:
                strange = batch.copy()
                strange[:, ::3, ::2, axis] = value
                score = detector.score(strange)
                assert np.isfinite(score).all() and score.min() >= 0 and score.max() <= 1
        batch[..., measured] = 0
        assert np.isfinite(detector.score(batch)).all()

    def test_the_same_input_has_the_same_bits_and_stays_as_it_was(self, detector, batch):
        before = batch.copy()
        np.testing.assert_array_equal(detector.score(batch), detector.score(batch.copy()))
        np.testing.assert_array_equal(batch, before)

    def test_an_image_s_score_does_not_depend_on_its_batch(self, detector, batch):
        together = detector.score(batch)
        for image, score in zip(batch, together, strict=True):
            np.testing.assert_array_equal(detector.score(image[None])[0], score)
        np.testing.assert_array_equal(detector.score(batch[::-1]), together[::-1])

    def test_nothing_beyond_the_halo_changes_a_score(self, detector, batch):
        halo, side = detector.halo, batch.shape[1]
        core = np.s_[:, halo : side - halo, halo : side - halo]
        for place in ((side // 2, side // 2), (halo, halo), (halo, side - halo - 1)):
            # everything but the pixel and its halo becomes something else
            other = batch_for(detector, len(batch), side, side, seed=9)
            near = tuple(slice(at - halo, at + halo + 1) for at in place)
            other[:, near[0], near[1]] = batch[:, near[0], near[1]]
            here = (slice(None), *place)
            np.testing.assert_array_equal(
                detector.score(other)[here], detector.score(batch)[here], err_msg=str(place)
            )
        assert detector.score(batch)[core].size

    @pytest.mark.parametrize("empty", [0, 0.3, 0.6])
    def test_a_window_with_its_halo_has_the_bits_of_the_whole(self, detector, empty):
        if detector.patch_px is not None:
            pytest.skip("a patch has one size; its lattice is the inference room's affair")
        halo = detector.halo
        sides = (fitting(2 * halo + extent, detector) for extent in (37, 41))
        whole = batch_for(detector, 1, *sides, seed=4)
        # the fewer pixels are usable, the more the farthest ones count
        whole[np.random.default_rng(5).random(whole.shape[:3]) < empty] = np.nan
        score = detector.score(whole)
        for place in ((0, 0, 9, 12), (5, 11, 25, 20), (28, 3, 9, 38)):
            # a window keeps the phase of the detector's lattice, as blocks do
            top, left, height, width = (fitting(extent, detector) for extent in place)
            height, width = (
                min(extent, side - 2 * halo - start)
                for extent, side, start in zip(
                    (height, width), whole.shape[1:3], (top, left), strict=True
                )
            )
            window = whole[:, top : top + height + 2 * halo, left : left + width + 2 * halo]
            np.testing.assert_array_equal(
                detector.score(window)[:, halo : halo + height, halo : halo + width],
                score[:, top + halo : top + halo + height, left + halo : left + halo + width],
            )

    def test_detectable_is_a_yes_or_no_for_every_pixel(self, detector, batch):
        told = detector.detectable(batch)
        assert told.shape == batch.shape[:3] and told.dtype == bool
        assert told.any() and not told.all()

    def test_it_travels_in_two_kilobytes_and_arrives_the_same(self, detector, batch):
        parcel = pickle.dumps(detector)
        assert len(parcel) < 2000
        arrived = pickle.loads(parcel)
        np.testing.assert_array_equal(arrived.score(batch), detector.score(batch))

    def test_patches_fit_their_halo_and_multiple(self, detector):
        assert detector.halo >= 0 and detector.multiple >= 1
        if detector.patch_px is not None:
            assert detector.patch_px % detector.multiple == 0
            assert detector.patch_px - 2 * detector.halo >= detector.multiple

    def test_what_it_says_of_itself_is_plain(self, detector):
        assert detector.name and detector.detectable_rule
        assert json.loads(json.dumps(detector.parameters)) == detector.parameters
