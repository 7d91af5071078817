import pytest

from lsbatch.domain import Endpoint
from lsbatch.errors import CatalogError

GOOD = {"name": "mine", "url": "https://stac.example.com/v1"}


def test_an_endpoint_needs_a_name_and_a_url_only():
    endpoint = Endpoint(**GOOD)
    assert (endpoint.collections, endpoint.signing, endpoint.fallback) == ((), None, None)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:80"])
def test_an_endpoint_of_this_machine_needs_no_https(host):
    assert Endpoint("mine", f"http://{host}/stac").url.endswith("/stac")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"url": "http://stac.example.com"}, "needs an https URL"),
        ({"url": "stac.example.com"}, "needs an https URL"),
        ({"url": "http://localhost.example.com"}, "needs an https URL"),
        ({"url": "https://"}, "needs an https URL"),
        ({"url": "https://me:secret@stac.example.com"}, "without credentials in it"),
        ({"signing": "magic"}, "known are planetary-computer"),
        ({"credentials": ("hunter2",)}, "as names of environment variables"),
        ({"buckets": ("a",), "requester_pays": ("b",)}, r"one of its buckets \(a\)"),
        ({"requests_per_second": 0.0}, "above 0; received 0"),
        ({"reads_per_second": -1.0}, "reads_per_second above 0; received -1"),
    ],
)
def test_an_endpoint_that_breaks_a_rule_is_refused(change, message):
    with pytest.raises(CatalogError, match=message) as caught:
        Endpoint(**(GOOD | change))
    assert "secret" not in str(caught.value)
    assert "hunter2" not in str(caught.value)
