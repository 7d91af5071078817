"""The gate: hostile names are refused with a sentence before anything is touched, good ones pass.

A canary watches: for a name that is refused no file is opened and no server is asked.
"""

import os
import pickle
import socket

import pytest
import rasterio

from lsbatch.cube.addresses import find_addresses, is_public
from lsbatch.cube.gate import admit
from lsbatch.cube.patience import Deadline
from lsbatch.domain import PUBLIC, Access, Asset, access_to
from lsbatch.errors import ReadError

HOST = "https://sentinel-cogs.s3.us-west-2.amazonaws.com"
ACCESS = Access(
    hosts=(*PUBLIC.hosts, ".tiles.example.org", "data.example.org:8443"), buckets=("usgs-landsat",)
)

HOSTILE = {
    # another scheme, or none
    "/etc/passwd": "is a file of this machine|does not lie below",
    "file:///etc/passwd": "begins with file:",
    "FILE:///etc/passwd": "begins with FILE:",
    "http://sentinel-cogs.s3.us-west-2.amazonaws.com/a.tif": "is http",
    "http://127.0.0.1/a.tif": "is http",
    "ftp://example.org/a.tif": "begins with ftp:",
    "az://container/a.tif": "begins with az:",
    "gs://bucket/a.tif": "begins with gs:",
    "zip+https://sentinel-cogs.s3.us-west-2.amazonaws.com/a.zip!b.tif": r"begins with zip\+https:",
    "javascript:alert(1)": "begins with javascript:",
    "data:image/tiff;base64,SUkqAA==": "begins with data:",
    "https:/etc/passwd": "begins with https:",
    "https:sentinel-cogs": "begins with https:",
    "C:\\secret.tif": "network share",
    "C:/secret.tif": "begins with C:",
    # GDAL's own names
    "/vsicurl/https://evil.example/a.tif": "virtual paths",
    "/vsicurl?url=https://evil.example/a.tif&header_file=/etc/passwd": "virtual paths",
    "/vsizip//tmp/a.zip/a.tif": "virtual paths",
    "/vsigzip//etc/passwd": "virtual paths",
    "/vsimem/a.tif": "virtual paths",
    "/vsistdin/": "virtual paths",
    "/VSICURL/https://evil.example/a.tif": "virtual paths",
    "/vsisubfile/0_10,/etc/passwd": "virtual paths",
    "vrt:///etc/passwd?bands=1": "begins with vrt:",
    "GTIFF_DIR:1:/etc/secret.tif": "begins with GTIFF_",
    "GTIFF_RAW:/etc/secret.tif": "begins with GTIFF_",
    'ZARR:"/tmp/a.zarr":/b': "begins with ZARR:",
    'NETCDF:"/tmp/a.nc":b': "begins with NETCDF:",
    "HDF5:/tmp/a.h5://b": "begins with HDF5:",
    "SENTINEL2_L2A:/tmp/a.xml:10m": "begins with SENTINEL2_L2A:",
    "DERIVED_SUBDATASET:LOGAMPLITUDE:/etc/a.tif": "begins with DERIVED_SUBDATASET:",
    '<VRTDataset rasterXSize="1" rasterYSize="1"></VRTDataset>': "is a document",
    '<?xml version="1.0"?><GDAL_WMS></GDAL_WMS>': "is a document",
    # shares and climbs
    "\\\\host\\share\\a.tif": "network share",
    "//host/share/a.tif": "network share",
    "../../etc/passwd": "file of this machine|does not lie below",
    f"{HOST}/a/../../b.tif": "climbs",
    f"{HOST}/a/%2e%2e/b.tif": "climbs",
    f"{HOST}/a/%252e%252e/b.tif": "climbs",
    # logins and look-alikes
    "https://user:pw@sentinel-cogs.s3.us-west-2.amazonaws.com/a.tif": "carries a login",
    "https://sentinel-cogs.s3.us-west-2.amazonaws.com@evil.example/a.tif": "carries a login",
    "https://sentinel-cogs.s3.us-west-2.amazonaws.com.evil.example/a.tif": "not among the allowed",
    "https://evilsentinel-cogs.s3.us-west-2.amazonaws.com/a.tif": "not among the allowed",
    "https://evil.example/sentinel-cogs.s3.us-west-2.amazonaws.com/a.tif": "not among the allowed",
    "https://evil.example?sentinel-cogs.s3.us-west-2.amazonaws.com/a.tif": "not among|not name a",
    "https://evil.example#.tiles.example.org/a.tif": "not among|not name",
    "https://tiles.example.org/a.tif": "not among the allowed",
    "https://eviltiles.example.org/a.tif": "not among the allowed",
    "https://sentinel-cogs.s3.us-west-2.amazonaws.com:8080/a.tif": "not among the allowed",
    "https://sentinel-cogs.s3.us-west-2.amazonaws.com:nine/a.tif": "port that is none",
    "https://sentinel-cogs.s3.us-west-2.amazonaws.com:99999/a.tif": "port that is none",
    "https://sentinel-cogs.s3.us-west-2.amazonaws.c\u043em/a.tif": "does not name a host",
    "https://sentinel%2dcogs.s3.us-west-2.amazonaws.com/a.tif": "carries a login",
    "https:///a.tif": "does not name a host",
    "https://[::1/a.tif": "is not a URL",
    f"{HOST}": "does not name a file",
    f"{HOST}/a.tif#frag": "does not name a file",
    # addresses
    "https://127.0.0.1/a.tif": "not among the allowed",
    "https://localhost/a.tif": "not among the allowed",
    "https://[::1]/a.tif": "not among the allowed",
    "https://[fd00::1]/a.tif": "does not name a host",
    "https://169.254.169.254/latest/meta-data": "not among the allowed",
    "https://2130706433/a.tif": "not among the allowed",
    "https://0x7f000001/a.tif": "not among the allowed",
    "https://10.0.0.1/a.tif": "not among the allowed",
    # options in the query
    f"{HOST}/a.tif?header_file=/etc/passwd": "header_file in its query",
    f"{HOST}/a.tif?url=https://evil.example/a.tif": "url in its query",
    f"{HOST}/a.tif?x=1&HEADER_FILE=/etc/passwd": "HEADER_FILE in its query",
    f"{HOST}/a.tif?header%5Ffile=/etc/passwd": "header_file in its query",
    f"{HOST}/a.tif?header.X=1": r"header\.X in its query",
    f"{HOST}/a.tif?useragent=a": "useragent in its query",
    f"{HOST}/a.tif?unsafessl=yes": "unsafessl in its query",
    f"{HOST}/a.tif?pc_url_signing=yes": "pc_url_signing in its query",
    f"{HOST}/a.tif?CPL_DEBUG=ON": "CPL_DEBUG in its query",
    f"{HOST}/a.tif?cookiefile=/etc/passwd": "cookiefile in its query",
    f"{HOST}/a.tif?a=/vsigzip//etc/passwd": "names another file in its query",
    f"{HOST}/a.tif?a=file:///etc/passwd": "names another file in its query",
    # letters that deceive
    f"{HOST}/a.tif\n/vsicurl/x": "control character",
    f"{HOST}/a.tif\r\nHost: evil": "control character",
    f"{HOST}/a\0.tif": "control character",
    f"{HOST}/a\u202efit.tif": "control character",
    f"{HOST}/a\u200b.tif": "control character",
    f"{HOST}/a\u2028.tif": "control character",
    f" {HOST}/a.tif": "begins or ends with a blank",
    f"{HOST}/\ud800.tif": "control character",
    "": "is not a text",
    "   ": "is not a text",
    f"{HOST}/{'a' * 5000}": "has 50[0-9][0-9] characters",
    # buckets
    "s3://private-bucket/a.tif": "not among the allowed",
    "s3://usgs-landsat": r"is not s3://bucket/key",
    "s3://usgs-landsat/a.tif?versionId=1": "is not s3://bucket/key",
    "s3://usgs-landsat/../private/a.tif": "climbs",
    "s3://key:secret@usgs-landsat/a.tif": "carries a login",
    "s3://usgs-landsat:443/a.tif": "is not s3://bucket/key",
    "s3://USGS-LANDSAT/a.tif": "not among the allowed",
}

