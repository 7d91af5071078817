"""The door: what it leaves, that a seed fixes every byte, and that it takes no place by force."""

import errno
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
        keys = {"blue", "green", "red", "nir", "swir16", "swir22"}
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


def test_facts_say_how_it_was_made(made):
    facts = made[1].facts
    assert (facts["seed"], facts["style"], facts["instrument"]) == (7, "temperate-hills", "s2-l2a")
    assert facts["soil"]["name"] and 0 < facts["soil"]["red"] < 0.7
    assert facts["mapped_landslides"] == len(gpd.read_parquet(made[0] / facts["inventory"]))


def test_one_look_of_each_pair_is_nearly_clear_and_the_first_image_is_cut(images):
    clear = [item.properties["eo:cloud_cover"] < 8 for item in images]
    cut = [bool(np.isnan(reflectance(item, "red")).any()) for item in images]
    assert any(clear[:2]) and any(clear[2:])
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
    clearest = [min(pair, key=lambda i: i.properties["eo:cloud_cover"]) for pair in
                (images[1:2], images[2:])]  # fmt: skip
    with rasterio.open(clearest[1].assets["red"].get_absolute_href()) as file:
        slid = rasterio.features.rasterize(
            frame.buffer(-6).loc[lambda part: ~part.is_empty], file.shape, transform=file.transform
        ).astype(bool)
    before, after = (ndvi(item) for item in clearest)
    assert np.nanmedian(before[slid]) > 0.55
    assert np.nanmedian(after[slid]) < np.nanmedian(before[slid]) - 0.25
    assert np.nanmedian(np.abs(after - before)[~slid]) < 0.2


def test_reflectance_is_plausible_where_the_sky_is_clear(images):
    limits = {"blue": 0.12, "green": 0.16, "red": 0.2, "nir": 0.5, "swir16": 0.4, "swir22": 0.3}
    clear = min(images, key=lambda item: item.properties["eo:cloud_cover"])
    for name, high in limits.items():
        values = reflectance(clear, name)
        assert 0.003 < np.nanmedian(values) < high
        assert np.nanpercentile(values, 0.1) > -0.05


def test_a_taken_place_is_refused_before_anything_is_made(tmp_path, monkeypatch):
    (tmp_path / "mine.txt").write_text("mine")
    monkeypatch.setattr("lsbatch.simulate.world.build_world", None)
    with pytest.raises(StoreConflictError, match="empty folder"):
        simulate_event(tmp_path, side_km=SIDE_KM)
    assert bytes_of(tmp_path) == {"mine.txt": b"mine"}


def test_a_disk_that_fills_up_is_said_and_nothing_is_left(tmp_path, monkeypatch):
    real, written = Path.write_bytes, []

    def write_bytes(self, data):
        written.append(self)
        if len(written) > 9:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    with pytest.raises(StoreError, match="No space left on device"):
        simulate_event(tmp_path / "world", side_km=1.5)
    assert len(written) > 9 and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "wrong",
    [{"seed": -1}, {"side_km": 1.0}, {"side_km": 21.0}, {"style": "x"}, {"instrument": "x"}],
)
def test_wrong_requests_are_refused(tmp_path, wrong):
    with pytest.raises(RecipeError, match=r"received|Known"):
        simulate_event(tmp_path / "world", **wrong)
    assert not list(tmp_path.iterdir())
