"""Band-pass adjustment: Sentinel-2 reflectance as Landsat 8's OLI would have it.

It is linear, and so are the units of a file: it is made by the scale and offset of each asset,
costs nothing, and stands in the plan.
"""

import re
from dataclasses import replace

from lsbatch.domain.scene import Asset, Granule, Scene, Scenes
from lsbatch.errors import CatalogError

HARMONISED_SENSOR = "sentinel-2-l2a"
"""The numbers are for surface reflectance."""
_SATELLITE = re.compile(r"S2([ABC])_")

BANDPASS: dict[str, dict[str, tuple[float, float]]] = {
    "A": {
        "blue": (0.9778, -0.0040),
        "green": (1.0053, -0.0009),
        "red": (0.9765, 0.0009),
        "nir08": (0.9983, -0.0001),
        "swir16": (0.9987, -0.0011),
        "swir22": (1.0030, -0.0012),
    },
    "B": {
        "blue": (0.9778, -0.0040),
        "green": (1.0075, -0.0008),
        "red": (0.9761, 0.0010),
        "nir08": (0.9966, 0.0000),
        "swir16": (1.0000, -0.0003),
        "swir22": (0.9867, 0.0004),
    },
    "C": {
        "blue": (0.9851, -0.0027),
        "green": (1.0038, -0.0009),
        "red": (0.9718, 0.0011),
        "nir08": (0.9995, -0.0003),
        "swir16": (0.9994, -0.0007),
        "swir22": (0.991, 0.0004),
    },
}
"""OLI = slope * MSI + offset in reflectance, by satellite (Sentinel-2A, B, C) and band.

Source: NASA-IMPACT/hls-sentinel, bandpass_parameter.S2A.txt, S2B and S2C. The near infrared is that
of the narrow band B8A, which OLI's resembles; for the broad B08 there are no numbers.
"""


def harmonise(scenes: Scenes) -> Scenes:
    """The same scenes with Sentinel-2 surface reflectance in the band passes of Landsat 8.

    The near infrared is then read from B8A (20 m). Other sensors, and bands for which there are no
    numbers, stay as they are.

    Raises
    ------
    CatalogError
        For a Sentinel-2 image whose id does not begin with its satellite (``S2A_``).
    """
    looks = tuple(replace(look, scene=_harmonise_scene(look.scene)) for look in scenes.looks)
    return replace(scenes, looks=looks)


def broad_nir(scenes: Scenes) -> tuple[str, ...]:
    """Sentinel-2 scenes whose near infrared `harmonise` leaves as it is, for want of B8A."""
    return tuple(
        look.scene.id
        for look in scenes.looks
        if look.scene.sensor_name == HARMONISED_SENSOR
        and any(g.asset("nir") and not g.asset("nir08") for g in look.scene.granules)
    )


def _harmonise_scene(scene: Scene) -> Scene:
    if scene.sensor_name != HARMONISED_SENSOR:
        return scene
    return replace(scene, granules=tuple(_harmonise_granule(g) for g in scene.granules))


def _harmonise_granule(granule: Granule) -> Granule:
    found = _SATELLITE.match(granule.item_id)
    if found is None:
        raise CatalogError(
            f"The satellite of the Sentinel-2 image {granule.item_id!r} cannot be told from its id "
            "(S2A_, S2B_, S2C_), and band-pass numbers differ by satellite. Leave harmonise out."
        )
    table = BANDPASS[found.group(1)]
    narrow = granule.asset("nir08")
    assets = []
    for asset in granule.assets:
        source = narrow if asset.band == "nir" and narrow is not None else asset
        adjusted = _adjust(source, table) if source.band in table else source
        assets.append(replace(adjusted, band=asset.band))
    return replace(granule, assets=tuple(assets))


def _adjust(asset: Asset, table: dict[str, tuple[float, float]]) -> Asset:
    slope, offset = table[asset.band]
    return replace(asset, scale=slope * asset.scale, offset=slope * asset.offset + offset)
