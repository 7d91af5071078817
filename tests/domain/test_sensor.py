import pytest

from lsbatch.domain import SATURATION, SENSORS, Quality, Status

by_name = pytest.mark.parametrize("sensor", SENSORS, ids=lambda sensor: sensor.name)


def test_names_and_collections_are_unique():
    names = [sensor.name for sensor in SENSORS]
    collections = [name for sensor in SENSORS for name in sensor.collections]
    assert len(set(names)) == len(names)
    assert len(set(collections)) == len(collections)


def test_the_last_sensor_takes_what_no_other_recognises():
    last = SENSORS[-1]
    assert last.name == "generic"
    assert not last.collections and not last.platforms


def test_sensors_of_one_platform_are_told_apart_by_their_flags():
    """All but the last of a platform need a flag band, or the later ones would never be reached."""
    platforms = {name for sensor in SENSORS for name in sensor.platforms}
    for platform in platforms:
        *first, _ = (sensor for sensor in SENSORS if platform in sensor.platforms)
        assert all(sensor.quality is not None for sensor in first)


@by_name
def test_bands_and_their_assets_are_unique(sensor):
    names = [band.name for band in sensor.bands]
    assets = [asset for band in sensor.bands for asset in band.assets]
    assert len(set(names)) == len(names)
    if sensor.name != "landsat-c2-l2":  # one sensor's near infrared, two common names
        assert len(set(assets)) == len(assets)
    assert all(sensor.band(name).name == name for name in names)
    assert sensor.band("ultraviolet") is None


@by_name
def test_each_flag_value_has_one_meaning_and_none_says_usable(sensor):
    if sensor.quality is None:
        return
    for table in (sensor.quality.classes, sensor.quality.bits):
        values = [value for value, _ in table]
        assert len(set(values)) == len(values)
        assert all(status not in (Status.SCORED, Status.NOT_RUN) for _, status in table)
    assert bool(sensor.quality.classes) != bool(sensor.quality.bits)


def test_flags_of_cells_without_data_are_those_of_the_producers():
    """ESA: class 0 is NO_DATA. USGS: bit 0 of QA_PIXEL is fill."""
    numbers = {sensor.name: sensor.quality.nodata for sensor in SENSORS if sensor.quality}
    assert numbers == {"sentinel-2-l2a": 0.0, "landsat-c2-l2": 1.0}
    assert Quality(("flags",)).nodata is None


@by_name
def test_what_is_mistakable_is_a_flag_of_cloud(sensor):
    if sensor.quality is None:
        return
    table = dict(sensor.quality.classes or sensor.quality.bits)
    assert sensor.quality.mistakable
    assert all(table[value] == Status.CLOUD for value in sensor.quality.mistakable)


def test_landsat_colours_are_saturated_by_either_number_they_have():
    """USGS: bit n of QA_RADSAT is band n + 1; blue is band 1 of TM and ETM+, 2 of OLI."""
    landsat = next(sensor for sensor in SENSORS if sensor.name == "landsat-c2-l2")
    tm = {"blue": 1, "green": 2, "red": 3, "nir": 4, "swir16": 5, "swir22": 7}
    oli = {"blue": 2, "green": 3, "red": 4, "nir": 5, "swir16": 6, "swir22": 7}
    for name in tm:
        bits = set(landsat.band(name).saturation_bits)
        assert bits == {tm[name] - 1, oli[name] - 1, 9}
    assert landsat.band(SATURATION).assets == ("qa_radsat", "QA_RADSAT")


def test_units_are_those_of_the_producers():
    """ESA's quantification value of 10,000; USGS Collection 2: 0 to 1 is 7273 to 43636."""
    units = {
        sensor.name: {(b.scale, b.offset, b.nodata) for b in sensor.bands if b.name != SATURATION}
        for sensor in SENSORS
    }
    assert units["sentinel-2-l2a"] == units["sentinel-2-l1c"] == {(1e-4, 0.0, 0.0)}
    ((scale, offset, _),) = units["landsat-c2-l2"]
    assert 7273 * scale + offset == pytest.approx(0, abs=1e-4)
    assert 43636 * scale + offset == pytest.approx(1, abs=1e-4)
    assert units["dem"] == {(1.0, 0.0, None)}
