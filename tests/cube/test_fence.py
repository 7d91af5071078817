"""The fence around GDAL, in processes of its own: what is cut stays cut."""

import subprocess
import sys

import numpy as np
import pytest

from lsbatch.cube import fence_gdal
from lsbatch.cube.fence import check_fenced
from lsbatch.errors import ContractError
from lsbatch.pipeline import map_block
from tests.cogs import LEFT, TOP, write_cog

FENCE = "from lsbatch.cube import fence_gdal; fence_gdal(); "
WARP = """
import rasterio
from rasterio.vrt import WarpedVRT
with rasterio.open({href!r}) as dataset, WarpedVRT(dataset, crs="EPSG:32655") as warped:
    print("warped", warped.read(1).max())
"""
OPEN = """
try:
    with rasterio.open({href!r}) as dataset:
        print("opened", dataset.driver, dataset.read(1).max())
except rasterio.errors.RasterioIOError as error:
    print("refused")
"""


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def good(tmp_path):
    values = np.full((64, 64), 77, "uint16")
    return write_cog(tmp_path / "a.tif", values, crs="EPSG:32654", corner=(LEFT, TOP), pixel=10.0)


@pytest.fixture
def vrt(tmp_path, good):
    path = tmp_path / "b.tif"
    path.write_text(
        '<VRTDataset rasterXSize="64" rasterYSize="64"><VRTRasterBand dataType="UInt16" band="1">'
        f"<SimpleSource><SourceFilename>{good}</SourceFilename></SimpleSource></VRTRasterBand>"
        "</VRTDataset>"
    )
    return str(path)


def test_warping_works_behind_the_fence_and_opens_no_hole_in_it(good, vrt):
    """Each warp registers GDAL's VRT driver anew, whatever GDAL_SKIP says."""
    warp, look = WARP.format(href=good), OPEN.format(href=vrt)
    assert run(warp + look) == "warped 77\nopened VRT 77\n", "without the fence it is read"
    still = "from lsbatch.cube.fence import check_fenced; check_fenced()"
    assert run(FENCE + warp + look + still) == "warped 77\nrefused\n"


def test_the_fence_holds_in_new_threads_and_where_drivers_are_registered_again(good, vrt):
    again = "from lsbatch.cube.fence import _gdal; _gdal().GDALAllRegister(); import threading; "
    look = f"import rasterio\n{OPEN.format(href=vrt)}"
    code = f"{FENCE}{again}t = threading.Thread(target=exec, args=({look!r},)); t.start(); t.join()"
    assert run(code) == "refused\n"


def test_writing_a_cog_and_rasterising_still_work(tmp_path):
    code = f"""
from pathlib import Path
import numpy as np
import shapely
from rasterio.features import geometry_mask, shapes
from rasterio.transform import from_origin
from tests.cogs import write_cog
path = Path({str(tmp_path)!r}) / "new.tif"
write_cog(path, np.ones((300, 300), "uint8"), crs="EPSG:32654", corner=(0, 300), pixel=1.0,
          overviews="AUTO")
print(path.stat().st_size > 0, len(list(shapes(np.eye(4, dtype="uint8")))))
print(geometry_mask([shapely.box(0, 0, 2, 2)], (4, 4), from_origin(0, 4, 1, 1)).sum())
"""
    assert run(FENCE + code) == "True 6\n12\n"


def test_vector_files_can_still_be_read(tmp_path):
    code = f"""
import geopandas, shapely
for name in ("a.gpkg", "a.geojson", "a.shp"):
    path = {str(tmp_path)!r} + "/" + name
    geopandas.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:4326").to_file(path)
    print(len(geopandas.read_file(path)))
"""
    assert run(FENCE + code) == "1\n1\n1\n"


def test_a_process_without_the_fence_is_told():
    code = """
from lsbatch.cube.fence import check_fenced
from lsbatch.errors import ContractError
try:
    check_fenced()
except ContractError as error:
    print(error)
"""
    assert "raster drivers besides COG, GPKG, GTiff, MEM: " in run(code)


def test_fencing_twice_is_harmless():
    fence_gdal()
    fence_gdal()
    check_fenced()


def test_a_driver_that_comes_back_is_noticed(monkeypatch):
    monkeypatch.setattr("lsbatch.cube.fence._raster_drivers", lambda: {"GTiff": 1, "VRT": 2})
    with pytest.raises(ContractError, match=r"1 raster drivers besides .*: VRT"):
        fence_gdal()


def test_a_block_is_fenced_before_anything_of_it_is_touched(monkeypatch):
    def refuse():
        raise ContractError("not fenced")

    # by the module's name: the room's door has a function of that name
    monkeypatch.setattr(sys.modules["lsbatch.pipeline.map_block"], "fence_gdal", refuse)
    with pytest.raises(ContractError, match="not fenced"):
        map_block(None)
