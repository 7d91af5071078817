"""S3: a real COG in moto's server, which checks every signature; who pays, and in which region."""

import json
from dataclasses import replace

import boto3
import numpy as np
import pytest

from lsbatch.cube import find_broken, signing, web
from lsbatch.cube.gate import Place
from lsbatch.cube.shelf import SHELF
from lsbatch.domain import Access, Asset
from lsbatch.errors import ReadError
from tests.cogs import HERE, build_geobox, granule_of, scene_of, write_noise
from tests.cube.test_reader import build_reader
from tests.faults.test_reads import BRIEF, WHOLE
from tests.servers import serve_folder, serve_s3

pytestmark = pytest.mark.server

GRID = build_geobox(320, 330)
BUCKET = "usgs-landsat"
KEY = "collection02/with blank/B4.TIF"
ACCESS = Access(buckets=(BUCKET,), region="us-west-2", requester_pays=(BUCKET,))
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bucket")
    write_noise(folder / "a.tif", GRID, crs="EPSG:32655", pixel=10.0)
    return folder


@pytest.fixture(scope="module")
def bucket(folder):
    """URL of a server with the file in a bucket, and a key of a user who may read it."""
    with serve_s3() as url:
        anybody = {
            "endpoint_url": url,
            "region_name": "us-west-2",
            "aws_access_key_id": "any",
            "aws_secret_access_key": "any",
        }
        people = boto3.client("iam", **anybody)
        people.create_user(UserName="reader")
        people.put_user_policy(UserName="reader", PolicyName="all", PolicyDocument=json.dumps(ALL))
        key = people.create_access_key(UserName="reader")["AccessKey"]
        store = boto3.client("s3", **anybody)
        place = {"LocationConstraint": "us-west-2"}
        store.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
        store.put_object(Bucket=BUCKET, Key=KEY, Body=(folder / "a.tif").read_bytes())
        yield url, key["AccessKeyId"], key["SecretAccessKey"]


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """An environment without anybody's own settings; a function sets some."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(web, "PATIENCE", BRIEF)
    monkeypatch.setattr("lsbatch.cube.remote.PATIENCE", BRIEF)

    SHELF.forget()

    def set_all(**settings):
        for name, value in settings.items():
            monkeypatch.setenv(f"AWS_{name.upper()}", value)
        signing._session.cache_clear()

    yield set_all
    signing._session.cache_clear()


@pytest.fixture
def keys(bucket, environment):
    url, key, secret = bucket
    environment(endpoint_url_s3=url, access_key_id=key, secret_access_key=secret)
    return environment


def read(key=KEY, access=ACCESS):
    return build_reader(Asset("red", f"s3://{BUCKET}/{key}"), access=access).read(WHOLE)


def test_a_cog_in_a_bucket_is_read_bit_for_bit(folder, keys):
    wanted = build_reader(Asset("red", str(folder / "a.tif")), access=HERE).read(WHOLE)
    assert np.isfinite(wanted).mean() > 0.5
    np.testing.assert_array_equal(read(), wanted)


def test_gdal_s_own_words_for_the_server_are_understood(folder, bucket, environment):
    url, key, secret = bucket
    environment(
        s3_endpoint=url.removeprefix("http://"),
        https="NO",
        access_key_id=key,
        secret_access_key=secret,
        region="us-west-2",
    )
    assert np.isfinite(read(access=replace(ACCESS, region=None))).mean() > 0.5


def test_a_wrong_key_is_refused_and_is_in_no_text(keys):
    keys(secret_access_key="wrong-secret")
    with pytest.raises(ReadError, match=r"the server answers 403 \(Forbidden\)") as caught:
        read()
    assert "wrong-secret" not in str(caught.value) and "Signature" not in str(caught.value)


def test_what_is_not_in_the_bucket_is_said(keys):
    with pytest.raises(ReadError, match=r"s3://usgs-landsat/gone\.TIF .*answers 404 \(Not Found\)"):
        read("gone.TIF")
    scene = scene_of(granule_of("LC08", Asset("red", f"s3://{BUCKET}/gone.TIF")))
    (broken,) = find_broken([scene], ACCESS)
    assert broken.item_id == "LC08" and "answers 404" in broken.reason


# ---- what is sent


PLACE = Place("s3", f"s3://{BUCKET}/a b.tif")


def sent(access=ACCESS, region="us-west-2", place=PLACE):
    return signing.sign(place, access, region=region, fresh=False)


def test_a_signed_request_names_region_and_who_pays(environment):
    environment(access_key_id="AKID", secret_access_key="secret")
    url, headers, own = sent()
    assert url == "https://usgs-landsat.s3.us-west-2.amazonaws.com/a%20b.tif" and not own
    assert headers["x-amz-request-payer"] == "requester"
    assert "/us-west-2/s3/aws4_request" in headers["Authorization"]
    assert "x-amz-request-payer" in headers["Authorization"].partition("SignedHeaders=")[2]
    for others in ((), ("another-bucket",)):
        assert "x-amz-request-payer" not in sent(replace(ACCESS, requester_pays=others)).headers


def test_a_session_token_is_sent_along(environment):
    environment(access_key_id="AKID", secret_access_key="secret", session_token="temporary")
    assert sent().headers["X-Amz-Security-Token"] == "temporary"


@pytest.mark.parametrize("how", ["no keys", "by wish"])
def test_an_open_bucket_is_asked_without_a_signature(environment, monkeypatch, how):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    if how == "by wish":
        environment(access_key_id="AKID", secret_access_key="secret", no_sign_request="YES")
    url, headers, _ = sent(replace(ACCESS, requester_pays=()))
    assert url.startswith("https://") and headers == {}


def test_who_pays_must_be_known(environment, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    environment()
    with pytest.raises(ReadError, match=r"the requester pays.*lsbatch\[s3\].*AWS_ACCESS_KEY_ID"):
        sent()


def test_without_botocore_open_buckets_are_still_read(environment, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "botocore.session", None)
    environment(access_key_id="AKID", secret_access_key="secret")
    assert sent(replace(ACCESS, requester_pays=())).headers == {}


def test_the_region_of_the_environment_and_a_bucket_with_dots(environment):
    environment(access_key_id="AKID", secret_access_key="secret", default_region="eu-central-1")
    assert sent(region=None).url.startswith("https://usgs-landsat.s3.eu-central-1.amazonaws.com/")
    dotted = sent(region=None, place=Place("s3", "s3://a.b.c/d.tif"))
    assert dotted.url == "https://s3.eu-central-1.amazonaws.com/a.b.c/d.tif"


def test_a_hint_to_another_region_is_followed_once(folder, environment):
    with serve_folder(folder) as server:
        environment(
            endpoint_url=f"http://127.0.0.1:{server.port}",
            access_key_id="AKID",
            secret_access_key="secret",
        )
        buckets = ("301regioneu-west-1",)
        access = replace(ACCESS, buckets=buckets, requester_pays=buckets)
        read_it = build_reader(Asset("red", "s3://301regioneu-west-1/a.tif"), access=access)
        assert np.isfinite(read_it.read(WHOLE)).mean() > 0.5
        log = server.log()
    assert "/us-west-2/" in log[0][3] and all("/eu-west-1/" in entry[3] for entry in log[1:])
    assert all(entry[4] == "requester" for entry in log)
