"""A network on disk: round trip, digest, damage."""

import json

import numpy as np
import pytest

from lsbatch.errors import StoreError, WeightsError
from lsbatch.networks import (
    UnetDesign,
    build_unet,
    read_sidecar,
    read_weights,
    set_weights,
    weights_of,
    write_network,
)

DESIGN = UnetDesign(3, widths=(2, 4), depths=(1, 1))
SIDECAR = {
    "name": "tiny", "version": "1", "design": {"planes": 3, "widths": [2, 4], "depths": [1, 1],
    "dropout": 0.1}, "channels": [], "groups": [], "halo": 16, "multiple": 2,
}  # fmt: skip


def test_weights_come_back_equal_to_half_precision(tmp_path):
    model = build_unet(DESIGN)
    path = write_network(tmp_path, SIDECAR, weights_of(model))
    arrays = read_weights(path.with_suffix(".npz"), read_sidecar(path)["sha256"])
    other = build_unet(DESIGN)
    set_weights(other, arrays)
    for name, values in weights_of(other).items():
        np.testing.assert_allclose(values, weights_of(model)[name], rtol=1e-3, atol=1e-4)


def test_the_same_weights_are_the_same_bytes(tmp_path):
    arrays = weights_of(build_unet(DESIGN))
    files = [write_network(tmp_path / name, SIDECAR, arrays) for name in ("a", "b")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert files[0].with_suffix(".npz").read_bytes() == files[1].with_suffix(".npz").read_bytes()


def test_other_or_missing_weights_are_refused(tmp_path):
    path = write_network(tmp_path, SIDECAR, weights_of(build_unet(DESIGN)))
    digest = read_sidecar(path)["sha256"]
    weights = path.with_suffix(".npz")
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(bytes(data))
    with pytest.raises(WeightsError, match="not those that the sidecar speaks of"):
        read_weights(weights, digest)
    weights.unlink()
    with pytest.raises(WeightsError, match="cannot be read"):
        read_weights(weights, digest)


def test_weights_of_another_drawing_are_refused():
    arrays = weights_of(build_unet(DESIGN))
    other = build_unet(UnetDesign(4, widths=(2, 4), depths=(1, 1)))
    with pytest.raises(WeightsError, match="for another network: stem_conv"):
        set_weights(other, arrays)


def test_a_file_that_is_no_sidecar_is_refused(tmp_path):
    place = tmp_path / "x.json"
    with pytest.raises(WeightsError, match="cannot be read"):
        read_sidecar(place)
    place.write_text(json.dumps({"name": "x"}))
    with pytest.raises(WeightsError, match="lacks version"):
        read_sidecar(place)


def test_an_unwritable_folder_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        write_network(tmp_path / "file", SIDECAR, {})