GOOD = [
    f"{HOST}/sentinel-s2-l2a-cogs/54/T/WN/2018/9/S2A_54TWN_20180908_0_L2A/B04.tif",
    f"{HOST}/a",
    f"{HOST}/a b.tif",
    f"{HOST}/a%20b.tif",
    f"{HOST}/a..b.tif",
    f"{HOST}/a/..b/c.tif",
    f"{HOST}/(1)/a+b=c,d;e~f!g$h'i*j.tif",
    f"{HOST}/2018-09-05T10:20:00/B04.tif",
    f"{HOST}/\u6587\u5b57/a.tif",
    f"{HOST}/vsicurl/a.tif",
    f"{HOST}:443/a.tif",
    f"{HOST}/a.tif?X-Amz-Signature=abc&X-Amz-Expires=3600",
    f"{HOST}/a.tif?versionId=1",
    f"{HOST}/a.tif?",
    f"{HOST.replace('https', 'HTTPS')}/a.tif",
    f"{HOST.replace('sentinel', 'SENTINEL')}/a.tif",
    "https://sentinel2l2a01.blob.core.windows.net/a.tif?st=2024&se=2025&sp=rl&sv=2&sr=c&sig=a%3D",
    "https://landsateuwest.blob.core.windows.net/landsat-c2/level-2/LC08_SR_B4.TIF",
    "https://elevationeuwest.blob.core.windows.net/copernicus-dem/Copernicus_DSM_COG_10_DEM.tif",
    "https://ai4edataeuwest.blob.core.windows.net/alos-dem/AW3D30_N042E141_DSM.tif",
    "https://landsatlook.usgs.gov/data/collection02/LC08_SR_B4.TIF",
    "https://copernicus-dem-30m.s3.amazonaws.com/a.tif",
    "https://e84-earth-search-sentinel-data.s3.us-west-2.amazonaws.com/a.tif",
    "https://a.tiles.example.org/a.tif",
    "https://b.c.tiles.example.org/a.tif",
    "https://data.example.org:8443/a.tif",
    "s3://usgs-landsat/collection02/level-2/LC08_SR_B4.TIF",
    "s3://usgs-landsat/a b.tif",
]
FILES = [
    "a.tif",
    "deep/er/a.tif",
    "with blank.tif",
    "b\u00e9ton.tif",
    "\u6587\u5b57.tif",
    "..a.tif",
    "a..tif",
    ".hidden.tif",
    "a#1.tif",
    "a?b=1.tif",
    "a!b.tif",
    "a%20b.tif",
    "2018-09-05T10:20:00.tif",
    "deep/vsicurl/a.tif",
    "a&b=c;d.tif",
    "a.tiff",
    "noextension",
]


