"""Each compiled kernel against the numpy that one would write in its place."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from timing import interleaved_medians

from lsbatch.kernels import (
    NO_GROUP,
    Places,
    aspect,
    blend_weights,
    cast_shadow,
    confusion,
    confusion_by_cell,
    copy_stored,
    fill_planes,
    has_twin,
    hillshade,
    illumination,
    is_bright_brown,
    is_bright_white,
    is_snow,
    light_sums,
    local_quantile,
    mean_step,
    median_of_looks,
    move_flags,
    move_image,
    move_pixels,
    normalised_difference,
    plan_curvature,
    profile_curvature,
    resample,
    roughness,
    scale_stored,
    scs_c,
    shadow_depth,
    slope,
    stitch_patches,
    total_curvature,
    tpi,
    tri,
    widen,
)

GOAL = 2.0


def cases(*, size: int = 1024, repeats: int = 9) -> Iterator[dict]:
    """One result per kernel: how many times faster than vectorised numpy, on `size` squared."""
    rng = np.random.default_rng(7)
    small = max(size // 8, 16)  # every window of every pixel at once is much for numpy
    makers = (
        _terrain, _relief, _sunlight, _light, _spectral, _stored, _clouds, _patches, _counts
    )  # fmt: skip
    worlds = [(make, size) for make in makers]
    for make, side in (*worlds, (_ranks, small)):
        for name, kernel, oracle in make(rng, side):
            yield _judge(name, kernel, oracle, side=side, repeats=repeats)


def _judge(name, kernel, oracle, *, side: int, repeats: int) -> dict:
    same = bool(np.allclose(kernel(), oracle(), rtol=1e-5, atol=1e-4, equal_nan=True))
    seconds = interleaved_medians({"numba": kernel, "numpy": oracle}, repeats=repeats)
    ratio = seconds["numpy"] / seconds["numba"]
    return {
        "case": f"kernel-{name}",
        "value": round(ratio, 2),
        "unit": "ratio",
        "goal": f">= {GOAL:g}",
        "ok": same and ratio >= GOAL,
        "detail": {
            "size": side,
            "equal": same,
            **{f"{key}_ms": round(1e3 * value, 3) for key, value in seconds.items()},
        },
    }


Duel = tuple[str, Callable[[], object], Callable[[], object]]


def _terrain(rng: np.random.Generator, size: int) -> Iterator[Duel]:
    dem = _cumulated(rng, size)

    def gradient():
        z = dem.astype(np.float64)
        a, b, c = z[:-2, :-2], z[:-2, 1:-1], z[:-2, 2:]
        d, e, f = z[1:-1, :-2], z[1:-1, 1:-1], z[1:-1, 2:]
        g, h, i = z[2:, :-2], z[2:, 1:-1], z[2:, 2:]
        hole = 0 * (b + d + e + f + h)
        return (c + 2 * f + i) - (a + 2 * d + g) + hole, (g + 2 * h + i) - (a + 2 * b + c) + hole

    def ringed(inner, fill):
        return np.pad(inner.astype(np.float32), 1, constant_values=fill)

    def numpy_slope():
        east, south = gradient()
        return ringed(np.degrees(np.arctan(np.sqrt(east**2 + south**2) / 240)), np.nan)

    def numpy_aspect():
        east, south = gradient()
        turned = np.degrees(np.arctan2(-east, south)) % 360
        return ringed(np.where((east == 0) & (south == 0), -1, turned), np.nan)

    def lit():
        east, south = (rise / 240 for rise in gradient())
        return (np.sqrt(0.5) + 0.5 * (east + south)) / np.sqrt(1 + east**2 + south**2)

    def numpy_hillshade():
        return ringed(np.nan_to_num(np.floor(1.5 + 254 * np.maximum(lit(), 0))), 0)

    def numpy_illumination():
        return ringed(lit(), np.nan)

    sun = {"azimuth_deg": 315.0, "altitude_deg": 45.0}

    yield "slope", lambda: slope(dem, 30.0), numpy_slope
    yield "aspect", lambda: aspect(dem, 30.0), numpy_aspect
    yield "hillshade", lambda: hillshade(dem, 30.0), numpy_hillshade
    yield "illumination", lambda: illumination(dem, 30.0, **sun), numpy_illumination


def _relief(rng: np.random.Generator, size: int) -> Iterator[Duel]:
    dem = _cumulated(rng, size)

    def nine():
        rows = (slice(None, -2), slice(1, -1), slice(2, None))
        return [dem[i, j].astype(np.float64) for i in rows for j in rows]

    def ringed(inner):
        return np.pad(inner.astype(np.float32), 1, constant_values=np.nan)

    def derivatives():
        a, b, c, d, e, f, g, h, i = nine()
        hole = 0 * (a + c + g + i)
        east2, north2 = ((d + f) / 2 - e) / 900 + hole, ((b + h) / 2 - e) / 900
        return east2, north2, (c - a + g - i) / 3600, (f - d) / 60, (b - h) / 60

    def numpy_total():
        east2, north2, *_ = derivatives()
        return ringed(-200 * (east2 + north2))

    def numpy_profile():
        d, e, f, g, h = derivatives()
        steep = g**2 + h**2
        return ringed(200 * (d * g**2 + e * h**2 + f * g * h) / np.where(steep == 0, 1, steep))

    def numpy_plan():
        d, e, f, g, h = derivatives()
        steep = g**2 + h**2
        return ringed(-200 * (d * h**2 + e * g**2 - f * g * h) / np.where(steep == 0, 1, steep))

    def numpy_tpi():
        around = nine()
        return ringed(around.pop(4) - sum(around) / 8)

    def numpy_tri():
        around = nine()
        return ringed(np.sqrt(sum((height - around[4]) ** 2 for height in around)))

    def numpy_mean_step():
        around = nine()
        return ringed(sum(abs(height - around[4]) for height in around) / 8)

    def numpy_roughness():
        around = np.stack(nine())
        return ringed(around.max(0) - around.min(0))

    yield "total-curvature", lambda: total_curvature(dem, 30.0), numpy_total
    yield "profile-curvature", lambda: profile_curvature(dem, 30.0), numpy_profile
    yield "plan-curvature", lambda: plan_curvature(dem, 30.0), numpy_plan
    yield "tpi", lambda: tpi(dem), numpy_tpi
    yield "tri", lambda: tri(dem), numpy_tri
    yield "mean-step", lambda: mean_step(dem), numpy_mean_step
    yield "roughness", lambda: roughness(dem), numpy_roughness


def _sunlight(rng: np.random.Generator, size: int) -> Iterator[Duel]:
    dem = _cumulated(rng, size) / np.float32(20)
    band, cos_i = rng.random((2, size, size), np.float32)
    usable = rng.random(dem.shape) < 0.8
    sun = {"azimuth_deg": 180.0, "altitude_deg": 30.0}

    def numpy_scs_c():
        z = dem.astype(np.float64)
        east = (
            z[:-2, 2:] + 2 * z[1:-1, 2:] + z[2:, 2:] - z[:-2, :-2] - 2 * z[1:-1, :-2] - z[2:, :-2]
        )
        south = (
            z[2:, :-2] + 2 * z[2:, 1:-1] + z[2:, 2:] - z[:-2, :-2] - 2 * z[:-2, 1:-1] - z[:-2, 2:]
        )
        east, south = east / 240 + 0 * z[1:-1, 1:-1], south / 240
        level = 1 / np.sqrt(1 + east**2 + south**2)
        light = (0.5 - np.sqrt(0.75) * south) * level
        even = band[1:-1, 1:-1] * (level * 0.5 + 0.4) / (light + 0.4)
        even = np.where(light > 0, even, np.nan).astype(np.float32)
        return np.pad(even, 1, constant_values=np.nan)

    def numpy_sums():
        known = usable & (cos_i > 0) & np.isfinite(band)
        lit, value = cos_i[known].astype(np.float64), band[known].astype(np.float64)
        return np.array([lit.size, lit.sum(), value.sum(), (lit**2).sum(), (lit * value).sum()])

    def numpy_cast():
        ray = np.full_like(dem, -1e9)
        for step in range(1, 26):  # the sun stands in the south-south-east: a row at a time
            whole, part = divmod(step * np.tan(np.radians(30)), 1)
            fall = np.float32(step * 30 / np.cos(np.radians(30)) / np.sqrt(3))
            right = int(whole)
            far, beside = dem[step:, right:-1], dem[step:, right + 1 :]
            seen = far + np.float32(part) * (beside - far) - fall
            place = ray[:-step, : seen.shape[1]]
            np.fmax(place, seen, out=place)
        return np.where(np.isnan(dem), np.nan, ray > dem)

    yield "scs-c", lambda: scs_c(band, dem, 30.0, c=0.4, **sun), numpy_scs_c
    yield "light-sums", lambda: light_sums(band, cos_i, usable), numpy_sums
    yield (
        "cast-shadow",
        lambda: cast_shadow(dem, 30.0, reach_m=870.0, azimuth_deg=150.0, altitude_deg=30.0),
        numpy_cast,
    )


def _cumulated(rng: np.random.Generator, size: int) -> np.ndarray:
    """Rough ground with holes."""
    dem = rng.normal(0, 3, (size, size)).cumsum(0).cumsum(1).astype(np.float32)
    dem[rng.random(dem.shape) < 0.01] = np.nan
    return dem


def _light(rng: np.random.Generator, size: int) -> Iterator[Duel]:
    dem = rng.normal(0, 3, (size, size)).cumsum(0).astype(np.float32)
    down, right = rng.uniform(-1, 1, (2, size, size)).astype(np.float32)
    slant = np.tan(np.radians(30))
    fall = np.float32(10 * np.hypot(1, slant) * np.tan(np.radians(25)))

    def numpy_shadow():
        depth, ray = np.empty_like(dem), np.full(size, -1e9, np.float32)
        for y, row in enumerate(dem):
            beside = np.append(ray[1:], ray[-1])
            ray = ray + np.float32(slant) * (beside - ray) - fall
            depth[y] = ray - row
            ray = np.maximum(ray, row)
        return depth

    def numpy_move():
        padded = np.pad(dem, 4, mode="edge")
        rows, cols = np.indices(dem.shape) + 4
        top, left = np.floor(down).astype(int), np.floor(right).astype(int)
        moved = np.zeros_like(dem)
        for i in range(-1, 3):
            for j in range(-1, 3):
                weight = _keys(i - (down - top)) * _keys(j - (right - left))
                moved += weight * padded[rows + top + i, cols + left + j]
        return moved

    yield (
        "shadow-depth",
        lambda: shadow_depth(dem, 10.0, azimuth_deg=30.0, altitude_deg=25.0),
        numpy_shadow,
    )
    yield "move-pixels", lambda: move_pixels(dem, down, right), numpy_move
    # without gaps an image moves as its pixels do; about gaps see tests/kernels/test_warp.py
    yield "move-image", lambda: move_image(dem, down, right), numpy_move
    flags = rng.integers(0, 12, dem.shape).astype(np.uint16)

    def numpy_pick():
        rows, cols = np.indices(dem.shape)
        row = np.clip(rows + np.floor(down + np.float32(0.5)).astype(int), 0, dem.shape[0] - 1)
        col = np.clip(cols + np.floor(right + np.float32(0.5)).astype(int), 0, dem.shape[1] - 1)
        return flags[row, col]

    yield "move-flags", lambda: move_flags(flags, down, right), numpy_pick


def _keys(distance: np.ndarray) -> np.ndarray:
    """Keys's cubic kernel with a = -1/2."""
    x = np.abs(distance)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def _spectral(rng: np.random.Generator, size: int) -> Iterator[Duel]:
    looks = rng.random((12, size, size), np.float32)
    looks[rng.random(looks.shape) < 0.1] = np.nan
    usable = rng.random(looks.shape) < 0.6
    a, b = looks[0] - np.float32(0.1), looks[1]

    def numpy_difference():
        with np.errstate(all="ignore"):
            total = a + b
            return np.where(total > 0, (a - b) / total, np.float32(np.nan))

    def numpy_median():
        known = usable & np.isfinite(looks)
        ranked = np.sort(np.where(known, looks, np.float32(np.nan)), axis=0)  # NaN goes last
        count = known.sum(0)[None]
        low, high = (
            np.take_along_axis(ranked, np.clip(at, 0, None), 0)[0]
            for at in ((count - 1) // 2, np.minimum(count // 2, len(looks) - 1))
        )
        return (low + high) / 2

    def numpy_white():
        mean = (looks[0] + looks[1] + looks[2]) / 3
        spread = sum(abs(band - mean) for band in looks[:3])
        return (mean >= 0.15) & (spread < 0.7 * mean) & (looks[2] - looks[0] / 2 > 0.08)

    def numpy_snow():
        total, least = looks[0] + looks[2], np.where(looks[0] > 0.15, 0.15, 0.4)
        return (total > 0) & (looks[0] - looks[2] > least * total) & (looks[1] > 0.11)

    values = np.ascontiguousarray(looks[:6].reshape(6, -1).T)
    scales = np.tile(np.float32([0.05, 0.95, 0.3, 0.2]), (6, 1))
    rooted, groups = np.arange(6) % 2 == 0, np.array([0, 0, 0, 1, 1, 2])

    def numpy_planes():
        low, high, centre, width = scales.T
        shown = np.clip(values, low, high)
        shown = (np.where(rooted, np.sqrt(shown), shown) - centre) / width
        there = [np.isfinite(shown[:, groups == group]).all(axis=1) for group in range(3)]
        there = np.stack(there, axis=1)
        return np.concatenate([np.where(there[:, groups], shown, -7), there], axis=1)

    yield "is-snow", lambda: is_snow(*looks[:3]), numpy_snow
    yield (
        "fill-planes",
        lambda: fill_planes(values, scales, rooted, groups, fill=-7.0),
        numpy_planes,
    )
    yield "is-bright-white", lambda: is_bright_white(*looks[:3]), numpy_white
    yield "normalised-difference", lambda: normalised_difference(a, b), numpy_difference
    yield "median-of-looks", lambda: median_of_looks(looks, usable), numpy_median


def _stored(rng: np.random.Generator, size: int) -> Iterator[Duel]:
    """From a file's numbers to an image's."""
    stored = rng.integers(0, 4000, (size, size)).astype("uint16")
    numbers = stored.astype(np.float32)
    numbers[::7, ::5] = 1e20

    def numba_copy():
        out = np.empty(stored.shape, np.float32)
        copy_stored(stored, out, nodata=0, fill=np.nan)
        return out

    yield "copy-stored", numba_copy, lambda: np.where(stored == 0, np.nan, stored).astype("float32")

    def numpy_scale():
        units = numbers * np.float32(1e-4) - np.float32(0.1)
        return np.where(np.abs(numbers) < 1e9, units, np.float32(np.nan))

    def numba_scale():
        return scale_stored(numbers.copy(), scale=1e-4, offset=-0.1, most=1e9)

    yield "scale-stored", numba_scale, numpy_scale

    # a little turned and shrunk, two pixels from the rim: four neighbours everywhere
    down, right = np.meshgrid(np.arange(-1.0, size + 2), np.arange(-1.0, size + 2), indexing="ij")
    rows, cols = 0.93 * down + 0.01 * right + 2.3, 0.93 * right - 0.01 * down + 0.02 * size + 2.3
    places = Places(rows, cols, 1, (0, 0), (size, size))

    def numba_resample():
        out = np.empty((size, size), np.float32)
        options = {"scale": (1.0, 1.0), "nodata": None, "fill": np.nan}
        resample(stored, (0, 0), places, out, resampling="bilinear", **options)
        return out

    def numpy_resample():
        y, x = rows[1:-2, 1:-2] - 0.5, cols[1:-2, 1:-2] - 0.5
        top, left = y.astype(int), x.astype(int)
        y, x = y - top, x - left
        upper = stored[top, left] * (1 - x) + stored[top, left + 1] * x
        lower = stored[top + 1, left] * (1 - x) + stored[top + 1, left + 1] * x
        return (upper * (1 - y) + lower * y).astype(np.float32)

    yield "resample", numba_resample, numpy_resample


def _clouds(rng: np.random.Generator, size: int) -> Iterator[Duel]:
    bands = rng.uniform(0, 0.5, (3, 4, size, size)).astype(np.float32)
    bands[rng.random(bands.shape) < 0.1] = np.nan
    considered = rng.random(bands.shape[1:]) < 0.5
    cloud = rng.random((size, size)) < 0.002
    rows, cols = np.mgrid[-3:4, -3:4]
    disc = np.argwhere(np.hypot(rows, cols) <= 3)

    def numpy_twins():
        found = np.zeros(considered.shape, bool)
        for one in range(4):
            for other in set(range(4)) - {one}:
                gap = abs(bands[:, one] - bands[:, other])
                limit = 0.02 + 0.15 * (bands[:, one] + bands[:, other]) / 2
                found[one] |= (gap <= limit).all(0) & considered[one] & considered[other]
        return found

    def numpy_widen():
        padded = np.pad(cloud, 3)
        return np.any([padded[y : y + size, x : x + size] for y, x in disc], axis=0)

    def numpy_brown():
        red, green, blue = bands[:, 0]
        return (red >= 0.12) & (red >= green) & (green >= blue) & (blue - red / 2 < 0.04)

    yield "has-twin", lambda: has_twin(bands, considered, absolute=0.02, relative=0.15), numpy_twins
    yield "widen", lambda: widen(cloud, radius_px=3.0), numpy_widen
    yield "is-bright-brown", lambda: is_bright_brown(*bands[:, 0]), numpy_brown


def _patches(rng: np.random.Generator, size: int) -> Iterator[Duel]:
    side = max(size // 8, 8)
    places = np.arange(-side // 2, size, side // 2)
    tops, lefts = (grid.ravel() for grid in np.meshgrid(places, places, indexing="ij"))
    patches = rng.random((tops.size, side, side), np.float32)
    patches[rng.random(patches.shape) < 0.05] = np.nan
    weights = blend_weights(side)

    def numpy_stitch():
        total, weight = np.zeros((2, size + 2 * side, size + 2 * side))
        for patch, top, left in zip(patches, tops + side, lefts + side, strict=True):
            known = ~np.isnan(patch)
            window = slice(top, top + side), slice(left, left + side)
            total[window] += np.where(known, patch, 0) * weights
            weight[window] += known * weights
        with np.errstate(invalid="ignore"):
            return (total / weight)[side:-side, side:-side].astype(np.float32)

    yield (
        "stitch-patches",
        lambda: stitch_patches(patches, tops, lefts, weights, (size, size)),
        numpy_stitch,
    )


def _counts(rng: np.random.Generator, size: int) -> Iterator[Duel]:
    predicted, truth, counted = rng.random((3, size, size)) < 0.5
    cell = size // 8

    def four():
        return (predicted & truth, predicted & ~truth, ~predicted & truth, ~predicted & ~truth)

    def numpy_confusion():
        return tuple(int(np.count_nonzero(hits & counted)) for hits in four())

    def numpy_cells():
        return np.stack(
            [
                (hits & counted).reshape(8, cell, 8, cell).sum((1, 3), dtype=np.int64)
                for hits in four()
            ],
            axis=-1,
        )

    yield "confusion", lambda: confusion(predicted, truth, counted), numpy_confusion
    yield (
        "confusion-by-cell",
        lambda: confusion_by_cell(predicted, truth, counted, cell_px=cell),
        numpy_cells,
    )


def _ranks(rng: np.random.Generator, size: int) -> Iterator[Duel]:
    radius, quantile, n_groups, min_count = 8, 0.9, 16, 5
    codes = rng.integers(0, 256, (size, size), np.uint8)
    groups = rng.integers(0, n_groups, (size, size), np.uint8)
    groups[rng.random(groups.shape) < 0.05] = NO_GROUP

    def windows(array, fill):
        padded = np.pad(array, radius, constant_values=fill)
        side = 2 * radius + 1
        return sliding_window_view(padded, (side, side)).reshape(size, size, -1)

    def numpy_quantile():
        near = np.isin(
            (windows(groups, NO_GROUP) - groups[..., None].astype(int)) % n_groups,
            (0, 1, n_groups - 1),
        )
        near &= windows(groups, NO_GROUP) != NO_GROUP
        ranked = np.sort(np.where(near, windows(codes, 0), 0), axis=-1)
        count = np.count_nonzero(ranked, axis=-1)
        at = ranked.shape[-1] - count + np.ceil(quantile * count).astype(int) - 1
        found = np.take_along_axis(ranked, np.minimum(at, ranked.shape[-1] - 1)[..., None], -1)
        return np.where((count >= min_count) & (groups != NO_GROUP), found[..., 0], 0)

    yield (
        "local-quantile",
        lambda: local_quantile(
            codes,
            groups,
            radius=radius,
            quantile=quantile,
            n_groups=n_groups,
            min_count=min_count,
        ),
        numpy_quantile,
    )
