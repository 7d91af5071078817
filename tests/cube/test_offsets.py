"""Whether an image's own numbers hold the shift of baseline 04.00, on real and on made files."""

import json
from dataclasses import replace

import numpy as np
import pytest
import rasterio
from odc.geo.geom import box

from lsbatch.cube import build_cube, check_offsets
from lsbatch.cube.offsets import _middle
from lsbatch.domain import QUALITY, SENSORS, Asset, Look, Reported, Scenes, build_grid
from lsbatch.search import choose_scenes, find_scenes
from lsbatch.search.normalise import image_of
from tests.cogs import HERE, LEFT, TOP, granule_of, scene_of, write_cog
from tests.records import EVENT, PERIODS

CRS = "EPSG:32654"
SURFACE = "sentinel-2-l2a"


def numbers(low, *, seed=0, shape=(300, 300), spread=4000):
    """Numbers whose darkest hundredth begins at `low`; 0 = no data in a corner."""
    values = low + np.random.default_rng(seed).gamma(2.0, spread / 8, shape)
    values[:20, :20] = 0
    return values.astype("uint16")


def image(
    folder, lows, *, offset=0.0, sensor=SURFACE, flags=None, baseline=None, pixel=10.0, **words
):
    """Scenes with one image whose bands have these low ends."""
    assets = []
    for n, (band, low) in enumerate(lows.items()):
        path = folder / f"{band}.tif"
        values = low if isinstance(low, np.ndarray) else numbers(low, seed=n)
        write_cog(path, values, crs=CRS, corner=(LEFT, TOP), pixel=pixel, **words)
        assets.append(Asset(band, str(path), scale=1e-4, offset=offset, nodata=0.0))
    if flags is not None:
        path = folder / "scl.tif"
        write_cog(path, flags, crs=CRS, corner=(LEFT, TOP), pixel=2 * pixel)
        assets.append(Asset(QUALITY, str(path)))
    granule = granule_of("image", *assets)
    if baseline is not None:
        granule = replace(granule, reported=Reported(baseline=baseline))
    return Scenes((Look(scene_of(granule, sensor=sensor), "post", 3),), access=HERE)


def offsets_of(scenes):
    return {
        a.band: a.offset for look in scenes.looks for g in look.scene.granules for a in g.assets
    }


ALL = ("blue", "red", "swir22")


def bands(*lows, more=("nir",)):
    return {**dict(zip(ALL, lows, strict=True)), **dict.fromkeys(more, lows[-1])}


# ---- wrong both ways, and right both ways


@pytest.mark.parametrize(
    ("low", "stated", "applied", "verdict"),
    [
        (1010, 0.0, -0.1, "corrected"),
        (1010, -0.1, -0.1, "agrees"),
        (40, -0.1, 0.0, "corrected"),
        (40, 0.0, 0.0, "agrees"),
    ],
)
def test_the_numbers_decide_where_all_bands_agree(tmp_path, low, stated, applied, verdict):
    scenes = image(tmp_path, bands(low, low + 60, low + 20), offset=stated)
    checked, (check,) = check_offsets(scenes)
    assert (check.verdict, check.stated, check.applied) == (verdict, stated, applied)
    assert set(offsets_of(checked).values()) == {applied}
    assert [band for band, _ in check.lows] == list(ALL)
    assert (checked == scenes) == (verdict == "agrees")


def test_what_is_applied_is_what_the_cube_is_made_with(tmp_path):
    scenes = image(tmp_path, bands(1010, 1010, 1010))
    checked, _ = check_offsets(scenes)
    inner = box(LEFT + 300, TOP - 2700, LEFT + 2700, TOP - 300, CRS).to_crs("EPSG:4326").geom
    grid = build_grid(inner, crs=CRS, resolution=10)
    before, after = (
        build_cube(one, grid, bands=("red",))["red"].compute(scheduler="threads")
        for one in (scenes, checked)
    )
    assert float((before - after).mean()) == pytest.approx(0.1, abs=1e-6)
    assert 0 <= float(after.min()) < 0.05


@pytest.mark.parametrize(
    ("lows", "stated", "verdict"),
    [
        # a hazy blue proves nothing while red and swir22 are dark
        ((1016, 622, 300), 0.0, "agrees"),
        # bright ground alone speaks for neither
        ((2000, 3000, 4000), 0.0, "agrees"),
        ((2000, 3000, 4000), -0.1, "agrees"),
        # half of the evidence is none
        ((1100, 1300, 2500), 0.0, "unclear"),
        ((1100, 700, 1200), -0.1, "unclear"),
        # dim, or too dark
        ((700, 800, 850), -0.1, "unclear"),
        ((700, 800, 850), 0.0, "agrees"),
    ],
)
def test_the_record_stands_where_the_bands_do_not_agree_against_it(tmp_path, lows, stated, verdict):
    scenes = image(tmp_path, bands(*lows), offset=stated)
    checked, (check,) = check_offsets(scenes)
    assert (check.verdict, check.applied) == (verdict, stated)
    assert checked == scenes
    if verdict == "unclear":
        assert "not in all bands clearly" in check.reason


