"""Who is asked and who may know: signing through the Planetary Computer's package, TLS, proxies."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import planetary_computer
import pytest
from planetary_computer import sas
from planetary_computer.settings import Settings

from lsbatch.cube import signing, web
from lsbatch.cube.gate import Place
from lsbatch.cube.patience import Deadline
from lsbatch.cube.shelf import SHELF
from lsbatch.cube.signing import SIGNERS, sign
from lsbatch.cube.web import Passing
from lsbatch.domain import Access, Asset
from lsbatch.errors import ReadError
from tests.cogs import build_geobox, write_noise
from tests.cube.test_reader import build_reader
from tests.faults.test_reads import BRIEF, WHOLE
from tests.servers import serve_folder, write_certificate

pytestmark = pytest.mark.server

GRID = build_geobox(320, 330)
BLOB = Place("web", "https://sentinel2l2a01.blob.core.windows.net/sentinel2-l2/a.tif")
ACCESS = Access(sign="planetary-computer")


@pytest.fixture(autouse=True)
def _brief(monkeypatch):
    monkeypatch.setattr(web, "PATIENCE", BRIEF)
    monkeypatch.setattr("lsbatch.cube.remote.PATIENCE", BRIEF)
    SHELF.forget()
    web._ways.clear()
    web._tls.cache_clear()
    yield
    web._tls.cache_clear()
    web._ways.clear()


@pytest.fixture
def tokens(tmp_path, monkeypatch):
    """A server of tokens, which the package asks as it would the real one."""
    path = tmp_path / "sentinel2l2a01" / "sentinel2-l2"
    path.parent.mkdir()
    expiry = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    path.write_text(json.dumps({"msft:expiry": expiry, "token": "se=later&sig=SECRET"}))
    with serve_folder(tmp_path) as server:

        def use(script):
            monkeypatch.setenv("PC_SDK_SAS_URL", f"http://127.0.0.1:{server.port}/{script}")
            Settings.get.cache_clear()
            sas.TOKEN_CACHE.clear()
            signing._renewed.clear()
            return server

        yield use
    Settings.get.cache_clear()
    sas.TOKEN_CACHE.clear()


def signed(fresh=False, place=BLOB, access=ACCESS):
    return sign(place, access, region=None, fresh=fresh)


def test_a_blob_is_signed_late_and_once_until_it_must_be_anew(tokens):
    server = tokens("ok")
    assert signed().url == f"{BLOB.name}?se=later&sig=SECRET"
    assert signed().url == signed().url
    assert len(server.log()) == 1
    signed(fresh=True)
    assert len(server.log()) == 2


def test_a_host_that_needs_no_signature_gets_none(tokens):
    server = tokens("ok")
    plain = Place("web", "https://landsatlook.usgs.gov/a.tif")
    assert signed(place=plain).url == plain.name and server.log() == []


def test_tokens_that_fail_for_a_moment_are_asked_for_again(tokens):
    tokens("503,429,ok")
    assert signed().url.endswith("sig=SECRET")


@pytest.mark.parametrize("script", ["503+", "429+"])
def test_a_server_of_tokens_that_is_busy_is_left_to_the_patience_of_the_reader(tokens, script):
    server = tokens(script)
    with pytest.raises(Passing, match="is not signed"):
        signed()
    assert len(server.log()) == 3


def test_files_of_a_container_that_are_refused_at_once_need_one_token_more(tokens):
    server = tokens("ok")
    other = Place("web", BLOB.name.replace("a.tif", "b.tif"))
    signed(), signed(place=other)
    with ThreadPoolExecutor(4) as pool:
        places = [BLOB, other, BLOB, other]
        urls = list(pool.map(lambda place: signed(fresh=True, place=place).url, places))
    assert all(url.endswith("sig=SECRET") for url in urls)
    assert len(server.log()) == 2


@pytest.mark.parametrize("script", ["404+", "html+"])
def test_tokens_that_are_refused_are_an_error(tokens, script):
    tokens(script)
    with pytest.raises(ReadError, match="is not signed"):
        signed()


def test_tokens_that_never_come_are_not_waited_for(tokens, monkeypatch):
    tokens("stall+")
    monkeypatch.setattr(signing, "_TOKEN_S", 0.3)
    begun = time.monotonic()
    with pytest.raises(ReadError, match=r"failed 4 times.*no signature came within 0\.3 s"):
        build_reader(Asset("red", BLOB.name), access=ACCESS).read(WHOLE)
    assert time.monotonic() - begun < 5


def test_without_the_package_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "planetary_computer", None)
    with pytest.raises(ReadError, match=r"pip install 'lsbatch\[planetary-computer\]'"):
        signed()
    assert planetary_computer


def test_an_unknown_signer_is_named(tokens):
    with pytest.raises(ReadError, match=r"signer 'magic', which is not known \(known: planetary"):
        signed(access=Access(sign="magic"))


def test_a_signer_that_leads_elsewhere_is_not_followed(monkeypatch):
    monkeypatch.setitem(
        SIGNERS, "evil", lambda href, fresh: "https://evil.example/a.tif?sig=S3CR3T"
    )
    with pytest.raises(ReadError, match=r"signed for another place, https://evil\.example/a\.tif$"):
        signed(access=Access(sign="evil"))


# ---- TLS


@pytest.fixture
def served(tmp_path):
    write_noise(tmp_path / "a.tif", GRID, crs="EPSG:32655", pixel=10.0)

    def serve(name):
        return serve_folder(tmp_path, write_certificate(tmp_path, name))

    return serve


LOCAL = Access(loopback=True)


def read(port, access=LOCAL):
    return build_reader(
        Asset("red", f"https://localhost:{port}/ok/a.tif"), access=access, deadline=Deadline(20)
    ).read(WHOLE)


def test_a_server_that_proves_its_name_is_read(served, tmp_path, monkeypatch):
    with served("localhost") as server:
        monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path / "localhost.pem"))
        assert np.isfinite(read(server.port)).mean() > 0.5


def test_a_server_with_another_s_name_is_not(served, tmp_path, monkeypatch):
    with served("cogs.example.org") as server:
        monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path / "cogs.example.org.pem"))
        with pytest.raises(ReadError, match=r"does not prove who it is .*localhost"):
            read(server.port)


def test_a_server_that_nobody_vouches_for_is_not(served, monkeypatch):
    for name in ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with (
        served("localhost") as server,
        pytest.raises(ReadError, match=r"does not prove who it is .*self-signed"),
    ):
        read(server.port)


# ---- proxies


def test_a_proxy_is_used_and_its_password_is_in_no_text(tmp_path, monkeypatch):
    def die(*_args, **_options):
        raise AssertionError("a name was looked up; that is the proxy's business")

    with serve_folder(tmp_path) as server:
        monkeypatch.setenv("https_proxy", f"http://me:passw0rd@127.0.0.1:{server.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.setattr("lsbatch.cube.web.find_addresses", die)
        monkeypatch.setattr("lsbatch.cube.remote.PATIENCE", replace(BRIEF, tries=1))
        with pytest.raises(ReadError, match=r"failed 1 times.*[Pp]roxy") as caught:
            build_reader(Asset("red", "https://landsatlook.usgs.gov/a.tif"), access=Access()).read(
                WHOLE
            )
        assert [entry[0] for entry in server.log()] == ["CONNECT landsatlook.usgs.gov:443"]
    assert "passw0rd" not in str(caught.value)


def test_this_machine_is_never_asked_through_a_proxy(tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    write_noise(tmp_path / "a.tif", GRID, crs="EPSG:32655", pixel=10.0)
    with serve_folder(tmp_path) as server:
        asset = Asset("red", server.url("ok", "a.tif"))
        assert np.isfinite(build_reader(asset, access=LOCAL).read(WHOLE)).mean() > 0.5
