"""A small invented event: hills, a few landslides, a cloud, a strip that no image covers."""

from datetime import UTC, datetime
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pytest
import shapely
import xarray as xr
from odc.geo.geobox import GeoBox
from odc.geo.xr import xr_coords
from scipy.ndimage import gaussian_filter

from lsbatch.domain import Event, Status
from lsbatch.report.overview import read_overview

CRS = "EPSG:32654"
LEFT, TOP = 573440.0, 4738560.0


def grid_of(rows: int, cols: int, resolution: float = 10.0) -> GeoBox:
    right, bottom = LEFT + cols * resolution, TOP - rows * resolution
    return GeoBox.from_bbox((LEFT, bottom, right, TOP), crs=CRS, resolution=resolution, tight=True)


def dataset_of(grid: GeoBox, layers: dict[str, np.ndarray], **attrs) -> xr.Dataset:
    variables = {
        name: (("band", "y", "x")[3 - values.ndim :], values, {"grid_mapping": "spatial_ref"})
        for name, values in layers.items()
    }
    return xr.Dataset(variables, coords=xr_coords(grid), attrs=attrs)


def product_of(score: np.ndarray, status: np.ndarray, *, threshold: float = 0.5) -> xr.Dataset:
    scored = status == Status.SCORED
    layers = {
        "score": np.where(scored, score, np.nan).astype(np.float32),
        "landslide": np.where(scored, score >= threshold, 255).astype(np.uint8),
        "status": status.astype(np.uint8),
        "detectable": np.where(scored, 1, 255).astype(np.uint8),
    }
    attrs = {"threshold": threshold, "detector": {"name": "bare-soil"}}
    return dataset_of(grid_of(*score.shape), layers, **attrs)


def smooth(shape: tuple[int, ...], *, seed: int, width: float) -> np.ndarray:
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=shape), width)
    return (noise / noise.std()).astype(np.float32)


def build_case(rows: int = 220, cols: int = 260) -> SimpleNamespace:
    grid = grid_of(rows, cols)
    scars = gpd.GeoSeries(
        [
            shapely.Point(LEFT + x, TOP - y).buffer(r)
            for x, y, r in ((500, 400, 90), (900, 1500, 60), (1700, 800, 140), (1750, 1100, 25))
        ],
        crs=CRS,
    )
    landslides = gpd.GeoDataFrame({"area_m2": scars.area}, geometry=scars)
    y, x = np.mgrid[0:rows, 0:cols]
    at = shapely.points(LEFT + 10 * (x + 0.5), TOP - 10 * (y + 0.5))
    inside = shapely.contains(scars.union_all(), at)
    status = np.zeros((rows, cols), np.uint8)
    status[:, -20:] = Status.NO_PRE
    status[150:190, 30:80] = Status.CLOUD
    score = np.where(inside, 0.9, 0.1 + 0.03 * smooth((rows, cols), seed=1, width=3))
    coarse = grid.zoom_out(2)
    ground = 0.08 + 0.02 * np.stack([smooth(coarse.shape, seed=s, width=4) for s in (2, 3, 4)])
    after = ground + 0.15 * inside[::2, ::2]
    before = ground.copy()
    before[:, :, -10:] = np.nan
    hills = 300 + 120 * smooth(coarse.shape, seed=5, width=12)
    layers = {"pre": before, "post": after, "elevation": hills}
    previews = dataset_of(coarse, {k: v.astype(np.float32) for k, v in layers.items()})
    aoi = grid.extent.to_crs("EPSG:4326").geom.buffer(-0.001)
    return SimpleNamespace(
        event=Event(
            id="invented-1",
            time=datetime(2018, 9, 5, 18, 7, 59, tzinfo=UTC),
            aoi=aoi,
            name="Invented earthquake",
            magnitude=6.6,
            place="Nowhere",
            epicentre=(aoi.centroid.x + 0.01, aoi.centroid.y),
        ),
        product=product_of(score, status),
        landslides=landslides,
        metrics=metrics_of(landslides),
        previews=previews.assign_coords(band=["red", "green", "blue"]),
        provenance=provenance_of(),
    )


