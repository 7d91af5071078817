"""What the files of a source may be: by its entry, by its folder, by what one adds."""

from lsbatch.domain import PUBLIC
from lsbatch.search import access_of, read_endpoints


def test_what_is_open_by_default_is_what_the_entries_say():
    entries = read_endpoints()
    assert set(PUBLIC.hosts) == {host for entry in entries for host in entry.hosts}
    assert set(PUBLIC.buckets) == {bucket for entry in entries for bucket in entry.buckets}


def test_a_catalogue_known_by_name_is_signed_for_and_opens_its_fallback_too():
    access = access_of("planetary-computer", hosts=("mirror.example.org",))
    assert access.sign == "planetary-computer" and access.folder is None and not access.loopback
    assert {
        "sentinel2l2a01.blob.core.windows.net",
        "sentinel-cogs.s3.us-west-2.amazonaws.com",
        "mirror.example.org",
    } <= set(access.hosts)
    assert access_of("https://planetarycomputer.microsoft.com/api/stac/v1/").sign == access.sign


def test_a_bucket_that_charges_is_known():
    access = access_of("earth-search")
    assert access.requester_pays == ("usgs-landsat",) and access.region == "us-west-2"
    assert set(access.requester_pays) <= set(access.buckets)


def test_a_file_opens_its_folder_alone(tmp_path):
    access = access_of(str(tmp_path / "catalog.json"))
    assert access.folder == str(tmp_path.resolve()) and access.sign is None
    assert access_of("https://stac.example.org/v1").hosts[-1] == "stac.example.org"


def test_the_rate_of_reads_is_the_lower_of_both_catalogues_or_the_recipe_s():
    own = {entry.name: entry.reads_per_second for entry in read_endpoints()}
    assert access_of("earth-search").reads_per_second == min(own.values())
    assert access_of("earth-search", reads_per_second=7).reads_per_second == 7
    assert access_of("/data/items.json").reads_per_second is None
    assert access_of("/data/items.json", reads_per_second=7).reads_per_second == 7