def test_a_baseline_before_4_is_never_given_a_shift(tmp_path):
    _, (check,) = check_offsets(image(tmp_path, bands(1010, 1010, 1010), baseline=2.09))
    assert (check.verdict, check.applied) == ("unclear", 0.0)
    assert "baseline 02.09 adds nothing" in check.reason
    _, (check,) = check_offsets(image(tmp_path, bands(1010, 1010, 1010), baseline=5.0))
    assert check.verdict == "corrected"


# ---- what is looked at


def test_clouds_and_their_shadows_are_left_out(tmp_path):
    """The only dark cells lie in the shadow of a cloud: what remains is bright ground."""
    values = numbers(2500)
    values[100:160, :] = 1010
    flags = np.full((150, 150), 4, "uint8")
    flags[50:80] = 3
    plain = dict.fromkeys(ALL, values)
    _, (check,) = check_offsets(image(tmp_path, plain, flags=flags))
    assert check.verdict == "agrees" and min(low for _, low in check.lows) > 2400
    _, (check,) = check_offsets(image(tmp_path, plain))
    assert check.verdict == "corrected"


def test_flags_of_other_ground_are_not_used(tmp_path):
    flags = np.full((20, 20), 9, "uint8")
    _, (check,) = check_offsets(image(tmp_path, bands(40, 40, 40), flags=flags))
    assert check.verdict == "agrees" and len(check.lows) == 3


def test_an_image_that_is_all_cloud_decides_nothing(tmp_path):
    flags = np.full((150, 150), 9, "uint8")
    scenes = image(tmp_path, bands(40, 40, 40), offset=-0.1, flags=flags)
    checked, (check,) = check_offsets(scenes)
    assert check.verdict == "unclear" and checked == scenes
    assert "blue shows only 0 cells with data and without cloud" in check.reason


def test_a_band_that_is_absent_or_broken_leaves_the_record_as_it_is(tmp_path):
    scenes = image(tmp_path, {"blue": 1010, "red": 1010, "nir": 1010})
    checked, (check,) = check_offsets(scenes)
    assert check.verdict == "unclear" and checked == scenes
    assert "swir22 is not there" in check.reason
    scenes = image(tmp_path, bands(1010, 1010, 1010))
    (tmp_path / "swir22.tif").write_bytes(b"no image")
    checked, (check,) = check_offsets(scenes)
    assert check.verdict == "unclear" and checked == scenes
    assert "swir22 cannot be read" in check.reason
    for band in ("blue", "red"):
        (tmp_path / f"{band}.tif").unlink()
    _, (check,) = check_offsets(scenes)
    assert check.verdict == "unclear" and check.lows == ()
    assert check.reason.startswith("nothing could be looked at: blue cannot be read")


@pytest.mark.parametrize("stated", [-0.2, 0.05])
def test_an_offset_of_another_kind_is_left_to_the_record(tmp_path, stated):
    scenes = image(tmp_path, bands(1010, 1010, 1010), offset=stated)
    checked, (check,) = check_offsets(scenes)
    assert check.verdict == "unclear" and checked == scenes
    assert "another offset than 0" in check.reason


def test_only_an_overview_of_a_large_file_is_read(tmp_path):
    values = numbers(4000, shape=(2400, 2400))
    values[:600, 600:1200] = 1010
    scenes = image(tmp_path, dict.fromkeys(ALL, values), pixel=1.0, overviews="AUTO")
    with rasterio.open(tmp_path / "red.tif") as dataset:
        assert dataset.overviews(1)[:2] == [2, 4]
        window, shape = _middle(dataset)
    assert shape == (600, 600) and (window.width, window.height) == (2400, 2400)
    _, (check,) = check_offsets(scenes)
    assert check.verdict == "corrected"


def test_of_a_large_file_without_overviews_the_middle_is_read(tmp_path):
    values = numbers(4000, shape=(1600, 1600))
    values[600:1000, 600:1000] = 1010
    _, (check,) = check_offsets(image(tmp_path, dict.fromkeys(ALL, values), pixel=1.0))
    assert check.verdict == "corrected"
    with rasterio.open(tmp_path / "red.tif") as dataset:
        window, shape = _middle(dataset)
    assert shape == (1024, 1024) and window.col_off == 288