def metrics_of(landslides: gpd.GeoDataFrame) -> dict:
    total = float(landslides.area_m2.sum() / 1e6)
    return {
        "aoi_area_km2": 5.4,
        "observed_area_km2": 4.7,
        "detectable_area_km2": 4.6,
        "observed_fraction": 0.87,
        "area_by_status_km2": {"scored": 4.7, "no_pre": 0.4, "cloud": 0.2, "outside_grid": 0.1},
        "landslide_count": len(landslides),
        "landslide_area_km2": total,
        "landslide_area_km2_low": 0.8 * total,
        "landslide_area_km2_high": 1.3 * total,
        "landslide_density": {"observed": 0.02, "detectable": 0.021, "steep": None},
        "largest_m2": float(landslides.area_m2.max()),
        "size_frequency": {
            "n": 4,
            "beta": 2.3,
            "sigma": 0.2,
            "area_min_m2": 1e3,
            "rollover_m2": 400.0,
            "inverse_gamma": {"rho": 1.4, "a_m2": 1280.0, "s_m2": -132.0},
            "bins": {
                "area_m2": [300.0, 2e3, 1e4, 6e4],
                "density_per_m2": [5e-4, 2e-4, 2e-6, 9e-8],
                "count": [1, 1, 1, 1],
            },
        },
        "edge_density_ratio": 0.4,
        "pixels": {"total": 57200, "scored": 50000, "landslide": 900},
        "complete": True,
    }


def provenance_of() -> dict:
    scene = {"sensor": "sentinel-2-l2a", "cloud_percent": 3.2, "dated": True, "delay_days": 5}
    return {
        "scenes": [
            {
                **scene,
                "id": "S2_PRE",
                "period": "pre",
                "start": "2018-09-01T01:17:00Z",
                "end": "2018-09-01T01:17:00Z",
            },
            {
                **scene,
                "id": "S2_POST",
                "period": "post",
                "start": "2018-09-06T00:00:00Z",
                "end": "2018-10-06T00:00:00Z",
                "dated": False,
                "cloud_percent": None,
            },
        ],
        "considered": [
            {
                "scene_id": name,
                "period": "pre",
                "start": "2018-08-20T01:17:00Z",
                "delay_days": 16,
                "score": 0.731,
                "is_chosen": name == "S2_PRE",
                "reason": reason,
            }
            for name, reason in (("S2_PRE", "it sees most"), ("S2_WHITE", "it adds nothing"))
        ],
        "shifts": [
            {
                "scene_id": "S2_PRE",
                "reference_id": "S2_POST",
                "applied": "scene",
                "reason": "places agree",
                "taken_east_m": 3.14,
                "taken_north_m": -1.26,
                "east_m": 6.28,
                "north_m": -2.52,
                "distance_after_m": 0.62,
            },
            {
                "scene_id": "S2_POST",
                "reference_id": "S2_POST",
                "applied": "none",
                "reason": "nothing to measure",
                "taken_east_m": 0.0,
                "taken_north_m": 0.0,
                "east_m": None,
                "north_m": None,
                "distance_after_m": None,
            },
        ],
        "terrain": ["DEM_1"],
        "rejected": [{"item_id": "S2_OTHER", "reason": "91 % cloud"}],
        "warnings": ["Snow lies on the heights."],
        "detector": {"name": "bare-soil", "version": "1", "parameters": {"least_change": 0.08}},
        "recipe": {"resolution": 10},
        "versions": {"numpy": "2.3"},
        "run_key": "0123abcd",
        "failed_blocks": [],
        "attribution": ["Contains modified Copernicus Sentinel data 2018"],
    }


@pytest.fixture
def case() -> SimpleNamespace:
    """What write_event_page asks for, by its names, free to be changed."""
    return build_case()


@pytest.fixture(scope="session")
def make_case():
    """Give a function that makes such a case."""
    return build_case


@pytest.fixture
def overview(case):
    return read_overview(case.product)


@pytest.fixture
def product_from():
    """Give a product of a score (H, W) and a status (H, W)."""
    return product_of