@pytest.fixture
def canary(monkeypatch):
    """Whoever opens a file or asks a server dies."""

    def die(*_args, **_kwargs):
        raise AssertionError("something was touched")

    monkeypatch.setattr(rasterio, "open", die)
    monkeypatch.setattr("builtins.open", die)
    monkeypatch.setattr(socket, "getaddrinfo", die)
    monkeypatch.setattr(socket.socket, "connect", die)


def test_the_tables_are_as_long_as_they_should_be():
    assert len(HOSTILE) >= 80 and len(GOOD) + len(FILES) >= 40


@pytest.mark.parametrize("href", HOSTILE, ids=lambda href: ascii(href)[:60])
@pytest.mark.parametrize("folder", [None, "/srv/catalogue"])
def test_a_hostile_name_is_refused_and_nothing_is_touched(canary, href, folder):
    from lsbatch.cube.opening import open_asset

    access = Access(ACCESS.hosts, ACCESS.buckets, folder)
    with (
        pytest.raises(ReadError, match=HOSTILE[href]) as caught,
        open_asset(Asset("red", href), access, Deadline(1)),
    ):
        raise AssertionError("it was opened")
    text = str(caught.value)
    assert text.isprintable() and len(text) < 900 and text.startswith("band red: ")
    assert "pw" not in text and "secret@" not in text


@pytest.mark.parametrize("href", [None, 7, b"https://a", ["a"]])
def test_what_is_no_text_is_refused(href):
    with pytest.raises(ReadError, match="is not a text that names a file"):
        admit(href, ACCESS)


@pytest.mark.parametrize("href", GOOD, ids=lambda href: ascii(href)[:60])
def test_a_good_name_passes_as_it_is(canary, href):
    place = admit(href, ACCESS)
    assert place.name == href and place.kind == ("s3" if href.startswith("s3") else "web")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "catalogue" / "deep").mkdir(parents=True)
    (tmp_path / "secret.tif").write_bytes(b"secret")
    return tmp_path / "catalogue"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("absolute", [True, False])
def test_a_good_file_passes(folder, name, absolute):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    if not absolute and ":" in name:
        pytest.skip("a relative name with a colon could be one of GDAL's")
    place = admit(str(path) if absolute else name, Access(folder=str(folder)))
    assert place.kind == "file" and os.path.samefile(place.name, path)


def test_a_link_within_the_folder_passes_and_so_does_the_folder_by_a_link(folder, tmp_path):
    (folder / "deep" / "a.tif").write_bytes(b"")
    (folder / "link.tif").symlink_to("deep/a.tif")
    (tmp_path / "other").symlink_to(folder)
    for access in (Access(folder=str(folder)), Access(folder=str(tmp_path / "other"))):
        for name in (folder / "link.tif", tmp_path / "other" / "deep" / "a.tif"):
            assert admit(str(name), access).name == str(folder / "deep" / "a.tif")


def test_a_file_that_is_not_there_passes_and_is_missed_by_who_opens_it(folder):
    assert admit("gone.tif", Access(folder=str(folder))).name == str(folder / "gone.tif")


def link(folder):
    (folder / "a.tif").symlink_to(folder.parent / "secret.tif")
    return "a.tif"


def link_in_the_way(folder):
    (folder / "out").symlink_to(folder.parent)
    return "out/secret.tif"


