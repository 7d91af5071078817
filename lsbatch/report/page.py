"""The pages: pictures and words laid out as one file that needs nothing else."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import xarray as xr
from geopandas import GeoDataFrame
from jinja2 import Environment, PackageLoader, StrictUndefined

from lsbatch.domain import Event
from lsbatch.errors import StoreError
from lsbatch.report import wording
from lsbatch.report.closeups import COARSEST_M
from lsbatch.report.imagery import prepare_views
from lsbatch.report.overview import read_overview
from lsbatch.report.pictures import draw_pictures, legend

_UNSEEN = [
    *(set(range(0x20)) - {0x09, 0x0A}),
    *range(0x7F, 0xA0),
    *(0x061C, 0x200E, 0x200F, 0xFEFF),
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    *range(0xD800, 0xE000),
]
# control characters, and marks that turn the direction of writing: what cannot be seen on the page
# may not change how its neighbours read; lone surrogates cannot be written at all
_VISIBLE = dict.fromkeys(_UNSEEN, "\ufffd")


def write_event_page(
    path: Path,
    *,
    event: Event,
    product: xr.Dataset,
    landslides: GeoDataFrame,
    metrics: dict[str, Any],
    previews: xr.Dataset | None,
    provenance: dict[str, Any],
) -> None:
    """Write one event's page: a single HTML file without scripts or anything remote.

    Parameters
    ----------
    path : Path
        ``report.html`` in the event's folder; replaced as a whole where it exists.
    event : Event
    product : Dataset, (y, x)
        With the layers of `PRODUCT_LAYERS` on a grid in a projected CRS, and the attributes
        `threshold` and `detector`. Read once, stripe by stripe; may be indexed lazily.
    landslides : GeoDataFrame
        Polygons in the product's CRS with `area_m2`; may be empty.
    metrics : dict
        As in metrics.json; what is missing or None is shown as not defined.
    previews : Dataset or None
        `pre` and `post` (band: red, green, blue; y, x), float32 reflectance, and `elevation`
        (y, x), float32 metres, on a coarser grid in the same CRS; NaN = no data. None where the
        imagery is not at hand.
    provenance : dict
        `scenes`, `considered`, `shifts`, `terrain`, `rejected`, `warnings`, `detector`, `recipe`,
        `versions`, `run_key`, `failed_blocks`, `attribution`; what is missing is left out.

    Raises
    ------
    ContractError
        For a product without a grid, or with a status that has no meaning.
    StoreError
        Where the page cannot be written.

    Notes
    -----
    Equal input makes equal bytes, given equal versions of the drawing libraries.
    """
    overview, views = read_overview(product), prepare_views(previews)
    threshold = float(product.attrs["threshold"])
    sizes = _filled(metrics.get("size_frequency"), _SIZES)
    provenance = _filled(provenance, _PROVENANCE)
    provenance["scenes"] = [_filled(scene, _SCENE) for scene in provenance["scenes"] or ()]
    only_after = _is_only_after(provenance["scenes"])
    _write(
        path,
        "event.html",
        {
            "event": event,
            "only_after": only_after,
            "facts": wording.headline(event),
            "detector": _filled(provenance["detector"] or product.attrs.get("detector"), _DETECTOR),
            "threshold": threshold,
            "summary": wording.summary(metrics),
            "cards": wording.cards(metrics),
            "cautions": wording.cautions(metrics, provenance),
            "pictures": draw_pictures(
                event,
                overview,
                views=views,
                landslides=landslides,
                threshold=threshold,
                sizes=sizes,
            ),
            "views": views,
            "coarsest_m": COARSEST_M,
            "legend": legend(overview, metrics, only_after=only_after),
            "metrics": _metric_rows(metrics, only_after=only_after),
            "sizes": sizes,
            "evaluation": _filled(metrics.get("evaluation"), ("pixel", "object", "extent")),
            "provenance": provenance,
            "crs": f"EPSG:{overview.crs.epsg}",
        },
    )


_ELSEWHERE = ("size_frequency", "evaluation", "area_by_status_km2")
"""Metrics that stand in tables of their own."""
_PROVENANCE = (
    "attribution",
    "considered",
    "detector",
    "failed_blocks",
    "recipe",
    "rejected",
    "run_key",
    "scenes",
    "shifts",
    "terrain",
    "versions",
    "warnings",
)
_SCENE = ("id", "period", "start", "end", "dated", "delay_days", "sensor", "cloud_percent")
_DETECTOR = ("name", "version", "parameters")
_SIZES = ("n", "beta", "sigma", "area_min_m2", "rollover_m2", "inverse_gamma", "bins")
_ROW = (
    "event_id",
    "slug",
    "complete",
    "landslide_count",
    "landslide_area_km2",
    "observed_fraction",
    "message",
)


def _metric_rows(metrics: dict[str, Any], *, only_after: bool) -> list[dict[str, str]]:
    labels = wording.ONLY_AFTER if only_after else {}
    return list(wording.table_rows(metrics, leave_out=_ELSEWHERE, labels=labels))


def _is_only_after(scenes: list[dict[str, Any]]) -> bool:
    """Whether no image before the event was used; not known where no scene is on record."""
    periods = {scene["period"] for scene in scenes}
    return bool(periods) and "pre" not in periods


def _filled(record: Mapping[str, Any] | None, names: tuple[str, ...]) -> dict[str, Any]:
    """Give a record that has every name: templates refuse unknown ones, records may lack some."""
    return {**dict.fromkeys(names), **(record or {})}


def write_run_page(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write the page over all events of a run, a link to each one's page.

    Parameters
    ----------
    path : Path
        ``report.html`` of the run's folder; replaced as a whole where it exists.
    rows : list of dict
        For each event `event_id`, `slug`, `complete` (None where the event has no product, and so
        no page), `landslide_count`, `landslide_area_km2`, `observed_fraction` and `message`.

    Raises
    ------
    StoreError
        Where the page cannot be written.
    """
    rows = [_filled(row, _ROW) for row in rows]
    done = [row for row in rows if row["complete"] is not None]
    totals = {
        "events": len(rows),
        "finished": sum(bool(row["complete"]) for row in done),
        "landslides": sum(row["landslide_count"] or 0 for row in done),
        "area_km2": float(sum(row["landslide_area_km2"] or 0 for row in done)),
    }
    _write(path, "run.html", {"rows": rows, "totals": totals})


def _write(path: Path, template: str, content: Mapping[str, Any]) -> None:
    text = _templates().get_template(template).render(content)
    unfinished = path.with_name(f".{path.name}.part")
    try:
        unfinished.write_text(text, encoding="utf-8", newline="\n")
        os.replace(unfinished, path)
    except OSError as error:
        raise StoreError(
            f"The page {path} cannot be written: {error}. Is there space, and may you write there?"
        ) from error


def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("lsbatch.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_show,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters.update(
        plain=wording.plain,
        percent=wording.percent,
        area=wording.area,
        moment=wording.moment,
        period=wording.period,
        metres=wording.metres,
        rows=lambda record: list(wording.table_rows(record)),
        pretty=lambda value: json.dumps(value, indent=2, default=str, ensure_ascii=False),
        path=lambda text: quote(str(text), safe="", errors="replace"),
    )
    return templates


def _show(value: Any) -> Any:
    """Make what a template prints visible; escaping comes after it."""
    if value is None:
        return wording.NONE
    return value.translate(_VISIBLE) if type(value) is str else value
