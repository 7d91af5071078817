"""The README's own example of a user's images, tried as it stands."""

import json
import re
from pathlib import Path

import numpy as np
import rasterio
from pyproj import Transformer
from rasterio.transform import from_bounds

README = Path(__file__).resolve().parents[2] / "README.md"


def _write(path, epsg, box, values):
    to_file = Transformer.from_crs(4326, epsg, always_xy=True)
    bounds = to_file.transform_bounds(*box)
    path.parent.mkdir(exist_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=1,
        height=values.shape[0],
        width=values.shape[1],
        dtype=values.dtype.name,
        crs=f"EPSG:{epsg}",
        transform=from_bounds(*bounds, values.shape[1], values.shape[0]),
    ) as file:
        file.write(values, 1)


def test_readme_example_of_own_images_is_found_and_mapped(lsbatch, cluster_address, tmp_path):
    event, items = (
        json.loads(t) for t in re.findall(r"```json\n(.*?)```", README.read_text(), re.S)
    )
    (tmp_path / "event.geojson").write_text(json.dumps(event))
    (tmp_path / "items.json").write_text(json.dumps(items))
    rng = np.random.default_rng(0)
    for item in items["features"]:
        for asset in item["assets"].values():
            values = rng.integers(500, 3000, (300, 300)).astype("uint16")
            epsg = int(item["properties"]["proj:code"].split(":")[1])
            _write(tmp_path / asset["href"], epsg, item["bbox"], values)
    where = [tmp_path / "event.geojson", "--source", tmp_path / "items.json"]
    code, out, err = lsbatch("scenes", *where, "--detector", "ndvi-change")
    assert code == 0, err
    assert all(name in out for name in ("before", "after", "terrain"))
    words = ["--detector", "ndvi-change", "--resolution", 100, "--out", tmp_path / "map"]
    code, out, err = lsbatch("map", *where, *words, "--cluster", cluster_address)
    assert code == 0, err
    assert (tmp_path / "map" / "events" / "my-quake" / "product.zarr").is_dir()
