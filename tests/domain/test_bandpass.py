from datetime import UTC, datetime

import pytest
import shapely

from lsbatch.domain import BANDPASS, Asset, Granule, Look, Scene, Scenes, broad_nir, harmonise
from lsbatch.errors import CatalogError

MOMENT = datetime(2020, 6, 1, tzinfo=UTC)
BANDS = ("blue", "green", "red", "nir", "nir08", "swir16", "swir22", "quality")


def scenes_of(*names, bands=BANDS, sensor="sentinel-2-l2a"):
    def granule(name):
        assets = (Asset(band, f"{name}/{band}.tif", 1e-4, -0.1, 0.0) for band in bands)
        return Granule(name, shapely.box(0, 0, 1, 1), tuple(assets))

    scene = Scene("s", sensor, MOMENT, MOMENT, tuple(granule(name) for name in names))
    return Scenes((Look(scene, "pre", 3),))


@pytest.mark.parametrize(
    ("name", "band", "slope", "offset"),
    [
        ("S2A_54TWN_20200601_0_L2A", "blue", 0.9778, -0.0040),
        ("S2B_MSIL2A_20200601T013659", "red", 0.9761, 0.0010),
        ("S2C_54TWN_20250601_0_L2A", "swir22", 0.991, 0.0004),
        ("S2A_54TWN_20200601_0_L2A", "nir", 0.9983, -0.0001),
    ],
)
def test_stored_numbers_become_what_oli_would_have_seen(name, band, slope, offset):
    """The numbers are those of NASA's bandpass_parameter files, row by row."""
    (granule,) = harmonise(scenes_of(name)).looks[0].scene.granules
    asset = granule.asset(band)
    for number in (1000, 1500, 4000):
        msi = number * 1e-4 - 0.1
        assert number * asset.scale + asset.offset == pytest.approx(slope * msi + offset, abs=1e-12)


def test_near_infrared_comes_from_the_narrow_band_and_flags_stay_as_they_are():
    before = scenes_of("S2A_x").looks[0].scene.granules[0]
    after = harmonise(scenes_of("S2A_x")).looks[0].scene.granules[0]
    assert after.asset("nir").href == after.asset("nir08").href == "S2A_x/nir08.tif"
    assert after.asset("quality") == before.asset("quality")
    assert [asset.band for asset in after.assets] == list(BANDS)


def test_without_the_narrow_band_the_broad_one_is_left_and_named():
    broad = scenes_of("S2A_x", bands=("red", "nir"))
    assert harmonise(broad).looks[0].scene.granules[0].asset("nir") == Asset(
        "nir", "S2A_x/nir.tif", 1e-4, -0.1, 0.0
    )
    assert broad_nir(harmonise(broad)) == ("s",)
    assert broad_nir(scenes_of("S2A_x")) == ()


@pytest.mark.parametrize("sensor", ["sentinel-2-l1c", "landsat-c2-l2"])
def test_other_sensors_stay_as_they_are(sensor):
    scenes = scenes_of("anything", sensor=sensor)
    assert harmonise(scenes) == scenes


def test_granules_of_two_satellites_get_their_own_numbers():
    first, second = harmonise(scenes_of("S2A_x", "S2B_x")).looks[0].scene.granules
    assert first.asset("green").scale != second.asset("green").scale


def test_an_image_of_no_known_satellite_is_refused():
    with pytest.raises(CatalogError, match="'T54TWN' cannot be told from its id"):
        harmonise(scenes_of("T54TWN"))


def test_every_satellite_has_every_band():
    assert {frozenset(table) for table in BANDPASS.values()} == {
        frozenset({"blue", "green", "red", "nir08", "swir16", "swir22"})
    }
