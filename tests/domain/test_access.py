"""Bare hrefs and texts: nothing that signs is left, and nothing else is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsbatch.domain import PUBLIC, Access, bare_href, bare_text

BARE = {
    "https://a.org/b/c.tif?sv=1&sig=S3CR3T%3D": "https://a.org/b/c.tif",
    "https://a.org/b/c.tif#sig=S3CR3T": "https://a.org/b/c.tif",
    "https://me:S3CR3T@a.org/c.tif": "https://a.org/c.tif",
    "https://a.org?sig=S3CR3T": "https://a.org",
    "https://a.org/x@y.tif": "https://a.org/x@y.tif",
    "s3://bucket/key.tif?X-Amz-Signature=S3CR3T": "s3://bucket/key.tif",
    "https://a.org/c.tif": "https://a.org/c.tif",
    "/folder/a?b#c.tif": "/folder/a?b#c.tif",
    "": "",
}


@pytest.mark.parametrize("href", BARE)
def test_a_bare_href_names_the_file_and_no_more(href):
    assert bare_href(href) == BARE[href]
    assert bare_href(BARE[href]) == BARE[href]


TEXTS = [
    "GET https://a.org/c.tif?sv=1&sig=S3CR3T failed",
    "'/vsicurl/https://a.org/c.tif?sig=S3CR3T' not recognised",
    '"https://a.org/c.tif?x=1#S3CR3T"',
    "url=https://me:S3CR3T@a.org/c.tif",
    "GET /c.tif?st=2&sig=S3CR3T%2F HTTP/1.1",
    "X-Amz-Signature=S3CR3T&X-Amz-Security-Token=S3CR3T",
    "x-goog-signature=S3CR3T",
    "Signature=S3CR3T, Policy=S3CR3T, Key-Pair-Id=S3CR3T",
    "access_token=S3CR3T token=S3CR3T password=S3CR3T AWSAccessKeyId=S3CR3T",
    "two: https://a.org/1?sig=S3CR3T and https://b.org/2?sig=S3CR3T",
]


@pytest.mark.parametrize("text", TEXTS)
def test_no_signature_is_left_in_a_text(text):
    assert "S3CR3T" not in bare_text(text)


def test_the_rest_of_a_text_stays():
    assert bare_text("GET https://a.org/c.tif?sig=1 failed (500)") == (
        "GET https://a.org/c.tif failed (500)"
    )
    plain = "band red: /folder/a.tif has 3 bands; each must be a file of its own"
    assert bare_text(plain) == plain


@given(st.text())
def test_any_text_can_be_bared_and_once_is_enough(text):
    assert bare_text(bare_text(text)) == bare_text(text)


@given(st.text(alphabet="abc0123456789%", min_size=6), st.sampled_from("?&"))
def test_no_value_of_a_signature_is_left(value, mark):
    assert value not in bare_text(f"https://h.org/f.tif?a=1{mark}sig={value} failed").split(" ")[0]


@given(rate=st.floats(0.1, 1e4), workers=st.integers(1, 500))
def test_shares_of_a_rate_add_up_to_it(rate, workers):
    share = Access(reads_per_second=rate).shared_by(workers).reads_per_second
    assert share * workers == pytest.approx(rate)


def test_without_a_rate_there_is_nothing_to_share():
    assert PUBLIC.shared_by(3) is PUBLIC
