import pickle
from dataclasses import replace
from datetime import timedelta

import pytest
import shapely

from lsbatch.domain import Asset, Granule, Look, Scene, Scenes, Sun
from lsbatch.errors import CatalogError
from tests.cogs import MOMENT, build_geobox

GRID = build_geobox(256, 256)
AREA = GRID.extent.to_crs("EPSG:4326").geom


def granule(item_id, footprint=AREA, bands=("red",)):
    return Granule(item_id, footprint, tuple(Asset(band, f"{item_id}/{band}") for band in bands))


def scene(*granules, name="s"):
    return Scene(name, "sentinel-2-l2a", MOMENT, MOMENT, granules)


def test_a_scene_without_an_image_is_refused():
    with pytest.raises(CatalogError, match="Scene 'empty' holds no image"):
        scene(name="empty")


def test_a_scene_has_the_bands_of_all_its_granules_and_the_ground_of_any():
    west, east = shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)
    both = scene(granule("a", west, ("red", "nir")), granule("b", east, ("red", "blue")))
    assert both.bands == {"red"}
    assert both.footprint.equals(shapely.box(0, 0, 3, 1))
    assert both.sensor.name == "sentinel-2-l2a"
    assert both.is_dated
    assert both.granules[0].asset("nir").href == "a/nir"
    assert both.granules[0].asset("blue") is None
    assert both.bands_of_any == {"red", "nir", "blue"}


def test_an_interval_is_not_a_date():
    interval = Scene("s", "generic", MOMENT, MOMENT + timedelta(days=9), (granule("a"),))
    assert not interval.is_dated


def test_scenes_know_their_sides_and_stay_in_order():
    looks = tuple(
        Look(scene(granule(name), name=name), period, 1)
        for name, period in (("a", "pre"), ("b", "pre"), ("c", "post"))
    )
    scenes = Scenes(looks)
    assert [look.scene.id for look in scenes.pre] == ["a", "b"]
    assert [look.scene.id for look in scenes.post] == ["c"]
    assert scenes.footprint.equals(AREA)


def test_touching_leaves_out_what_cannot_matter_and_keeps_the_order():
    far = shapely.box(0, 0, 1, 1)
    looks = (
        Look(scene(granule("a", far), granule("b"), name="first"), "pre", 1),
        Look(scene(granule("c", far), name="gone"), "pre", 2),
        Look(scene(granule("d"), name="last"), "post", 3),
    )
    model = Scene("dem", "dem", MOMENT, MOMENT, (granule("e"), granule("f", far)))
    part = Scenes(looks, (model,)).touching(GRID)
    assert [(look.scene.id, look.delay_days) for look in part.looks] == [("first", 1), ("last", 3)]
    assert [g.item_id for g in part.looks[0].scene.granules] == ["b"]
    assert [g.item_id for g in part.terrain[0].granules] == ["e"]


def test_touching_keeps_elevation_further_away_whose_shadow_may_fall_in():
    x = GRID.extent.to_crs("EPSG:4326").geom.bounds[2]
    y = GRID.extent.to_crs("EPSG:4326").geom.centroid.y
    beside = shapely.box(x + 0.04, y - 0.01, x + 0.05, y + 0.01)
    looks = (Look(scene(granule("a"), granule("b", beside)), "pre", 1),)
    model = Scene("dem", "dem", MOMENT, MOMENT, (granule("e"), granule("f", beside)))
    side = abs(GRID.resolution.x)
    for around_m, names in ((0, ["e"]), (5000, ["e", "f"])):
        part = Scenes(looks, (model,)).touching(GRID, around_px=int(around_m / side))
        assert [g.item_id for g in part.looks[0].scene.granules] == ["a"]
        assert [g.item_id for g in part.terrain[0].granules] == names


def test_a_part_of_a_scene_keeps_its_sun_whichever_granules_are_left():
    far = shapely.box(0, 0, 1, 1)
    whole = replace(scene(granule("a", far), granule("b")), sun=Sun(165.0, 41.0), cloud_percent=3.0)
    (look,) = Scenes((Look(whole, "pre", 1),)).touching(GRID).looks
    assert look.scene == replace(whole, granules=whole.granules[1:])


def test_touching_keeps_a_neighbour_whose_edge_pixels_reach_in():
    """A footprint is rounded, and a kernel reaches beyond it: a margin of 200 pixels is kept."""
    beside = GRID.pad(0).translate_pix(256 + 150, 0).extent.to_crs("EPSG:4326").geom
    away = GRID.translate_pix(256 + 400, 0).extent.to_crs("EPSG:4326").geom
    scenes = Scenes((Look(scene(granule("near", beside), granule("away", away)), "pre", 1),))
    (look,) = scenes.touching(GRID).looks
    assert [g.item_id for g in look.scene.granules] == ["near"]


def test_scenes_pickle_small():
    scenes = Scenes((Look(scene(granule("a")), "pre", 1),))
    packed = pickle.dumps(scenes)
    assert len(packed) < 5_000
    assert pickle.loads(packed) == scenes
