"""Plan: one event's run, frozen before work; BlockTask: the part of it that one block needs."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import rasterio
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from lsbatch.cube import Loader
from lsbatch.detectors import load_detector
from lsbatch.domain import (
    Asset,
    Block,
    Detector,
    Event,
    Granule,
    Look,
    OffsetCheck,
    Preparation,
    Rejection,
    Scene,
    Scenes,
    ShiftCheck,
    Sun,
    bare_href,
    blocks_of,
    project_area,
)
from lsbatch.features import bands_to_read, features_halo, screens_of
from lsbatch.kernels import shadow_halo
from lsbatch.pipeline.weighed import (
    considered_of,
    considered_record,
    offset_of,
    offset_record,
    reported_of,
    reported_record,
    shift_of,
    shift_record,
)
from lsbatch.recipe import Recipe
from lsbatch.search import access_of

_LIBRARIES = (
    "geopandas",
    "keras",
    "lsbatch",
    "numba",
    "numpy",
    "odc-geo",
    "pandas",
    "pyarrow",
    "pyproj",
    "rasterio",
    "scikit-image",
    "scipy",
    "shapely",
    "stackstac",
    "tensorflow",
    "xarray",
    "zarr",
)
_DEFAULTS = Recipe.model_fields
_YOUNG = ("aoi_level", "aoi_radius", "aoi_side", "aoi_land", "registration", "light")
"""Choices that there were not always."""


_IF_STATED = ("transform", "shape", "checksum")
"""Left out of records where they are not stated: plans from before they were read keep their run
key."""


@dataclass(frozen=True, slots=True)
class BlockTask:
    """All that a worker needs for one block; pickles to a few kilobytes."""

    event_id: str
    block: Block
    scenes: Scenes
    """Only what touches the block."""
    detector: Detector
    bands: tuple[str, ...]
    """Bands to read, the same for every block."""
    preparation: Preparation
    around_px: int
    """Elevation that is read beyond the block on each side, pixels."""
    threshold: float
    slope_limit_deg: float
    aoi: BaseGeometry
    """Area of interest in the grid's CRS."""
    product: Path
    loader: Loader = "direct"
    """What makes the lazy cube."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be computed from what."""

    recipe: Recipe
    event: Event
    scenes: Scenes
    rejected: tuple[Rejection, ...]
    grid: GeoBox
    detector: Detector
    warnings: tuple[str, ...] = ()
    software: dict[str, str] = field(default_factory=lambda: versions())
    """Versions of the libraries that decide bits."""
    inventory_sha256: str | None = None
    """Digest of the inventory's file; its scores are part of the metrics."""
    offsets: tuple[OffsetCheck, ...] = ()
    """What the images' own numbers said of their offsets; the scenes hold those applied."""
    shifts: tuple[ShiftCheck, ...] = ()
    """What was found of shifts between the looks; the scenes hold those that are taken out."""

    @property
    def halo(self) -> int:
        """Context of a block: the detector's, and what terrain and margins need beyond it."""
        return self.detector.halo + features_halo(self.recipe.preparation, self._pixel_m)

    @property
    def around_px(self) -> int:
        """Elevation beyond a block and its halo that may cast a shadow into it, pixels."""
        return shadow_halo(self._pixel_m, self.recipe.preparation.shadow_reach_m)

    @property
    def _pixel_m(self) -> float:
        # as the cube's coordinates tell it: features must find the same number of pixels
        return round(abs(float(self.grid.resolution.x)), 6)

    @property
    def block_count(self) -> int:
        """How many blocks there are."""
        rows, cols = (-(-extent // self.recipe.block_px) for extent in self.grid.shape)
        return rows * cols

    def blocks(self) -> Iterator[Block]:
        """All blocks, row by row."""
        return blocks_of(self.grid, side_px=self.recipe.block_px, halo=self.halo)

    def tasks(self, product: Path) -> Iterator[BlockTask]:
        """One task for each block, to be written into a product."""
        aoi = project_area(self.event.aoi, self.grid.crs)
        preparation = self.recipe.preparation
        bands = bands_to_read(self.scenes, self.detector.inputs, preparation)
        for block in self.blocks():
            yield BlockTask(
                event_id=self.event.id,
                block=block,
                scenes=self.scenes.touching(block.padded, around_px=self.around_px),
                detector=self.detector,
                bands=bands,
                preparation=preparation,
                around_px=self.around_px,
                threshold=self.recipe.threshold,
                slope_limit_deg=self.recipe.slope_limit_deg,
                aoi=aoi,
                product=product,
                loader=self.recipe.loader,
            )

    @property
    def run_key(self) -> str:
        """sha256 of all that decides the product's bytes."""
        text = json.dumps(self._content(), sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """plan.json: plain values, unsigned hrefs, the run key."""
        return {
            **self._content(),
            "run_key": self.run_key,
            "reads_per_second": self.scenes.access.reads_per_second,
            "considered": [considered_record(one) for one in self.scenes.considered],
            "offsets": [offset_record(check) for check in self.offsets],
            "shifts": [asdict(check) for check in self.shifts],
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Plan":
        """The plan of a plan.json, equal to the one that wrote it."""
        looks = tuple(
            Look(scene_of(look), look["period"], look["delay_days"]) for look in record["looks"]
        )
        grid, choice = record["grid"], record["recipe"]["detector"]
        recipe = Recipe(**record["recipe"])
        return cls(
            recipe=recipe,
            event=Event.from_feature(record["event"]),
            scenes=Scenes(
                looks,
                tuple(scene_of(scene) for scene in record["terrain"]),
                access_of(
                    recipe.source,
                    hosts=recipe.hosts,
                    reads_per_second=record.get("reads_per_second"),
                ),
                considered=tuple(map(considered_of, record.get("considered", ()))),
            ),
            rejected=tuple(Rejection(**rejection) for rejection in record["rejected"]),
            grid=GeoBox(tuple(grid["shape"]), Affine(*grid["transform"]), grid["crs"]),
            detector=load_detector(choice["name"], **choice["parameters"]),
            warnings=tuple(record["warnings"]),
            software=record["versions"],
            inventory_sha256=record["inventory_sha256"],
            offsets=tuple(map(offset_of, record.get("offsets", ()))),
            shifts=tuple(ShiftCheck(**check) for check in record.get("shifts", ())),
        )

    def _content(self) -> dict[str, Any]:
        return {
            "lsbatch_plan": 1,
            "recipe": recipe_record(self.recipe),
            "event": self.event.to_feature(),
            "looks": [
                {
                    "period": look.period,
                    "delay_days": look.delay_days,
                    **scene_record(look.scene),
                }
                for look in self.scenes.looks
            ],
            "terrain": [scene_record(scene) for scene in self.scenes.terrain],
            "rejected": [asdict(rejection) for rejection in self.rejected],
            "grid": {
                "crs": f"EPSG:{self.grid.crs.epsg}",
                "transform": list(self.grid.affine)[:6],
                "shape": list(self.grid.shape),
            },
            "blocks": {
                "side_px": self.recipe.block_px,
                "halo_px": self.halo,
                "around_px": self.around_px,
                "count": self.block_count,
            },
            "screens": screens_of(self.scenes, self.detector.inputs, self.recipe.preparation),
            "detector": detector_record(self.detector),
            "precision": "float32",
            "inventory_sha256": self.inventory_sha256,
            "versions": self.software,
        }


def recipe_record(recipe: Recipe) -> dict[str, Any]:
    """The recipe as plain values, without what never changes the product.

    Young choices that were not made are left out: plans from before there were any keep their run
    key.
    """
    unmade = {name for name in _YOUNG if getattr(recipe, name) == _DEFAULTS[name].default}
    return {name: value for name, value in recipe.binding().items() if name not in unmade}


def versions() -> dict[str, str]:
    """Versions of the libraries that decide bits."""
    return {**{name: version(name) for name in _LIBRARIES}, "gdal": rasterio.__gdal_version__}


def detector_record(detector: Detector) -> dict[str, Any]:
    """Name, version and thresholds of a detector, with their digest."""
    parameters = detector.parameters
    text = json.dumps([detector.name, version("lsbatch"), parameters], sort_keys=True)
    return {
        "name": detector.name,
        "version": version("lsbatch"),
        "parameters": parameters,
        "digest": hashlib.sha256(text.encode()).hexdigest(),
    }


def scene_record(scene: Scene) -> dict[str, Any]:
    """A scene as plain values; `scene_of` makes an equal scene."""
    return {
        "scene": scene.id,
        "sensor": scene.sensor_name,
        "start": scene.start.isoformat(),
        "end": scene.end.isoformat(),
        "cloud_percent": scene.cloud_percent,
        # left out where it is not known: plans from before it was read keep their run key
        **({"sun": asdict(scene.sun)} if scene.sun else {}),
        **shift_record(scene.shift),
        **({"light_c": dict(scene.light_c)} if scene.light_c else {}),
        "granules": [
            {
                "item": granule.item_id,
                "footprint": shapely.to_wkt(granule.footprint, rounding_precision=-1),
                "assets": [_asset_record(asset) for asset in granule.assets],
                **reported_record(granule.reported),
            }
            for granule in scene.granules
        ],
    }


def _asset_record(asset: Asset) -> dict[str, Any]:
    """An asset as plain values; without a signature that would change with every search."""
    record = {**asdict(asset), "href": bare_href(asset.href)}
    return {key: value for key, value in record.items() if key not in _IF_STATED or value}


def scene_of(record: dict[str, Any]) -> Scene:
    """The scene of a `scene_record`."""
    return Scene(
        id=record["scene"],
        sensor_name=record["sensor"],
        start=datetime.fromisoformat(record["start"]),
        end=datetime.fromisoformat(record["end"]),
        granules=tuple(
            Granule(
                granule["item"],
                shapely.from_wkt(granule["footprint"]),
                tuple(_asset_of(asset) for asset in granule["assets"]),
                reported_of(granule),
            )
            for granule in record["granules"]
        ),
        cloud_percent=record["cloud_percent"],
        sun=Sun(**record["sun"]) if "sun" in record else None,
        shift=shift_of(record),
        light_c=tuple(record.get("light_c", {}).items()),
    )


def _asset_of(record: dict[str, Any]) -> Asset:
    placed = {key: tuple(record[key]) for key in ("transform", "shape") if record.get(key)}
    return Asset(**{**record, **placed})
