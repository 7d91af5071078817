"""Polygon files of any maker, read with the doubts that a stranger's file deserves."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

from lsbatch.errors import CatalogError

_FIRST_BYTES = {
    ".geojson": b"{",
    ".json": b"{",
    ".gpkg": b"SQLite format 3\x00",
    ".shp": b"\x00\x00\x27\x0a",
    ".parquet": b"PAR1",
    ".geoparquet": b"PAR1",
}
# GDAL goes by content, not by name: without this look, a virtual dataset named .gpkg would open
# whatever file or address it points to.


def read_polygons(path: Path) -> gpd.GeoDataFrame:
    """Rows of a GeoJSON, GeoPackage, shapefile or GeoParquet file, its properties as columns.

    Parameters
    ----------
    path : Path
        Ending in .geojson, .json, .gpkg, .shp, .parquet or .geoparquet.

    Returns
    -------
    GeoDataFrame
        In the CRS of the file (always known), 2-D polygons with finite coordinates; geometries
        may be missing, empty or invalid still.

    Raises
    ------
    CatalogError
        For a file that is missing, unreadable or of another format, without a CRS, with points
        or lines, or with coordinates that its CRS cannot have.
    """
    _check_format(path)
    frame = _read_frame(path)
    if frame.crs is None or not (frame.crs.is_geographic or frame.crs.is_projected):
        raise CatalogError(
            f"{path} does not say its coordinate system (CRS) on the Earth. Write it again with "
            "one, for example as GeoPackage."
        )
    strangers = set(frame.geom_type.dropna()) - {"Polygon", "MultiPolygon"}
    if strangers:
        raise CatalogError(
            f"{path} must hold polygons only; it also holds {', '.join(sorted(strangers))}."
        )
    frame = frame.reset_index(drop=frame.index.name in (None, *frame.columns))
    frame.geometry = frame.geometry.force_2d()
    _check_coordinates(frame, path)
    return frame


def _check_format(path: Path) -> None:
    first_bytes = _FIRST_BYTES.get(path.suffix.lower())
    if first_bytes is None:
        raise CatalogError(
            f"Polygons are read from files ending in {', '.join(_FIRST_BYTES)}; received {path}."
        )
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}.") from error
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if not text.startswith(first_bytes):
        raise CatalogError(f"{path} is not what its ending says: it does not begin like one.")


def _read_frame(path: Path) -> gpd.GeoDataFrame:
    try:
        if path.suffix.lower() in (".parquet", ".geoparquet"):
            return gpd.read_parquet(path)
        layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind]
        if len(layers) == 1:
            return gpd.read_file(path, layer=layers[0])
    except (OSError, RuntimeError, ValueError, shapely.errors.ShapelyError) as error:
        raise CatalogError(f"{path} cannot be read as polygons: {error}.") from error
    raise CatalogError(
        f"{path} must hold one layer of polygons; it holds {', '.join(layers) or 'none'}. "
        "Write the one you mean to a file of its own."
    )


def _check_coordinates(frame: gpd.GeoDataFrame, path: Path) -> None:
    corners, rows = shapely.get_coordinates(frame.geometry.values, return_index=True)
    x, y = corners.T
    wrong = ~np.isfinite(corners).all(axis=1)
    if frame.crs.is_geographic:
        wrong |= (np.abs(x) > 180) | (np.abs(y) > 90)
    if not wrong.any():
        return
    first = int(np.argmax(wrong))
    swapped = frame.crs.is_geographic and abs(x[first]) <= 90 < abs(y[first]) <= 180
    raise CatalogError(
        f"Coordinates must be numbers within the range of their CRS ({frame.crs.name}); "
        f"row {rows[first] + 1} of {path} has ({x[first]:g}, {y[first]:g})."
        f"{' Are longitude and latitude swapped?' if swapped else ''}"
    )
