"""The lazy cube made by stackstac is the one made of our own pieces, bit for bit."""

from dataclasses import replace

import numpy as np
import pytest
import shapely

from lsbatch.cube import build_cube
from lsbatch.domain import Asset, LocalShift, Shift
from lsbatch.errors import ReadError
from tests.cogs import build_geobox, granule_of, scene_of, scenes_of, write_noise

GRID = build_geobox(300, 390)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """Two days: overlapping granules of two zones and flags, and one without red; two models."""
    folder = tmp_path_factory.mktemp("scenes")
    parts = {"a": GRID[:, :200], "b": GRID[:, 150:], "c": GRID}
    hrefs = {
        name: write_noise(folder / f"{name}.tif", part, crs=crs, pixel=10.0)
        for (name, part), crs in zip(
            parts.items(), ("EPSG:32654", "EPSG:32655", "EPSG:4326"), strict=True
        )
        if name != "c"
    }
    hrefs["c"] = write_noise(folder / "c.tif", GRID, crs="EPSG:4326", pixel=2.7e-4)

    def granule(name, *bands):
        footprint = parts[name].extent.to_crs("EPSG:4326").geom
        assets = [Asset(b, hrefs[name], 1e-4, -0.1, 0.0) for b in bands]
        return granule_of(name, *assets, Asset("quality", hrefs[name]), footprint=footprint)

    far = granule_of("far", Asset("red", "/absent.tif"), footprint=shapely.box(0, 0, 1, 1))
    looks = scene_of(granule("a", "red"), far, granule("b", "red")), scene_of(granule("b", "nir"))
    models = [
        scene_of(granule_of(n, Asset("elevation", hrefs[n], nodata=0.0)), sensor="dem")
        for n in ("b", "c")
    ]
    return scenes_of(*looks, terrain=models)


def moved(scenes):
    """The first look off its place as a whole, the second one differently from place to place."""
    box = GRID.boundingbox
    field = LocalShift(box.left, box.top, 2000.0, ((3.0, -8.0),), ((0.5, 6.0),))
    shifts = Shift(14.2, -3.3), Shift(1.0, 2.0, field)
    looks = tuple(
        replace(look, scene=replace(look.scene, shift=shift))
        for look, shift in zip(scenes.looks, shifts, strict=True)
    )
    return replace(scenes, looks=looks)


@pytest.mark.parametrize("is_moved", [False, True])
@pytest.mark.parametrize("chunk_px", [None, 128])
def test_loaders_give_the_same_bits(scenes, chunk_px, is_moved):
    scenes = moved(scenes) if is_moved else scenes
    options = {"bands": ("red", "nir"), "chunk_px": chunk_px, "around_px": 11}
    ours, theirs = (
        build_cube(scenes, GRID, **options, loader=loader) for loader in ("direct", "stackstac")
    )
    assert ours["red"].chunks == theirs["red"].chunks
    for name in ours.data_vars:
        assert ours[name].dtype == theirs[name].dtype
        np.testing.assert_array_equal(ours[name].values, theirs[name].values, err_msg=name)
    assert np.isfinite(ours["red"][0]).mean() > 0.8 and np.isnan(ours["red"][1]).all()


@pytest.mark.parametrize("loader", ["direct", "stackstac"])
def test_a_file_that_cannot_be_read_is_named_with_its_item(loader):
    scene = scene_of(granule_of("image-7", Asset("red", "/absent.tif")))
    cube = build_cube(scenes_of(scene), GRID, bands=("red",), loader=loader)
    with pytest.raises(ReadError, match=r"^item image-7, band red: /absent\.tif cannot be opened"):
        cube.load(scheduler="synchronous")


def test_keys_of_a_cube_say_what_is_in_it(scenes):
    keys = [
        build_cube(scenes, GRID, bands=("red",), chunk_px=c)["red"].data.name
        for c in (128, 128, 64)
    ]
    assert keys[0] == keys[1] != keys[2]
