import pytest

from lsbatch.domain import SENSORS
from lsbatch.errors import CatalogError
from lsbatch.search.endpoints import find_endpoint, read_endpoints


def read(folder, text):
    path = folder / "endpoints.yaml"
    path.write_text(text, encoding="utf-8")
    return read_endpoints(path)


def test_the_two_big_catalogues_are_known_by_name():
    earth, planetary = (find_endpoint(name) for name in ("earth-search", "planetary-computer"))
    assert earth.url == "https://earth-search.aws.element84.com/v1"
    assert set(earth.collections) == {
        "sentinel-2-l2a",
        "sentinel-2-c1-l2a",
        "landsat-c2-l2",
        "cop-dem-glo-30",
    }
    assert planetary.url == "https://planetarycomputer.microsoft.com/api/stac/v1"
    assert set(planetary.collections) == {
        "sentinel-2-l2a",
        "landsat-c2-l2",
        "cop-dem-glo-30",
        "alos-dem",
        "3dep-seamless",
    }
    assert planetary.signing == "planetary-computer" and earth.signing is None
    assert (earth.fallback, planetary.fallback) == ("planetary-computer", "earth-search")


def test_every_collection_of_an_endpoint_has_a_sensor():
    known = {name for sensor in SENSORS for name in sensor.collections}
    for endpoint in read_endpoints():
        assert set(endpoint.collections) <= known, endpoint.name


def test_an_endpoint_is_found_by_name_or_url_and_by_nothing_else():
    earth = find_endpoint("earth-search")
    assert find_endpoint(earth.url) == find_endpoint(f"{earth.url}/") == earth
    assert find_endpoint("Earth-Search") is None
    assert find_endpoint("https://earth-search.aws.element84.com/v0") is None


def test_a_file_of_ones_own_is_read_in_its_order(tmp_path):
    text = """
b: {url: "https://b.example/", requests_per_second: 2, fallback: a}
a: {url: "https://a.example", hosts: [files.example], credentials: [MY_KEY], region: eu-west-1}
"""
    b, a = read(tmp_path, text)
    assert (b.name, b.url, b.requests_per_second, b.fallback) == (
        "b",
        "https://b.example",
        2.0,
        "a",
    )
    assert (a.hosts, a.credentials, a.region) == (("files.example",), ("MY_KEY",), "eu-west-1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "is not readable as YAML"),
        ("a: !!python/object/apply:os.getcwd []", "is not readable as YAML"),
        ("- a", "must be a mapping of endpoint names"),
        ("a: 3", "an endpoint is a mapping with a url"),
        ("a: {hosts: [b]}", "an endpoint is a mapping with a url"),
        ('a: {url: "https://a", colour: red}', "unknown colour; known are buckets, "),
        ('a: {url: "https://a", hosts: b}', "hosts must be a list of words; received 'b'"),
        ('a: {url: "https://a", hosts: [1]}', "hosts must be a list of words"),
        ("a: {url: 3}", "url must be a word; received 3"),
        ('a: {url: "https://a", requests_per_second: fast}', "requests_per_second must be a num"),
        ('a: {url: "http://a"}', "needs an https URL"),
        ('a: {url: "https://a", fallback: a}', "must be another endpoint"),
        ('a: {url: "https://a", fallback: b}', "received 'b'"),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused(tmp_path, text, message):
    with pytest.raises(CatalogError, match=message) as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CatalogError, match="cannot be read: No such file"):
        read_endpoints(tmp_path / "none.yaml")
