import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from odc.geo.geom import Geometry
from PIL import Image

from lsbatch.report.locator import STAR
from lsbatch.report.surroundings import OBSERVED, draw_surroundings


def draw(case, overview, **changes) -> np.ndarray:
    event = replace(case.event, **changes)
    aoi = Geometry(event.aoi, "EPSG:4326").to_crs(overview.geobox.crs).geom
    png = draw_surroundings(event, overview, aoi=aoi, landslides=case.landslides.geometry)
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def share(image: np.ndarray, colour: str) -> float:
    return float((np.abs(image - 255 * np.array(to_rgb(colour))).max(axis=-1) < 2).mean())


@pytest.mark.parametrize(("east_deg", "drawn"), [(0.01, True), (0.02, True), (3.0, False)])
def test_a_near_epicentre_is_on_the_map_and_a_far_one_is_told(case, overview, east_deg, drawn):
    centre = case.event.aoi.centroid
    image = draw(case, overview, epicentre=(centre.x + east_deg, centre.y))
    assert (share(image, STAR) > 0) == drawn


def test_no_epicentre_no_star(case, overview):
    assert share(draw(case, overview, epicentre=None), STAR) == 0


def test_only_observed_ground_is_coloured(case, overview):
    some = share(draw(case, overview), OBSERVED)
    overview.status[:] = 1
    assert some > 0.3
    assert share(draw(case, overview), OBSERVED) == 0
