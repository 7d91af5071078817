import threading

import numpy as np
import pytest
import rasterio

from lsbatch.cube import find_broken
from lsbatch.domain import Asset
from tests.cogs import HERE, LEFT, TOP, granule_of, scene_of, write_cog


def write_good(path, **changes):
    options = {"crs": "EPSG:32654", "corner": (LEFT, TOP), "pixel": 10.0, **changes}
    return write_cog(path, np.ones((64, 64), "uint16"), **options)


@pytest.fixture
def good(tmp_path):
    return write_good(tmp_path / "good.tif")


def test_sound_files_are_not_listed(good):
    scene = scene_of(granule_of("fine", Asset("red", good, nodata=0.0, epsg=32654)))
    assert find_broken([scene], HERE) == ()
    assert find_broken([], HERE) == ()


def test_each_bad_granule_is_listed_once_with_its_reason(tmp_path, good):
    (tmp_path / "page.tif").write_text("<html>")
    bare = write_good(tmp_path / "bare.tif", crs=None)
    scene = scene_of(
        granule_of("absent", Asset("red", good), Asset("blue", str(tmp_path / "no.tif"))),
        granule_of("fine", Asset("red", good)),
        granule_of("page", Asset("red", str(tmp_path / "page.tif"))),
        granule_of("bare", Asset("red", bare)),
        granule_of("elsewhere", Asset("red", good, epsg=32655)),
        granule_of("nowhere", Asset("red", good, epsg=999_999)),
        granule_of("minus", Asset("red", good, nodata=-1.0)),
    )
    broken = find_broken([scene, scene], HERE)
    reasons = {rejection.item_id: rejection.reason for rejection in broken}
    assert len(broken) == len(reasons) == 6
    assert reasons["absent"].startswith(f"band blue: {tmp_path / 'no.tif'} cannot be opened")
    assert "cannot be opened as a GeoTIFF" in reasons["page"]
    assert reasons["bare"].endswith("has no coordinate system")
    assert reasons["elsewhere"].endswith("is in EPSG:32654, but its record says EPSG:32655")
    assert reasons["nowhere"].endswith("but its record says EPSG:999999")
    assert reasons["minus"].endswith("holds uint16, but its record says that -1 means no data")


def test_a_file_of_several_looks_is_opened_once(good, monkeypatch):
    opened, lock = [], threading.Lock()
    open_file = rasterio.open

    def count(href, *args, **kwargs):
        with lock:
            opened.append(href)
        return open_file(href, *args, **kwargs)

    monkeypatch.setattr(rasterio, "open", count)
    scene = scene_of(granule_of("a", Asset("red", good)))
    assert find_broken([scene, scene], HERE) == ()
    assert opened == [good]