def chain_of_links(folder):
    (folder / "b.tif").symlink_to(folder.parent / "secret.tif")
    (folder / "a.tif").symlink_to("b.tif")
    return "a.tif"


def sibling(folder):
    (folder.parent / "catalogue-of-others").mkdir()
    (folder.parent / "catalogue-of-others" / "a.tif").write_bytes(b"")
    return str(folder.parent / "catalogue-of-others" / "a.tif")


def pipe(folder):
    os.mkfifo(folder / "a.tif")
    return "a.tif"


OUTSIDE = {
    "a climb": (lambda folder: "../secret.tif", "does not lie below"),
    "a climb within": (lambda folder: "deep/../../secret.tif", "does not lie below"),
    "an absolute path": (lambda folder: str(folder.parent / "secret.tif"), "does not lie below"),
    "a link": (link, "does not lie below"),
    "a link in the way": (link_in_the_way, "does not lie below"),
    "a chain of links": (chain_of_links, "does not lie below"),
    "a folder with a longer name": (sibling, "does not lie below"),
    "the folder": (lambda folder: str(folder), "does not lie below"),
    "a folder": (lambda folder: "deep", "is not a plain file"),
    "a pipe": (pipe, "is not a plain file"),
    "a device": (lambda folder: "/dev/zero", "does not lie below"),
    "the process": (lambda folder: "/proc/self/environ", "does not lie below"),
}


@pytest.mark.parametrize("what", OUTSIDE)
def test_a_file_that_is_not_the_catalogue_s_is_refused(folder, what):
    make, message = OUTSIDE[what]
    with pytest.raises(ReadError, match=message):
        admit(make(folder), Access(folder=str(folder)))


def test_without_a_folder_no_file_is_opened(folder):
    (folder / "a.tif").write_bytes(b"")
    with pytest.raises(ReadError, match="is a file of this machine, but its catalogue is not"):
        admit(str(folder / "a.tif"), PUBLIC)


def test_a_folder_of_all_files_does_not_let_gdal_s_names_pass():
    with pytest.raises(ReadError, match="does not lie below"):
        admit("/a/../vsicurl/https:/evil.example", Access(folder="/"))


def test_loopback_passes_only_where_it_is_allowed():
    allowed = Access(loopback=True)
    for href in ("http://127.0.0.1:8000/a.tif", "http://localhost/a.tif", "http://[::1]:9/a.tif"):
        assert admit(href, allowed).name == href
        with pytest.raises(ReadError, match="is http"):
            admit(href, PUBLIC)
    with pytest.raises(ReadError, match="is http"):
        admit("http://192.168.0.1/a.tif", allowed)


def test_access_follows_from_the_source(tmp_path):
    local = access_to(str(tmp_path / "catalog.json"))
    assert local.folder == str(tmp_path) and local.hosts == PUBLIC.hosts and not local.loopback
    assert access_to("earth-search").folder is None, "a name is not a file of this folder"
    assert access_to("items.json").folder is not None
    api = access_to("https://stac.example.org/v1", hosts=(".cdn.example.org",))
    assert admit("https://stac.example.org/a.tif", api)
    assert admit("https://x.cdn.example.org/a.tif", api)
    assert api.folder is None and not api.loopback
    assert access_to("http://127.0.0.1:8000/").loopback
    assert not access_to("http://stac.example.org/").loopback
    assert "me:pw" not in str(access_to("https://me:pw@stac.example.org/"))


def test_access_is_small_and_travels():
    access = access_to("https://stac.example.org/v1")
    packed = pickle.dumps(access)
    assert len(packed) < 1500 and pickle.loads(packed) == access and hash(access)


PRIVATE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.0.1",
    "192.0.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_a_private_network_is_known_as_such(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "52.218.0.1", "2600::1", "64:ff9b::808:808"])
def test_a_public_address_is_known_as_such(address):
    assert is_public(address)


def test_a_name_that_cannot_be_looked_up_is_told_apart(monkeypatch):
    def fail(error):
        def getaddrinfo(*_args, **_options):
            raise error

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    fail(socket.gaierror(socket.EAI_NONAME, "unknown"))
    with pytest.raises(ReadError, match=r"host a\.example is not known"):
        find_addresses("a.example", 443)
    fail(socket.gaierror(socket.EAI_AGAIN, "later"))
    with pytest.raises(socket.gaierror):
        find_addresses("a.example", 443)
    fail(UnicodeError("label too long"))
    with pytest.raises(ReadError, match="is not the name of a host"):
        find_addresses("a.example", 443)


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch):
    found = [(2, 1, 6, "", (address, 443)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: found)
    with pytest.raises(ReadError, match=r"is at 10\.0\.0\.1"):
        find_addresses("a.example", 443)
    with pytest.raises(ReadError, match=r"is at 10\.0\.0\.1"):
        find_addresses("localhost", 443, loopback=True)
