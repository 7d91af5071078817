"""The door: what it leaves, that a seed fixes every byte, and that it takes no place by force."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pystac
import pytest
import rasterio
import shapely

from lsbatch.domain import SENSORS, Event
from lsbatch.errors import RecipeError, StoreConflictError, StoreError
from lsbatch.simulate import simulate_event

SIDE_KM = 2.0


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, Event]:
    folder = tmp_path_factory.mktemp("simulate") / "world"
    return folder, simulate_event(folder, seed=7, side_km=SIDE_KM)


@pytest.fixture(scope="module")
def items(made) -> list[pystac.Item]:
    return list(pystac.Catalog.from_file(str(made[0] / "catalog.json")).get_items(recursive=True))


@pytest.fixture(scope="module")
def images(items) -> list[pystac.Item]:
    found = [item for item in items if item.collection_id == "sentinel-2-l2a"]
    return sorted(found, key=lambda item: item.datetime)


def bytes_of(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def reflectance(item: pystac.Item, name: str) -> np.ndarray:
    band = item.assets[name].extra_fields["bands"][0]
    with rasterio.open(item.assets[name].get_absolute_href()) as file:
        numbers = file.read(1, masked=True)
    return (numbers * band["raster:scale"] + band["raster:offset"]).filled(np.nan)


def ndvi(item: pystac.Item) -> np.ndarray:
    red, nir = reflectance(item, "red"), reflectance(item, "nir")
    return (nir - red) / (nir + red)


def test_same_seed_gives_the_same_bytes_in_another_folder(made, tmp_path):
    simulate_event(tmp_path / "elsewhere" / "again", seed=7, side_km=SIDE_KM)
    assert bytes_of(tmp_path / "elsewhere" / "again") == bytes_of(made[0])


def test_other_seed_gives_another_world(made, tmp_path):
    other = simulate_event(tmp_path / "other", seed=8, side_km=SIDE_KM)
    assert other.id == "demo-8"
    assert other.time != made[1].time


def test_event_file_reads_back_as_the_event(made):
    folder, event = made
    collection = json.loads((folder / "events.geojson").read_text())
    assert [Event.from_feature(feature) for feature in collection["features"]] == [event]
    assert event.facts["simulated"] is True
    assert (folder / event.facts["inventory"]).is_file()


def test_catalogue_is_self_contained(made):
    for path in made[0].rglob("*.json"):
        record = json.loads(path.read_text())
        hrefs = [link["href"] for link in record["links"]]
        hrefs += [asset["href"] for asset in record.get("assets", {}).values()]
        assert record["stac_version"] == "1.1.0"
        assert all(href.startswith(("./", "../")) for href in hrefs)
        assert all((path.parent / href).is_file() for href in hrefs)


def test_two_looks_on_each_side_and_one_elevation_model(made, items, images):
    after = [item.datetime > made[1].time for item in images]
    assert after == [False, False, True, True]
    assert [item.collection_id for item in items].count("dem") == 1


def test_assets_are_the_sensors_of_the_house(items):
    for item in items:
        sensor = next(s for s in SENSORS if item.collection_id in s.collections)
        keys = {"blue", "green", "red", "nir", "swir16"}
        wanted = {band.name for band in sensor.bands} & (keys | {"elevation"})
        assert all(set(sensor.band(name).assets) & set(item.assets) for name in wanted)


def test_records_say_what_the_files_say(items):
    for item in items:
        for asset in item.assets.values():
            with rasterio.open(asset.get_absolute_href()) as file:
                assert asset.extra_fields["proj:code"] == f"EPSG:{file.crs.to_epsg()}"
                assert asset.extra_fields["proj:shape"] == list(file.shape)
                assert asset.extra_fields["proj:transform"] == list(file.transform)[:6]
                band = asset.extra_fields["bands"][0]
                assert band["data_type"] == file.dtypes[0]
                assert band.get("nodata") == file.nodata
                assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
                assert file.profile["compress"].lower() == "deflate"


def test_one_look_of_each_pair_is_cloudy_and_one_image_is_cut(images):
    cloudy = [item.properties["eo:cloud_cover"] > 0 for item in images]
    cut = [bool(np.isnan(reflectance(item, "red")).any()) for item in images]
    assert cloudy == [False, True, True, False]
    assert cut == [True, False, False, False]


def test_footprint_holds_the_data_and_no_more(made, images):
    for item in images:
        with rasterio.open(item.assets["blue"].get_absolute_href()) as file:
            seen = file.read(1) > 0
            stated = gpd.GeoSeries([shapely.geometry.shape(item.geometry)], crs=4326)
            stated = stated.to_crs(file.crs)
            x, y = rasterio.transform.xy(file.transform, *np.nonzero(seen))
        assert shapely.contains_xy(stated.iloc[0].buffer(1), x, y).all()
        assert seen.sum() * 100 == pytest.approx(stated.area.iloc[0], rel=0.01)
    assert shapely.geometry.shape(images[-1].geometry).contains(made[1].aoi)


def test_elevation_model_covers_every_image(items, images):
    model = next(item for item in items if item.collection_id == "dem")
    for item in images:
        assert model.bbox[0] < item.bbox[0] and model.bbox[2] > item.bbox[2]
        assert model.bbox[1] < item.bbox[1] and model.bbox[3] > item.bbox[3]


def test_inventory_is_geoparquet_in_utm_from_400_m2(made):
    folder, event = made
    frame = gpd.read_parquet(folder / event.facts["inventory"])
    assert list(frame.columns) == ["id", "area_m2", "geometry"]
    assert frame.crs.is_projected and frame.crs.axis_info[0].unit_name == "metre"
    assert frame.geometry.is_valid.all() and (frame.geometry.geom_type == "Polygon").all()
    assert np.allclose(frame["area_m2"], frame.area)
    assert frame["area_m2"].min() >= event.facts["smallest_mapped_m2"] == 400
    assert frame["id"].is_unique and len(frame) > 5


def test_vegetation_is_lost_inside_the_truth_and_kept_outside(made, images):
    folder, event = made
    frame = gpd.read_parquet(folder / event.facts["inventory"])
    with rasterio.open(images[-1].assets["red"].get_absolute_href()) as file:
        slid = rasterio.features.rasterize(
            frame.buffer(-6).loc[lambda part: ~part.is_empty], file.shape, transform=file.transform
        ).astype(bool)
    before, after = ndvi(images[0]), ndvi(images[-1])
    slid &= np.isfinite(before)
    assert 0.6 < np.median(before[slid]) < 0.85
    assert 0.05 < np.median(after[slid]) < 0.30
    assert np.nanmedian(np.abs(after - before)[~slid]) < 0.12


def test_reflectance_is_plausible_where_the_sky_is_clear(images):
    limits = {"blue": 0.12, "green": 0.16, "red": 0.2, "nir": 0.5, "swir16": 0.4}
    for item in (images[0], images[-1]):
        for name, high in limits.items():
            values = reflectance(item, name)
            assert 0.005 < np.nanmedian(values) < high
            assert np.nanpercentile(values, 0.1) > -0.005
            assert np.nanpercentile(values, 99.5) < 0.6


@pytest.mark.parametrize("what", ["file in it", "file itself"])
def test_a_taken_place_is_refused_and_left_alone(tmp_path, what):
    place = tmp_path / "taken"
    kept = place if what == "file itself" else place / "mine.txt"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("mine")
    with pytest.raises(StoreConflictError, match="empty folder"):
        simulate_event(place, side_km=SIDE_KM)
    assert bytes_of(tmp_path) == {str(kept.relative_to(tmp_path)): b"mine"}


def test_an_empty_folder_is_taken(tmp_path, monkeypatch):
    monkeypatch.setattr("lsbatch.simulate.catalogue.write_world", _write_a_mark)
    simulate_event(tmp_path, side_km=1.5)
    assert bytes_of(tmp_path) == {"mark": b""}


def test_a_failure_leaves_nothing(tmp_path, monkeypatch):
    def fail(world, folder):
        _write_a_mark(world, folder)
        raise OSError("disk full")

    monkeypatch.setattr("lsbatch.simulate.catalogue.write_world", fail)
    with pytest.raises(StoreError, match="disk full"):
        simulate_event(tmp_path / "world", side_km=1.5)
    assert not list(tmp_path.iterdir())


def test_a_folder_filled_meanwhile_is_left_alone(tmp_path, monkeypatch):
    def race(world, folder):
        (tmp_path / "world").mkdir()
        _write_a_mark(world, tmp_path / "world")

    monkeypatch.setattr("lsbatch.simulate.catalogue.write_world", race)
    with pytest.raises(StoreConflictError):
        simulate_event(tmp_path / "world", side_km=1.5)
    assert bytes_of(tmp_path) == {"world/mark": b""}


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"side_km": 1.0}, {"side_km": 17.0}])
def test_wrong_requests_are_refused(tmp_path, wrong):
    with pytest.raises(RecipeError, match="received"):
        simulate_event(tmp_path / "world", **wrong)
    assert not list(tmp_path.iterdir())


def _write_a_mark(world, folder):
    (folder / "mark").touch()
