"""Cloud Optimized GeoTIFFs whose bytes depend on the values alone."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from odc.geo.geobox import GeoBox
from rasterio.io import MemoryFile


def write_cog(
    path: Path, values: npt.NDArray[np.generic], *, grid: GeoBox, nodata: float | None, kind: str
) -> None:
    """Write one band as a deflated COG with tiles of 256 pixels.

    Parameters
    ----------
    path : Path
        A file that is not there yet.
    values : ndarray, (H, W)
    grid : GeoBox
        Of the same shape.
    nodata : float or None
    kind : str
        GDAL's resampling for the overviews: ``AVERAGE`` for measurements, ``MODE`` for classes.

    Raises
    ------
    OSError
        Where the file cannot be written whole, a full disk included.
    """
    predictor = "FLOATING_POINT" if values.dtype.kind == "f" else "STANDARD"
    # GDAL closes a file on a full disk without a word; Python does not
    with MemoryFile() as memory:
        with memory.open(
            driver="COG",
            count=1,
            height=values.shape[0],
            width=values.shape[1],
            dtype=values.dtype.name,
            crs=str(grid.crs),
            transform=grid.affine,
            nodata=nodata,
            compress="DEFLATE",
            predictor=predictor,
            blocksize=256,
            overview_resampling=kind,
            num_threads=1,
        ) as file:
            file.write(values, 1)
        path.write_bytes(memory.getbuffer())
