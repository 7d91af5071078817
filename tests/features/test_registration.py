"""Shifts are found to a tenth of a pixel, across dates; nothing is found in nothing."""

import itertools

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from lsbatch.errors import ContractError
from lsbatch.features import measure_shifts
from lsbatch.features.agreement import LEAST_LIKENESS
from lsbatch.kernels import move_pixels

STATED_PX = 0.1
ACROSS_DATES_PX = 0.15


def moved(image, down, right):
    """The image as a sensor would show it so far down and to the right, by Fourier's theorem."""
    padded = np.pad(image, 16, mode="reflect")
    waves = ndimage.fourier_shift(np.fft.fft2(padded), (down, right))
    return np.fft.ifft2(waves).real[16:-16, 16:-16].astype("float32")


def texture(seed=0, shape=(256, 256)):
    """Ground with edges at all scales."""
    dice = np.random.default_rng(seed)
    ground = sum(
        s * ndimage.gaussian_filter(dice.normal(size=shape), s, mode="wrap") for s in (1.2, 4, 12)
    )
    return (0.1 + 0.05 * np.tanh(3 * ground)).astype("float32")


def median_of(found):
    sure = [one for one in found if one.likeness >= LEAST_LIKENESS]
    assert sure
    return np.median([(one.down, one.right) for one in sure], axis=0)


def everywhere(image):
    return np.ones(image.shape, bool)


@given(st.floats(-2, 2), st.floats(-2, 2))
@settings(max_examples=15)
def test_any_shift_is_recovered_to_a_tenth_of_a_pixel(down, right):
    image = texture()
    found = measure_shifts([image], [moved(image, down, right)], everywhere(image))
    assert len(found) == 4
    np.testing.assert_allclose(median_of(found), (down, right), atol=STATED_PX)


def test_turned_contrast_and_other_light_change_nothing():
    image = texture(1)
    other = 0.4 - 1.7 * moved(image, 0.6, -0.4) + np.linspace(0, 0.1, 256, dtype="float32")
    np.testing.assert_allclose(
        median_of(measure_shifts([image], [other], everywhere(image))), (0.6, -0.4), atol=STATED_PX
    )


def test_likeness_is_highest_at_the_shift():
    image = texture(2)
    (one, *_) = measure_shifts([image], [moved(image, 0.7, 0.3)], everywhere(image))
    assert one.likeness > 0.9
    assert one.likeness == pytest.approx(one.likeness_at(one.down, one.right))
    assert one.likeness > one.likeness_at(0, 0) + 0.05


def test_what_is_not_usable_has_no_say():
    """Half of the ground is under cloud that stands still, rougher than it."""
    image = texture(3)
    other = moved(image, 0.5, -0.8)
    cloud = ndimage.gaussian_filter(np.random.default_rng(4).normal(size=image.shape), 12) > 0
    clouded = [np.where(cloud, 0.8 + 0.1 * texture(5), one) for one in (image, other)]
    found = measure_shifts([clouded[0]], [clouded[1]], ~cloud)
    np.testing.assert_allclose(median_of(found), (0.5, -0.8), atol=ACROSS_DATES_PX)


def test_gaps_of_one_image_have_no_say():
    image = texture(6)
    other = moved(image, -0.4, 0.9)
    other[:, :40] = np.nan
    found = measure_shifts([image], [other], everywhere(image))
    np.testing.assert_allclose(median_of(found), (-0.4, 0.9), atol=STATED_PX)


def test_noise_is_unlike_and_featureless_ground_tells_nothing():
    dice = np.random.default_rng(7)
    one, other = dice.normal(size=(2, 512, 512)).astype("float32")
    found = measure_shifts([one], [other], everywhere(one))
    assert all(measured.likeness < 0.5 * LEAST_LIKENESS for measured in found)
    flat = np.full((256, 256), 0.1, "float32")
    assert measure_shifts([flat], [flat], everywhere(flat)) == []
    assert measure_shifts([flat], [flat * np.nan], everywhere(flat)) == []
    image = texture()
    assert measure_shifts([image], [image], np.zeros(image.shape, bool)) == []


def test_small_windows_are_one_place_and_slivers_none():
    image = texture(8, (100, 90))
    (one,) = measure_shifts([image], [moved(image, 0.3, 0.3)], everywhere(image))
    assert (one.row, one.col) == (50, 45)
    assert measure_shifts([image[:40]], [image[:40]], everywhere(image[:40])) == []


def test_bands_and_shapes_must_agree():
    image = texture()
    with pytest.raises(ContractError, match="band by band"):
        measure_shifts([image], [image, image], everywhere(image))
    with pytest.raises(ContractError, match="one grid"):
        measure_shifts([image], [image[1:]], everywhere(image))


