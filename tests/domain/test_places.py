"""Where the catalogues lie, and the outline of the land."""

import json
import sys

import pytest
import shapely

from lsbatch.domain import catalogs_folder, places
from lsbatch.errors import CatalogError


def test_checkout_comes_first():
    folder = catalogs_folder()
    assert (folder / "events.geojson").is_file()
    assert (folder / "schema" / "events.schema.json").is_file()


def test_installed_catalogue_is_found_without_a_checkout(tmp_path, monkeypatch):
    installed = tmp_path / "share" / "lsbatch" / "catalogs"
    installed.mkdir(parents=True)
    (installed / "events.geojson").write_text("{}")
    monkeypatch.setattr(places, "__file__", str(tmp_path / "site" / "lsbatch" / "domain" / "p.py"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert catalogs_folder() == installed


def test_no_catalogue_anywhere_names_both_places(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "__file__", str(tmp_path / "site" / "lsbatch" / "domain" / "p.py"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(CatalogError, match=r"neither in .*site/catalogs nor in .*share/lsbatch"):
        catalogs_folder()


def test_land_is_small_valid_and_in_its_place():
    path = catalogs_folder() / "land.geojson"
    assert path.stat().st_size < 40_000
    land = json.loads(path.read_text())
    assert "Natural Earth" in land["source"] and land["licence"] == "Public domain"
    outline = shapely.geometry.shape(land["features"][0]["geometry"])
    assert outline.is_valid and outline.bounds == (-180.0, -90.0, 180.0, 83.65)
    ashore = {"Muzaffarabad": (73.5, 34.4), "Hokkaido": (143, 43.2), "Kansas": (-98, 38)}
    at_sea = {"Pacific": (-150, 0), "Atlantic": (-30, 30), "Bay of Bengal": (88, 15)}
    assert all(outline.contains(shapely.Point(at)) for at in ashore.values())
    assert not any(outline.contains(shapely.Point(at)) for at in at_sea.values())
