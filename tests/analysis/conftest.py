"""Products in memory, and products that tell how much of them was read."""

from collections.abc import Callable

import numpy as np
import odc.geo.xr  # noqa: F401
import pytest
import shapely
import xarray as xr
from odc.geo.geobox import GeoBox
from odc.geo.xr import xr_coords
from xarray.backends import BackendArray
from xarray.core.indexing import IndexingSupport, LazilyIndexedArray, explicit_indexing_adapter

from lsbatch.domain import PRODUCT_LAYERS, Status

LEFT, TOP = 600_000.0, 4_700_160.0


def _build_product(landslide, *, status=None, pixel_m=10.0, **layers) -> xr.Dataset:
    landslide = np.asarray(landslide, np.uint8)
    height, width = landslide.shape
    box = (LEFT, TOP - height * pixel_m, LEFT + width * pixel_m, TOP)
    geobox = GeoBox.from_bbox(box, crs="EPSG:32654", resolution=pixel_m, tight=True)
    status = np.zeros(landslide.shape, np.uint8) if status is None else status
    unscored = status != Status.SCORED
    default = {
        "score": np.where(landslide == 1, 0.8, 0.2),
        "status": status,
        "landslide": landslide,
        "detectable": np.ones(landslide.shape),
        "pre_count": np.full(landslide.shape, 2),
        "post_count": np.full(landslide.shape, 3),
        "pre_delay": np.full(landslide.shape, 5),
        "post_delay": np.full(landslide.shape, 9),
    }
    arrays = {}
    for layer in PRODUCT_LAYERS:
        values = np.array(layers.get(layer.name, default[layer.name]), layer.dtype)
        if layer.name in ("score", "landslide", "detectable"):
            values[unscored] = layer.fill
        arrays[layer.name] = (("y", "x"), values)
    return xr.Dataset(arrays, coords=xr_coords(geobox), attrs={"threshold": 0.5, "event": {}})


@pytest.fixture(scope="session")
def build_product() -> Callable[..., xr.Dataset]:
    """Builds a product of a landslide array; any layer may be given by name."""
    return _build_product


@pytest.fixture(scope="session")
def aoi_of() -> Callable[..., shapely.Polygon]:
    """The AOI, EPSG:4326, of a product's grid, or of a box (left, top, right, bottom) in pixels."""

    def build(product, box=None):
        geobox = product.odc.geobox
        left, top, right, bottom = box or (0, 0, geobox.shape.x, geobox.shape.y)
        part = geobox[top:bottom, left:right] if box else geobox
        return part.extent.to_crs("EPSG:4326", resolution=500.0).geom

    return build


class _Spy(BackendArray):
    """An array on disk that writes down the size of every read."""

    def __init__(self, values, reads):
        self.values, self.reads = values, reads
        self.shape, self.dtype = values.shape, values.dtype

    def __getitem__(self, key):
        return explicit_indexing_adapter(key, self.shape, IndexingSupport.BASIC, self._read)

    def _read(self, key):
        part = self.values[key]
        self.reads.append(part.size)
        return part


@pytest.fixture
def watch() -> Callable[[xr.Dataset], tuple[xr.Dataset, list[int]]]:
    """The same product read lazily, and the list that its reads are written to."""

    def wrap(product):
        reads: list[int] = []
        lazy = {
            name: (array.dims, LazilyIndexedArray(_Spy(array.values, reads)))
            for name, array in product.data_vars.items()
        }
        return xr.Dataset(lazy, coords=product.coords, attrs=product.attrs), reads

    return wrap