@pytest.fixture(scope="module")
def fields(shared_data):
    folder = shared_data / "sentinel2-bitemporal-fields"
    if not folder.is_dir():
        pytest.skip(f"no real farmland at {folder}")
    dates = []
    for name in ("date-1.tif", "date-2.tif"):
        with rasterio.open(folder / name) as source:
            dates.append(source.read([1, 4]).astype("float32") * 1e-4)
    return dates


@pytest.mark.real
@pytest.mark.parametrize("shift", [(0.3, -0.7), (-0.5, 0.5), (1.4, 0.2)])
def test_real_farmland_before_and_after_harvest(fields, shift):
    """Two dates, most fields changed; the shift that lies between them already is taken off."""
    before, after = fields
    usable = everywhere(before[0])
    own = median_of(measure_shifts(before, after, usable))
    found = measure_shifts(before, [moved(band, *shift) for band in after], usable)
    np.testing.assert_allclose(median_of(found) - own, shift, atol=ACROSS_DATES_PX)


@pytest.mark.real
@pytest.mark.parametrize(("down", "right"), [(1, 0), (2, 3), (-1, 2)])
def test_real_pixels_that_lie_off_each_other(fields, down, right):
    """Pixels of 40 m made of 16 pixels of 10 m, begun so many of them later: a shift without any
    interpolation, with the aliasing that sensors have."""
    red = fields[0][0]

    def coarse(top, left):
        part = red[4 + top : 4 + top + 360, 4 + left : 4 + left + 560]
        return part.reshape(90, 4, 140, 4).mean(axis=(1, 3))

    found = measure_shifts(
        [coarse(0, 0)], [coarse(down, right)], np.ones((90, 140), bool), place_px=64
    )
    # what begins later shows the ground further up and to the left
    np.testing.assert_allclose(median_of(found), (-down / 4, -right / 4), atol=ACROSS_DATES_PX)


@pytest.mark.real
def test_real_forested_hills_across_dates(shared_data):
    """Three clear dates of one summer, top of atmosphere, in all orders, one moved."""
    place = shared_data / "sentinel2-series-slovenia" / "reference_scenes.npz"
    if not place.is_file():
        pytest.skip(f"no real series at {place}")
    scenes = np.load(place)
    names = list(scenes["band"])
    bands = [names.index(name) for name in ("B04", "B08")]
    dates = scenes["reflectance_e4"][2:].astype("float32")[..., bands] * np.float32(1e-4)
    for one, other in itertools.permutations(np.moveaxis(dates, -1, 1), 2):
        usable = everywhere(one[0])
        own = median_of(measure_shifts(one, other, usable, place_px=50))
        turned = [moved(band, 0.6, -0.3) for band in other]
        found = median_of(measure_shifts(one, turned, usable, place_px=50))
        np.testing.assert_allclose(found - own, (0.6, -0.3), atol=ACROSS_DATES_PX)


@pytest.mark.real
@pytest.mark.parametrize(
    ("folder", "band"),
    [("sentinel2-patagonia", "red.tif"), ("landsat8-series-l1", "*20180710*/*B4*")],
)
def test_real_arid_ground_and_coarse_pixels(shared_data, folder, band):
    places = sorted((shared_data / folder).glob(band))
    if not places:
        pytest.skip(f"no real image {folder}/{band}")
    with rasterio.open(places[0]) as source:
        image = source.read(1).astype("float32")
    for shift in ((0.4, 0.8), (-1.3, 0.25)):
        found = measure_shifts([image], [moved(image, *shift)], image > 0, place_px=72)
        np.testing.assert_allclose(median_of(found), shift, atol=STATED_PX)


def test_ground_that_slid_is_unlike_and_does_not_pull():
    """A third of the ground is new: what is left of the edges still tells."""
    image = texture(9)
    slid = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=image.shape), 9)
    slid = slid > np.quantile(slid, 0.67)
    other = np.where(slid, 0.3 + texture(10), moved(image, 0.5, 0.5))
    found = measure_shifts([image], [other], everywhere(image))
    np.testing.assert_allclose(median_of(found), (0.5, 0.5), atol=ACROSS_DATES_PX)


def test_a_simulated_height_error_is_seen_where_it_is():
    """A ramp of one pixel from west to east: each place shows its own part of it."""
    image = texture(11, (256, 512))
    ramp = np.broadcast_to(np.linspace(-0.5, 0.5, 512, dtype="float32"), image.shape)
    # a pixel read further right shows its ground further left
    other = move_pixels(image, np.zeros_like(image), np.ascontiguousarray(-ramp))
    for one in measure_shifts([image], [other], everywhere(image)):
        assert one.right == pytest.approx((one.col - 256) / 512, abs=ACROSS_DATES_PX)
        assert one.down == pytest.approx(0, abs=STATED_PX)
