"""Quality bands: mostly right, wrong in the ways that real ones are."""

import numpy as np

from lsbatch.simulate.quality import Clues, judge, write_bits, write_classes

SHAPE = (120, 140)
FOREST = np.array((0.022, 0.045, 0.033, 0.32, 0.15, 0.07), np.float32)
GRAVEL = np.array((0.16, 0.19, 0.21, 0.24, 0.27, 0.24), np.float32)
SNOW = np.array((0.85, 0.83, 0.80, 0.72, 0.12, 0.09), np.float32)


def clues(ground=FOREST, **parts):
    nothing = np.zeros(SHAPE, np.float32)
    given = {
        "reflectance": np.broadcast_to(ground[:, None, None], (6, *SHAPE)),
        "sunlight": nothing + 1,
        "valid": np.ones(SHAPE, bool),
        **parts,
    }
    names = ("cloud", "cirrus", "shadow", "water", "snow")
    return Clues(**dict.fromkeys(names, nothing) | given)


def verdicts(seen, count=30):
    return [judge(seen, np.random.default_rng(seed)) for seed in range(count)]


def test_forest_stays_clear_and_vegetation():
    seen = clues()
    for seed, verdict in enumerate(verdicts(seen)):
        assert not (verdict.cloud | verdict.snow | verdict.shadow | verdict.water).any()
        assert (write_classes(verdict, seen, np.random.default_rng(seed)) == 4).all()


def test_bright_gravel_is_sometimes_taken_for_cloud():
    shares = np.array([verdict.cloud.mean() for verdict in verdicts(clues(GRAVEL), 60)])
    assert 0.1 < (shares > 0.2).mean() < 0.9 and (shares == 0).any()


def test_thin_cloud_is_missed_and_thick_cloud_found():
    opacity = np.zeros(SHAPE, np.float32)
    opacity[:, :50], opacity[:, 90:] = 0.95, 0.1
    found = verdicts(clues(cloud=opacity))
    for verdict in found:
        assert verdict.cloud[:, :50].all() and verdict.near_cloud.any()
    assert np.mean([verdict.cloud[:, 90:].mean() for verdict in found]) < 0.05


def test_shadow_is_found_in_part():
    shadow = np.zeros(SHAPE, np.float32)
    shadow[30:90, 30:90] = 0.8
    found = [verdict.shadow[30:90, 30:90].mean() for verdict in verdicts(clues(shadow=shadow))]
    assert 0.6 < np.mean(found) < 0.98 and min(found) < 0.93


def test_snow_is_found_where_it_is_bright_and_sometimes_called_cloud():
    full = np.ones(SHAPE, np.float32)
    found = verdicts(clues(SNOW, snow=full))
    assert np.mean([verdict.snow.mean() for verdict in found]) > 0.8
    assert any(verdict.cloud.any() for verdict in found)
    shaded = verdicts(clues(0.1 * SNOW, snow=full, sunlight=0 * full))
    assert np.mean([verdict.snow.mean() for verdict in shaded]) < 0.1


def test_slopes_without_sun_become_dark_shadow_or_water():
    seen = clues(0.12 * FOREST, sunlight=np.zeros(SHAPE, np.float32))
    classes = [
        np.bincount(write_classes(verdict, seen, np.random.default_rng(seed)).ravel(), minlength=12)
        for seed, verdict in enumerate(verdicts(seen))
    ]
    counts = np.sum(classes, axis=0)
    assert (counts[[2, 3, 6]] > 0).all() and counts[[2, 3, 6]].sum() > 0.95 * counts.sum()


def test_fill_is_fill():
    valid = np.ones(SHAPE, bool)
    valid[:10] = False
    seen = clues(valid=valid)
    verdict = verdicts(seen, 1)[0]
    classes = write_classes(verdict, seen, np.random.default_rng(0))
    bits = write_bits(verdict, seen, has_cirrus_band=True)
    assert (classes[:10] == 0).all() and (bits[:10] == 1).all()
    # clear land, all confidences low: the value that the USGS guide lists
    assert (bits[10:] == 21824).all()
    assert (write_bits(verdict, seen, has_cirrus_band=False)[10:] == 5440).all()