# ---- other images


@pytest.mark.parametrize("sensor", [s.name for s in SENSORS if s.name != SURFACE])
def test_no_other_sensor_is_touched(tmp_path, sensor):
    scenes = image(tmp_path, bands(1010, 1010, 1010), sensor=sensor)
    assert check_offsets(scenes) == (scenes, ())


@pytest.mark.parametrize(("mission", "count"), [("sentinel-2", 1), (None, 0)])
def test_an_image_of_sentinel2_without_a_level_is_asked_too(tmp_path, mission, count):
    scenes = image(tmp_path, bands(1010, 1010, 1010), sensor="sentinel-2-l1c")
    (look,) = scenes.looks
    granule = replace(look.scene.granules[0], reported=Reported(mission=mission))
    looks = (replace(look, scene=replace(look.scene, granules=(granule,))),)
    _, checks = check_offsets(Scenes(looks, access=HERE))
    assert [check.verdict for check in checks] == ["corrected"] * count


def test_scenes_without_looks_need_no_check():
    assert check_offsets(Scenes(())) == (Scenes(()), ())


# ---- real images


def scenes_of_item(folder, name):
    item = json.loads((folder / name).read_text())
    for asset in item["assets"].values():
        asset["href"] = str((folder / asset["href"]).resolve())
    found = image_of(item)
    scene = replace(scene_of(found.granule, sensor=found.sensor.name), cloud_percent=None)
    return Scenes((Look(scene, "post", 3),), access=HERE)


@pytest.mark.real
def test_the_shift_that_nobody_took_out_of_a_real_image_is_found(shared_data):
    scenes = scenes_of_item(shared_data / "sentinel2-para", "S2_PARA.json")
    assert set(offsets_of(scenes).values()) == {0.0}
    checked, (check,) = check_offsets(scenes)
    assert check.verdict == "corrected" and check.applied == pytest.approx(-0.1)
    assert dict(check.lows) == {"blue": 1185.0, "red": 1184.0, "swir22": 1044.0}
    assert list(offsets_of(checked).values()) == pytest.approx([-0.1] * len(offsets_of(scenes)))


@pytest.mark.real
def test_a_real_image_without_the_shift_keeps_its_numbers(shared_data, tmp_path):
    """The Alps of 2019, bands of one file written apart; then with a record that is wrong."""
    source = shared_data / "sentinel2-scl-alps" / "S2A2A_20190723_BOA_10m.tif"
    order = {"blue": 2, "red": 4, "swir22": 11}
    with rasterio.open(source) as dataset:
        values = {band: np.tile(dataset.read(n), (8, 8)) for band, n in order.items()}
    for array in values.values():
        array[array == 65535] = 0
    _, (check,) = check_offsets(image(tmp_path, values))
    assert check.verdict == "agrees"
    _, (check,) = check_offsets(image(tmp_path, values, offset=-0.1))
    assert (check.verdict, check.applied) == ("corrected", 0.0)


@pytest.mark.real
@pytest.mark.parametrize(
    "scene",
    [
        "LC08_L2SP_008059_20191201_20200825_02_T1",
        "LC08_L2SP_005009_20150710_20200908_02_T2",
    ],
)
def test_real_landsat_is_untouched(shared_data, scene):
    scenes = scenes_of_item(shared_data / "landsat8-c2l2" / scene, f"{scene}.json")
    assert check_offsets(scenes) == (scenes, ())


@pytest.mark.real
def test_the_real_pair_of_hokkaido_is_untouched(shared_data):
    """Top of atmosphere: blue has its darkest hundredth at 1016, and nothing was added to it."""
    found = find_scenes(EVENT, str(shared_data / "hokkaido-2018" / "catalog.json"), **PERIODS)
    scenes, _ = choose_scenes(found, EVENT, **PERIODS, bands=("red",), looks=1)
    assert [look.scene.id for look in scenes.looks] == ["S2_ATSUMA_2018_PRE", "S2_ATSUMA_2018_POST"]
    assert check_offsets(scenes) == (scenes, ())
    # nor would it be if it were called surface reflectance: the other bands do not agree
    called = replace(
        scenes,
        looks=tuple(
            replace(look, scene=replace(look.scene, sensor_name=SURFACE)) for look in scenes.looks
        ),
    )
    same, checks = check_offsets(called)
    assert same == called and {check.verdict for check in checks} == {"agrees"}
    assert dict(checks[0].lows)["blue"] == pytest.approx(1016, abs=8)
